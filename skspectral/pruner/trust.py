"""Whether the data choose the nodes of a network, or its spectrum."""

import numpy as np
from scipy.stats import gmean
from sklearn.base import is_classifier

from skspectral.mlp.weights import effective
from skspectral.pruner.comparison import (
    losses_of_outputs,
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
from skspectral.pruner.temperature import tempered
from skspectral.pruner.trial import N_PARTS, winners

# With more inputs than there are rows for, those beyond may be noise below this share of the
# largest.
_WEAK = 0.25

# What is found has to explain this share of what the network does.
_EXPLAINED = 0.8

# With so many rows for each parameter that is free none is learnt by heart where nothing is left of
# the error; or with so many for each, where that of rows left out is no larger than noise alone
# would make it, but for this factor.
_PLENTY, _AS_NOISE = 8, 1.02

# Without noise a network of several layers leaves less than this of the variance.
_NOISY = 0.05

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
    see :func:`winners`.

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
    is_deep, has_classes = len(network.coefs_) > 2, is_classifier(network)
    needs_trial = has_classes or groups is not None
    # Of several layers noise calls for one as well, and it may be lost: no long search before it.
    needs_trial = needs_trial or (is_deep and _is_noisy(network, X, y, sample_weight))
    if not needs_trial and is_recoverable(network, _n_rows(network, y, sample_weight), inputs):
        found = recover(network, X, y, sample_weight, inputs, select)
        if _foresees(*found, network, X, y, sample_weight):
            return found
    won = winners(network, X, y, sample_weight, groups, select)
    if not won:
        return None
    n_rows = _n_rows(network, y, sample_weight)
    few, tried = (are_few(n, network.n_features_in_) for n in (n_rows, n_rows * (1 - 1 / N_PARTS)))
    # Layers make up for each other, and of classes fewer rows show fewer nodes.
    most, start = widths_of(network), None
    if not (is_deep or has_classes):
        most = (int(_MORE_NODES * max(widths_of(one)[0] for one, *_ in won)),)
    elif len(won) == 1 and not has_classes:
        start = won[0][:2]
    # What has won the trial, and no other search, nor a network of many more nodes.
    if found is None or few != tried or np.any(np.greater(widths_of(found[0]), most)):
        found = recover(network, X, y, sample_weight, inputs, select, tried, most, start)
    if has_classes:
        small, masks = found
        # Not a number of NumPy's, which would make double precision of single.
        temperature = float(gmean([temperature for *_, temperature in won]))
        found = tempered(small, temperature), masks
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


def _is_noisy(network, X, y, sample_weight):
    """Whether what the network leaves of the variance is more than it leaves without noise."""
    X, y, sample_weight = rows_of(_some_rows(y, sample_weight), X, y, sample_weight)
    weights = weights_of(network, y, sample_weight)
    return losses_of_outputs(network, X, y, weights).mean() > _NOISY


def _foresees(found, masks, network, X, y, sample_weight):
    """Whether what is found leaves hardly more of rows unseen than the network of those seen."""
    X, y, sample_weight = rows_of(_some_rows(y, sample_weight), X, y, sample_weight)
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


def _some_rows(y, sample_weight):
    """Rows enough to judge a network by, from all parts of the data."""
    rows = rows_with_weight(y, sample_weight)
    return rows[:: -(-len(rows) // MOST_ROWS)]


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
