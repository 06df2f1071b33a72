"""Training by the least squares of Levenberg and Marquardt."""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from skspectral.forward import layer_values
from skspectral.pruner.derivatives import derivatives

# Derivatives that are held at a time.
_MOST_VALUES = 2**20

# Damping, in units of the diagonal of the second derivatives, to begin with and at least.
_FIRST, _LEAST = 1e-3, 1e-12

# The diagonal, in units of its mean, at least: steps in directions that change nothing would have
# no bound.
_RIDGE = 1e-6

# Steps, at most, and dampings that are tried for each.
_N_STEPS, _N_DAMPINGS = 30, 12


def levenberg_marquardt(
    X, targets, weights, intercepts, *, activation, fit_intercept, sample_weight, is_last
):
    """Train a network on the squared error, by Gauss-Newton steps with damping.

    The outputs are taken to be linear in the weights for as far as a step leads. Next to an error
    of nothing a few such steps reach what L-BFGS needs hundreds of iterations for; the time for
    each grows as the square of the number of parameters. Damping follows their success as Nielsen
    has it.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_inputs)
    targets : ndarray of shape (n_rows, n_outputs)
        Of variance one, or more where an output is to count for more; of the type that the network
        is to be trained in.
    weights : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    activation : str
    fit_intercept : bool
        Whether the intercepts are trained.
    sample_weight : ndarray of shape (n_rows,) or None
        Of mean one.
    is_last : callable
        ``is_last(error)``, called with the mean squared error before each step: whether the
        training ends.

    Returns
    -------
    weights, intercepts
        In double precision.

    References
    ----------
    Marquardt, "An algorithm for least-squares estimation of nonlinear parameters", Journal of the
    Society for Industrial and Applied Mathematics 11:431 (1963).

    Nielsen, "Damping parameter in Marquardt's method", report IMM-REP-1999-05, Technical University
    of Denmark (1999).
    """
    X = X.astype(targets.dtype, copy=False)
    roots = None if sample_weight is None else np.sqrt(sample_weight).astype(X.dtype)[:, None]

    def evaluated(theta):
        network = _layers(theta, weights, intercepts, fit_intercept, X.dtype)
        values = layer_values(X, *network, activation)
        errors = values[-1] - targets
        if roots is not None:
            errors *= roots
        error = np.einsum("ro,ro", errors, errors, dtype=float) / errors.size
        return network[0], values, errors, error

    theta = _flat(weights, intercepts, fit_intercept)
    *network, error = evaluated(theta)
    rounding = len(theta) * np.finfo(X.dtype).eps ** 2
    damping, factor = _FIRST, 2.0
    for _ in range(_N_STEPS):
        if is_last(error) or error < rounding:
            break
        second, slope = _normal_equations(*network, roots, activation, fit_intercept)
        size = np.diag(second)
        size = np.maximum(size, _RIDGE * size.mean())
        for _ in range(_N_DAMPINGS):
            step = _solution(second + np.diag(damping * size), -slope)
            *network, after = evaluated(theta + step)
            if after < error:
                break
            damping, factor = damping * factor, 2 * factor
        else:
            break
        share = (error - after) / -(2 * step @ slope + step @ second @ step)
        damping = max(damping * max(1 / 3, 1 - (2 * share - 1) ** 3), _LEAST)
        theta, error, factor = theta + step, after, 2.0
    return _layers(theta, weights, intercepts, fit_intercept, float)


def _normal_equations(weights, values, errors, roots, activation, fit_intercept):
    """Half the second derivatives of the mean squared error, but for curvature, and half its
    slope."""
    n_rows, n_outputs = errors.shape
    n_parameters = sum(w.size + fit_intercept * w.shape[1] for w in weights)
    second, slope = np.zeros((n_parameters, n_parameters)), np.zeros(n_parameters)
    n_at_once = max(1, _MOST_VALUES // (n_outputs * n_parameters))
    for start in range(0, n_rows, n_at_once):
        part = slice(start, start + n_at_once)
        slopes = derivatives([v[part] for v in values], weights, activation, fit_intercept)
        if roots is not None:
            slopes *= roots[part, :, None]
        slopes = slopes.reshape(-1, n_parameters)
        second += slopes.T @ slopes
        slope += slopes.T @ errors[part].ravel()
    return second / errors.size, slope / errors.size


def _solution(matrix, values):
    """Of linear equations, or nothing but NaN where rounding hides that there is one."""
    try:
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return np.full_like(values, np.nan)
    return cho_solve(factor, values, check_finite=False)


def _flat(weights, intercepts, fit_intercept):
    """All parameters that are trained, layer by layer."""
    layers = zip(weights, intercepts, strict=True)
    return np.concatenate([a.ravel() for pair in layers for a in pair[: 1 + fit_intercept]])


def _layers(theta, weights, intercepts, fit_intercept, dtype):
    """The inverse of :func:`_flat`: arrays shaped as the given ones, which stay if not trained."""
    arrays = [a for pair in zip(weights, intercepts, strict=True) for a in pair]
    trained = arrays if fit_intercept else arrays[::2]
    ends = np.cumsum([a.size for a in trained])[:-1]
    new = [
        part.reshape(a.shape).astype(dtype)
        for part, a in zip(np.split(theta, ends), trained, strict=True)
    ]
    return (new[::2], new[1::2]) if fit_intercept else (new, [b.astype(dtype) for b in intercepts])
