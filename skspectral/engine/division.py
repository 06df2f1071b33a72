"""How many networks a stack should hold, and which."""

import numpy as np

# Values of one hidden layer of all members: two such arrays of doubles take 4 MB. More members gain
# nothing, and lose the cache; see docs/search.rst.
_LARGEST = 2**18

# Nodes that a narrow member may be padded with; they cost less than a stack of its own.
_PADDING = 8


def largest_stack(batch_size, hidden):
    """Members that a stack should have at most.

    Parameters
    ----------
    batch_size : int
        Rows in a step.
    hidden : sequence of int
        Nodes of each hidden layer of the widest member.

    Returns
    -------
    n_members : int
        At least one.
    """
    return max(1, _LARGEST // (batch_size * max(hidden, default=1)))


def divide(widths, batch_size):
    """Divide networks into stacks whose members have about the same width.

    Parameters
    ----------
    widths : list of S list of M tuple of int
        Nodes of each hidden layer of the networks of each source of rows.
    batch_size : int
        Rows in a step.

    Returns
    -------
    stacks : list of tuple (sources, members)
        Every network is in one. `sources` is a slice of the sources, and `members` has for each of
        them a list of its networks, as many as for the others.
    """
    # Of every source the widest first, so that networks of one rank are alike in all sources.
    ranks = [sorted(range(len(own)), key=lambda k: own[k], reverse=True) for own in widths]
    ordered = [[own[k] for k in order] for own, order in zip(widths, ranks, strict=True)]
    stacks = []
    for sources in _slices_of_sources(ordered, batch_size):
        table = np.array(ordered[sources])
        for part in _runs(table.max(axis=0), len(table), batch_size):
            stacks.append((sources, [order[part] for order in ranks[sources]]))
    return stacks


def _slices_of_sources(ordered, batch_size):
    n_sources, n_sharing = len(ordered), len(ordered[0])
    if n_sharing == 1:
        return _runs([own[0] for own in ordered], 1, batch_size)
    widest = max(own[0] for own in ordered)
    if n_sources <= largest_stack(batch_size, widest):
        return [slice(0, n_sources)]
    return [slice(k, k + 1) for k in range(n_sources)]


def _runs(widths, n_members, batch_size):
    """Slices of what follows each other, is alike and fits into one stack, `n_members` each."""
    runs, start = [], 0
    for stop in range(1, len(widths) + 1):
        if stop < len(widths):
            hidden = np.max(widths[start : stop + 1], axis=0)
            alike = np.min(widths[start : stop + 1], axis=0) >= hidden - np.maximum(
                _PADDING, hidden // 5
            )
            if alike.all() and (stop + 1 - start) * n_members <= largest_stack(batch_size, hidden):
                continue
        runs.append(slice(start, stop))
        start = stop
    return runs
