"""Backward elimination: the node goes that is missed least, again and again."""

import numpy as np

# Nodes leave together as long as all cost less than this share of what one is worth; and of all
# nodes a quarter at most, since what each costs is reckoned before the rest is trained on. With as
# many, whatever they cost, leaps begin.
_TOGETHER, _MOST_AT_ONCE = 0.1, 0.25

# Squared change of the outputs, over their variance. Nodes may go together up to this much where
# there is no error, or with several layers where that is below it, too; and a node that changes
# less may be idle.
_NEXT_TO_NOTHING = 1e-5

# Nodes' worth of the criterion above its least value at which the search ends.
_BEYOND = 3


def eliminate(problem, network):
    """Remove nodes for as long as that lowers the criterion.

    The node goes that is missed least once the others of its layer have got new readouts (Hassibi
    and Stork's surgeon, for nodes), and the rest is trained on; and so forth. Of several layers,
    whose trainings take long, many go at once to begin with.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork
        Trained.

    Returns
    -------
    network : FreeNetwork
        Of those on the way, the one with the least criterion.
    least : float
        Its criterion.
    """
    least = problem.criterion(network)
    if len(network.nodes) > 1:
        network, least = _in_leaps(problem, network, least)
    best = network
    while any(len(nodes) > 1 for nodes in network.nodes):
        network = _with_fewer(problem, network)
        most, value = least + _BEYOND * problem.worth(network), problem.criterion(network)
        if value > most and len(network.nodes) > 1:
            # Of several layers a training may end on the way: begun anew it goes on.
            network = problem.train(network)
            value = problem.criterion(network)
        if value > most:
            break
        if value <= least:
            best, least = network, value
    return best, least


def may_have_idle_nodes(problem, network):
    """Whether the loss of a node is next to nothing, even before the rest is trained on."""
    layers = [layer for layer, nodes in enumerate(network.nodes) if len(nodes) > 1]
    costs = [cheapest(problem, network, layer)[0] for layer in layers]
    return min(costs, default=np.inf) < _NEXT_TO_NOTHING


def shrink(problem, network, widths):
    """Remove nodes until no hidden layer has more than `widths` says.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork
        Trained.
    widths : tuple of int

    Returns
    -------
    network : FreeNetwork
        Trained; the same object if there is nothing to remove.
    """
    for layer, width in enumerate(widths):
        while len(network.nodes[layer]) > width:
            _, node, change = cheapest(problem, network, layer)
            network = problem.train(_removed(network, layer, node, change))
    return network


def thin(problem, network, layer, share):
    """Remove a good part of the nodes of a hidden layer at once, those that are missed least.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork
    layer : int
        From 0.
    share : float
        Of its nodes, rounded down.

    Returns
    -------
    network : FreeNetwork
        Trained.
    """
    for _ in range(int(share * len(network.nodes[layer]))):
        _, node, change = cheapest(problem, network, layer)
        network = _removed(network, layer, node, change)
    return problem.train(network)


def _in_leaps(problem, network, least):
    """Without a quarter of the nodes, again and again, or half as many whenever that does not pay.

    Returns the network and its criterion, `least` of the one given.
    """
    share = _MOST_AT_ONCE
    while share * network.n_nodes >= 2:
        other = problem.train(_without_the_least(problem, network, np.inf, share))
        value = problem.criterion(other)
        if other.n_nodes < network.n_nodes and value <= least:
            network, least = other, value
        else:
            share /= 2
    return network, least


def _with_fewer(problem, network):
    """The network trained on without one node, or without all that are in the way."""
    # One layer is soon trained to nothing, and its nodes may matter as little; several take long.
    deep = len(network.nodes) > 1 and problem.loss.is_square
    small = _NEXT_TO_NOTHING if deep else problem.loss.nothing
    if problem.losses(network).mean() < small:
        # All whose loss is next to nothing may go, unless training shows that one was needed.
        other = problem.train(_without_the_least(problem, network, _NEXT_TO_NOTHING))
        single = other.n_nodes == network.n_nodes - 1
        if single or problem.criterion(other) < problem.criterion(network):
            return other
    unit = problem.loss.unit(problem.losses(network))
    budget = _TOGETHER * problem.worth(network) / problem.n_rows * unit
    return problem.train(_without_the_least(problem, network, budget))


def _without_the_least(problem, network, budget, share=_MOST_AT_ONCE):
    """Without the node that is missed least, and more while budget and share of all nodes allow."""
    start, spent = network, 0.0
    while True:
        options = [
            (*cheapest(problem, network, layer), layer)
            for layer, nodes in enumerate(network.nodes)
            if len(nodes) > 1
        ]
        if not options:
            return network
        cost, node, change, layer = min(options, key=lambda option: option[0])
        spent += cost
        if spent > budget and network is not start:
            return network
        network = _removed(network, layer, node, change)
        if spent > budget or network.n_nodes <= (1 - share) * start.n_nodes:
            return network


def cheapest(problem, network, layer):
    """The node of a hidden layer that is missed least.

    Either the other nodes make up for its output, with new readouts, as far as they can; or, where
    that is not what matters to the outputs of the network, only its mean is made up for.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork
    layer : int
        From 0.

    Returns
    -------
    cost : float
        Rise of the mean losses, for squared errors the squared change of the outputs of the
        network: summed over the outputs, each by its importance.
    node : int
    change : ndarray of shape (n_nodes + 1,)
        Shares of its readouts that the nodes of the layer take over, and the intercepts last.
    """
    values = problem.layers(network)
    constant = np.full(len(problem.X), float(problem.fit_intercept))
    hidden = np.column_stack([values[layer + 1], constant])
    weights = problem.curvatures(values[-1])
    weighted = hidden if weights is None else hidden * weights[:, None]
    gram = weighted.T @ hidden / len(hidden)
    ridge = 1e-10 * np.trace(gram) / len(gram) or 1.0  # if no node is ever on
    inverse = np.linalg.inv(gram + ridge * np.eye(len(gram)))
    # Of each node what is left of it beside the others, as a combination of all.
    left = inverse[:, :-1] / np.diag(inverse)[:-1]
    readouts, importance = network.weights[layer + 1], problem.importance(values[-1])
    if problem.loss.is_square and layer == len(network.nodes) - 1:
        costs = readouts**2 @ importance / np.diag(inverse)[:-1]
    else:
        means = gram[-1, :-1] / (gram[-1, -1] or 1.0)  # zero without intercepts
        around_its_mean = np.vstack([np.eye(left.shape[1]), -means])
        ways = left, around_its_mean
        left, costs = _cheaper(problem, network, layer, hidden, ways, importance)
    node = int(costs.argmin())
    return costs[node], node, np.eye(len(left))[node] - left[:, node]


def _cheaper(problem, network, layer, hidden, ways, importance):
    """Of several ways for each node to leave the one that costs least."""
    rows = problem.some_rows
    weights = None if problem.weights is None else problem.weights[rows]
    hidden, readouts = hidden[rows], network.weights[layer + 1]
    reaching = hidden @ np.vstack([readouts, network.intercepts[layer + 1]])
    before = problem.outputs(network, layer + 1, reaching.copy())
    costs = np.empty((len(ways), len(readouts)))
    for cost, way in zip(costs, ways, strict=True):
        for node, left in enumerate((hidden @ way).T):
            after = problem.outputs(network, layer + 1, reaching - np.outer(left, readouts[node]))
            lost = problem.loss.costs(before, after, problem.targets[rows])
            cost[node] = np.average(lost, axis=0, weights=weights) @ importance
    best = costs.argmin(axis=0)
    return np.choose(best, ways), costs.min(axis=0)


def _removed(network, layer, node, change):
    gone = np.arange(len(network.nodes[layer])) == node
    outgoing = network.weights[layer + 1][node]
    network = network.without(layer, gone)
    network.weights[layer + 1] = network.weights[layer + 1] + np.outer(change[:-1][~gone], outgoing)
    network.intercepts[layer + 1] = network.intercepts[layer + 1] + change[-1] * outgoing
    return network
