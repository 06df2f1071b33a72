"""What divides the outputs of a classifier that is too sure of itself."""

from copy import copy

import numpy as np
from scipy.optimize import minimize_scalar

from skspectral.mlp.attributes import attributes_of
from skspectral.pruner.comparison import outputs_and_targets
from skspectral.pruner.loss import loss_of
from skspectral.spectral import Parameters

# The highest that is looked for: where more is asked for, nothing that was found is true.
_HOTTEST = 100


def temperature_of(network, X, y, weights):
    """The temperature at which a classifier loses least on rows that it has not seen.

    Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017.

    Parameters
    ----------
    network : SpectralMLPClassifier
    X, y
        The rows.
    weights : ndarray of shape (n_rows,)

    Returns
    -------
    temperature : float
        1 or more.
    """
    loss, (outputs, targets) = loss_of(network), outputs_and_targets(network, X, y)

    def lost(logarithm):
        return weights @ loss.losses(outputs / np.exp(logarithm), targets).mean(axis=1)

    best = minimize_scalar(lost, bounds=(0, np.log(_HOTTEST)), method="bounded")
    return float(np.exp(best.x)) if best.fun < lost(0.0) else 1.0


def tempered(network, temperature):
    """The network with its outputs, before their activation, divided by a temperature."""
    weights, intercepts = list(network.coefs_), list(network.intercepts_)
    weights[-1], intercepts[-1] = weights[-1] / temperature, intercepts[-1] / temperature
    network = copy(network)
    parameters = Parameters.from_weights(weights, intercepts, network._state.mode)
    vars(network).update(attributes_of(parameters))
    return network
