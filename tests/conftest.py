"""Data that several tests share."""

import numpy as np
import pytest

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor


@pytest.fixture(scope="session")
def teacher():
    """8000 rows of a network of 8 inputs, 2 of them without effect, and 5 hidden ReLU nodes."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(8000, 8))
    W = rng.normal(size=(6, 5))
    return X, np.maximum(X[:, :6] @ W, 0) @ np.array([1.0, -1.0, 1.0, -1.0, 1.5])


@pytest.fixture(scope="session")
def student(teacher):
    """The defaults on the teacher's data, at a width of 60."""
    return SpectralMLPRegressor(hidden_layer_sizes=60, random_state=0).fit(*teacher)


@pytest.fixture
def data():
    """120 rows, 4 inputs of which the first two count."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(120, 4))
    return X, X[:, 0] - 2 * X[:, 1]


QUICK = {"hidden_layer_sizes": 12, "max_iter": 300, "random_state": 0}


@pytest.fixture
def regressor():
    return SpectralMLPRegressor(**QUICK)


@pytest.fixture
def classifier():
    return SpectralMLPClassifier(**QUICK)


@pytest.fixture(params=[SpectralMLPRegressor, SpectralMLPClassifier])
def problem(request):
    """An estimator of each kind with 120 rows of 4 inputs, the first two of which count."""
    X = np.random.default_rng(0).normal(size=(120, 4))
    y = X[:, 0] - 2 * X[:, 1]
    if request.param is SpectralMLPClassifier:
        y = np.array(["low", "mid", "top"])[np.digitize(y, [-1, 1])]
    return request.param(**QUICK), X, y


@pytest.fixture
def outputs():
    """What the outputs of a network are, of either kind: to compare one with another."""
    return lambda model, X: getattr(model, "predict_proba", model.predict)(X)


@pytest.fixture
def interrupt_at(monkeypatch):
    """Raise KeyboardInterrupt in call n (from 1) of a method."""

    def patch(kind, name, n):
        whole, calls = getattr(kind, name), []

        def method(self, *args, **kwargs):
            calls.append(name)
            if len(calls) == n:
                raise KeyboardInterrupt
            return whole(self, *args, **kwargs)

        monkeypatch.setattr(kind, name, method)
        return calls

    return patch
