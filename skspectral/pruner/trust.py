"""Whether the data choose the nodes of a network, or its spectrum."""

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, validate_data

from skspectral.forward import forward
from skspectral.mlp.checks import pass_on_interruption, silence
from skspectral.pruner.loss import loss_of
from skspectral.pruner.recovery import (
    MOST_ROWS,
    ROWS_PER_INPUT,
    ROWS_PER_PARAMETER,
    candidates,
    outstanding,
    recover,
)

# With more inputs than there are rows for, those beyond may be noise below this share of the
# largest.
_WEAK = 0.25

# Rows that a trial takes; of each class; and for each parameter that might matter, if they are of
# classes, which tell less than numbers.
_FEWEST_ROWS, _FEWEST_OF_A_CLASS, _ROWS_OF_CLASSES = 60, 3, 10


def is_recoverable(network, n_rows, inputs=None):
    """Whether the data can tell for certain how many nodes a fitted network needs.

    It has to be a regressor that has not collapsed, and the rows to be many for the inputs and the
    nodes that might matter.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
    n_rows : int
    inputs : ndarray of shape (n_features,), bool, default=None
        Those that its spectrum tells from nothing; None is all.

    Returns
    -------
    recoverable : bool
    """
    certain = not is_classifier(network) and _has_nodes(network)
    return certain and _is_small(network, n_rows, inputs, ROWS_PER_PARAMETER)


def recovery_pays(network, X, y, sample_weight=None, select=False):
    """Whether the network that :func:`recover` finds predicts better than the given one.

    For data that cannot tell the size for certain. Both are fitted to two thirds of the rows, from
    the start, and scored on the others: by R2, or by the likelihood of the classes, which sees
    probabilities that are too sure.

    Parameters
    ----------
    network, X, y, sample_weight, select
        See :func:`recover`.

    Returns
    -------
    pays : bool
        False with fewer than sixty rows; of classes, with fewer than ten for each parameter that
        might matter, or three of each class that it knows; and where two thirds of the rows are too
        few for a fit.
    """
    rows = np.arange(_num_samples(y)) if sample_weight is None else np.flatnonzero(sample_weight)
    if not _has_nodes(network) or len(rows) < _FEWEST_ROWS:
        return False
    strata = network._strata(y)
    if strata is not None:
        strata = _safe_indexing(strata, rows)
        counts = np.unique(strata, return_counts=True)[1]
        if len(counts) < len(network.classes_) or counts.min() < _FEWEST_OF_A_CLASS:
            return False
    if is_classifier(network) and not _is_small(network, len(rows), None, _ROWS_OF_CLASSES):
        return False
    parts = [
        [None if a is None else _safe_indexing(a, own) for a in (X, y, sample_weight)]
        for own in train_test_split(
            rows, test_size=1 / 3, stratify=strata, random_state=network.random_state
        )
    ]
    (X_train, y_train, w_train), test = parts
    student = clone(network)
    student.set_callbacks()
    with silence():  # the fit to all rows has said what there is to say
        try:
            student.fit(X_train, y_train, w_train)
        except ValueError:  # too few rows for a setting, or a training that diverges
            return False
    pass_on_interruption(student)
    if not all(student.core_sizes_):
        return False
    other, _ = recover(student, X_train, y_train, w_train, select=select)
    return bool(_quality(other, *test) > _quality(student, *test))


def _has_nodes(network):
    return len(network.coefs_) > 1 and all(network.core_sizes_)


def _is_small(network, n_rows, inputs, rows_per_parameter):
    """Whether the rows are many for what might matter."""
    n_rows = min(n_rows, MOST_ROWS)
    most = n_rows // ROWS_PER_INPUT
    n_inputs = len(outstanding(network, inputs))
    if n_inputs > most:
        relevance = network.feature_importances_
        if most == 0 or np.sort(relevance)[-most] > _WEAK * relevance.max():
            return False
        n_inputs = most
    widths = [n_inputs, *(mask.sum() for mask in candidates(network)), network.n_outputs_]
    return np.dot(widths[:-1], widths[1:]) * rows_per_parameter <= n_rows


def _quality(network, X, y, sample_weight):
    if not is_classifier(network):
        return network.score(X, y, sample_weight)
    X = validate_data(network, X, accept_sparse="csr", reset=False)
    outputs = forward(X, network.coefs_, network.intercepts_, network.activation, "identity")
    targets = network._targets(y)
    losses = loss_of(network).losses(outputs.astype(float), targets).sum(axis=1)
    return -np.average(losses, weights=network._weigh(targets, np.asarray(y), sample_weight))
