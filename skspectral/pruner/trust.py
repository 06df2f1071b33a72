"""Whether the data choose the nodes of a network, or its spectrum."""

import numpy as np
from sklearn.base import is_classifier

from skspectral.mlp.weights import effective
from skspectral.pruner.comparison import (
    mean_and_error,
    n_telling,
    outputs_and_targets,
    tolerable,
    weights_of,
)
from skspectral.pruner.left_out import left_out_errors, n_parameters
from skspectral.pruner.loss import loss_of
from skspectral.pruner.parts import rows_of, rows_with_weight
from skspectral.pruner.recovery import recover
from skspectral.pruner.sizes import (
    MOST_ROWS,
    ROWS_PER_INPUT,
    ROWS_PER_PARAMETER,
    are_few,
    has_nodes,
    n_weights,
    outstanding,
    widths_of,
)
from skspectral.pruner.trial import N_PARTS, widths_that_pay

# With more inputs than there are rows for, those beyond may be noise below this share of the
# largest.
_WEAK = 0.25

# What is found has to explain this share of what the network does.
_EXPLAINED = 0.8

# With so many rows for each parameter that is free none is learnt by heart where nothing is left of
# the error; or with so many for each, where that of rows left out is no larger than noise alone
# would make it, but for this factor.
_PLENTY, _AS_NOISE = 8, 1.02

# What has won a trial may have so many times the nodes once it has seen all rows: of weak signals a
# search may take noise for nodes that no other has found.
_MORE_NODES = 1.25

# Rows times outputs times the square of the parameters, at most, to reckon the former from one
# training.
_MOST_PRODUCTS = 1e11


def found_in_data(network, X, y, sample_weight=None, groups=None, inputs=None, select=False):
    """What :func:`recover` finds, where that is to be preferred to the given network.

    It is where the rows are many for the inputs and nodes of a regressor that might matter, and
    what is found would predict rows that it has not seen about as well as the network explains
    those that it has; of several hidden layers, where its error is nothing. Otherwise, and always
    if the rows are in groups, of which those errors say nothing, it has to predict others better:
    see :func:`widths_that_pay`.

    Parameters
    ----------
    network, X, y, sample_weight, inputs, select
        See :func:`recover`.
    groups : ndarray of shape (n_samples,), int, default=None
        Rows of a group are not independent of each other.

    Returns
    -------
    found : tuple (network, masks) or None
    """
    found = None
    are_telling = groups is None and not is_classifier(network)
    if are_telling and is_recoverable(network, _n_rows(network, y, sample_weight), inputs):
        found = recover(network, X, y, sample_weight, inputs, select)
        if _foresees(*found, network, X, y, sample_weight):
            return found
    widths = widths_that_pay(network, X, y, sample_weight, groups, select)
    if widths is None:
        return None
    n_rows = _n_rows(network, y, sample_weight)
    few, tried = (are_few(n, network.n_features_in_) for n in (n_rows, n_rows * (1 - 1 / N_PARTS)))
    if len(widths) > 1 or is_classifier(network):
        # Layers make up for each other, and of classes fewer rows show fewer nodes.
        most = widths_of(network)
    else:
        most = (int(_MORE_NODES * widths[0]),)
    # What has won the trial, and no other search, nor a network of many more nodes.
    if found is None or few != tried or np.any(np.greater(widths_of(found[0]), most)):
        found = recover(network, X, y, sample_weight, inputs, select, few=tried, most=most)
    return found


def is_recoverable(network, n_rows, inputs=None):
    """Whether the rows are many for the inputs and nodes of a regressor that might matter.

    It must not have collapsed, and all but few of its inputs may be weak.

    Parameters
    ----------
    network : SpectralMLPRegressor
    n_rows : int
        Of equal weight, or as many as are worth as much.
    inputs : ndarray of shape (n_features,), bool, default=None
        Those that its spectrum tells from nothing; None is all.

    Returns
    -------
    recoverable : bool
    """
    if not has_nodes(network):
        return False
    n_rows = min(n_rows, MOST_ROWS)
    most, n_inputs = n_rows // ROWS_PER_INPUT, len(outstanding(network, inputs))
    if n_inputs > most:
        relevance = network.feature_importances_
        if most == 0 or np.sort(relevance)[-most] > _WEAK * relevance.max():
            return False
    return n_weights(network, min(n_inputs, most)) * ROWS_PER_PARAMETER <= n_rows


def _n_rows(network, y, sample_weight):
    weights = weights_of(network, y, sample_weight)
    return int(effective(len(weights), weights))


def _foresees(found, masks, network, X, y, sample_weight):
    """Whether what is found leaves hardly more of rows unseen than the network of those seen."""
    rows = rows_with_weight(y, sample_weight)
    rows = rows[:: -(-len(rows) // MOST_ROWS)]
    X, y, sample_weight = rows_of(rows, X, y, sample_weight)
    outputs, targets = outputs_and_targets(found, X, y)
    weights = weights_of(network, y, sample_weight)
    errors, before = outputs - targets, np.subtract(*outputs_and_targets(network, X, y))
    n_trained = n_parameters(found, masks[0])
    fitted, seen = _mean_square(errors, weights), _mean_square(before, weights)
    is_nothing = fitted < loss_of(found).nothing
    n_free = n_trained
    if found.activation == "relu":
        n_free -= sum(widths_of(found))  # their scale can pass from one side of them to the other
    if is_nothing and n_telling(targets, weights) >= _PLENTY * n_free:
        return True
    if len(found.coefs_) > 2:
        # One more layer, and the curvature that is left out of account is not small any more.
        return False
    unseen = fitted
    if errors.size * n_trained**2 <= _MOST_PRODUCTS:
        errors = _left_out(found, masks[0], X, targets, errors, weights)
        unseen = _mean_square(errors, weights)
        n_rows = effective(len(weights), weights)
        if n_rows >= _PLENTY * n_trained:
            # What so many parameters learn of noise alone, and rows left out do not bear out.
            learnt = (n_rows + n_trained) / (n_rows - n_trained)
            if unseen <= _AS_NOISE * learnt * fitted:
                seen *= learnt
    most = min(tolerable(seen), 1 - _EXPLAINED * (1 - seen))
    # Where a few rows make up the errors, these say little.
    return unseen + mean_and_error((errors**2 - before**2).mean(axis=1), weights)[1] <= most


def _mean_square(errors, weights):
    return np.average(errors**2, axis=0, weights=weights).mean()


def _left_out(found, inputs, X, targets, errors, weights):
    """The errors of a network, in units of the targets, had the training left each row out."""
    mean, scale = found._state.units.mean, found._state.units.scale
    importance = loss_of(found).importance(np.average(errors**2, axis=0, weights=weights))
    # As if the network were trained in units of y, with outputs as important as they are.
    left_out = left_out_errors(
        found,
        inputs,
        found._validated_inputs(X),
        errors=errors * scale,
        without=mean - targets * scale,
        weights=weights[:, None] * (importance / scale**2),
    )
    return left_out / scale
