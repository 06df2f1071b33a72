"""How networks are divided into stacks."""

from dataclasses import dataclass

import numpy as np

# What the activation of a node costs, in multiplications of the forward products.
_ACTIVATION = 10.0


@dataclass(frozen=True)
class Costs:
    """What the steps of a stack cost.

    Attributes
    ----------
    step : float
        What a step costs besides its members, in multiplications of the forward products.
    largest : int
        Values of one hidden layer of all members, at most.
    """

    step: float
    largest: int


# Two such arrays of doubles take 4 MB. More members gain nothing, and lose the cache; see
# docs/search.rst.
ON_CPU = Costs(step=3.5e5, largest=2**18)

# A GPU has use for every member that finds a place in its memory, and none for many stacks: of 1e8,
# 1e9 and 1e10 the last was the fastest in benchmarks/gpu.py.
ON_GPU = Costs(step=1e10, largest=2**24)


def divide(widths, batch_size, costs):
    """Divide networks into stacks, so that a step of all takes as little time as possible.

    A stack is as wide as its widest member, the others are padded; but each stack takes a time of
    its own, however small it is.

    Parameters
    ----------
    widths : list of S list of M tuple of int
        Nodes of each layer of the networks of each source of rows, inputs first.
    batch_size : int
        Rows in a step.
    costs : Costs

    Returns
    -------
    stacks : list of tuple (sources, members)
        Every network is in one. `sources` is a slice of the sources, and `members` has for each of
        them a list of its networks, as many as for the others.
    """
    # Of every source the widest first, so that networks of one rank are alike in all sources.
    ranks = [sorted(range(len(ws)), key=ws.__getitem__, reverse=True) for ws in widths]
    table = np.array([[ws[k] for k in order] for ws, order in zip(widths, ranks, strict=True)])
    n_sources, n_sharing, _ = table.shape
    if n_sharing == 1:
        return [(run, ranks[run]) for run in _runs(table[:, 0], 1, batch_size, costs)]
    together = n_sources <= _most_members(table.max((0, 1))[None], batch_size, costs)[0]
    all_or_one = [slice(0, n_sources)] if together else [slice(k, k + 1) for k in range(n_sources)]
    return [
        (sources, [order[part] for order in ranks[sources]])
        for sources in all_or_one
        for part in _runs(table[sources].max(0), sources.stop - sources.start, batch_size, costs)
    ]


def _runs(widths, n_members, batch_size, costs):
    """The cheapest division of a sequence into runs; each of its items stands for `n_members`."""
    # The cheapest way to divide all up to an item, and where its last run starts.
    cost, start = [0.0], []
    for stop in range(1, len(widths) + 1):
        # Of every run that ends here, the shortest first.
        widest = np.maximum.accumulate(widths[stop - 1 :: -1])
        sizes = n_members * np.arange(1, stop + 1)
        cost_of_run = costs.step + sizes * _work(widest, batch_size)
        cost_of_run[1:][sizes[1:] > _most_members(widest[1:], batch_size, costs)] = np.inf
        total = cost_of_run + cost[::-1]
        length = int(total.argmin()) + 1
        start.append(stop - length)
        cost.append(total[length - 1])
    runs, stop = [], len(widths)
    while stop:
        runs.append(slice(start[stop - 1], stop))
        stop = start[stop - 1]
    return runs[::-1]


def _work(widths, batch_size):
    """Multiplications that a step takes of a network of each of the given widths."""
    products = (widths[:, :-1] * widths[:, 1:]).sum(1)
    return batch_size * (products + _ACTIVATION * widths[:, 1:-1].sum(1))


def _most_members(widths, batch_size, costs):
    """Members that a stack of each of the given widths should have at most."""
    return np.maximum(1, costs.largest // (batch_size * widths[:, 1:-1].max(1, initial=1)))
