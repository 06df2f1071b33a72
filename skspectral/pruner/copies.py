"""Rows that are copies of others, which tell nothing new."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from skspectral.pruner.comparison import validated

# What is written more often than so many times on average is alike by chance.
_MOST_COPIES = 10


def without_copies(network, X, y, sample_weight=None):
    """Each row once, with the weights of all its copies.

    Tables that are joined, exported twice or drawn with replacement have rows that are alike in X
    and y. What such a row says has not been measured as often as it is written, and no row shows
    how well its copy is foreseen. Rows are taken for copies if they are hardly alike by chance: not
    written more than ten times on average, with a column of more values than the root of the number
    of different rows; and if no rows are alike in X and not in y, which would be measurements
    repeated. Classes are left alone.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    X, y, sample_weight
        Those given, if none are taken for copies; otherwise without rows of weight zero.
    """
    given = X, y, sample_weight
    if is_classifier(network):
        return given
    weights = np.ones(_num_samples(y)) if sample_weight is None else np.asarray(sample_weight)
    counting = np.flatnonzero(weights)
    targets = _hashes(network._targets(y)[counting])
    if len(np.unique(targets)) == len(targets):
        return given
    columns = validated(network, X)[counting]
    inputs = _hashes(columns)
    rows = np.column_stack([inputs, targets])
    rows, first, own = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    if len(rows) == len(targets) or len(np.unique(inputs)) < len(rows):
        return given
    if len(targets) > _MOST_COPIES * len(rows) or not _takes_many_values(columns, len(rows)):
        return given
    weights = np.bincount(own.ravel(), weights=weights[counting])
    order = np.argsort(first)
    X = X.tocsr() if hasattr(X, "tocsr") else X
    return *(_safe_indexing(a, counting[first[order]]) for a in (X, y)), weights[order]


def _hashes(X):
    """A number for each row; of rows that are not alike, as good as never the same."""
    if hasattr(X, "indptr"):
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
        ends = zip(X.indptr[:-1], X.indptr[1:], strict=True)
        rows = (X.indices[a:b].tobytes() + X.data[a:b].tobytes() for a, b in ends)
    else:
        rows = (row.tobytes() for row in X + 0.0)  # zero has two signs
    return np.fromiter(map(hash, rows), dtype=np.int64, count=X.shape[0])


def _takes_many_values(X, n_rows):
    """Whether a column takes more values than the root of a number of rows."""
    n_values = (
        len(np.unique(X[:, [j]].toarray() if hasattr(X, "indptr") else X[:, j]))
        for j in range(X.shape[1])
    )
    return any(n**2 > n_rows for n in n_values)
