"""What a network loses on rows, for another to be held against it."""

import numpy as np

from skspectral.forward import forward
from skspectral.mlp.weights import effective
from skspectral.pruner.loss import loss_of
from skspectral.pruner.network import cut_network, select_columns
from skspectral.pruner.parts import rows_of, rows_with_weight

# Of a normal distribution.
_KURTOSIS = 3

# A smaller network may leave so many times as much, and this share of the variance, or so much
# deviance.
_TIMES, _TRIFLE = 1.1, 0.01


def losses(network, X, y, doubt=0.0):
    """What a network loses on each row, in variances or deviances.

    The likelihood sees probabilities that are too sure, which the accuracy does not; where the rows
    have none that is wrong, it takes a `doubt` to see them: a share of the rows that are taken to
    be of another class.
    """
    loss, (outputs, targets) = loss_of(network), outputs_and_targets(network, X, y)
    if doubt:
        targets = loss.doubted(targets, doubt)
    return loss.losses(outputs, targets).mean(axis=1)


def mean_and_error(values, weights, groups=None):
    """Weighted mean, and its standard error.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
    weights : ndarray of shape (n_rows,)
    groups : ndarray of shape (n_rows,), int, default=None
        Rows of a group are not independent of each other.

    Returns
    -------
    mean, error : float
    """
    shares = weights / weights.sum()
    mean = shares @ values
    deviations = shares * (values - mean)
    if groups is not None:
        deviations = np.bincount(groups, deviations)
    return mean, np.sqrt(deviations @ deviations)


def n_telling(targets, weights):
    """Rows of normal targets that are worth as much: of rare events only those few rows count.

    Each row counts by its share of the variance (Kish), of the output with the fewest.
    """
    weights = np.ones(len(targets)) if weights is None else weights
    shares = weights[:, None] * (targets - np.average(targets, axis=0, weights=weights)) ** 2
    n_rows = (effective(len(share), share) for share in shares.T if share.any())
    return _KURTOSIS * min(n_rows, default=np.inf)


def losses_of_outputs(network, X, y, weights=None):
    """Mean loss of each output, in variances or deviances."""
    outputs, targets = outputs_and_targets(network, X, y)
    return np.average(loss_of(network).losses(outputs, targets), axis=0, weights=weights)


def tolerable(loss):
    """What a smaller network may lose where the other loses this, a number or an array."""
    return _TIMES * loss + _TRIFLE


def loses_much(network, inputs, X, y, sample_weight=None):
    """Whether an output loses more than a tenth more without the inputs that a mask leaves out."""
    X, y, sample_weight = rows_of(rows_with_weight(y, sample_weight), X, y, sample_weight)
    if lacks_a_class(network, y):
        return False  # with these rows it could not be trained on
    weights = weights_of(network, y, sample_weight)
    nodes = [np.ones(len(b), dtype=bool) for b in network.intercepts_[:-1]]
    small = cut_network(network, [inputs, *nodes])
    before = losses_of_outputs(network, X, y, weights)
    after = losses_of_outputs(small, select_columns(X, inputs), y, weights)
    return bool((after > _TIMES * before + loss_of(network).nothing).any())


def lacks_a_class(network, y):
    """Whether a class that a classifier knows is not in y; labels are no such classes."""
    strata = network._strata(y)
    return strata is not None and len(np.unique(strata)) < len(network.classes_)


def outputs_and_targets(network, X, y):
    """Outputs and targets of a network, in units of the latter."""
    outputs = forward(
        network._validated_inputs(X),
        network.coefs_,
        network.intercepts_,
        network.activation,
        "identity",
    )
    scale = network._state.units.scale
    return outputs.astype(float) / scale, network._targets(y) / scale


def weights_of(network, y, sample_weight=None):
    """What each row weighs in the training, with the weight of its class."""
    targets = network._targets(y)
    y = y if hasattr(y, "tocsr") else np.asarray(y)
    weights = network._weigh(targets, y, sample_weight)
    return np.ones(len(targets)) if weights is None else weights
