"""New nodes where the error is."""

import numpy as np
from sklearn.utils import gen_batches

from skspectral.forward import ACTIVATIONS, DERIVATIVES
from skspectral.pruner.free import FreeNetwork

# New nodes of a layer, as a share of those it has, and at least; but a layer becomes as wide as the
# widest was in any case. Where a layer is too narrow the one before grows to make up for it, and no
# training undoes that.
_SHARE, _FEWEST = 0.25, 4

# Random nodes tried for each of them, and at most.
_N_TRIED, _MOST_TRIED = 64, 512

# Their size at first, over that of the others.
_SMALL = 0.1

# Rows whose answers are held at a time, so that they stay in the cache.
_ROWS = 512

# Variance that is taken for rounding: of combinations of the inputs over that of the one that
# varies most, of nodes over the mean of their squares.
_ROUNDING = 1e-10

# Outputs whose slopes are looked at one by one; each takes a decomposition of its own.
_MOST_SLOPES = 8


def grow(problem, network, rng):
    """Add small nodes to each hidden layer.

    Of many nodes those are taken that answer best to the slope of the error: random ones and, of
    ReLU nodes of one layer, with intercepts, those along which that slope is curved most. Training
    turns them to where they help; a node that the penalty has removed, or that the training has not
    found, is found so. A narrow layer becomes as wide as the widest was.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork
        Trained.
    rng : numpy.random.Generator

    Returns
    -------
    network : FreeNetwork
        Not trained.
    """
    values = problem.layers(network)
    slopes = _slopes(problem, network, values)
    weights, intercepts = list(network.weights), list(network.intercepts)
    nodes = list(network.nodes)
    widest = max(map(len, nodes))
    # Kinks where the rows are. Of several layers the others move them; what is smooth has none.
    anywhere = problem.activation == "relu" and problem.fit_intercept and len(nodes) == 1
    # The new nodes of a layer have nothing to say, yet, to those of the next.
    for layer in range(len(nodes)):
        n_old = len(nodes[layer])
        n_new = max(_FEWEST, int(np.ceil(_SHARE * n_old)), widest - n_old)
        old_in, old_out = network.weights[layer], network.weights[layer + 1]
        into, out, kinks = _answering(problem, values[layer], slopes[layer], n_new, anywhere, rng)
        into = _sized(into, np.median(np.linalg.norm(old_in, axis=0)))
        out = _sized(out.T, np.median(np.linalg.norm(old_out, axis=1))).T
        intercepts[layer] = np.append(intercepts[layer], -(kinks * into).sum(axis=0))
        n_more = weights[layer].shape[0] - len(into)  # nodes that the layer before has got
        into = np.vstack([into, np.zeros((n_more, n_new))])
        weights[layer] = np.hstack([weights[layer], into])
        weights[layer + 1] = np.vstack([weights[layer + 1], out])
        nodes[layer] = np.append(nodes[layer], np.full(n_new, -1))
    return FreeNetwork(weights, intercepts, nodes)


def _answering(problem, inputs, slopes, n_new, anywhere, rng):
    """Incoming weights (n_in, n_new) and outgoing ones (n_new, n_next), of any size, and points
    where what comes in is zero, of shape (n_in, n_new): anywhere among the rows, or the origin."""
    spread = inputs.std(axis=0)
    unit = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)[:, None]
    n_tried = max(n_new, min(_N_TRIED * n_new, _MOST_TRIED))
    directions = unit * rng.standard_normal((inputs.shape[1], n_tried))
    kinks = np.zeros_like(directions)
    if anywhere:
        curved = unit * _most_curved(unit.T * (inputs - inputs.mean(axis=0)), slopes, n_new)
        curved = np.hstack([curved, -curved])
        directions = np.hstack([directions, curved, curved])
        kinks = inputs[rng.integers(len(inputs), size=directions.shape[1])].T
        kinks[:, n_tried + curved.shape[1] :] = inputs.mean(axis=0)[:, None]
    gains = _gains(problem, inputs, slopes, directions, -(kinks * directions).sum(axis=0))
    best = np.argsort(-np.linalg.norm(gains, axis=1), kind="stable")[:n_new]
    return directions[:, best], -gains[best], kinks[:, best]


def _gains(problem, inputs, slopes, directions, intercepts):
    """How nodes, each scaled to a variance of one, answer to the slopes; (n_nodes, n_next)."""
    means, squares = np.zeros((2, directions.shape[1]))
    gains = np.zeros((directions.shape[1], slopes.shape[1]))
    for rows in gen_batches(len(inputs), _ROWS):
        answers = inputs[rows] @ directions
        answers += intercepts
        ACTIVATIONS[problem.activation](answers)
        means += answers.sum(axis=0) / len(inputs)
        squares += np.einsum("ij,ij->j", answers, answers) / len(inputs)
        gains += answers.T @ slopes[rows]
    gains -= np.outer(means, slopes.sum(axis=0))
    variances = squares - means**2
    scale = np.sqrt(np.where(variances > _ROUNDING * squares, variances, np.inf))
    return gains / scale[:, None]


def _most_curved(inputs, slopes, n_directions):
    """Directions along which the slopes are curved most (Li's principal Hessian directions).

    Of normal inputs the mean of ``slope * x x'`` is that of the second derivatives of the slope:
    of a ReLU node that is missing, the outer product of its weights with themselves.

    Parameters
    ----------
    inputs : ndarray of shape (n_rows, n_inputs)
        Of mean zero.
    slopes : ndarray of shape (n_rows, n_next)
        Of many outputs the combinations that vary most stand for all.
    n_directions : int
        At most.

    Returns
    -------
    directions : ndarray of shape (n_inputs, n_directions)
    """
    if not np.isfinite(slopes).all():  # a training that has gone too far
        return np.zeros((inputs.shape[1], 0))
    n_rows = len(inputs)
    variances, axes = np.linalg.eigh(inputs.T @ inputs / n_rows)
    some = variances > _ROUNDING * variances[-1]
    white = axes[:, some] / np.sqrt(variances[some])
    x = inputs @ white
    rest = slopes - slopes.mean(axis=0)
    rest -= x @ (x.T @ rest) / n_rows
    if rest.shape[1] > _MOST_SLOPES:
        rest = rest @ np.linalg.eigh(rest.T @ rest)[1][:, -_MOST_SLOPES:]
    curvatures, directions = zip(
        *(np.linalg.eigh(x.T @ (x * slope[:, None]) / n_rows) for slope in rest.T), strict=True
    )
    most = np.argsort(-np.abs(np.concatenate(curvatures)), kind="stable")[:n_directions]
    return white @ np.hstack(directions)[:, most]


def _sized(columns, norm):
    norms = np.linalg.norm(columns, axis=0)
    # Where the others are nothing, new ones that are nothing as well would stay so.
    return columns * (_SMALL * (norm or 1) / np.where(norms > 0, norms, 1))


def _slopes(problem, network, values):
    """Slope of the error in what reaches each layer after the first hidden one."""
    slope = problem.loss.slopes(values[-1], problem.targets) * problem.importance(values[-1])
    if problem.weights is not None:
        slope = slope * problem.weights[:, None]
    slopes = [slope]
    for w, hidden in zip(network.weights[:1:-1], values[-2:1:-1], strict=True):
        slopes.insert(0, slopes[0] @ w.T * DERIVATIVES[problem.activation](hidden))
    return slopes
