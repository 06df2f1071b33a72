"""How many networks a stack should hold."""

# Values of one hidden layer of all members: two such arrays of doubles take 4 MB. More members gain
# nothing, and lose the cache; see docs/search.rst.
_LARGEST = 2**18


def largest_stack(batch_size, hidden):
    """Members that a stack should have at most.

    Parameters
    ----------
    batch_size : int
        Rows in a step.
    hidden : tuple of int
        Nodes of each hidden layer of the widest member.

    Returns
    -------
    n_members : int
        At least one.
    """
    return max(1, _LARGEST // (batch_size * max(hidden, default=1)))
