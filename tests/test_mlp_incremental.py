"""Going on from what was learned: warm_start and partial_fit."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor
from skspectral.mlp import fit, length


def step(model, X, y, n_epochs=1):
    """Epochs of partial_fit, told the classes where there are any."""
    classes = {} if isinstance(model, SpectralMLPRegressor) else {"classes": np.unique(y)}
    for _ in range(n_epochs):
        model.partial_fit(X, y, **classes)
    return model


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_warm_start_goes_on(problem, solver):
    model, X, y = problem
    model.set_params(warm_start=True, solver=solver, tol=1e-2).fit(X, y)
    model.set_params(tol=1e-4, max_iter=600)
    first, score = model.loss_curve_, model.score(X, y)
    model.fit(X, y)
    assert model.loss_curve_[0] < first[0] / 2
    assert model.loss_curve_[-1] <= first[-1] + 1e-3
    assert model.n_iter_ == len(model.loss_curve_) <= 600
    assert model.score(X, y) > score - 0.02


def test_warm_start_of_lbfgs_at_its_minimum_tells_the_loss(problem):
    model, X, y = problem
    model.set_params(warm_start=True, solver="lbfgs", tol=1e-3, alpha=0.01, max_iter="auto")
    minimum = model.fit(X, y).loss_
    model.fit(X, y)
    assert model.n_iter_ == 1
    assert model.loss_curve_ == [model.loss_] == [model.best_loss_]
    assert model.loss_ == pytest.approx(minimum)


def test_a_warm_start_of_a_silent_network_says_to_fit_a_clone(problem):
    model, X, y = problem
    with pytest.warns(ConvergenceWarning, match=r"eigenvalues\), or check"):
        model.set_params(warm_start=True, alpha=10.0, max_iter=2000).fit(X, y)
    with pytest.warns(ConvergenceWarning, match=r"eigenvalues\) and fit a clone"):
        model.set_params(alpha=1e-3).fit(X, y)
    assert clone(model).fit(X, y).score(X, y) > 0.9


def test_without_warm_start_a_fit_begins_anew(problem, outputs):
    model, X, y = problem
    first = outputs(model.fit(X, y), X)
    assert_array_equal(outputs(model.fit(X, y), X), first)


@pytest.mark.parametrize("max_iter", [2, 20])
def test_warm_start_does_its_iterations_each_time(problem, max_iter):
    model, X, y = problem
    model.set_params(warm_start=True, max_iter=max_iter)
    for _ in range(2):
        with pytest.warns(ConvergenceWarning):
            model.fit(X, y)
        assert model.n_iter_ == max_iter


def test_warm_start_with_early_stopping(problem):
    model, X, y = problem
    model.set_params(warm_start=True, early_stopping=True, n_iter_no_change=5)
    for _ in range(2):
        model.fit(X, y)
        assert len(model.validation_scores_) == model.n_iter_
        assert model.best_validation_score_ == max(model.validation_scores_)


def test_warm_start_on_other_units_of_y():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3))
    y = X @ np.array([1.0, 2.0, 0.0])
    model = SpectralMLPRegressor(10, warm_start=True, max_iter=500, random_state=0).fit(X, y)
    model.set_params(max_iter=1, learning_rate_init=1e-300)
    with pytest.warns(ConvergenceWarning):
        shifted = clone(model).set_params(max_iter=1).fit(X, y)
    assert shifted.score(X, y) < 0.5
    before = model.predict(X)
    with pytest.warns(ConvergenceWarning):
        model.fit(X, 1e3 * y + 50)
    assert_allclose(model.predict(X), before, rtol=1e-9)


@pytest.mark.parametrize(
    "settings", [{"eigenvalues": "out"}, {"eigenvalues": "both"}, {"parametrization": "dense"}]
)
def test_warm_start_in_another_parametrization(problem, settings, outputs):
    model, X, y = problem
    model.set_params(warm_start=True).fit(X, y)
    before = outputs(model, X)
    model.set_params(max_iter=1, learning_rate_init=1e-300, **settings)
    with pytest.warns(ConvergenceWarning):
        model.fit(X, y)
    assert_allclose(outputs(model, X), before, rtol=1e-9)


def test_warm_start_needs_the_same_classes():
    X, y = load_iris(return_X_y=True)
    model = SpectralMLPClassifier(5, warm_start=True, max_iter=400, random_state=0).fit(X, y)
    before = model.predict_proba(X)
    for other in (y == 1, y + 1, np.minimum(y, 1)):
        with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same"):
            model.fit(X, other)
    assert_array_equal(model.predict_proba(X), before)


def test_warm_start_needs_the_same_columns_and_widths(problem, outputs):
    model, X, y = problem
    model.set_params(warm_start=True).fit(X, y)
    before = outputs(model, X)
    with pytest.raises(ValueError, match="X has 3 features"):
        model.fit(X[:, :3], y)
    with pytest.raises(ValueError, match="keep the widths, or clone"):
        model.set_params(hidden_layer_sizes=(12, 3)).fit(X, y)
    assert_array_equal(outputs(model, X), before)


def test_partial_fit_learns(problem):
    model, X, y = problem
    step(model, X, y, 300)
    assert model.score(X, y) > 0.9
    assert model.n_iter_ == len(model.loss_curve_) == 300
    assert model.t_ == 300 * 120
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 2
    assert model.best_loss_ == min(model.loss_curve_)
    step(model, X, y[::-1], 1)
    assert model.best_loss_ == min(model.loss_curve_) < model.loss_ / 2


def test_partial_fit_is_a_constant_rate_with_moments(problem, outputs, monkeypatch):
    """Three calls are three epochs of a fit at a constant rate, but for the warm-up."""
    monkeypatch.setattr(length, "WARM_UP", 0.0)
    model, X, y = problem
    model.set_params(batch_size=50, learning_rate="constant", max_iter=3, alpha=1e-3)
    parts = step(clone(model), X, y, 3)
    with pytest.warns(ConvergenceWarning):
        model.fit(X, y)
    assert_allclose(outputs(parts, X), outputs(model, X), rtol=1e-9)


def test_partial_fit_goes_on_after_fit(problem):
    model, X, y = problem
    model.fit(X, y)
    n_iter, score = model.n_iter_, model.score(X, y)
    step(model, X, y)
    assert model.n_iter_ == n_iter + 1
    assert model.score(X, y) > score - 0.05


def test_partial_fit_without_intercepts_forgets_the_mean(problem):
    model, X, y = problem
    y = y if y.dtype.kind == "U" else y + 5
    step(model, X, y)
    assert model.intercepts_[-1].any()
    step(model.set_params(fit_intercept=False), X, y)
    assert not any(b.any() for b in model.intercepts_)
    step(model.set_params(fit_intercept=True), X, y, 300)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_partial_fit_goes_on_from_a_file(problem, mmap_mode, tmp_path, outputs):
    model, X, y = problem
    step(model.set_params(batch_size=32), X, y, 3)
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode=mmap_mode)
    assert_array_equal(outputs(step(loaded, X, y, 2), X), outputs(step(model, X, y, 2), X))
    assert loaded.loss_curve_ == model.loss_curve_


def test_partial_fit_takes_chunks_of_any_kind(problem):
    model, X, y = problem
    model.set_params(learning_rate_init=0.02)
    classes = {} if isinstance(model, SpectralMLPRegressor) else {"classes": np.unique(y)}
    for epoch in range(150):
        for rows in (slice(0, 1), slice(1, 60), slice(60, 120)):
            part = X[rows].astype(np.float32) if epoch % 2 else X[rows]
            model.partial_fit(part, y[rows], **classes)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("labels", ["abc", (3, 5, 9)])
def test_partial_fit_needs_the_classes_once(labels):
    X, y = load_iris(return_X_y=True)
    y = np.array(list(labels))[y]
    model = SpectralMLPClassifier(8, random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        clone(model).partial_fit(X, y)
    model.partial_fit(X[:60], y[:60], classes=np.unique(y)).partial_fit(X, y)
    assert_array_equal(model.classes_, np.unique(y))
    assert model.predict_proba(X).shape == (150, 3)
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(X, y, classes=np.unique(y)[:2])


def test_partial_fit_refuses_classes_it_was_not_told():
    X, y = load_iris(return_X_y=True)
    model = SpectralMLPClassifier(8, random_state=0)
    with pytest.raises(ValueError, match=r"`y` has classes not in `self\.classes_`"):
        model.partial_fit(X, y, classes=[0, 1])
    assert not hasattr(model, "classes_")
    model.partial_fit(X[:100], y[:100], classes=[0, 1])
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match=r"`y` has classes not in `self\.classes_`"):
        model.partial_fit(X, y)
    assert_array_equal(model.predict_proba(X), before)


def test_partial_fit_of_several_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    Y = (X[:, :2] > 0).astype(int)
    model = SpectralMLPClassifier(8, learning_rate_init=0.02, random_state=0)
    for _ in range(200):
        model.partial_fit(X, Y, classes=[0, 1])
    assert model.score(X, Y) > 0.9
    for classes in (["sun", "rain"], [0, 1, 2], [1, 2]):
        with pytest.raises(ValueError, match=r"2 labels, whose classes are 0 to 1; give np.arange"):
            clone(model).partial_fit(X, Y, classes=classes)


@pytest.mark.parametrize("incremental", [True, False])
def test_labels_and_classes_are_not_mixed(incremental):
    X = np.random.default_rng(0).normal(size=(60, 3))
    labels, classes = (X[:, :3] > 0).astype(int), np.arange(60) % 3
    for first, second in ((labels, classes), (classes, labels)):
        model = SpectralMLPClassifier(4, warm_start=True, max_iter=300, random_state=0)
        before = model.fit(X, first).predict(X)
        with pytest.raises(ValueError, match="that of the fit before was"):
            (model.partial_fit if incremental else model.fit)(X, second)
        assert_array_equal(model.predict(X), before)


def test_partial_fit_of_several_outputs():
    X = np.random.default_rng(0).normal(size=(100, 3))
    Y = X[:, :2] * [1, 1e4] + 5
    model = step(SpectralMLPRegressor(8, learning_rate_init=0.02, random_state=0), X, Y, 200)
    assert model.score(X, Y) > 0.9
    with pytest.raises(ValueError, match="keep the widths"):
        model.partial_fit(X, Y[:, 0])


def test_partial_fit_is_for_adam_without_early_stopping(problem):
    model, X, y = problem
    assert hasattr(model, "partial_fit")
    assert not hasattr(clone(model).set_params(solver="lbfgs"), "partial_fit")
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        step(model.set_params(early_stopping=True), X, y)


@pytest.mark.parametrize("cause", ["rate", "width"])
def test_a_failed_partial_fit_leaves_no_trace(problem, cause, outputs):
    """Not in the predictions, and not in what later epochs make of them."""
    model, X, y = problem
    step(model.set_params(batch_size=32), X, y, 3)
    twin = clone(model)
    step(twin, X, y, 3)
    bad = {"learning_rate_init": 1e200} if cause == "rate" else {"hidden_layer_sizes": 5}
    model.set_params(**bad)
    with pytest.raises(ValueError, match="non-finite" if cause == "rate" else "keep the widths"):
        step(model, X, y)
    assert_array_equal(outputs(model, X), outputs(twin, X))
    model.set_params(**{name: getattr(twin, name) for name in bad})
    assert_array_equal(outputs(step(model, X, y), X), outputs(step(twin, X, y), X))


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # cut short on purpose
def test_inputs_that_have_vanished_come_back_where_they_are_asked_for(seed):
    X = np.random.default_rng(seed).standard_normal((1600, 60))
    y = 2 * X[:, 0] + np.abs(X[:, 1])
    model = SpectralMLPRegressor(30, alpha=0.01, max_iter=600, warm_start=True, random_state=seed)
    model.fit(X[:600], y[:600])
    assert model.feature_importances_[50] < 1e-3
    y += 2 * X[:, 50]
    model.set_params(max_iter=200).fit(X[:600], y[:600])
    assert model.score(X[600:], y[600:]) > 0.98


@pytest.mark.parametrize("unit", [1e6, 1e-3])
def test_batches_that_do_not_vary_tell_no_unit(unit):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 5))
    y = unit * (np.maximum(X[:, 0], 0) - X[:, 1])
    scores = []
    for first in ([], [(X[:100], np.zeros(100))], [(X[:1], y[:1]), (X[1:2], y[1:2])]):
        model = SpectralMLPRegressor(20, random_state=0)
        for part in first:
            model.partial_fit(*part)
        for _ in range(10):
            for k in range(0, 1000, 100):
                model.partial_fit(X[k : k + 100], y[k : k + 100])
        scores.append(model.score(X, y))
    assert min(scores) > 0.98


@pytest.mark.parametrize("unit", [1e6, 1e-3])
@pytest.mark.parametrize("weights", [[1], [1, 0]])
def test_a_stream_of_single_rows_is_learnt(unit, weights):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 3))
    y = unit * (2 * X[:, 0] - X[:, 1] + 10)
    model, n = SpectralMLPRegressor(10, random_state=0), len(weights)
    for k in range(2000 // n):
        rows = slice(n * k, n * k + n)
        model.partial_fit(X[rows], y[rows], weights)
    assert model.score(X, y) > 0.98


def test_an_output_that_begins_to_vary_in_single_rows_is_learnt():
    X = np.random.default_rng(0).standard_normal((2300, 3))
    Y = np.column_stack([X[:, 0], np.where(np.arange(2300) < 300, 3.0, 50 * X[:, 2])])
    model = SpectralMLPRegressor(10, random_state=0)
    for x, y in zip(X[:, None], Y[:, None], strict=True):
        model.partial_fit(x, y)
    assert model.score(X[300:], Y[300:]) > 0.95


@pytest.mark.parametrize("first", [[10, 10.001], [0, 0], [20, 0]])
def test_a_few_rows_do_not_fix_the_unit(first):
    X = np.random.default_rng(0).standard_normal((3000, 3))
    y = 2 * X[:, 0] - X[:, 1] + 10
    model = SpectralMLPRegressor(10, random_state=0).partial_fit(X[:2], first)
    for k in range(0, 3000, 10):
        model.partial_fit(X[k : k + 10], y[k : k + 10])
    known = model.predict(X)
    assert model.score(X, y) > 0.8
    # Later rows do not move it, however far they are.
    model.set_params(learning_rate_init=1e-12).partial_fit(X[:30], 1e3 * y[:30])
    assert_allclose(model.predict(X), known, rtol=1e-6)


def test_each_output_has_its_unit_from_where_it_varies():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 5))
    f = np.maximum(X[:, 0], 0) - X[:, 1]
    Y = np.column_stack([10 * f, 1e5 * f + 1e5])
    model = SpectralMLPRegressor(20, random_state=0)
    step(model, X, np.column_stack([Y[:, 0], np.full(1000, 7.0)]), 20)
    learnt = model.predict(X)[:, 0]
    assert_allclose(model.predict(X)[:, 1], 7, atol=0.5)
    # With steps of nothing the other output stays, and this one moves to its new unit.
    model.set_params(learning_rate_init=1e-12).partial_fit(X, Y)
    assert_allclose(model.predict(X)[:, 0], learnt, rtol=1e-6, atol=1e-6)
    assert_allclose(model.predict(X)[:, 1].mean(), Y[:, 1].mean(), rtol=0.1)
    # And so it stays.
    before = model.predict(X)
    model.partial_fit(X, 10 * Y)
    assert_allclose(model.predict(X), before, rtol=1e-6, atol=1e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # cut short on purpose
def test_what_is_held_out_stays_held_out(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((200, 20)), rng.standard_normal(200)
    model = SpectralMLPRegressor(
        50, early_stopping=True, warm_start=True, max_iter=5, random_state=0
    )
    seen, validator = [], fit.validator

    def spied(estimator, X, y, weights, rows):
        seen.append(np.sort(rows).tolist())
        return validator(estimator, X, y, weights, rows)

    monkeypatch.setattr(fit, "validator", spied)
    for _ in range(3):
        model.fit(X, y)
    assert len(seen[0]) == 20
    assert seen[0] == seen[1] == seen[2]


def test_the_warm_up_is_as_long_as_in_a_fit(problem):
    model, X, y = problem
    step(model, X, y)
    start = [values.copy() for values in model.eigenvalues_in_]
    assert all(np.ptp(values) == 0 for values in start)
    step(model, X, y, 799)  # a step each
    for values, first in zip(model.eigenvalues_in_, start, strict=True):
        assert_array_equal(values, first)
    step(model, X, y)
    assert not np.array_equal(model.eigenvalues_in_[0], start[0])
    # What a fit has begun is warm, however short the fit was.
    fitted = clone(model).set_params(max_iter=300).fit(X, y)
    before = fitted.eigenvalues_in_[0].copy()
    assert not np.array_equal(step(fitted, X, y).eigenvalues_in_[0], before)


@pytest.mark.parametrize(("size", "n_calls"), [(1, 797), (600, 266)])
def test_the_warm_up_is_counted_in_batches_however_large(problem, size, n_calls):
    model, X, y = problem
    X, y = np.tile(X, (5, 1)), np.tile(y, 5)
    step(model, X, y)  # three batches
    start = [values.copy() for values in model.eigenvalues_in_]
    for _ in range(n_calls):
        model.partial_fit(X[:size], y[:size])
    for values, first in zip(model.eigenvalues_in_, start, strict=True):
        assert_array_equal(values, first)
    # Then it is over, also for pieces of another size.
    model.partial_fit(X[:50], y[:50])
    assert not np.array_equal(model.eigenvalues_in_[0], start[0])


def test_pieces_of_what_looks_like_noise_at_first_are_learnt():
    model = SpectralMLPRegressor(random_state=0)
    rng = np.random.default_rng(0)
    for _ in range(60):
        X = rng.standard_normal((10_000, 10))
        model.partial_fit(X, np.sin(4 * X[:, 0]))
    assert model.score(X, np.sin(4 * X[:, 0])) > 0.7


def test_a_collapse_is_told_once_the_warm_up_is_over(problem):
    model, X, y = problem
    step(model.set_params(alpha=10.0), X, y, 800)
    assert min(model.core_sizes_) > 0
    with pytest.warns(ConvergenceWarning, match="the network is a constant: lower the strengths"):
        step(model, X, y, 200)


def test_weights_come_before_classes_as_in_scikit_learn():
    X, y = load_iris(return_X_y=True)
    weights = np.where(y == 2, 0.0, 1.0)
    model = SpectralMLPClassifier(8, random_state=0)
    other = clone(model).partial_fit(X, y, sample_weight=weights, classes=[0, 1, 2])
    model.partial_fit(X, y, weights, [0, 1, 2])
    assert_array_equal(model.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("n_outputs", [2, 6])
def test_a_piece_with_other_outputs_is_refused(data, n_outputs):
    X, y = data
    model = SpectralMLPRegressor(5, random_state=0).partial_fit(X, np.outer(y, np.arange(1, 5)))
    with pytest.raises(ValueError, match=r"layers of \(5, 4\) nodes"):
        model.partial_fit(X, np.outer(y, np.arange(1, n_outputs + 1)))
