"""The weights of rows."""

import numpy as np


def effective(n_rows, weights):
    """Rows of equal weight that are worth `n_rows` with these weights, or None (Kish)."""
    return n_rows if weights is None else weights.sum() ** 2 / (weights**2).sum()


def weights_without(idle, weights, n_rows):
    """Weights of the rows that make the mean loss of all outputs that of those that are not idle.

    An idle output does not vary. It has no error: in the mean it would only make the penalty
    stronger for the others.

    Parameters
    ----------
    idle : ndarray of shape (n_outputs,), bool
    weights : ndarray of shape (n_rows,) or None
        Of mean one.
    n_rows : int

    Returns
    -------
    weights : ndarray of shape (n_rows,) or None
    """
    share = 1 - idle.mean()
    if share in (0, 1):
        return weights
    return (np.ones(n_rows) if weights is None else weights) / share
