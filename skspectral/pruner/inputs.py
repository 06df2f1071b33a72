"""Inputs of a network without penalty: noise leaves, and what was lost returns."""

import numpy as np
from scipy.stats import chi2

from skspectral.pruner.elimination import eliminate
from skspectral.pruner.free import FreeNetwork
from skspectral.pruner.growth import grow
from skspectral.pruner.lost_inputs import RARELY, lost_inputs
from skspectral.pruner.table import Choice

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


def drop_inputs(table, choice):
    """Remove inputs for as long as that lowers the criterion.

    The input goes that is missed least once the others say in its place what they can say of it, in
    a linear way: of two that are the same one goes.

    Parameters
    ----------
    table : Table
    choice : Choice

    Returns
    -------
    choice : Choice
        Of those on the way, the one with the least criterion.
    """
    best, least = choice, _criterion(table, choice)
    while len(choice.inputs) > 1:
        most = max(1, int(_TOGETHER * len(choice.inputs)))
        bearable = _BEYOND * _price(table, choice)
        network, left = _without_weakest(choice, most, bearable)
        if len(left) == len(choice.inputs):
            break
        inputs = choice.inputs[left]
        problem = table.problem(inputs)
        choice = Choice(problem, problem.train(network), inputs)
        value = _criterion(table, choice)
        if value <= least:
            best, least = choice, value
        if value > least + _BEYOND * problem.worth(choice.network):
            break
    return best


def return_inputs(table, choice, rng):
    """Take back inputs that the error depends on.

    The penalty can silence an input for good before training has seen what it is for, above all
    one among hundreds that acts by its square or by a product. What is left of the error then
    depends on it: see :func:`~skspectral.pruner.lost_inputs.lost_inputs`.

    Parameters
    ----------
    table : Table
    choice : Choice
    rng : numpy.random.Generator
        See :func:`~skspectral.pruner.growth.grow`.

    Returns
    -------
    choice : Choice
        The given one, if nothing returns.
    """
    for _ in range(_N_ROUNDS):
        if not choice.problem.can_gain(choice.network):
            break
        lost = lost_inputs(table, choice)
        if len(lost) == 0:
            break
        more = drop_inputs(table, _with_inputs(table, choice, lost, rng))
        gain = _criterion(table, choice) - _criterion(table, more)
        if gain <= 0 or not np.isin(lost, more.inputs).any():
            break
        choice = more
    return choice


def _with_inputs(table, choice, others, rng):
    """With other inputs, too, and the nodes that they call for."""
    network, inputs = choice.network, np.append(choice.inputs, others)
    problem = table.problem(inputs)
    into = np.vstack([network.weights[0], np.zeros((len(others), network.weights[0].shape[1]))])
    network = FreeNetwork([into, *network.weights[1:]], network.intercepts, network.nodes)
    network, _ = eliminate(problem, problem.train(grow(problem, network, rng)))
    return Choice(problem, network, inputs)


def _criterion(table, choice):
    """The criterion, with the price of inputs that are chosen from many."""
    more = _price(table, choice) - _price_of_weights(choice)
    return choice.criterion + len(choice.inputs) * more


def _price(table, choice):
    """What an input must lower the first term of the criterion by."""
    if not table.selects_inputs:
        return _price_of_weights(choice)
    return _TIMES * chi2.isf(RARELY / table.n_columns, choice.network.weights[0].shape[1])


def _price_of_weights(choice):
    """Of those of one input."""
    return choice.problem.loss.price * choice.network.weights[0].shape[1]


def _without_weakest(choice, most, bearable):
    """The network without its weakest inputs, and which are left.

    At most `most` go, and none that the criterion's first term gains `bearable` by.
    """
    problem, network, _ = choice
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
