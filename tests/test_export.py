"""The network as scikit-learn's own MLP."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline

from skspectral.export import to_sklearn


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_regressor(activation, n_outputs, data, regressor):
    X, y = data
    y = y if n_outputs == 1 else np.column_stack([y, -y])
    regressor.set_params(activation=activation, solver="lbfgs", tol=1e-2, hidden_layer_sizes=(6, 4))
    mlp = regressor.fit(X, y).to_sklearn()
    assert type(mlp) is MLPRegressor
    assert mlp.hidden_layer_sizes == (6, 4)
    np.testing.assert_allclose(mlp.predict(X), regressor.predict(X), rtol=1e-12)
    mlp.coefs_[0][:] = 0
    assert regressor.score(X, y) > 0.5


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "strings"])
def test_classifier(kind, data, classifier):
    X, y = data
    labels = {
        "binary": y > 0,
        "multiclass": np.digitize(y, [-1, 1]),
        "multilabel": np.column_stack([y > 0, y > 1, X[:, 0] > 0]).astype(int),
        "strings": np.where(y > 0, "up", "down"),
    }[kind]
    classifier.set_params(solver="lbfgs", tol=1e-2).fit(X, labels)
    mlp = to_sklearn(classifier)
    assert type(mlp) is MLPClassifier
    np.testing.assert_array_equal(mlp.predict(X), classifier.predict(X))
    np.testing.assert_allclose(mlp.predict_proba(X), classifier.predict_proba(X), rtol=1e-10)


def test_unfitted(regressor):
    with pytest.raises(NotFittedError):
        clone(regressor).to_sklearn()
    with pytest.raises(ValueError, match=r"Got Pipeline, which is not a network.*pipe\[-1\]"):
        to_sklearn(make_pipeline(regressor))


def test_training_goes_on_in_scikit_learn(problem):
    model, X, y = problem
    mlp = model.fit(X, y).to_sklearn()
    before = mlp.score(X, y)
    for _ in range(3):
        mlp.partial_fit(X, y)
    assert len(mlp.loss_curve_) == 3
    assert mlp.score(X, y) > before - 0.05
