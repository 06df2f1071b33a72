"""Inputs of a network without penalty: noise leaves, and what was lost returns."""

import numpy as np
from scipy.stats import chi2

from skspectral.pruner.elimination import eliminate
from skspectral.pruner.free import FreeNetwork
from skspectral.pruner.growth import grow
from skspectral.pruner.lost_inputs import RARELY, lost_inputs

# Inputs that leave together, as a share of those that are left.
_TOGETHER = 0.25

# What the loss of an input may cost before the network is trained on, in prices of one; and nodes'
# worth of the criterion above its least value at which the search ends.
_BEYOND = 3

# Added to the correlations of inputs, all of which others may determine exactly.
_RIDGE = 1e-10

# An input that is chosen is worth twice what noise gains rarely: the other parameters bend towards
# it, and the end of L-BFGS varies. Measured; see docs/teachers.rst.
_TIMES = 2

# Rounds in which inputs return.
_N_ROUNDS = 5


def drop_inputs(table, problem, network, inputs):
    """Remove inputs for as long as that lowers the criterion.

    The input goes that is missed least once the others say in its place what they can say of it, in
    a linear way: of two that are the same one goes.

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
        most = max(1, int(_TOGETHER * len(inputs)))
        bearable = _BEYOND * _price(table, problem, network)
        network, left = _without_weakest(problem, network, most, bearable)
        if len(left) == len(inputs):
            break
        inputs = inputs[left]
        problem = table.problem(inputs)
        network = problem.train(network)
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
    depends on it: see :func:`~skspectral.pruner.lost_inputs.lost_inputs`.

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
        lost = lost_inputs(table, problem, network, inputs)
        if len(lost) == 0:
            break
        more = np.append(inputs, lost)
        larger = table.problem(more)
        into = np.vstack([network.weights[0], np.zeros((len(lost), network.weights[0].shape[1]))])
        wider = FreeNetwork([into, *network.weights[1:]], network.intercepts, network.nodes)
        wider, _ = eliminate(larger, larger.train(grow(larger, wider, rng)))
        larger, wider, more = drop_inputs(table, larger, wider, more)
        gain = _criterion(table, problem, network) - _criterion(table, larger, wider)
        if gain <= 0 or not np.isin(lost, more).any():
            break
        problem, network, inputs = larger, wider, more
    return problem, network, inputs


def _criterion(table, problem, network):
    """The criterion, with the price of inputs that are chosen from many."""
    more = _price(table, problem, network) - _price_of_weights(problem, network)
    return problem.criterion(network) + len(network.weights[0]) * more


def _price(table, problem, network):
    """What an input must lower the first term of the criterion by."""
    if not table.selects_inputs:
        return _price_of_weights(problem, network)
    return _TIMES * chi2.isf(RARELY / table.n_columns, network.weights[0].shape[1])


def _price_of_weights(problem, network):
    """Of those of one input."""
    return problem.loss.price * network.weights[0].shape[1]


def _without_weakest(problem, network, most, bearable):
    """The network without its weakest inputs, and which are left.

    At most `most` go, and none that the criterion's first term gains `bearable` by.
    """
    rows = problem.some_rows
    targets = problem.targets[rows]
    weights = None if problem.weights is None else problem.weights[rows]
    means = problem.mean(problem.X) if problem.fit_intercept else np.zeros(problem.X.shape[1])
    X = problem.X[rows] - means
    scales = np.sqrt(np.average(X**2, axis=0, weights=weights))
    scales[scales == 0] = 1
    X = X / scales
    into = network.weights[0] * scales[:, None]
    intercepts = network.intercepts[0] + means @ network.weights[0]
    values = X @ into + intercepts
    correlations = X.T @ (X if weights is None else X * weights[:, None]) / len(X)
    precision = np.linalg.inv(correlations + _RIDGE * np.eye(len(into)))

    def term(values):
        outputs = problem.outputs(network, 0, values.copy())
        losses = np.average(problem.loss.losses(outputs, targets), axis=0, weights=weights)
        return problem.n_rows * problem.loss.term(losses)

    # What is left of each input by its regression on the others, and so is lost without it.
    alone = (X @ (precision / np.diag(precision))).T
    terms = [term(values - np.outer(column, w)) for column, w in zip(alone, into, strict=True)]
    gone, before = [], term(values)
    for j in np.argsort(terms, kind="stable")[:most]:
        # Those that have gone take over nothing of this one any more.
        taken_over = precision[:, j] / precision[j, j]
        fewer = values - np.outer(X @ taken_over, into[j])
        after = term(fewer)
        if after - before < bearable:
            values, before = fewer, after
            into = into - np.outer(taken_over, into[j])
            precision = precision - np.outer(taken_over, precision[j])
            gone.append(j)
    left = np.delete(np.arange(len(into)), gone)
    into = into[left] / scales[left, None]
    intercepts = [intercepts - means[left] @ into, *network.intercepts[1:]]
    return FreeNetwork([into, *network.weights[1:]], intercepts, network.nodes), left
