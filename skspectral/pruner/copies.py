"""Rows that are copies of others, of which the pruner learns nothing new."""

from sklearn.base import is_classifier
from sklearn.utils import _safe_indexing

from skspectral.mlp.copies import distinct_rows


def without_copies(network, X, y, sample_weight=None, groups=None):
    """Each row once, with the weights of all its copies; see ``distinct_rows``.

    Classes are left alone.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None
    groups : ndarray of shape (n_samples,), int, default=None

    Returns
    -------
    X, y, sample_weight, groups
        Those given, if none are taken for copies; otherwise without rows of weight zero.
    """
    rows = None
    if not is_classifier(network):
        rows, weights = distinct_rows(
            network._validated_inputs(X), network._targets(y), sample_weight
        )
    if rows is None:
        return X, y, sample_weight, groups
    X = X.tocsr() if hasattr(X, "tocsr") else X
    groups = None if groups is None else groups[rows]
    return *(_safe_indexing(a, rows) for a in (X, y)), weights, groups
