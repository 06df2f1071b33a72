"""What bad and odd input gets."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skspectral import SpectralMLPRegressor


def spoiled(X, value):
    X = X.astype(type(value)) if isinstance(value, complex) else X.copy()
    X[0, 0] = value
    return X


BAD = {
    "Input X contains NaN": lambda X, y: (spoiled(X, np.nan), y),
    "Input X contains infinity": lambda X, y: (spoiled(X, np.inf), y),
    "Complex data not supported": lambda X, y: (spoiled(X, 1j), y),
    "could not convert string to float": lambda X, y: (np.full(X.shape, "a", object), y),
    "minimum of 1 is required": lambda X, y: (X[:0], y[:0]),
    "inconsistent numbers of samples": lambda X, y: (X, y[1:]),
    "Expected 2D array": lambda X, y: (X[:, 0], y),
    "Input y contains NaN": lambda X, y: (X, np.where(y > 0, np.nan, y)),
    "Negative values in data passed to `sample_weight`": lambda X, y: (X, y, -np.ones(len(y))),
    "Sample weights must contain at least one": lambda X, y: (X, y, np.zeros(len(y))),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_data_leaves_a_fitted_estimator_as_it_was(regressor, data, message):
    X, y = data
    regressor.fit(X, y)
    before, state = regressor.predict(X), set(vars(regressor))
    with pytest.raises(ValueError, match=message):
        regressor.fit(*BAD[message](X, y))
    np.testing.assert_array_equal(regressor.predict(X), before)
    assert set(vars(regressor)) == state


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_layer_sizes": 0}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": -3}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": (5, 0)}, r"hidden_layer_sizes must be > 0, got \[5, 0\]"),
        ({"hidden_layer_sizes": (2.5,)}, "must be an integer or a list of integers"),
        ({"eigenvalues": "up"}, "'eigenvalues' parameter"),
        ({"activation": "gelu"}, "'activation' parameter"),
        ({"alpha": -1}, "'alpha' parameter"),
        ({"alpha": np.nan}, "'alpha' parameter"),
        ({"device": "abacus"}, "device='abacus' is not available here"),
        ({"parametrization": "dense", "trainable": "eigenvalues"}, "no eigenvalues"),
    ],
)
def test_bad_settings(data, settings, message):
    with pytest.raises(ValueError, match=message):
        SpectralMLPRegressor(**settings).fit(*data)


def test_columns_are_counted(regressor, data):
    X, y = data
    with pytest.raises(
        ValueError, match="X has 2 features, but SpectralMLPRegressor is expecting 4"
    ):
        regressor.fit(X, y).predict(X[:, :2])


def test_one_class(classifier, data):
    with pytest.raises(ValueError, match="only one class: 1"):
        classifier.fit(data[0], np.ones(120, dtype=int))


def test_divergence_names_the_cause_and_leaves_nothing_fitted(regressor, data):
    X, y = data
    regressor.fit(X, y).set_params(learning_rate_init=1e200)
    with pytest.raises(ValueError, match=r"non-finite.*StandardScaler.*learning_rate_init"):
        regressor.fit(X, y)
    with pytest.raises(NotFittedError):
        regressor.predict(X)
    assert not hasattr(regressor, "core_sizes_")


ODD = {
    "one sample": lambda X, y: (X[:1], y[:1]),
    "constant columns": lambda X, y: (np.ones_like(X), y),
    "constant y": lambda X, y: (X, np.full_like(y, 3.5)),
    "duplicate rows": lambda X, y: (np.repeat(X[:2], 60, axis=0), np.repeat(y[:2], 60)),
    "fewer samples than a batch": lambda X, y: (X[:7], y[:7]),
    "large y": lambda X, y: (X, 1e12 * y),
    "small y": lambda X, y: (X, 1e-12 * y),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_data_gives_finite_predictions(regressor, data, name):
    X, y = ODD[name](*data)
    predicted = clone(regressor).fit(X, y).predict(X)
    # Nothing to learn: close to the mean. Something to learn: closer than the mean.
    assert np.abs(predicted - y).mean() <= 1.001 * np.abs(y - y.mean()).mean() + 0.1


@pytest.mark.parametrize("scale", [1e6, 1e-6])
def test_unscaled_inputs_are_said(regressor, data, scale):
    X, y = data
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        regressor.fit(scale * X, y)
    assert any("put a StandardScaler before" in str(warning.message) for warning in caught)
    assert np.isfinite(regressor.predict(scale * X)).all()


def test_a_collapsed_network_has_an_empty_core(regressor, data):
    model = regressor.set_params(alpha=10.0, max_iter=2000).fit(*data)
    assert model.core_sizes_ == (0,)
    assert np.isfinite(model.feature_importances_).all()
    np.testing.assert_allclose(model.predict(data[0]), data[1].mean(), atol=0.05)
