"""Training without penalty."""

from dataclasses import replace

import numpy as np

from skspectral.pruner.levenberg_marquardt import levenberg_marquardt
from skspectral.spectral import Parameters

# Iterations of L-BFGS, at most, in single precision: few trainings want so many, but tanh and
# several layers end among too many nodes with fewer. Double precision only finishes what that began
# and takes `_N_LAST`, or more while rows times weights times iterations are below `_LAST_WORK`.
_N_ITERATIONS, _N_LAST, _LAST_WORK = 1000, 100, 5e8

# Looking back on the 10 steps that SciPy looks back on, it takes a third more of them.
_MEMORY = 20

# L-BFGS ends where so many iterations gain less than this share of what a node is worth.
_WINDOW, _GAIN = 10, 0.1

# The gradient at which a training ends: of several layers, where small ones still lead far, and the
# last training of all.
_DEEP_TOL, _LAST_TOL = 1e-8, 1e-17

# Small networks of smooth nodes are trained by Levenberg and Marquardt's steps where the error of
# an output is below this, until so many steps gain less than that share. Small are those of which a
# step takes no more multiplications than `_MOST_WORK`, for the normal equations and to solve them.
_NEXT_TO_NOTHING, _STEP_WINDOW, _MOST_WORK = 1e-5, 2, 1e10

# The transfers are dense.
_SPECTRAL = {"eigenvectors": 0.0, "eigenvalues": 0.0}


def trained(problem, network, dtype, importance):
    """The network trained on.

    By L-BFGS. Once the error of an output is next to nothing, a small network of smooth nodes is
    trained on by the steps of Levenberg and Marquardt: L-BFGS takes long there.

    Parameters
    ----------
    problem : Problem
    network : FreeNetwork
    dtype : {"float32", "float64"}
        See :meth:`Problem.train`.
    importance : ndarray of shape (n_outputs,)
        What the loss of each output counts for.

    Returns
    -------
    network : FreeNetwork
    """
    units = np.sqrt(importance)
    is_close = _is_close(problem, network)
    network, targets = _balanced(problem, network.in_units(units)), problem.targets * units
    if not is_close:
        network = _descended(problem, network, targets, dtype)
        is_close = _is_close(problem, network.in_units(1 / units))
    if is_close:
        network = _stepped(problem, network, targets, dtype)
    return network.in_units(1 / units)


def takes_steps(problem, network):
    """Whether Levenberg and Marquardt's steps are worth their time, once the error is small."""
    n_weights = sum(w.size for w in network.weights)
    work = (problem.targets.size + n_weights) * n_weights**2
    return problem.loss.is_square and problem.activation != "relu" and work <= _MOST_WORK


def _is_close(problem, network):
    """Whether the error of an output is next to nothing, and the network takes steps."""
    if not takes_steps(problem, network):
        return False
    varies = np.ptp(problem.targets, axis=0) > 0
    return np.any(problem.losses(network)[varies] < _NEXT_TO_NOTHING)


def _is_last(problem, network, window):
    """Whether a training ends, as a function of its loss, called after each iteration.

    It does where as many as `window` have gained little, or all others could gain no more.
    """
    least = np.log1p(_GAIN * min(problem.worth(network) / problem.n_rows, 1))
    n_outputs = problem.targets.shape[1]

    def term(loss):
        return problem.loss.term(problem.loss.means(loss, n_outputs))

    terms, nothing = [], term(0.0)

    def is_last(loss):
        terms.append(term(loss))
        gained = terms[-window - 1] - terms[-1] if len(terms) > window else np.inf
        return min(gained, terms[-1] - nothing) < least

    return is_last


def _stepped(problem, network, targets, dtype):
    """The network trained on by Levenberg and Marquardt's steps."""
    weights, intercepts = levenberg_marquardt(
        problem.X,
        targets.astype(dtype),
        network.weights,
        network.intercepts,
        activation=problem.activation,
        fit_intercept=problem.fit_intercept,
        sample_weight=problem.weights,
        is_last=_is_last(problem, network, _STEP_WINDOW),
    )
    return replace(network, weights=weights, intercepts=intercepts)


def _descended(problem, network, targets, dtype):
    """The network trained on by L-BFGS."""
    from skspectral.engine.network import Architecture
    from skspectral.engine.training import Member, train

    tol, n_iterations = problem.loss.tol, _N_ITERATIONS
    if dtype == "float64":
        tol = _LAST_TOL
        work = len(problem.X) * sum(w.size for w in network.weights)
        n_iterations = int(np.clip(_LAST_WORK / work, _N_LAST, _N_ITERATIONS))
    elif len(network.nodes) > 1:
        tol = min(tol, _DEEP_TOL)
    is_last = _is_last(problem, network, _WINDOW)
    # What training minimises is that much smaller than what counts.
    share = 1 / (problem.loss.means(1.0, targets.shape[1]).sum() * problem.n_rows)
    strengths = _SPECTRAL | {"weights": share / problem.loss.spread**2}
    start = Parameters.from_weights(network.weights, network.intercepts, None)
    widths = (problem.X.shape[1], *map(len, network.intercepts))

    def monitor(loss, _):
        return -loss, is_last(loss)

    (end,), (outcome,), _ = train(
        problem.X,
        [Member(start, targets, strengths, weights=problem.weights, monitor=monitor)],
        architecture=Architecture(
            widths, problem.activation, (None,) * (len(widths) - 1), problem.fit_intercept
        ),
        loss=problem.loss.name,
        solver="lbfgs",
        dtype=dtype,
        n_epochs=n_iterations,
        memory=_MEMORY,
        tol=tol,
        progress=0.0,
    )
    if outcome.interrupted:
        raise KeyboardInterrupt
    weights, intercepts = ([a.astype(float) for a in p] for p in (end.weights, end.intercepts))
    return replace(network, weights=weights, intercepts=intercepts)


def _balanced(problem, network):
    """What enters and what leaves each node made equally large: better for L-BFGS."""
    if problem.activation != "relu":
        return network
    weights, intercepts = list(network.weights), list(network.intercepts)
    for k in range(len(network.nodes)):
        into = np.sqrt((weights[k] ** 2).sum(axis=0) + intercepts[k] ** 2)
        out = np.linalg.norm(weights[k + 1], axis=1)
        scale = np.sqrt(np.divide(out, into, out=np.ones_like(out), where=into * out > 0))
        weights[k], intercepts[k] = weights[k] * scale, intercepts[k] * scale
        weights[k + 1] = weights[k + 1] / scale[:, None]
    return replace(network, weights=weights, intercepts=intercepts)
