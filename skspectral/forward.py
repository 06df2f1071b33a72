"""The outputs of a fitted network, in numpy."""

import numpy as np
from scipy.special import expit, softmax


def _softmax(z):
    z[...] = softmax(z, axis=-1)


# All in place.
ACTIVATIONS = {
    "identity": lambda z: None,
    "relu": lambda z: np.maximum(z, 0, out=z),
    "tanh": lambda z: np.tanh(z, out=z),
    "logistic": lambda z: expit(z, out=z),
    "softmax": _softmax,
}

# Those of hidden nodes, given what the activation returned.
DERIVATIVES = {
    "relu": lambda values: (values > 0).astype(values.dtype),
    "tanh": lambda values: 1 - values**2,
    "logistic": lambda values: values * (1 - values),
    "identity": np.ones_like,
}


def layer_values(X, weights, intercepts, activation):
    """Values of all layers of a network, inputs first; of the outputs before their activation.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_inputs)
    weights, intercepts, activation
        See :func:`forward`.

    Returns
    -------
    values : list of ndarray of shape (n_samples, n_nodes)
    """
    return [X, *_layers(X, weights, intercepts, activation)]


def _layers(values, weights, intercepts, activation):
    for k, (w, b) in enumerate(zip(weights, intercepts, strict=True)):
        values = np.asarray(values @ w)
        values += b
        if k < len(weights) - 1:
            ACTIVATIONS[activation](values)
        yield values


# Values of a hidden layer that are held at a time.
_MOST_VALUES = 2**22


def forward(X, weights, intercepts, activation, out_activation):
    """Outputs of a network.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n_samples, n_inputs)
    weights : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    activation, out_activation : str
        Activation of the hidden layers and of the output layer, keys of ``ACTIVATIONS``.

    Returns
    -------
    outputs : ndarray of shape (n_samples, n_outputs)

    Raises
    ------
    ValueError
        If an activation is none of these.
    """
    for name in (activation, out_activation):
        if name not in ACTIVATIONS:
            raise ValueError(
                f"Got the activation {name!r}; give one of {', '.join(map(repr, ACTIVATIONS))}."
            )
    # Whole numbers would have no room for what comes of them.
    weights = [
        w.astype(np.result_type(w, np.float32), copy=False) for w in map(np.asarray, weights)
    ]
    network = weights, intercepts, activation, out_activation
    step = max(1, _MOST_VALUES // max(map(len, intercepts)))
    if X.shape[0] <= step:
        return _forward(X, *network)
    starts = range(0, X.shape[0], step)
    return np.concatenate([_forward(X[start : start + step], *network) for start in starts])


def _forward(X, weights, intercepts, activation, out_activation):
    for values in _layers(X, weights, intercepts, activation):
        outputs = values  # those of one layer at a time are held
    ACTIVATIONS[out_activation](outputs)
    return outputs
