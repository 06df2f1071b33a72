"""What bad and odd input gets."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone, is_regressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralGridSearchCV, SpectralMLPRegressor
from skspectral.mlp import scales


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
        ({"hidden_layer_sizes": [[1], [2, 3]]}, "must be an integer or a list of integers"),
        ({"hidden_layer_sizes": [[1, 2]]}, "must be an integer or a list of integers"),
        ({"early_stopping": True, "validation_fraction": 0.999}, "none of 120 rows to train on"),
        ({"eigenvalues": "up"}, "'eigenvalues' parameter"),
        ({"activation": "gelu"}, "'activation' parameter"),
        ({"alpha": -1}, "'alpha' parameter"),
        ({"alpha": np.nan}, "'alpha' parameter"),
        ({"device": "abacus"}, "device='abacus' is not available here"),
        ({"device": "meta"}, "device='meta' is not available here"),
        ({"device": "hpu"}, "device='hpu' is not available here"),
        ({"parametrization": "dense", "trainable": "eigenvalues"}, "no eigenvalues"),
    ],
)
def test_bad_settings(data, settings, message):
    with pytest.raises(ValueError, match=message):
        SpectralMLPRegressor(**settings).fit(*data)


def test_targets_are_dense(regressor, data):
    X, y = data
    before = regressor.fit(X, y).predict(X)
    for fit in (regressor.fit, regressor.partial_fit):
        with pytest.raises(TypeError, match=r"Got a sparse y, .* give y.toarray\(\)"):
            fit(X, csr_array(X[:, :2]))
    np.testing.assert_array_equal(regressor.predict(X), before)


def test_times_are_no_targets(regressor, data):
    X, y = data
    before = regressor.fit(X, y).predict(X)
    times = np.datetime64("2020-01-01") + np.arange(len(X))
    for other in (times, times - times[0], np.column_stack([times, times])):
        for fit in (regressor.fit, regressor.partial_fit):
            with pytest.raises(ValueError, match="the targets are to be numbers; give the days"):
                fit(X, other)
    np.testing.assert_array_equal(regressor.predict(X), before)


def test_columns_are_counted(regressor, data):
    X, y = data
    with pytest.raises(
        ValueError, match="X has 2 features, but SpectralMLPRegressor is expecting 4"
    ):
        regressor.fit(X, y).predict(X[:, :2])


def test_one_class(classifier, data):
    with pytest.raises(ValueError, match="of only one class, 1; give at least 2"):
        classifier.fit(data[0], np.ones(120, dtype=int))


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: 0, 1: 0, 2: 0}, "leaves every sample of this y the weight zero; give a class"),
        ({0: -1, 1: 1, 2: 1}, "the weight -1; the weights must be finite numbers >= 0"),
        ({0: np.nan}, "the weight nan; the weights must be finite numbers >= 0"),
        ({0: np.inf}, "the weight inf; the weights must be finite numbers >= 0"),
        ({0: "many"}, "the weight 'many'; the weights must be finite numbers >= 0"),
    ],
)
def test_bad_class_weights_leave_a_fitted_estimator_as_it_was(
    classifier, data, class_weight, message
):
    X, labels = data[0], np.digitize(data[1], [-1, 1])
    before = classifier.fit(X, labels).predict_proba(X)
    classifier.set_params(class_weight=class_weight)
    for method in (classifier.fit, classifier.partial_fit):
        with pytest.raises(ValueError, match=message):
            method(X, labels)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)


def test_weights_of_classes_and_samples_leave_something(classifier, data):
    X, labels = data[0], np.digitize(data[1], [-1, 1])
    classifier.set_params(class_weight={0: 0})
    with pytest.raises(ValueError, match="times sample_weight, leaves every sample"):
        classifier.fit(X, labels, (labels == 0).astype(float))


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
    "one column of y constant": lambda X, y: (X, np.column_stack([y, np.zeros_like(y)])),
    "tiny constant y": lambda X, y: (X, np.full_like(y, 1e-300)),
}


# Of a constant y the network is a constant, which is said; here its predictions matter.
@pytest.mark.filterwarnings("ignore:No node of:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ODD)
def test_odd_data_gives_finite_predictions(regressor, data, name):
    X, y = ODD[name](*data)
    predicted = regressor.fit(X, y).predict(X)
    # Nothing to learn: close to the mean. Something to learn: closer than the mean.
    assert np.abs(predicted - y).mean() <= 1.001 * np.abs(y - y.mean(axis=0)).mean() + 0.1


SCALES = [(np.float64, 1e140), (np.float64, 1e-140), (np.float32, 1e15), (np.float32, 1e-15)]


@pytest.mark.parametrize(("dtype", "scale"), SCALES)
def test_the_scale_of_y_changes_nothing_else(regressor, data, dtype, scale):
    X, y = data[0].astype(dtype), data[1]
    plain = clone(regressor).fit(X, y)
    model = regressor.fit(X, scale * y)
    np.testing.assert_allclose(model.predict(X) / scale, plain.predict(X), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(model.feature_importances_, plain.feature_importances_, rtol=1e-3)
    assert model.core_sizes_ == plain.core_sizes_


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    ("dtype", "scale"),
    [
        (np.float64, 1e307),
        (np.float64, 1e160),
        (np.float64, 1e-160),
        (np.float64, 1e-320),
        (np.float32, 1e39),
        (np.float32, 1e-39),
    ],
)
def test_the_scale_of_y_has_limits(regressor, data, dtype, scale, early_stopping):
    X, y = data[0].astype(dtype), data[1]
    before = regressor.fit(X, y).predict(X)
    regressor.set_params(early_stopping=early_stopping)
    message = f"y, or a column of it, .* with X in {dtype.__name__} it must be between .* divide y"
    for Y in (scale * y, np.column_stack([y, scale * y])):
        with pytest.raises(ValueError, match=message):
            regressor.fit(X, Y)
    np.testing.assert_array_equal(regressor.predict(X), before)


def test_partial_fit_keeps_its_scale_of_y_within_the_limits(regressor, data):
    X, y = data
    regressor.partial_fit(X, 1e100 * y).partial_fit(X[:1], [1e-200])
    before = regressor.predict(X)
    with pytest.raises(ValueError, match="with X in float32 it must be between"):
        regressor.partial_fit(X.astype(np.float32), y)
    np.testing.assert_array_equal(regressor.predict(X), before)


@pytest.mark.parametrize("scale", [1e6, 255, 3e-3, 1e-6, 1e-170])
def test_unscaled_inputs_are_said(regressor, data, scale):
    X, y = data
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        regressor.fit(scale * X, y)
    assert any("The largest root mean square" in str(warning.message) for warning in caught)
    assert np.isfinite(regressor.predict(scale * X)).all()


def test_columns_far_from_zero_are_named(regressor, data):
    X, y = data
    with pytest.warns(UserWarning, match="mean of column 2 of X is 50 and its .*StandardScaler"):
        regressor.fit(X + np.array([0, 0, 50, 0]), y)
    constant = np.column_stack([X, np.full(len(X), 50.1)])
    weights = np.r_[np.ones(119), 0]
    constant[-1, -1] = 49  # does not count
    regressor.fit(constant, y, weights)  # warnings are errors
    long = np.column_stack([np.tile(X, (50, 1)), np.full(6000, 0.1)])
    clone(regressor).set_params(max_iter=30, tol=1, alpha=1e-3).fit(long, np.tile(y, 50))
    clone(regressor).partial_fit(X[:2] + [0, 0, 50, 0], y[:2])
    regressor.fit(csr_array(np.column_stack([X, 50 + X[:, 0]])), y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_spread_that_predictions_do_not_resolve_is_named(regressor, data, dtype):
    X, y = data[0].astype(dtype), 1e7 + data[1]
    if dtype == np.float32:
        with pytest.warns(UserWarning, match="mean of 1e.07 .* float32 hardly resolve"):
            regressor.fit(X, y)
    else:
        assert regressor.fit(X, y).score(X, y) > 0.99


def test_a_collapsed_network_has_an_empty_core(regressor, data):
    with pytest.warns(ConvergenceWarning, match="is a constant: lower .* 10 for the eigenvalues"):
        model = regressor.set_params(alpha=10.0, max_iter=2000).fit(*data)
    assert model.core_sizes_ == (0,)
    np.testing.assert_array_equal(model.feature_importances_, np.zeros(data[0].shape[1]))
    np.testing.assert_allclose(model.predict(data[0]), data[1].mean(), atol=0.05)


FAILURES = {
    "large X": {"scale": 1e150},
    "large X, early stopping": {"scale": 1e150, "early_stopping": True},
    "large rate": {"learning_rate_init": 1e10},
    "large constant rate": {"learning_rate_init": 1e10, "learning_rate": "constant"},
    "dense": {"scale": 1e150, "parametrization": "dense"},
}


# The other two warnings may come as well.
@pytest.mark.filterwarnings("ignore:The largest root mean square:UserWarning")
@pytest.mark.filterwarnings("ignore:.*Maximum iterations:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", FAILURES)
def test_a_useless_network_is_said(problem, name):
    model, X, y = problem
    settings = FAILURES[name].copy()
    X = X * settings.pop("scale", 1)
    with pytest.warns(ConvergenceWarning, match=r"ended at a loss of .*learning_rate_init"):
        model.set_params(**settings).fit(X, y, np.linspace(1, 2, 120))


# One iteration is said, and a network that is a constant; that it is a failure must not be.
@pytest.mark.filterwarnings("ignore:No node of:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:.*Maximum iterations:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"alpha": 100.0},
        {"alpha": 100.0, "parametrization": "dense"},
        {"hidden_layer_sizes": (200, 200, 200)},
        {"fit_intercept": False},
        {"early_stopping": True, "alpha": 100.0},
        {"solver": "lbfgs"},
    ],
    ids=str,
)
def test_few_iterations_are_no_failure(problem, settings):
    model, X, y = problem
    model.set_params(max_iter=1, **settings)
    model.fit(X, y if not is_regressor(model) else y + 100, np.linspace(1, 2, 120))
    if is_regressor(model):
        model.fit(X, np.ones(120))


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_columns_are_looked_at_a_few_rows_at_a_time(monkeypatch, container):
    rng = np.random.default_rng(0)
    X, rows, weights = rng.standard_normal((50, 3)), np.arange(1, 48), rng.uniform(1, 2, 47)
    own = X[rows] * [1e200, 1.0, 1e-3]
    expected = weights @ (own / 1e200) ** 2 / weights.sum()
    monkeypatch.setattr(scales, "_MOST_VALUES", 12)
    squares = scales.mean_squares(container(X * [1e200, 1.0, 1e-3]), rows, weights, 1e200)
    np.testing.assert_allclose(squares, expected)
    with pytest.warns(UserWarning, match=r"mean square of a column of X is .*e\+200"):
        scales.warn_of_scale(container(X * [1e200, 1.0, 1e-3]), rows)
    if container is np.asarray:
        with pytest.warns(UserWarning, match=r"of column 0 of X is 50 and its .* deviation 1\."):
            scales.warn_of_offset(np.r_[X + [50, 0, 0], [[1e9] * 3]], np.arange(50))


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-3, 1e200])
def test_how_far_columns_are_from_zero_does_not_depend_on_their_scale(scale):
    X = scale * np.random.default_rng(0).standard_normal((50, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scales.warn_of_offset(X, np.arange(50))
    with pytest.warns(UserWarning, match="The mean of column . of X is"):
        scales.warn_of_offset(X + 50 * scale, np.arange(50))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_column_that_overflows_does_not_hide_others(dtype):
    X = np.random.default_rng(0).standard_normal((50, 3)).astype(dtype)
    X[:, 0], X[:, 1] = np.finfo(dtype).max * np.where(np.arange(50) % 2, 0.9, -0.9), X[:, 1] + 100
    with pytest.warns(UserWarning, match="The mean of column 1 of X is 1"):
        scales.warn_of_offset(X, np.arange(50))


def test_a_common_category_is_not_far_from_zero():
    X = np.random.default_rng(0).standard_normal((1000, 3))
    X[:, 0] = np.arange(1000) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scales.warn_of_offset(X, np.arange(1000))
    X[:, 1:] += [25, 30]
    with pytest.warns(UserWarning, match=r"The mean of column 2 of X \('age'\) is 30") as caught:
        scales.warn_of_offset(X, np.arange(1000), np.array(["sex", "weight", "age"], object))
    assert len(caught) == 1


def test_a_column_of_codes_in_some_rows_only_is_far_from_zero(monkeypatch):
    X = np.ones((1000, 1))
    X[0], X[-20:, 0] = 0, np.linspace(1, 1.3, 20)
    monkeypatch.setattr(scales, "_MOST_VALUES", 100)
    with pytest.warns(UserWarning, match="The mean of column 0 of X is 1 "):
        scales.warn_of_offset(X, np.arange(1000))


def test_what_a_standard_scaler_takes_for_a_constant_is_one():
    X = np.random.default_rng(0).standard_normal((1000, 2))
    X[:, 1] = 5 + 1e-13 * X[:, 1]
    assert StandardScaler().fit(X).scale_[1] == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scales.warn_of_offset(X, np.arange(1000))


def test_small_columns_beside_others(monkeypatch):
    X = np.random.default_rng(0).standard_normal((1000, 4))
    rows = np.arange(1000)
    X[:, 1] *= 1e-3 * (rows < 400)  # rare: other rows are zeros
    X[:, 2] *= 1e-15  # dust of a constant
    X = np.column_stack([X, np.full(1000, 1e-3)])
    X[0] = 1e-3, 0, 0, 1, 1e-2  # does not count
    rows = rows[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scales.warn_of_small_columns(X, rows)
        scales.warn_of_small_columns(1e-6 * X, rows)  # of all, another warning tells
        scales.warn_of_small_columns(csr_array(X * [1, 1, 1, 1e-6, 1]), rows)
    X[:, 4] = 0.015 * X[:, 0]
    monkeypatch.setattr(scales, "_MOST_VALUES", 100)
    with pytest.warns(UserWarning, match=r"of column 4 of X is 0\.015, and of others up to 1;"):
        scales.warn_of_small_columns(X, rows)
    X[:, 3] *= 1e-9
    with pytest.warns(UserWarning, match=r"of column 3 of X is 1e-09, and"):
        scales.warn_of_small_columns(X, rows)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few iterations
@pytest.mark.parametrize("n_init", [1, 2])
@pytest.mark.parametrize(("shift", "scale"), [(0, 1e-3), (50, 1)])
def test_columns_of_a_table_are_named(n_init, shift, scale):
    X = np.random.default_rng(0).standard_normal((100, 3))
    table = pd.DataFrame(shift * np.array([0, 0, 1]) + X * [1, 1, scale], columns=["a", "b", "c"])
    model = SpectralMLPRegressor(5, max_iter=30, n_init=n_init, random_state=0)
    search = SpectralGridSearchCV(model, {"alpha": [1e-3]}, cv=2, n_jobs=1)
    for fitted in (model, search):
        with pytest.warns(UserWarning, match=r"column 2 of X \('c'\)") as caught:
            fitted.fit(table, X[:, 0])
        messages = {str(w.message) for w in caught if "column" in str(w.message)}
        assert all("('c')" in message for message in messages)
