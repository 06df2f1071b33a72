"""Fitted networks for elsewhere."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import check_is_fitted


def to_sklearn(estimator):
    """A fitted network as scikit-learn's own MLP.

    It predicts the same from floats, needs neither skspectral nor torch, and goes wherever
    scikit-learn's networks go, such as through ONNX converters. Small integers it takes in the
    precision of the weights, where the estimator takes them in double precision.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted. To export only the core, export the ``pruned_estimator_`` of a
        :class:`~skspectral.SpectralPruner`.

    Returns
    -------
    mlp : MLPRegressor or MLPClassifier
        Fitted, with copies of the weights.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If `estimator` is not fitted.
    ValueError
        If it is none of the networks.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from skspectral import SpectralMLPRegressor
    >>> from skspectral.export import to_sklearn
    >>> X, y = make_regression(n_features=3, random_state=0)
    >>> mlp = SpectralMLPRegressor(hidden_layer_sizes=20, random_state=0).fit(X, y)
    >>> to_sklearn(mlp)
    MLPRegressor(hidden_layer_sizes=(20,))
    >>> bool((to_sklearn(mlp).predict(X) == mlp.predict(X)).all())
    True
    """
    if not hasattr(estimator, "hidden_layer_sizes"):
        raise ValueError(
            f"Got {type(estimator).__name__}, which is not a network but may hold one; give that, "
            "such as pipe[-1], search.best_estimator_ or pruner.pruned_estimator_."
        )
    check_is_fitted(estimator, "coefs_")
    mlp = MLPClassifier if is_classifier(estimator) else MLPRegressor
    names = "out_activation_", "n_iter_", "t_", "feature_names_in_", "classes_", "_label_binarizer"
    return as_fitted(
        mlp(activation=estimator.activation),
        [w.copy() for w in estimator.coefs_],
        [b.copy() for b in estimator.intercepts_],
        **{name: getattr(estimator, name) for name in names if hasattr(estimator, name)},
    )


def as_fitted(mlp, coefs, intercepts, **attributes):
    """A network of scikit-learn as if a fit had come to these weights.

    Parameters
    ----------
    mlp : MLPRegressor or MLPClassifier
    coefs : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    **attributes
        Other fitted attributes, such as ``out_activation_``.

    Returns
    -------
    mlp : MLPRegressor or MLPClassifier
        The same; ``partial_fit`` and ``warm_start`` can go on from there.
    """
    mlp.set_params(hidden_layer_sizes=tuple(len(b) for b in intercepts[:-1]))
    mlp.coefs_, mlp.intercepts_ = coefs, intercepts
    mlp.n_layers_, mlp.n_features_in_ = len(coefs) + 1, len(coefs[0])
    mlp.n_outputs_ = len(intercepts[-1])
    mlp.loss_curve_, mlp.best_loss_, mlp._no_improvement_count = [], np.inf, 0
    mlp.validation_scores_, mlp.best_validation_score_ = [], -np.inf
    vars(mlp).update(attributes)
    return mlp
