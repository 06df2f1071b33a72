"""The Jacobian of a network, by backpropagation."""

import numpy as np

from skspectral.forward import DERIVATIVES


def derivatives(values, weights, activation, fit_intercept=True):
    """Derivatives of each output in each of the weights and intercepts.

    Parameters
    ----------
    values : list of ndarray of shape (n_rows, n_nodes)
        Of all layers, see :func:`skspectral.forward.layer_values`.
    weights : list of ndarray of shape (n_in, n_out)
    activation : str
        Of the hidden layers.
    fit_intercept : bool, default=True
        Whether there are any intercepts.

    Returns
    -------
    derivatives : ndarray of shape (n_rows, n_outputs, n_parameters)
        Layer by layer, the weights before the intercepts.
    """
    n_rows, n_outputs = values[-1].shape
    sizes = [w.size + fit_intercept * w.shape[1] for w in weights]
    result = np.empty((n_rows, n_outputs, sum(sizes)), values[-1].dtype)
    parts = np.split(result, np.cumsum(sizes)[:-1], axis=2)
    slopes = np.eye(n_outputs, dtype=result.dtype)[None]
    for k in reversed(range(len(weights))):
        w = weights[k]
        into = parts[k][..., : w.size].reshape(n_rows, n_outputs, *w.shape)
        np.multiply(values[k][:, None, :, None], slopes[:, :, None, :], out=into)
        if fit_intercept:
            parts[k][..., w.size :] = slopes
        if k:
            slopes = slopes @ w.T * DERIVATIVES[activation](values[k])[:, None, :]
    return result
