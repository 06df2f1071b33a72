"""Backward elimination: the node goes that is missed least, again and again."""

import numpy as np

# Nodes leave together as long as all cost less than this share of what one is worth.
_TOGETHER = 0.1

# Nodes' worth of the criterion above its least value at which the search ends.
_BEYOND = 3


def eliminate(problem, network):
    """Remove nodes for as long as that lowers the criterion.

    The network is trained without penalty. Then the node goes whose output the others of its layer,
    with new readouts, make up for best (Hassibi and Stork's surgeon, for nodes), and the rest is
    trained on; and so forth.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork

    Returns
    -------
    network : FreeNetwork
        Of those on the way, the one with the least criterion.
    least : float
        Its criterion.
    """
    network = problem.train(network)
    best, least = network, problem.criterion(network)
    while any(len(nodes) > 1 for nodes in network.nodes):
        network = problem.train(_without_the_least(problem, network))
        value = problem.criterion(network)
        if value <= least:
            best, least = network, value
        if value > least + _BEYOND * problem.worth(network):
            break
    return best, least


def _without_the_least(problem, network):
    """The network without the node that is missed least; without more, within the budget."""
    budget = _TOGETHER * problem.worth(network) / len(problem.X) * problem.errors(network).mean()
    n_left, spent = network.n_nodes // 4, 0.0
    while True:
        options = [
            cheapest(problem, network, layer)
            for layer, nodes in enumerate(network.nodes)
            if len(nodes) > 1
        ]
        if not options:
            return network
        cost, layer, node, readouts = min(options, key=lambda option: option[0])
        spent, n_left = spent + cost, n_left - 1
        network = _removed(network, layer, node, readouts)
        if spent > budget or n_left <= 0:
            return network


def cheapest(problem, network, layer):
    """The node of a hidden layer whose loss new readouts of the others make up for best.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork
    layer : int
        From 0.

    Returns
    -------
    cost : float
        Squared change of what the layer gives to the next, over its variance.
    layer, node : int
    readouts : ndarray of shape (n_nodes + 1, n_next)
        New outgoing weights of the layer, the next intercepts last.
    """
    hidden = problem.layers(network)[layer + 1]
    hidden = np.column_stack([hidden, np.ones(len(hidden))])
    weighted = hidden if problem.weights is None else hidden * problem.weights[:, None]
    gram = weighted.T @ hidden / len(hidden)
    ridge = 1e-10 * np.trace(gram) / len(gram)
    inverse = np.linalg.inv(gram + ridge * np.eye(len(gram)))
    readouts = np.vstack([network.weights[layer + 1], network.intercepts[layer + 1]])
    costs = (readouts[:-1] ** 2).sum(axis=1) / np.diag(inverse)[:-1]
    node = int(costs.argmin())
    mean = gram[-1] @ readouts
    variance = np.einsum("ik,ij,jk", readouts, gram, readouts) - mean @ mean
    change = inverse[:, [node]] / inverse[node, node] * readouts[node]
    return costs[node] / max(variance, np.finfo(float).tiny), layer, node, readouts - change


def _removed(network, layer, node, readouts):
    gone = np.arange(len(network.nodes[layer])) == node
    network = network.without(layer, gone)
    network.weights[layer + 1] = readouts[:-1][~gone]
    network.intercepts[layer + 1] = readouts[-1]
    return network
