"""Rows that are copies of others, of which nothing new is learnt."""

import numpy as np

# What is written more often than so many times on average is alike by chance.
_MOST_COPIES = 10


def distinct_rows(X, y, weights=None):
    """One row of each set of copies, with the weights of all of them.

    Tables that are joined, exported twice or drawn with replacement have rows that are alike in X
    and y. What such a row says has not been measured as often as it is written, and no row shows
    how well its copy is foreseen. Rows are taken for copies if they are hardly alike by chance: not
    written more than ten times on average, with a column of more values than the root of the number
    of different rows; and if no rows are alike in X and not in y, which would be measurements
    repeated. Where y takes few values itself, as classes do, two columns are to have so many.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Numbers or labels.
    weights : ndarray of shape (n_samples,), default=None
        Rows of weight zero do not count.

    Returns
    -------
    rows : ndarray of int, shape (n_distinct,)
        In their order.
    weights : ndarray of shape (n_distinct,)

    Both are None if no rows are taken for copies.
    """
    weights = np.ones(len(y)) if weights is None else np.asarray(weights)
    counting = np.flatnonzero(weights)
    y = np.asarray(y)[counting]
    targets = _hashes(np.unique(y, return_inverse=True)[1].reshape(len(y), -1))
    if len(np.unique(targets)) == len(targets):
        return None, None
    X = X if len(counting) == len(weights) else X[counting]
    inputs = _hashes(X)
    pairs = np.column_stack([inputs, targets])
    pairs, first, pair = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    if len(pairs) == len(targets) or len(np.unique(inputs)) < len(pairs):
        return None, None
    least = len(pairs) ** 0.5
    n_columns = 2 if len(np.unique(targets)) <= least else 1
    if len(targets) > _MOST_COPIES * len(pairs) or _n_fine_columns(X, least) < n_columns:
        return None, None
    totals = np.bincount(pair.ravel(), weights=weights[counting])
    order = np.argsort(first)
    return counting[first[order]], totals[order]


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


def _n_fine_columns(X, least):
    """Columns that take more than so many values."""
    if not hasattr(X, "indptr"):
        return sum(len(np.unique(column)) > least for column in X.T)
    X = X.tocsc()
    ends = zip(X.indptr[:-1], X.indptr[1:], strict=True)
    return sum(b - a > least - 1 and len(np.unique(X.data[a:b])) + 1 > least for a, b in ends)
