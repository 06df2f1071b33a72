"""Nodes that only stand for a linear term."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, lsq_linear, milp

# A ReLU node that is on for fewer rows than this share, or off for fewer, has no kink to speak of.
_SHARE = 0.01

# Cosine of the weights of two nodes that face each other.
_OPPOSITE = -0.98

# By how many times their error, and what share of a term, a sum of terms may be off.
_BEYOND, _SHARE_OF_A_TERM = 30, 0.5

# Of the entries of terms, combinations as small as this beside the largest are none.
_NO_ENTRY = 1e-6

# Other sums that may be as near by chance, as a logarithm.
_CHANCE = 3.0

# Branches of the search for the terms of a sum, at most a millisecond each; and where the errors
# are above the other number, so that there may be no such terms.
_BRANCHES, _FEW_BRANCHES, _ROUGH = 10_000, 200, 0.01

# If turning changes the outputs by more than this, squared and over their variance, the wrong nodes
# were turned.
_CHANGE = 0.1


def linear_nodes(problem, network, layer):
    """ReLU nodes of a layer that carry a linear term.

    Returns
    -------
    straight : ndarray of shape (n_nodes,), bool
        Those without a kink.
    pairs : ndarray of shape (n_nodes, n_nodes), bool
        Above the diagonal, those that face each other.
    """
    n_nodes = len(network.nodes[layer])
    if problem.activation != "relu":
        return np.zeros(n_nodes, dtype=bool), np.zeros((n_nodes, n_nodes), dtype=bool)
    network = problem.determined(network)
    values = problem.layers(network)
    inputs, shares = values[layer], (values[layer + 1] > 0).mean(axis=0)
    straight = np.minimum(shares, 1 - shares) < _SHARE
    into = np.vstack([network.weights[layer] * _spread(inputs), network.intercepts[layer]])
    into /= np.maximum(np.linalg.norm(into, axis=0), np.finfo(float).tiny)
    return straight, np.triu(into.T @ into < _OPPOSITE) & ~straight & ~straight[:, None]


def is_folded(problem, network):
    """Whether nodes of any layer carry a linear term."""
    layers = range(len(network.nodes))
    return any(a.any() or b.any() for a, b in (linear_nodes(problem, network, k) for k in layers))


def unfold(problem, network):
    """Remove linear terms by turning nodes round.

    ``v relu(z) = v relu(-z) + v z``: a node that points the wrong way fits as well as one that
    points the right way, at the price of a linear term. Where training has turned some the wrong
    way, it spends nodes on the sum of these terms: straight ones, which are on for all rows, or
    pairs that face each other. This finds the nodes whose terms make up the sum, turns them, and
    removes the straight ones. Training cannot do it, for a barrier is between.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork

    Returns
    -------
    network : FreeNetwork
        Not trained. The one given, if it has no such nodes, or if its outputs are others without.
    """
    for layer in range(len(network.nodes)):
        outputs = problem.layers(network)[-1]
        for straight, pairs in _options(problem, network, layer):
            other = _unfolded(problem, network, layer, straight, pairs)
            change = problem.layers(other)[-1] - outputs
            if problem.mean(change**2).mean() < _CHANGE * outputs.var(axis=0).mean():
                network = other
                break
    return network


def _options(problem, network, layer):
    """All linear nodes, or one of them: others may be straight that stand for no sum."""
    straight, pairs = linear_nodes(problem, network, layer)
    if straight.all() or not (straight.any() or pairs.any()):
        return
    yield straight, pairs
    shares = (problem.layers(network)[layer + 1] > 0).mean(axis=0)
    for node in np.flatnonzero(straight & (shares > 0.5)):
        yield np.arange(len(straight)) == node, np.zeros_like(pairs)
    if pairs.any():
        yield np.zeros_like(straight), pairs


def _unfolded(problem, network, layer, straight, pairs):
    network = problem.determined(network)
    inputs, hidden = problem.layers(network)[layer : layer + 2]
    w, b, v = network.weights[layer], network.intercepts[layer], network.weights[layer + 1]
    first, facing = np.nonzero(pairs)
    linear = straight & (hidden.mean(axis=0) > 0)
    linear[facing] = True
    others = ~(straight | pairs.any(axis=0) | pairs.any(axis=1))
    terms = np.einsum("ji,ik->jki", w * _spread(inputs), v).reshape(-1, len(b))
    # A pair becomes one node, which may point either way: to begin with as the first does.
    options = np.hstack([terms[:, others], terms[:, first] - terms[:, facing]])
    turned = np.zeros(len(b), dtype=bool)
    turned[facing] = True
    if options.shape[1]:
        error = np.sqrt(problem.losses(network).mean())
        chosen = _adding_up(options, -terms[:, linear].sum(axis=1), error)
        turned[others], other_way = np.split(chosen, [others.sum()])
        turned[first[other_way]], turned[facing[other_way]] = True, False
    small = network.without(layer, straight)
    sign = np.where(turned, -1, 1)[~straight]
    small.weights[layer] = small.weights[layer] * sign
    small.intercepts[layer] = small.intercepts[layer] * sign
    constant = turned | (linear & straight)
    constants = b[constant] @ v[constant]
    small.intercepts[layer + 1] = small.intercepts[layer + 1] + constants
    return small


def _adding_up(terms, total, error):
    """Which of the columns add up to the total, as a mask; each of its entries may be off.

    Parameters
    ----------
    terms : ndarray of shape (n_entries, n_terms)
    total : ndarray of shape (n_entries,)
    error : float
        By which the entries are off, about.

    Returns
    -------
    chosen : ndarray of shape (n_terms,), bool
    """
    basis, sizes, _ = np.linalg.svd(terms, full_matrices=False)
    basis = basis[:, sizes >= _NO_ENTRY * sizes[0]]
    if basis.shape[1] < len(terms):  # inputs that say the same have one entry between them
        terms, total = basis.T @ terms, basis.T @ total
    n_entries, n = terms.shape
    size = np.sqrt((terms**2).mean())
    most = min(_BEYOND * error, _SHARE_OF_A_TERM * size)
    # If they are more than its entries, many sums of shares of them are the total. Of whole ones
    # there are 2^n, with a spread of `size * sqrt(n) / 2`, of which few come as near by chance: the
    # window of `2 * most` times the density of a normal distribution, 1 / (sqrt(2 pi) * spread).
    near = np.log(1.6 * most / (size * np.sqrt(n))) if most else -np.inf
    if n > n_entries and n * np.log(2) + n_entries * near < _CHANCE:
        # HiGHS takes 1e-6 for nothing, and where it has to mend a solution it prints, even if asked
        # not to: hence the units, and no presolving.
        unit = most or size or 1.0
        in_units, within = terms / unit, np.eye(n_entries)
        branches = _FEW_BRANCHES if error > _ROUGH else _BRANCHES
        result = milp(
            np.repeat([0.0, 1.0], [n, n_entries]),
            integrality=np.repeat([1, 0], [n, n_entries]),
            bounds=Bounds(0, np.repeat([1.0, most / unit], [n, n_entries])),
            constraints=[
                LinearConstraint(np.hstack([in_units, -within]), ub=total / unit),
                LinearConstraint(np.hstack([in_units, within]), lb=total / unit),
            ],
            options={"node_limit": branches, "presolve": False},
        )
        if result.x is not None:
            return result.x[:n] > 0.5
    # Within these bounds, nodes of the layer before that are one too many do little harm.
    return lsq_linear(terms, total, bounds=(0, 1)).x > 0.5


def _spread(inputs):
    return inputs.std(axis=0)[:, None]
