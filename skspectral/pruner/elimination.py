"""As many nodes as the data tell apart: backward elimination by an information criterion."""

from dataclasses import dataclass

import numpy as np

from skspectral.forward import forward
from skspectral.mlp.cut import cut
from skspectral.pruner.refit import FREE, train_on
from skspectral.spectral import Parameters

# What the squared error, over the variance, cannot tell from nothing: rounding and the end of
# L-BFGS.
_NOTHING = 1e-7

# Of a parameter. Akaike's 2 keeps nodes made of noise, whose directions have been searched; Bayes'
# log(n) loses true ones where there is much of it; see docs/teachers.rst.
_PRICE = 3

# Nodes leave together as long as all cost less than this share of what the criterion gives for one.
_TOGETHER = 0.1

# Nodes' worth of the criterion above its least value at which the search ends.
_BEYOND = 3

_N_ITERATIONS = 300

# Of L-BFGS, over the squared error.
_TOL, _SMALLEST_TOL = 1e-3, 1e-8


@dataclass
class _Stage:
    """A network on the way, and the nodes of the full one that it has."""

    network: object
    masks: list

    @property
    def n_parameters(self):
        arrays = self.network.coefs_ + self.network.intercepts_
        # The scale of a node's weights can pass from one side of it to the other.
        return sum(a.size for a in arrays) - sum(int(mask.sum()) for mask in self.masks)


def eliminate(network, X, y, sample_weight=None):
    """Remove nodes one after the other, as long as that lowers an information criterion.

    The network is trained on without penalty by L-BFGS. Then the node goes whose output the others
    of its layer, with new readouts, make up for best, and the rest is trained on; and so forth.
    What is kept is the network of the least ``n log(squared error) + 3 n_parameters``, for n rows:
    Kullback's criterion. Sources: see :class:`~skspectral.SpectralPruner`.

    Parameters
    ----------
    network : SpectralMLPRegressor
        Fitted, and cut to the candidates.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    network : SpectralMLPRegressor
        Trained on without penalty.
    masks : list of ndarray of shape (n_nodes,), bool
        The nodes of each hidden layer of the given network that it has.
    """
    masks = [np.ones(len(b), dtype=bool) for b in network.intercepts_[:-1]]
    weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    stage = _trained_on(_Stage(network, masks), X, y, sample_weight, weights)
    best, least = stage, np.inf
    while True:
        error = _error(stage.network, X, y, weights)
        value = np.count_nonzero(weights) * np.log(error + _NOTHING).sum()
        value += _PRICE * stage.n_parameters
        if value <= least:
            best, least = stage, value
        worth = _PRICE * stage.n_parameters / sum(map(np.sum, stage.masks))
        if value > least + _BEYOND * worth or not any(mask.sum() > 1 for mask in stage.masks):
            return best.network, best.masks
        budget = _TOGETHER * worth / np.count_nonzero(weights) * (error + _NOTHING).mean()
        stage = _without_the_least(stage, X, weights, budget)
        stage = _trained_on(stage, X, y, sample_weight, weights)


def _trained_on(stage, X, y, sample_weight, weights):
    # As close to the minimum as the noise makes sense.
    error = _error(stage.network, X, y, weights).mean()
    tol = max(_SMALLEST_TOL, _TOL * error)
    settings = FREE | {"solver": "lbfgs", "max_iter": _N_ITERATIONS, "tol": tol}
    return _Stage(train_on(stage.network, X, y, sample_weight, **settings), stage.masks)


def _error(network, X, y, weights):
    """Squared error of each output over its variance."""
    y = np.asarray(y, float).reshape(len(y), -1)
    errors = y - network._outputs(X)
    mean = np.average(y, axis=0, weights=weights)
    variance = np.average((y - mean) ** 2, axis=0, weights=weights)
    return np.average(errors**2, axis=0, weights=weights) / np.where(variance > 0, variance, 1)


def _without_the_least(stage, X, weights, budget):
    """The network without the node that is missed least; without more, within the budget."""
    n_left, spent = sum(int(mask.sum()) for mask in stage.masks) // 4, 0.0
    while True:
        options = [
            _cheapest(stage.network, X, weights, layer)
            for layer, mask in enumerate(stage.masks)
            if mask.sum() > 1
        ]
        if not options:
            return stage
        cost, layer, node, readouts = min(options, key=lambda option: option[0])
        spent += cost
        n_left -= 1
        removed = _removed(stage, layer, node, readouts)
        if spent > budget or n_left <= 0:
            return removed
        stage = removed


def _cheapest(network, X, weights, layer):
    """The node of a hidden layer whose loss new readouts of the others make up for best.

    Returns
    -------
    cost : float
        Squared change of what the layer gives to the next, over its variance.
    layer, node : int
    readouts : ndarray of shape (n_nodes + 1, n_next)
        New outgoing weights of the layer, the next intercepts last.
    """
    hidden = forward(
        X,
        network.coefs_[: layer + 1],
        network.intercepts_[: layer + 1],
        network.activation,
        network.activation,
    )
    hidden = np.column_stack([hidden, np.ones(len(hidden))]).astype(float)
    gram = (hidden * (weights / weights.sum())[:, None]).T @ hidden
    ridge = 1e-10 * np.trace(gram) / len(gram)
    inverse = np.linalg.inv(gram + ridge * np.eye(len(gram)))
    readouts = np.vstack([network.coefs_[layer + 1], network.intercepts_[layer + 1]]).astype(float)
    costs = (readouts[:-1] ** 2).sum(axis=1) / np.diag(inverse)[:-1]
    node = int(costs.argmin())
    mean = gram[-1] @ readouts
    variance = np.einsum("ik,ij,jk", readouts, gram, readouts) - mean @ mean
    change = inverse[:, [node]] / inverse[node, node] * readouts[node]
    return costs[node] / max(variance, np.finfo(float).tiny), layer, node, readouts - change


def _removed(stage, layer, node, readouts):
    masks = [np.ones(int(mask.sum()), dtype=bool) for mask in stage.masks]
    masks[layer][node] = False
    network = cut(stage.network, masks)
    dtype = network.coefs_[0].dtype
    network.coefs_[layer + 1] = readouts[:-1][masks[layer]].astype(dtype)
    network.intercepts_[layer + 1] = readouts[-1].astype(dtype)
    rewritten = Parameters.from_weights(network.coefs_, network.intercepts_, network._state["mode"])
    network.eigenvectors_ = rewritten.eigenvectors
    network.eigenvalues_in_ = rewritten.eigenvalues_in
    network.eigenvalues_out_ = rewritten.eigenvalues_out
    kept = [mask.copy() for mask in stage.masks]
    kept[layer][np.flatnonzero(kept[layer])[node]] = False
    return _Stage(network, kept)
