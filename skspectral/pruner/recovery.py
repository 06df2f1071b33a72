"""As many hidden nodes as the data tell apart: elimination, unfolding and growth in turn."""

from functools import partial

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils import check_random_state

from skspectral.core import THRESHOLD, core_mask
from skspectral.mlp.cut import cut
from skspectral.pruner.elimination import eliminate
from skspectral.pruner.free import FreeNetwork, Problem
from skspectral.pruner.growth import grow
from skspectral.pruner.unfolding import linear_nodes, unfold
from skspectral.spectral import Parameters

# Nodes above this share of the largest relevance are there to begin with. There must not be more
# than half a parameter for each row, and for each input that stands out there must be twenty rows:
# with fewer not even one node is told from noise.
_CANDIDATE, _PARAMETERS_PER_ROW, _ROWS_PER_INPUT = 2e-3, 0.5, 20

# Of unfolding and growth, at most. One that gains less than this share of what a node is worth is
# the last.
_N_ROUNDS, _GAIN = 8, 0.5

# More rows tell little more, and cost.
_MOST_ROWS = 50_000


def is_recoverable(network, n_rows):
    """Whether the data can tell how many hidden nodes a fitted network needs.

    It has to be a regressor that has not collapsed, and the rows to be many for its inputs and for
    the nodes that might matter.
    """
    if not (is_regressor(network) and len(network.coefs_) > 1 and all(network.core_sizes_)):
        return False
    n_rows, inputs = min(n_rows, _MOST_ROWS), _outstanding(network)
    widths = [inputs.sum(), *(mask.sum() for mask in _candidates(network)), network.n_outputs_]
    n_parameters = np.dot(widths[:-1], widths[1:])
    return n_rows >= max(_ROWS_PER_INPUT * inputs.sum(), n_parameters / _PARAMETERS_PER_ROW)


def recover(network, X, y, sample_weight=None):
    """The network of as many hidden nodes as the data tell apart, without penalty.

    Parameters
    ----------
    network : SpectralMLPRegressor
        Fitted. Inputs that do not stand out in it stay away, if the criterion agrees.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    network : SpectralMLPRegressor
    masks : list of ndarray of shape (n_nodes,), bool
        The places of its nodes in each hidden layer of the given network.
    """
    from skspectral.engine.training import one_thread

    seed = check_random_state(network.random_state).randint(np.iinfo(np.int32).max)
    rng = np.random.default_rng(int(seed))
    rows, targets, weights, unit = _rows(network, y, sample_weight, rng)
    widths = tuple(len(b) for b in network.intercepts_[:-1])
    with one_thread(), np.errstate(over="ignore", invalid="ignore"):
        options = []
        for inputs in _inputs(network):
            X_own = _dense(X, rows, inputs)
            problem = Problem(X_own, targets, weights, network.activation, network.fit_intercept)
            options.append((problem, _start(network, inputs, unit), inputs))
        if len(options) > 1:
            options.sort(key=lambda option: option[0].criterion(option[0].train(option[1])))
        problem, start, inputs = options[0]
        free = _search(problem, start, widths, rng)
    return _written(network, free, inputs, unit)


def _outstanding(network):
    """The inputs whose relevance is not negligible beside the largest."""
    return core_mask(network.feature_importances_, THRESHOLD)


def _inputs(network):
    """Those that stand out, and all that have any relevance, which may add up to more."""
    outstanding, relevant = _outstanding(network), network.feature_importances_ > 0
    return [outstanding] if (outstanding == relevant).all() else [outstanding, relevant]


def _candidates(network):
    """The nodes of each hidden layer that might matter."""
    return [core_mask(spectrum, _CANDIDATE) for spectrum in network.node_importances_]


def _search(problem, network, widths, rng):
    best, least = eliminate(problem, network)
    for _ in range(_N_ROUNDS):
        before = least
        for change in (unfold, partial(grow, widths=widths, rng=rng)):
            other = change(problem, best)
            if other is not best:
                other, value = eliminate(problem, other)
                if value < least:
                    best, least = other, value
        if before - least <= _GAIN * problem.worth(best):
            break
        linear = [linear_nodes(problem, best, layer) for layer in range(len(widths))]
        if not (problem.can_gain(best) or any(a.any() or b.any() for a, b in linear)):
            break
    return best


def _rows(network, y, sample_weight, rng):
    """The rows with a weight, their targets in standard units, their weights, and the units."""
    y = np.asarray(y, float).reshape(len(y), -1)
    weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    rows = np.flatnonzero(weights)
    if len(rows) > _MOST_ROWS:
        rows = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
    y, weights = y[rows], weights[rows] / weights[rows].mean()
    unit = network._standardisation(y, weights)
    targets = (y - unit["mean"]) / unit["scale"]
    return rows, targets, None if np.ptp(weights) == 0 else weights, unit


def _dense(X, rows, inputs):
    X = X[rows] if hasattr(X, "tocsr") else np.asarray(X)[rows]
    X = X[:, np.flatnonzero(inputs)]
    return (X.toarray() if hasattr(X, "toarray") else X).astype(float)


def _start(network, inputs, unit):
    """The nodes that might matter, in standard units."""
    masks = _candidates(network)
    small = cut(network, masks, inputs)
    weights = [w.astype(float) for w in small.coefs_]
    intercepts = [b.astype(float) for b in small.intercepts_]
    weights[-1] /= unit["scale"]
    intercepts[-1] = (intercepts[-1] - unit["mean"]) / unit["scale"]
    return FreeNetwork(weights, intercepts, [np.flatnonzero(mask) for mask in masks])


def _written(network, free, inputs, unit):
    """The fitted estimator that has these weights, and the places of its nodes."""
    masks = [
        np.isin(np.arange(len(b)), nodes)
        for b, nodes in zip(network.intercepts_[:-1], free.nodes, strict=True)
    ]
    dtype = network.coefs_[0].dtype
    weights, intercepts = list(free.weights), list(free.intercepts)
    for layer, nodes in enumerate(free.nodes):
        order = np.argsort(nodes)
        weights[layer], intercepts[layer] = weights[layer][:, order], intercepts[layer][order]
        weights[layer + 1] = weights[layer + 1][order]
    first = np.zeros((len(inputs), weights[0].shape[1]))
    first[inputs] = weights[0]
    weights = [first, *weights[1:]]
    weights[-1] = weights[-1] * unit["scale"]
    intercepts[-1] = intercepts[-1] * unit["scale"] + unit["mean"]
    small = cut(network, masks)
    small.alpha_ = 0.0
    small.coefs_ = [w.astype(dtype) for w in weights]
    small.intercepts_ = [b.astype(dtype) for b in intercepts]
    own = Parameters.from_weights(small.coefs_, small.intercepts_, network._state["mode"])
    small.eigenvectors_ = own.eigenvectors
    small.eigenvalues_in_, small.eigenvalues_out_ = own.eigenvalues_in, own.eigenvalues_out
    return small, masks
