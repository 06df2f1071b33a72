"""The errors of a network on rows that it has not seen, from a training that has seen them."""

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from skspectral.forward import layer_values
from skspectral.pruner.derivatives import derivatives

# With this share of a say in its own output, or more, a row is taken to have it alone: near one the
# outputs are not linear in the weights for as far as they would move.
_ALONE = 0.9

# On the diagonal of the second derivatives, in units of it: some directions change nothing.
_RIDGE = 1e-10

# Derivatives that are held at a time.
_MOST_VALUES = 2**23


def left_out_errors(network, inputs, X, errors, without, weights):
    """The errors on each row, had the training left it out.

    The outputs are taken to be linear in the weights of the network, which are taken to be at a
    minimum of the squared error. A row then has a share h of a say in its own output, the leverage,
    and without it the error is 1 / (1 - h) times as large (Allen's PRESS; Hansen and Larsen for
    networks). Of several outputs the shares are a matrix.

    Parameters
    ----------
    network : SpectralMLPRegressor
    inputs : ndarray of shape (n_features,), bool
        Those that it has been trained on: of the others there is nothing to learn.
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
    errors : ndarray of shape (n_samples, n_outputs)
        Those of a training that has seen all rows.
    without : ndarray of shape (n_samples, n_outputs)
        Errors where the row alone has decided: without it nothing determines the output.
    weights : ndarray of shape (n_samples, n_outputs)
        What the squared error of each row and output counts for; positive.

    Returns
    -------
    errors : ndarray of shape (n_samples, n_outputs)

    References
    ----------
    Allen, "The relationship between variable selection and data augmentation and a method for
    prediction", Technometrics 16:125 (1974).

    Hansen, Larsen, "Linear unlearning for cross-validation", Advances in Computational Mathematics
    5:269 (1996).
    """
    columns = np.flatnonzero(inputs)
    n_rows, n_outputs = errors.shape
    n_trained = n_parameters(network, inputs)
    step = max(1, _MOST_VALUES // (n_outputs * n_trained))
    parts = [slice(start, start + step) for start in range(0, n_rows, step)]
    roots = np.sqrt(weights)

    def slopes_of(part):
        inputs = X[part][:, columns]
        inputs = inputs.toarray() if hasattr(inputs, "toarray") else inputs
        return _derivatives(network, columns, inputs.astype(float)) * roots[part, :, None]

    second = np.zeros((n_trained, n_trained))
    for part in parts:
        slopes = slopes_of(part).reshape(-1, n_trained)
        second += slopes.T @ slopes
    size = np.sqrt(np.diag(second))
    size[size == 0] = 1
    second /= np.outer(size, size)
    second[np.diag_indices_from(second)] += _RIDGE
    factor = cholesky(second, lower=True)
    left_out = np.empty_like(errors)
    for part in parts:
        slopes = slopes_of(part) / size
        slopes = solve_triangular(factor, slopes.reshape(-1, n_trained).T, lower=True)
        slopes = slopes.reshape(n_trained, -1, n_outputs).transpose(1, 2, 0)
        shares, ways = np.linalg.eigh(slopes @ slopes.swapaxes(1, 2))
        one, other = (
            np.einsum("rji,rj->ri", ways, (values * roots)[part]) for values in (errors, without)
        )
        along = np.where(shares < _ALONE, one / (1 - np.minimum(shares, _ALONE)), other)
        left_out[part] = np.einsum("rij,rj->ri", ways, along)
    return left_out / roots


def n_parameters(network, inputs):
    """Number of the weights and intercepts of a network that is trained on `inputs` alone."""
    first, *others = network.coefs_
    return sum(p.size for p in (first[inputs], *others, *network.intercepts_))


def _derivatives(network, columns, X):
    """Of each output in each weight and intercept, of shape (n_rows, n_outputs, n_parameters)."""
    weights = [w.astype(float) for w in (network.coefs_[0][columns], *network.coefs_[1:])]
    values = layer_values(X, weights, network.intercepts_, network.activation)
    return derivatives(values, weights, network.activation)
