"""As many hidden nodes as the data tell apart: elimination, unfolding and growth in turn."""

from functools import partial

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils import check_random_state

from skspectral.core import THRESHOLD, core_mask, top_masks
from skspectral.mlp.cut import cut
from skspectral.pruner.elimination import eliminate
from skspectral.pruner.free import FreeNetwork, Problem
from skspectral.pruner.growth import grow
from skspectral.pruner.unfolding import linear_nodes, unfold
from skspectral.spectral import Parameters

# Nodes above this share of the largest relevance are there to begin with, at most as many as give
# this share of a parameter to each row.
_CANDIDATE, _PARAMETERS_PER_ROW = 2e-3, 0.25

# With fewer rows than this for each input not even one node is told from noise.
_ROWS_PER_INPUT = 20

# Of unfolding and growth, at most. One that gains less than this share of what a node is worth is
# the last.
_N_ROUNDS, _GAIN = 8, 0.5

# More rows tell little more, and cost.
_MOST_ROWS = 50_000


def is_recoverable(network, n_rows):
    """Whether the data can tell how many hidden nodes a fitted network needs.

    It has to be a regressor that has not collapsed, and the rows to be many for its inputs.
    """
    return (
        is_regressor(network)
        and len(network.coefs_) > 1
        and all(network.core_sizes_)
        and n_rows >= _ROWS_PER_INPUT * _inputs(network).sum()
    )


def recover(network, X, y, sample_weight=None):
    """The network of as many hidden nodes as the data tell apart, without penalty.

    Parameters
    ----------
    network : SpectralMLPRegressor
        Fitted. Inputs that have vanished from it stay away.
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
    inputs = _inputs(network)
    problem, mean, scale = _problem(network, X, y, sample_weight, inputs, rng)
    widths = tuple(len(b) for b in network.intercepts_[:-1])
    with one_thread(), np.errstate(over="ignore", invalid="ignore"):
        free = _search(problem, _candidates(problem, network, inputs, mean, scale), widths, rng)
    return _written(network, free, inputs, mean, scale)


def _inputs(network):
    """The inputs that have not vanished."""
    return core_mask(network.feature_importances_, THRESHOLD)


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


def _problem(network, X, y, sample_weight, inputs, rng):
    """The rows with a weight, the targets in standard units, and those units."""
    y = np.asarray(y, float).reshape(len(y), -1)
    weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    rows = np.flatnonzero(weights)
    if len(rows) > _MOST_ROWS:
        rows = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
    X = X[rows] if hasattr(X, "tocsr") else np.asarray(X)[rows]
    X = X[:, np.flatnonzero(inputs)]
    X = X.toarray() if hasattr(X, "toarray") else X
    y, weights = y[rows], weights[rows] / weights[rows].mean()
    unit = network._standardisation(y, weights)
    targets = (y - unit["mean"]) / unit["scale"]
    weights = None if np.ptp(weights) == 0 else weights
    problem = Problem(X.astype(float), targets, weights, network.activation, network.fit_intercept)
    return problem, unit["mean"], unit["scale"]


def _candidates(problem, network, inputs, mean, scale):
    """The nodes that might matter, in standard units."""
    spectra = network.node_importances_
    n_nodes = sum(int(core_mask(spectrum, _CANDIDATE).sum()) for spectrum in spectra)
    most = _PARAMETERS_PER_ROW * len(problem.X)
    while True:
        masks = top_masks(spectra, n_nodes)
        widths = [inputs.sum(), *(mask.sum() for mask in masks), len(scale)]
        if n_nodes <= len(masks) or np.dot(widths[:-1], widths[1:]) <= most:
            break
        n_nodes -= 1
    small = cut(network, masks, inputs)
    weights = [w.astype(float) for w in small.coefs_]
    intercepts = [b.astype(float) for b in small.intercepts_]
    weights[-1] /= scale
    intercepts[-1] = (intercepts[-1] - mean) / scale
    return FreeNetwork(weights, intercepts, [np.flatnonzero(mask) for mask in masks])


def _written(network, free, inputs, mean, scale):
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
    weights[-1], intercepts[-1] = weights[-1] * scale, intercepts[-1] * scale + mean
    small = cut(network, masks)
    small.alpha_ = 0.0
    small.coefs_ = [w.astype(dtype) for w in weights]
    small.intercepts_ = [b.astype(dtype) for b in intercepts]
    own = Parameters.from_weights(small.coefs_, small.intercepts_, network._state["mode"])
    small.eigenvectors_ = own.eigenvectors
    small.eigenvalues_in_, small.eigenvalues_out_ = own.eigenvalues_in, own.eigenvalues_out
    return small, masks
