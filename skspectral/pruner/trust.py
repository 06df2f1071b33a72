"""Whether the data choose the nodes of a network, or its spectrum."""

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, validate_data

from skspectral.forward import forward
from skspectral.mlp.checks import pass_on_interruption, silence
from skspectral.pruner.left_out import left_out_errors
from skspectral.pruner.loss import loss_of
from skspectral.pruner.recovery import (
    MOST_ROWS,
    ROWS_PER_INPUT,
    ROWS_PER_PARAMETER,
    are_few,
    candidates,
    outstanding,
    recover,
)

# With more inputs than there are rows for, those beyond may be noise below this share of the
# largest.
_WEAK = 0.25

# What is found may leave so many times as much of rows that it has not seen as the network of those
# that it has, and this share of the variance.
_TIMES, _TRIFLE = 1.1, 0.01

# With so many rows for each parameter none is learnt by heart where nothing is left of the error.
_PLENTY = 8

# Rows times outputs times the square of the parameters, at most, to reckon the former from one
# training.
_MOST_PRODUCTS = 1e11

# Share of the rows that a trial holds out.
_HELD_OUT = 1 / 3

# Rows that a trial takes; and of each class.
_FEWEST_ROWS, _FEWEST_OF_A_CLASS = 60, 3

# Of classes rows for each parameter that might matter; or rows times parameters at most, since the
# search is long where both are many.
_ROWS_OF_CLASSES, _MOST_WORK = 10, 2e7


def found_in_data(network, X, y, sample_weight=None, inputs=None, select=False):
    """What :func:`recover` finds, where that is to be preferred to the given network.

    It is where the rows are many for the inputs and nodes of a regressor that might matter, and
    what is found would predict rows that it has not seen about as well as the network explains
    those that it has. Otherwise it has to predict others as well: see :func:`recovery_pays`.

    Parameters
    ----------
    network, X, y, sample_weight, inputs, select
        See :func:`recover`.

    Returns
    -------
    found : tuple (network, masks) or None
    """
    n_rows = _num_samples(y) if sample_weight is None else np.count_nonzero(sample_weight)
    found = None
    if is_recoverable(network, n_rows, inputs):
        found = recover(network, X, y, sample_weight, inputs, select)
        if _foresees(*found, network, X, y, sample_weight):
            return found
    if not recovery_pays(network, X, y, sample_weight, select):
        return None
    few, tried = (are_few(n, network.n_features_in_) for n in (n_rows, n_rows * (1 - _HELD_OUT)))
    if found is None or few != tried:  # what has won the trial, and no other search
        found = recover(network, X, y, sample_weight, inputs, select, few=tried)
    return found


def is_recoverable(network, n_rows, inputs=None):
    """Whether the rows are many for the inputs and nodes of a fitted network that might matter.

    It has to be a regressor that has not collapsed, and all but few of its inputs may be weak.

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
    if is_classifier(network) or not _has_nodes(network):
        return False
    n_rows = min(n_rows, MOST_ROWS)
    most, n_inputs = n_rows // ROWS_PER_INPUT, len(outstanding(network, inputs))
    if n_inputs > most:
        relevance = network.feature_importances_
        if most == 0 or np.sort(relevance)[-most] > _WEAK * relevance.max():
            return False
    return _n_parameters(network, min(n_inputs, most)) * ROWS_PER_PARAMETER <= n_rows


def recovery_pays(network, X, y, sample_weight=None, select=False):
    """Whether the network that :func:`recover` finds predicts as well as the given one.

    For data that cannot tell the size for certain. Both are fitted to two thirds of the rows, from
    the start, and compared on the others: by squared errors, or by the likelihood of the classes,
    which sees probabilities that are too sure. Of classes as good is what is within one standard
    error.

    Parameters
    ----------
    network, X, y, sample_weight, select
        See :func:`recover`.

    Returns
    -------
    pays : bool
        False if it has no nodes that matter, with fewer than sixty rows, and where two thirds of
        them are too few for a fit; of classes, with fewer than three of each that it knows, with or
        without each label, and where rows and parameters that might matter are many, but not ten
        rows for each.
    """
    rows = np.arange(_num_samples(y)) if sample_weight is None else np.flatnonzero(sample_weight)
    if not _has_nodes(network) or len(rows) < _FEWEST_ROWS:
        return False
    if is_classifier(network):
        targets = network._targets(y)[rows]
        # Of labels, each of which is there or is not, both count.
        rarest = min(targets.sum(axis=0).min(), (1 - targets).sum(axis=0).min())
        if rarest < _FEWEST_OF_A_CLASS or _is_long(network, min(len(rows), MOST_ROWS)):
            return False
    strata = network._strata(y)
    strata = None if strata is None else _safe_indexing(strata, rows)
    parts = [
        _rows_of(own, X, y, sample_weight)
        for own in train_test_split(
            rows, test_size=_HELD_OUT, stratify=strata, random_state=network.random_state
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
    more, error = _worse(other, student, test)
    # A few rows that are far off make for a large error of the mean squared error.
    return bool(more <= (error if is_classifier(network) else 0))


def _has_nodes(network):
    return len(network.coefs_) > 1 and all(network.core_sizes_)


def _n_parameters(network, n_inputs):
    """Weights between so many inputs and the nodes that might matter."""
    widths = [n_inputs, *(mask.sum() for mask in candidates(network)), network.n_outputs_]
    return np.dot(widths[:-1], widths[1:])


def _is_long(network, n_rows):
    """Whether a search would take long, and the rows are not many for it to pay."""
    n_inputs = min(len(outstanding(network)), n_rows // ROWS_PER_INPUT)
    n_parameters = _n_parameters(network, n_inputs)
    return _ROWS_OF_CLASSES * n_parameters > n_rows and n_parameters * n_rows > _MOST_WORK


def _foresees(found, masks, network, X, y, sample_weight):
    """Whether what is found leaves hardly more of rows unseen than the network of those seen."""
    rows = np.arange(_num_samples(y)) if sample_weight is None else np.flatnonzero(sample_weight)
    rows = rows[:: -(-len(rows) // MOST_ROWS)]
    X, y, sample_weight = _rows_of(rows, X, y, sample_weight)
    outputs, targets, weights = _standard(found, X, y, sample_weight)
    errors, loss = outputs - targets, loss_of(found)
    seen = np.subtract(*_standard(network, X, y, sample_weight)[:2])
    first, *others = found.coefs_
    n_parameters = sum(p.size for p in (first[masks[0]], *others, *found.intercepts_))
    if (errors**2).mean() < loss.nothing and len(rows) >= _PLENTY * n_parameters:
        return True
    if errors.size * n_parameters**2 <= _MOST_PRODUCTS:
        mean, scale = found._state["mean"], found._state["scale"]
        importance = loss.importance(np.average(errors**2, axis=0, weights=weights)) / scale**2
        # As if the network were trained in units of y, with outputs as important as they are.
        errors = left_out_errors(
            *(found, masks[0], _validated(found, X), errors * scale, mean - targets * scale),
            weights=weights[:, None] * importance,
        )
        errors /= scale
    unseen, seen = (np.average(e**2, axis=0, weights=weights).mean() for e in (errors, seen))
    return unseen <= _TIMES * seen + _TRIFLE


def _rows_of(rows, *data):
    return [None if a is None else _safe_indexing(a, rows) for a in data]


def _validated(network, X):
    return validate_data(network, X, accept_sparse="csr", reset=False)


def _standard(network, X, y, sample_weight):
    """Outputs and targets in units of the latter, and the weights of the rows."""
    X = _validated(network, X)
    outputs = forward(X, network.coefs_, network.intercepts_, network.activation, "identity")
    targets, scale = network._targets(y), network._state["scale"]
    weights = network._weigh(targets, np.asarray(y), sample_weight)
    weights = np.ones(len(targets)) if weights is None else weights
    return outputs.astype(float) / scale, targets / scale, weights


def _losses(network, X, y, sample_weight):
    """What a network loses on each row, in variances or deviances, and the weights of the rows."""
    outputs, targets, weights = _standard(network, X, y, sample_weight)
    return loss_of(network).losses(outputs, targets).mean(axis=1), weights


def _worse(one, other, data):
    """How much more a network loses on the rows than another, in the mean, and its error."""
    (losses, weights), (others, _) = _losses(one, *data), _losses(other, *data)
    more, shares = losses - others, weights / weights.sum()
    mean = shares @ more
    return mean, np.sqrt(shares**2 @ (more - mean) ** 2)
