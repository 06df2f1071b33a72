"""The units of y, and what its outputs count for."""

import numpy as np


def further_units(known, own, fit_intercept):
    """The units of y for a further batch, and those to read the network in.

    They are the units of the first batch, or of an output that did not vary in it, of the first in
    which it does: in standard units the network stays what it is.

    Parameters
    ----------
    known, own : dict
        ``mean`` and ``scale`` of each output, and whether it is ``constant``: as they have been so
        far, and of the batch.
    fit_intercept : bool
        Whether a mean has somewhere to go.

    Returns
    -------
    units : dict
        As `own`.
    before : dict
        ``mean`` and ``scale``.
    """
    constant = known["constant"]
    units = {name: np.where(constant, own[name], known[name]) for name in own}
    if not fit_intercept:  # which may have been set since the mean was taken
        units["mean"] = np.zeros_like(units["mean"])
    return units, {n: np.where(constant, known[n], units[n]) for n in ("mean", "scale")}


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
