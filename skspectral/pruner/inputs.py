"""Inputs of a network without penalty: noise leaves, and what was lost returns."""

import numpy as np
from scipy.stats import chi2

from skspectral.pruner.elimination import eliminate
from skspectral.pruner.free import FreeNetwork
from skspectral.pruner.growth import grow

# Inputs that leave together, as a share of those that are left.
_TOGETHER = 0.25

# What the loss of an input may cost before the others have made up for it, in prices of one; and
# nodes' worth of the criterion above its least value at which the search ends.
_BEYOND = 3

# An input is worth twice what noise gains once in a hundred data sets: the other parameters bend
# towards it, and the end of L-BFGS varies. Measured; see docs/teachers.rst.
_RARELY, _TIMES = 0.01, 2

# Inputs that return at once, and rounds.
_MOST_AT_ONCE, _N_ROUNDS = 4, 5

# Columns that are compared at a time.
_COLUMNS = 256


def drop_inputs(table, problem, network, inputs):
    """Remove inputs for as long as that lowers the criterion.

    Parameters
    ----------
    table : Table
    problem : Problem
        With these inputs.
    network : FreeNetwork
        Trained.
    inputs : ndarray of int
        Their columns.

    Returns
    -------
    problem : Problem
    network : FreeNetwork
    inputs : ndarray of int
        Of those on the way, the ones with the least criterion.
    """
    best, least = (problem, network, inputs), _criterion(table, problem, network)
    while len(inputs) > 1:
        costs, means = _costs(problem, network)
        weakest = np.argsort(costs, kind="stable")[: max(1, int(_TOGETHER * len(inputs)))]
        gone = weakest[costs[weakest] < _BEYOND * _price(table, network)]
        if len(gone) == 0:
            break
        into = network.weights[0]
        intercepts = [network.intercepts[0] + means[gone] @ into[gone], *network.intercepts[1:]]
        weights = [np.delete(into, gone, axis=0), *network.weights[1:]]
        inputs = np.delete(inputs, gone)
        problem = table.problem(inputs)
        network = problem.train(FreeNetwork(weights, intercepts, network.nodes))
        value = _criterion(table, problem, network)
        if value <= least:
            best, least = (problem, network, inputs), value
        if value > least + _BEYOND * problem.worth(network):
            break
    return best


def return_inputs(table, problem, network, inputs, rng):
    """Take back inputs that the error depends on.

    The penalty can silence an input for good before training has seen what it is for, above all
    one among hundreds that acts by its square or by a product. What is left of the error then
    depends on it, alone or times one of the others.

    Parameters
    ----------
    table, problem, network, inputs
        See :func:`drop_inputs`.
    rng : numpy.random.Generator
        See :func:`~skspectral.pruner.growth.grow`.

    Returns
    -------
    problem, network, inputs
        See :func:`drop_inputs`.
    """
    for _ in range(_N_ROUNDS):
        if not problem.can_gain(network):
            break
        lost = _lost(table, problem, network, inputs)
        if len(lost) == 0:
            break
        more = np.append(inputs, lost)
        own = table.problem(more)
        into = np.vstack([network.weights[0], np.zeros((len(lost), network.weights[0].shape[1]))])
        wider = FreeNetwork([into, *network.weights[1:]], network.intercepts, network.nodes)
        wider, _ = eliminate(own, own.train(grow(own, wider, rng)))
        own, wider, more = drop_inputs(table, own, wider, more)
        if _criterion(table, own, wider) >= _criterion(table, problem, network):
            break
        problem, network, inputs = own, wider, more
    return problem, network, inputs


def _criterion(table, problem, network):
    """The criterion, with the price of inputs that are chosen from many."""
    n_inputs, n_nodes = network.weights[0].shape
    more = _price(table, network) - problem.loss.price * n_nodes
    return problem.criterion(network) + n_inputs * more


def _price(table, network):
    """What an input must lower the first term of the criterion by."""
    return _TIMES * chi2.isf(_RARELY / table.n_columns, network.weights[0].shape[1])


def _costs(problem, network):
    """What the criterion's first term gains by each input, were the others to stay as they are."""
    rows = problem.some_rows
    X, targets = problem.X[rows], problem.targets[rows]
    weights = None if problem.weights is None else problem.weights[rows]
    means = problem.mean(problem.X) if problem.fit_intercept else np.zeros(problem.X.shape[1])
    first = X @ network.weights[0] + network.intercepts[0]

    def term(values):
        losses = problem.loss.losses(problem.outputs(network, 0, values), targets)
        return problem.loss.term(np.average(losses, axis=0, weights=weights))

    before = term(first.copy())
    costs = [
        max(term(first - np.outer(x - mean, w)) - before, 0)
        for x, mean, w in zip(X.T, means, network.weights[0], strict=True)
    ]
    return len(problem.X) * np.array(costs), means


def _lost(table, problem, network, inputs):
    """Columns that the error depends on, the most telling first."""
    rows = problem.some_rows
    error = -problem.loss.slopes(problem.layers(network)[-1], problem.targets)[rows]
    if problem.weights is not None:
        error = error * problem.weights[rows, None]
    partners = np.column_stack([np.ones(len(error)), _standard(problem.X[rows])])
    # The error of each output, times each of the partners.
    errors = (error[:, :, None] * partners[:, None, :]).reshape(len(error), -1)
    shapes = [errors, error]
    scales = [np.linalg.norm(e, axis=0) for e in shapes]
    n_terms = sum(e.shape[1] for e in shapes)
    scores = np.zeros(table.n_columns)
    for start in range(0, table.n_columns, _COLUMNS):
        X = _standard(table.columns(slice(start, start + _COLUMNS), rows))
        bent = _standard(np.abs(X))
        for values, e, scale in zip((X, bent), shapes, scales, strict=True):
            shares = values.T @ e / np.where(scale > 0, scale, np.inf)
            scores[start : start + _COLUMNS] += (shares**2).sum(axis=1)
    scores[inputs] = 0
    least = chi2.isf(_RARELY / table.n_columns, n_terms)
    order = np.argsort(-scores, kind="stable")[:_MOST_AT_ONCE]
    return order[scores[order] > least]


def _standard(X):
    X = X - X.mean(axis=0)
    scale = X.std(axis=0)
    return X / np.where(scale > 0, scale, np.inf)
