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

# Share of the variance that what is found may leave unexplained, and the network does not.
_TRIFLE = 0.01

# Rows that a trial takes; and of each class.
_FEWEST_ROWS, _FEWEST_OF_A_CLASS = 60, 3

# Of classes rows for each parameter that might matter; or rows times parameters at most, since the
# search is long where both are many.
_ROWS_OF_CLASSES, _MOST_WORK = 10, 2e7


def found_in_data(network, X, y, sample_weight=None, inputs=None, select=False):
    """What :func:`recover` finds, where that is to be preferred to the given network.

    It is where the rows are many for the columns of X and the nodes of a regressor that might
    matter. Where they are few for columns that are weak, it has to be about as good on these rows
    as the network, and otherwise to predict others as well: see :func:`recovery_pays`.

    Parameters
    ----------
    network, X, y, sample_weight, inputs, select
        See :func:`recover`.

    Returns
    -------
    found : tuple (network, masks) or None
    """
    n_rows = _num_samples(y) if sample_weight is None else np.count_nonzero(sample_weight)
    found, certain = None, is_recoverable(network, n_rows, inputs)
    if certain:
        found = recover(network, X, y, sample_weight, inputs, select)
    if certain and min(n_rows, MOST_ROWS) < ROWS_PER_INPUT * network.n_features_in_:
        certain = _worse(found[0], network, (X, y, sample_weight))[0] <= _TRIFLE
    if certain or recovery_pays(network, X, y, sample_weight, select):
        return found or recover(network, X, y, sample_weight, inputs, select)
    return None


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
    which sees probabilities that are too sure. As good is what is within one standard error.

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
    more, error = _worse(other, student, test)
    return bool(more <= error)


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


def _losses(network, X, y, sample_weight):
    """What a network loses on each row, in variances or deviances, and the weights of the rows."""
    X = validate_data(network, X, accept_sparse="csr", reset=False)
    outputs = forward(X, network.coefs_, network.intercepts_, network.activation, "identity")
    targets, scale = network._targets(y), network._state["scale"]
    losses = loss_of(network).losses(outputs.astype(float) / scale, targets / scale).mean(axis=1)
    weights = network._weigh(targets, np.asarray(y), sample_weight)
    return losses, np.ones(len(losses)) if weights is None else weights


def _worse(one, other, data):
    """How much more a network loses on the rows than another, in the mean, and its error."""
    (losses, weights), (others, _) = _losses(one, *data), _losses(other, *data)
    more, shares = losses - others, weights / weights.sum()
    mean = shares @ more
    return mean, np.sqrt(shares**2 @ (more - mean) ** 2)
