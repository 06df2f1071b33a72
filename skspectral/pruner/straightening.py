"""One straight node for the linear terms of nodes that face each other."""

import numpy as np

from skspectral.pruner.unfolding import linear_nodes

# What a linear term or a node has left that is as small as this beside the largest, or beside what
# it was, is nothing.
_NOTHING = 0.02

# A straight node bends so many times as far away as the farthest row.
_FAR = 2


def straighten(problem, network):
    """Put the linear terms of nodes that face each other into one straight node, always on.

    ``u relu(z) + v relu(-z) = (u + v) relu(z) - v z``: one node of each pair is enough, or none,
    if another carries ``v z`` for all of them. With several outputs it may take more than one.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork

    Returns
    -------
    network : FreeNetwork
        Not trained. The one given, if that spares no node.
    """
    for layer in range(len(network.nodes) if problem.fit_intercept else 0):
        straight, pairs = linear_nodes(problem, network, layer)
        if pairs.any():
            other = _straightened(problem, network, layer, straight, pairs)
            network = other if other.n_nodes < network.n_nodes else network
    return network


def _straightened(problem, network, layer, straight, pairs):
    network = problem.determined(network)
    inputs, hidden = problem.layers(network)[layer : layer + 2]
    spread = inputs.std(axis=0)[:, None]
    w, b, v = network.weights[layer], network.intercepts[layer], network.weights[layer + 1]
    one, other = _couples(pairs)
    sizes = np.linalg.norm(w * spread, axis=0)
    readouts = v.copy()
    readouts[one] += v[other] * (sizes[other] / sizes[one])[:, None]
    is_linear = straight & (hidden.mean(axis=0) > 0)
    is_linear[other] = True
    before, after = (np.linalg.norm(values[one], axis=1) for values in (v, readouts))
    gone = straight.copy()
    gone[other] = True
    gone[one] = after < _NOTHING * before
    term = w[:, is_linear] @ v[is_linear]
    into, out = _factors(term, spread)
    far = _FAR * np.abs(inputs @ into).max(axis=0)
    constant = b[is_linear] @ v[is_linear] + inputs.mean(axis=0) @ (term - into @ out) - far @ out
    small = network.without(layer, gone)
    small.weights[layer] = np.hstack([small.weights[layer], into])
    small.intercepts[layer] = np.append(small.intercepts[layer], far)
    small.weights[layer + 1] = np.vstack([readouts[~gone], out])
    small.intercepts[layer + 1] = small.intercepts[layer + 1] + constant
    small.nodes[layer] = np.append(small.nodes[layer], np.full(len(far), -1))
    return small


def _couples(pairs):
    """Pairs that have no node in common, as two arrays of nodes."""
    couples, taken = [], set()
    for couple in np.argwhere(pairs):
        if taken.isdisjoint(couple):
            couples.append(couple)
            taken.update(couple)
    return np.transpose(couples)


def _factors(term, spread):
    """Weights into and out of as few straight nodes as make up a linear term, of equal size."""
    into, sizes, out = np.linalg.svd(term * spread, full_matrices=False)
    some = sizes > _NOTHING * sizes[0]
    roots = np.sqrt(sizes[some])
    into, out = into[:, some] * roots, out[some] * roots[:, None]
    return np.divide(into, spread, out=np.zeros_like(into), where=spread > 0), out
