"""Parts of the rows, to train without and to compare on."""

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples


def parts_in_turn(network, y, rows, n_parts, groups):
    """Each part of the rows in turn, held out.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted; its `random_state` draws the parts.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Each part has its share of each class.
    rows : ndarray of int
        The rows to divide.
    n_parts : int
    groups : ndarray of shape (n_samples,), int, or None
        No part has some rows of a group only. There are at least as many groups as parts.

    Yields
    ------
    train, held_out : ndarray of int
    """
    strata = network._strata(y)
    strata = None if strata is None else _safe_indexing(strata, rows)
    if groups is None:
        splitter = KFold if strata is None else StratifiedKFold
    else:
        splitter = GroupKFold if strata is None else StratifiedGroupKFold
        groups = groups[rows]
    splitter = splitter(n_parts, shuffle=True, random_state=network.random_state)
    for train, held_out in splitter.split(rows, strata, groups):
        yield rows[train], rows[held_out]


def rows_with_weight(y, sample_weight):
    """The rows that count, as numbers."""
    return np.arange(_num_samples(y)) if sample_weight is None else np.flatnonzero(sample_weight)


def rows_of(rows, *data):
    """Some rows of arrays, of which any may be None."""
    return [None if a is None else _safe_indexing(a, rows) for a in data]
