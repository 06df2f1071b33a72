"""A fitted estimator, cut to some of its nodes."""

from dataclasses import replace

import numpy as np
from sklearn.base import clone

from skspectral.core import prune
from skspectral.mlp.attributes import attributes_of, parameters_of


def cut(estimator, masks, inputs=None):
    """The estimator that is left when nodes are removed.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted; it stays as it is.
    masks : list of ndarray of shape (n_nodes,), bool
        The nodes to keep of each hidden layer; at least one of each.
    inputs : ndarray of shape (n_features,), bool, default=None
        The inputs to keep; None keeps all.

    Returns
    -------
    small : estimator of the same class
        Fitted: it predicts from the kept inputs. Its arrays are copies; what describes the
        training, such as ``loss_curve_``, is that of `estimator`.
    """
    small = clone(estimator)
    vars(small).update(estimator._learned())
    if inputs is None:
        inputs = np.ones(estimator.n_features_in_, dtype=bool)
    _, intercepts = prune(estimator.coefs_, estimator.intercepts_, masks, small.activation)
    kept = [inputs, *masks, np.ones(estimator.n_outputs_, dtype=bool)]
    parameters = parameters_of(estimator).take(kept)
    parameters.intercepts = [b.copy() for b in intercepts]
    vars(small).update(attributes_of(parameters))
    # A logistic node is not zero at zero: without intercepts, what it leaves behind is one.
    small.fit_intercept = bool(small.fit_intercept or any(b.any() for b in intercepts))
    sizes = tuple(int(mask.sum()) for mask in masks)
    one_number = np.ndim(estimator.hidden_layer_sizes) == 0
    small.hidden_layer_sizes = sizes[0] if one_number else sizes
    small.n_features_in_ = int(inputs.sum())
    if hasattr(estimator, "feature_names_in_"):
        small.feature_names_in_ = estimator.feature_names_in_[inputs]
    # Adam's moments have the size of the whole network.
    small._state = replace(estimator._state, moments=None)
    return small
