"""What a fit finds and reports, on both estimators."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.preprocessing import scale

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor

KINDS = [SpectralMLPRegressor, SpectralMLPClassifier]


@pytest.fixture(params=KINDS)
def problem(request):
    """An estimator with 120 rows of 4 inputs, the first two of which count."""
    X = np.random.default_rng(0).normal(size=(120, 4))
    y = X[:, 0] - 2 * X[:, 1]
    if request.param is SpectralMLPClassifier:
        y = np.array(["low", "mid", "top"])[np.digitize(y, [-1, 1])]
    return request.param(12, max_iter=300, random_state=0), X, y


def outputs(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


def norms(matrix, axis):
    return np.linalg.norm(matrix, axis=axis)


def test_defaults_find_the_core_of_a_10_5_1_teacher():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8000, 10))
    y = np.maximum(X @ rng.normal(size=(10, 5)), 0) @ np.array([1.0, -1.0, 1.0, -1.0, 1.5])
    model = SpectralMLPRegressor(random_state=0).fit(X, y)
    assert model.core_sizes_ == (5,)
    assert model.node_importances_[0].shape == model.core_masks_[0].shape == (100,)
    assert model.score(X, y) > 0.99


@pytest.mark.parametrize("settings", [{"eigenvalues": m} for m in ("in", "out", "both")], ids=str)
def test_importances_of_two_layers_follow_from_the_spectrum(problem, settings):
    model, X, y = problem
    model.set_params(hidden_layer_sizes=(12, 6), **settings).fit(X, y)
    phi, w = model.eigenvectors_, model.coefs_
    lam_in, lam_out = model.eigenvalues_in_, model.eigenvalues_out_
    for k in range(3):
        assert_allclose(w[k], phi[k] * (lam_in[k][:, None] - lam_out[k]), rtol=1e-12)
    expected = {
        "in": [np.abs(lam_in[k]) * norms(phi[k], 1) for k in (1, 2)],
        "out": [np.abs(lam_out[k]) * norms(phi[k], 0) for k in (0, 1)],
        "both": [norms(w[k], 0) for k in (0, 1)],
    }
    for nodes, formula in zip(model.node_importances_, expected[model.eigenvalues], strict=True):
        assert_allclose(nodes, formula, rtol=1e-12, atol=1e-300)
    assert_allclose(model.feature_importances_, norms(w[0], 1) / norms(w[0], 1).sum())
    assert model.feature_importances_.sum() == pytest.approx(1)
    assert model.core_sizes_ == tuple(int(mask.sum()) for mask in model.core_masks_)


def test_node_importances_of_a_dense_network_are_incoming_norms(problem):
    model, X, y = problem
    model.set_params(hidden_layer_sizes=(12, 6), parametrization="dense").fit(X, y)
    for nodes, w in zip(model.node_importances_, model.coefs_[:-1], strict=True):
        assert_allclose(nodes, norms(w, 0))


def test_larger_alpha_leaves_smaller_core(problem):
    model, X, y = problem
    model.set_params(max_iter=2000)
    cores = [clone(model).set_params(alpha=a).fit(X, y).core_sizes_[0] for a in (0, 0.02, 10)]
    assert cores[0] > cores[1] > cores[2] == 0


@pytest.mark.parametrize("name", ["alpha_phi", "alpha_lambda", "alpha_w"])
def test_each_strength_overrides_alpha(problem, name):
    model, X, y = problem
    model.set_params(alpha=1e-3, parametrization="dense" if name == "alpha_w" else "spectral")
    weak = clone(model).fit(X, y)
    strong = clone(model).set_params(**{name: 1.0}).fit(X, y)
    assert sum(norms(w, None) for w in strong.coefs_) < sum(norms(w, None) for w in weak.coefs_)
    same = clone(model).set_params(**{name: 1e-3}).fit(X, y)
    assert_array_equal(outputs(same, X), outputs(weak, X))


@pytest.mark.parametrize("mode", ["in", "out", "both"])
@pytest.mark.parametrize("trainable", ["eigenvalues", "eigenvectors"])
def test_what_is_not_trainable_stays_at_its_start(problem, mode, trainable):
    model, X, y = problem
    model.set_params(eigenvalues=mode, trainable=trainable)
    fitted = clone(model).fit(X, y)
    model.set_params(max_iter=1, learning_rate_init=1e-300)
    with pytest.warns(ConvergenceWarning):
        start = model.fit(X, y)
    for k in range(2):
        moved = [
            np.any(getattr(fitted, name)[k] != getattr(start, name)[k])
            for name in ("eigenvalues_in_", "eigenvalues_out_")
        ]
        which = {"in": [True, False], "out": [False, True], "both": [True, True]}[mode]
        assert moved == (which if trainable == "eigenvalues" else [False, False])
        still = np.array_equal(fitted.eigenvectors_[k], start.eigenvectors_[k])
        assert still == (trainable == "eigenvalues")


@pytest.mark.parametrize("mode", ["in", "out", "both"])
def test_dense_and_spectral_start_from_the_same_weights(problem, mode):
    model, X, y = problem
    model.set_params(max_iter=1, learning_rate_init=1e-300, eigenvalues=mode)
    with pytest.warns(ConvergenceWarning):
        spectral = clone(model).fit(X, y)
    with pytest.warns(ConvergenceWarning):
        dense = clone(model).set_params(parametrization="dense").fit(X, y)
    for a, b in zip(spectral.coefs_, dense.coefs_, strict=True):
        assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(("width", "same"), [(12, (12,)), ([12, 6], (12, 6)), (np.int64(5), 5)])
def test_widths_may_be_any_sequence(problem, width, same):
    model, X, y = problem
    one = clone(model).set_params(hidden_layer_sizes=width).fit(X, y)
    other = clone(model).set_params(hidden_layer_sizes=same).fit(X, y)
    assert_array_equal(outputs(one, X), outputs(other, X))
    assert len(one.core_sizes_) == len(one.node_importances_) == np.size(same)
    assert one.n_layers_ == np.size(same) + 2


def test_without_hidden_layers_the_model_is_linear(problem):
    model, X, y = problem
    model.set_params(hidden_layer_sizes=(), max_iter=1000).fit(X, y)
    assert model.core_sizes_ == ()
    assert model.score(X, y) > 0.9
    if isinstance(model, SpectralMLPRegressor):
        assert_allclose(model.predict(X), X @ model.coefs_[0][:, 0] + model.intercepts_[0])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("learning_rate", ["cosine", "constant", "adaptive"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_every_setting_learns(problem, solver, learning_rate, activation):
    model, X, y = problem
    model.set_params(solver=solver, learning_rate=learning_rate, activation=activation)
    model.set_params(max_iter=1500).fit(X, y)
    curve = model.loss_curve_
    assert len(curve) == model.n_iter_
    assert np.mean(curve[-5:]) < np.mean(curve[:5]) / 2
    assert model.loss_ == curve[-1]
    assert model.best_loss_ == min(curve)
    assert model.score(X, y) > 0.9


def test_without_intercepts_they_are_zero(problem):
    model, X, y = problem
    model.set_params(fit_intercept=False).fit(X, y)
    for b in model.intercepts_:
        assert_array_equal(b, 0)


def test_without_shuffle_the_order_of_the_rows_counts(problem):
    model, X, y = problem
    model.set_params(batch_size=30, shuffle=False, max_iter=1000)
    straight = clone(model).fit(X, y)
    assert_array_equal(outputs(clone(model).fit(X, y), X), outputs(straight, X))
    assert np.any(outputs(clone(model).fit(X[::-1], y[::-1]), X) != outputs(straight, X))
    assert np.any(
        outputs(clone(model).set_params(shuffle=True).fit(X, y), X) != outputs(straight, X)
    )


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_regression_is_equivariant_to_the_unit_of_y(solver, n_outputs):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 4))
    y = np.tanh(X @ rng.normal(size=(4, n_outputs))).squeeze()
    model = SpectralMLPRegressor(
        20, solver=solver, max_iter=600, tol=1e-3, alpha=0.01, random_state=0
    )
    plain = clone(model).fit(X, y)
    scaled = clone(model).fit(X, 1e6 * y + 1e6)
    assert_allclose(scaled.predict(X), 1e6 * plain.predict(X) + 1e6, rtol=1e-3, atol=1e3)
    assert_array_equal(scaled.core_masks_[0], plain.core_masks_[0])
    assert_allclose(scaled.feature_importances_, plain.feature_importances_, atol=1e-3)


def test_outputs_of_different_units_are_all_learned(data):
    X, y = data
    Y = np.column_stack([y, 1e6 * X[:, 0] + 1e7, 1e-6 * X[:, 3]])
    model = SpectralMLPRegressor(30, max_iter=1500, random_state=0).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert model.n_outputs_ == 3
    errors = ((model.predict(X) - Y) ** 2).mean(axis=0) / Y.var(axis=0)
    assert errors.max() < 0.05


def test_a_column_of_y_is_one_dimensional(problem):
    model, X, y = problem
    expected = clone(model).fit(X, y).predict(X)
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model.fit(X, y[:, None])
    assert_array_equal(model.predict(X), expected)


def test_multilabel():
    X, Y = make_multilabel_classification(150, 8, n_classes=3, random_state=0)
    X = scale(X)
    model = SpectralMLPClassifier(30, max_iter=1000, random_state=0).fit(X, Y)
    assert model.out_activation_ == "logistic"
    assert model.score(X, Y) > 0.9
    assert_array_equal(model.predict(X), model.predict_proba(X) > 0.5)
    assert_array_equal(model.classes_, [0, 1, 2])
    early = clone(model).set_params(early_stopping=True, max_iter=300).fit(X, Y)
    assert len(early.validation_scores_) == early.n_iter_


def test_iris_probabilities():
    X, y = load_iris(return_X_y=True)
    X = scale(X)
    for labels, activation, width in ((y, "softmax", 3), (y == 1, "logistic", 1)):
        model = SpectralMLPClassifier(20, max_iter=1000, random_state=0).fit(X, labels)
        probabilities = model.predict_proba(X)
        assert model.out_activation_ == activation
        assert model.n_outputs_ == width
        assert probabilities.shape == (150, len(model.classes_))
        assert_allclose(probabilities.sum(axis=1), 1)
        assert_allclose(model.predict_log_proba(X), np.log(probabilities))
        assert_array_equal(model.predict(X), model.classes_[probabilities.argmax(axis=1)])
        assert model.score(X, labels) > 0.93


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_names_of_the_classes_do_not_matter(n_classes, early_stopping):
    X, y = load_iris(return_X_y=True)
    X, y = scale(X)[: 50 * n_classes], y[: 50 * n_classes]
    model = SpectralMLPClassifier(12, max_iter=400, random_state=0, early_stopping=early_stopping)
    expected = clone(model).fit(X, y)
    for names in (np.array(list("abc")), np.array(list("abc"), object), np.array([-1, 5, 700])):
        other = clone(model).fit(X, names[y])
        assert_array_equal(other.predict_proba(X), expected.predict_proba(X))
        assert_array_equal(other.predict(X), names[expected.predict(X)])


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("form", ["csr_array", "csc_array", "coo_array", "csr_matrix"])
def test_sparse_is_as_dense(problem, form, early_stopping):
    model, X, y = problem
    X = np.where(np.abs(X) > 0.3, X, 0)
    model.set_params(early_stopping=early_stopping, batch_size=50)
    dense = clone(model).fit(X, y)
    other = getattr(sparse, form)(X)
    thin = clone(model).fit(other, y)
    assert_allclose(outputs(thin, other), outputs(dense, X), rtol=1e-9)
    assert_allclose(outputs(dense, other), outputs(dense, X), rtol=1e-9)
    assert thin.core_sizes_ == dense.core_sizes_


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_float32_is_kept_and_close_to_float64(problem, solver):
    model, X, y = problem
    model.set_params(solver=solver, tol=1e-3, alpha=0.01)
    X = X.astype(np.float32)
    single, double = clone(model).fit(X, y), clone(model).fit(X.astype(float), y)
    for name in ("coefs_", "intercepts_", "eigenvectors_", "eigenvalues_in_", "eigenvalues_out_"):
        assert {a.dtype for a in getattr(single, name)} == {np.dtype(np.float32)}
        assert {a.dtype for a in getattr(double, name)} == {np.dtype(np.float64)}
    assert outputs(single, X).dtype == np.float32
    assert single.feature_importances_.ndim == 1
    assert_allclose(outputs(single, X), outputs(double, X), atol=0.02)


def test_integers_are_as_floats(problem):
    model, X, y = problem
    X = np.round(3 * X)
    expected = outputs(clone(model).fit(X, y), X)
    assert_array_equal(outputs(model.fit(X.astype(int), y), X.astype(int)), expected)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_memory_that_is_not_ours_is_left_alone(problem, tmp_path, early_stopping):
    model, X, y = problem
    model.set_params(early_stopping=early_stopping)
    w = np.linspace(0, 1, 120)
    expected = outputs(clone(model).fit(X, y, w), X)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    before = X.copy()
    for array in (X, y, w):
        array.flags.writeable = False
    for own in (X, mapped, np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        other = clone(model).fit(own, y, w)
        assert_allclose(outputs(other, own), expected, rtol=1e-9)
    assert_array_equal(X, before)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames(problem, frame):
    model, X, y = problem
    table = frame(dict(zip("abcd", X.T, strict=True)))
    other = clone(model).fit(table, y)
    assert_array_equal(other.feature_names_in_, list("abcd"))
    assert_allclose(outputs(other, table), outputs(clone(model).fit(X, y), X), rtol=1e-9)
    with pytest.raises(ValueError, match="feature names should match"):
        other.predict(frame(dict(zip("abdc", X.T, strict=True))))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        other.predict(X)
