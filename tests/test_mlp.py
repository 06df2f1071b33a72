"""What the two estimators learn and report."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csc_array, csr_array
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score

from skspectral import SpectralMLPRegressor
from skspectral.mlp.progress import Progress


def test_a_wide_student_shrinks_to_its_teacher(teacher, student):
    X, y = teacher
    assert student.core_sizes_ == (5,)
    assert student.core_masks_[0].sum() == 5
    assert student.score(X, y) > 0.99
    assert_allclose(student.feature_importances_[6:], 0, atol=1e-3)
    assert student.feature_importances_[:6].min() > 0.02


def test_the_core_does_not_depend_on_the_unit_of_y(teacher, student):
    X, y = teacher
    other = clone(student).fit(X, 1e6 * y - 3e6)
    assert other.core_sizes_ == student.core_sizes_
    assert_allclose(other.predict(X), 1e6 * student.predict(X) - 3e6, rtol=1e-6)


@pytest.mark.parametrize("mode", ["in", "out", "both"])
def test_relevance_follows_from_eigenvalues_and_eigenvectors(regressor, data, mode):
    model = regressor.set_params(eigenvalues=mode).fit(*data)
    transfers = zip(
        model.coefs_,
        model.eigenvectors_,
        model.eigenvalues_in_,
        model.eigenvalues_out_,
        strict=True,
    )
    for w, phi, lambda_in, lambda_out in transfers:
        assert_allclose(w, phi * (lambda_in[:, None] - lambda_out), rtol=1e-12)
    phi = model.eigenvectors_
    if mode == "in":
        expected = np.abs(model.eigenvalues_in_[1]) * np.linalg.norm(phi[1], axis=1)
    elif mode == "out":
        expected = np.abs(model.eigenvalues_out_[0]) * np.linalg.norm(phi[0], axis=0)
    else:
        expected = np.linalg.norm(model.coefs_[0], axis=0)
    assert_allclose(model.node_importances_[0], expected, rtol=1e-12)
    inputs = np.linalg.norm(model.coefs_[0], axis=1)
    assert_allclose(model.feature_importances_, inputs / inputs.sum(), rtol=1e-12)


def test_a_larger_alpha_leaves_a_smaller_core(regressor, data):
    regressor.set_params(max_iter=2000)
    cores = [clone(regressor).set_params(alpha=a).fit(*data).core_sizes_[0] for a in (0, 0.1, 10)]
    assert cores[0] > cores[1] > cores[2] == 0


def test_the_dense_twin_starts_from_the_same_weights(regressor, data):
    regressor.set_params(max_iter=1, learning_rate="constant", learning_rate_init=1e-9)
    with pytest.warns(ConvergenceWarning):
        spectral = clone(regressor).fit(*data)
    for mode in ("out", "both"):
        with pytest.warns(ConvergenceWarning):
            other = clone(regressor).set_params(eigenvalues=mode).fit(*data)
        assert_allclose(other.coefs_[0], spectral.coefs_[0], atol=1e-8)
    with pytest.warns(ConvergenceWarning):
        dense = clone(regressor).set_params(parametrization="dense").fit(*data)
    assert_allclose(dense.coefs_[0], spectral.coefs_[0], atol=1e-8)
    assert_array_equal(dense.eigenvalues_in_[0], 1)


@pytest.mark.parametrize("trainable", ["eigenvalues", "eigenvectors"])
def test_only_what_is_trainable_moves(regressor, data, trainable):
    model = regressor.set_params(trainable=trainable, max_iter=500).fit(*data)
    moved = {
        "eigenvalues": any(np.any(values != 1) for values in model.eigenvalues_in_),
        "eigenvectors": False,
    }
    if trainable == "eigenvectors":
        moved["eigenvectors"] = model.score(*data) > 0.9
    assert moved == {name: name == trainable for name in moved}


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("learning_rate", ["cosine", "constant", "adaptive"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_settings_fit_a_line(regressor, data, activation, learning_rate, solver):
    regressor.set_params(
        activation=activation, learning_rate=learning_rate, solver=solver, max_iter=1500
    )
    X, y = data
    model = regressor.fit(X.astype(np.float32), y)
    assert model.score(X, y) > 0.95
    assert model.coefs_[0].dtype == np.float32
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert model.n_iter_ == len(model.loss_curve_) <= 1500


def test_several_outputs_and_layers(regressor, data):
    X, y = data
    Y = np.column_stack([y, 1e4 * X[:, 0]])
    model = regressor.set_params(hidden_layer_sizes=(12, 6)).fit(X, Y)
    assert r2_score(Y, model.predict(X), multioutput="raw_values").min() > 0.9
    assert len(model.core_sizes_) == 2
    assert all(core <= width for core, width in zip(model.core_sizes_, (12, 6), strict=True))


@pytest.mark.parametrize("early_stopping", [False, True])
def test_classes(classifier, data, early_stopping):
    X, y = data
    classifier.set_params(early_stopping=early_stopping, n_iter_no_change=100)
    letters = np.array(["low", "mid", "top"])[np.digitize(y, [-1, 1])]
    for labels in (letters, letters == "top"):
        model = clone(classifier).fit(X, labels)
        assert_array_equal(model.classes_, np.unique(labels))
        assert model.score(X, labels) > 0.9
        assert_allclose(model.predict_proba(X).sum(axis=1), 1)
        assert_array_equal(model.classes_[model.predict_proba(X).argmax(axis=1)], model.predict(X))


def test_multilabel(classifier, data):
    X, y = data
    Y = np.column_stack([y > 0, X[:, 0] > 0, X[:, 1] > 1]).astype(int)
    model = classifier.fit(X, Y)
    assert model.score(X, Y) > 0.9
    assert model.predict_proba(X).shape == Y.shape


def test_containers_give_the_same_network(regressor, data, tmp_path):
    X, y = data
    expected = clone(regressor).fit(X, y).predict(X)
    frozen = X.copy()
    frozen.flags.writeable = False
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    names = list("abcd")
    frames = [pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)]
    for other in (frozen, mapped, csr_array(X), csc_array(X), *frames):
        model = clone(regressor).fit(other, y)
        assert_allclose(model.predict(other), expected, rtol=1e-10)
        if not isinstance(other, np.ndarray) and hasattr(other, "columns"):
            assert_array_equal(model.feature_names_in_, names)


def test_float32_is_kept_and_close(student, teacher):
    X, y = teacher
    single = clone(student).fit(X.astype(np.float32), y)
    assert {a.dtype for a in [*single.coefs_, *single.intercepts_]} == {np.dtype(np.float32)}
    assert single.core_sizes_ == student.core_sizes_
    assert_allclose(single.predict(X), student.predict(X), atol=0.02)


def test_sample_weights(regressor, data):
    X, y = data
    plain = clone(regressor).fit(X, y).predict(X)
    for weight in (1.0, 3.0):
        weighted = clone(regressor).fit(X, y, np.full(len(y), weight))
        assert_array_equal(weighted.predict(X), plain)
    weights = np.ones(len(y))
    weights[:40] = 0
    without = clone(regressor).fit(X[40:], y[40:]).predict(X)
    assert_array_equal(clone(regressor).fit(X, y, weights).predict(X), without)
    with_bias = np.where(X[:, 2] > 0, y, y + 10)
    towards = clone(regressor).fit(X[:, :2], with_bias, np.where(X[:, 2] > 0, 100.0, 0.1))
    assert np.abs(towards.predict(X[:, :2]) - y).mean() < 1


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1, 1: 5}])
def test_class_weights_are_sample_weights(classifier, data, class_weight):
    X, y = data
    c = (y > 1).astype(int)
    of_class = {0: 1, 1: 5} if class_weight != "balanced" else 120 / (2 * np.bincount(c))
    expected = clone(classifier).fit(X, c, np.where(c, of_class[1], of_class[0]))
    weighted = classifier.set_params(class_weight=class_weight).fit(X, c)
    assert_allclose(weighted.predict_proba(X), expected.predict_proba(X), rtol=1e-9)


def test_early_stopping_restores_the_best(regressor, data):
    X, y = data
    regressor.set_params(early_stopping=True, n_iter_no_change=20, learning_rate="constant")
    model = regressor.fit(X, y + np.random.default_rng(0).normal(size=len(y)))
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert len(model.validation_scores_) == model.n_iter_ < 300
    assert model.best_loss_ is None
    assert model.score(X, y) > 0.8


def test_warm_start_goes_on(regressor, data):
    X, y = data
    regressor.set_params(warm_start=True).fit(X, y)
    first = regressor.loss_curve_
    regressor.fit(X, y)
    assert regressor.loss_curve_[0] < first[0] / 2
    regressor.set_params(hidden_layer_sizes=5)
    before = regressor.predict(X)
    with pytest.raises(ValueError, match="keep the widths"):
        regressor.fit(X, y)
    assert_array_equal(regressor.set_params(hidden_layer_sizes=12).predict(X), before)


def test_partial_fit_learns(regressor, classifier, data):
    X, y = data
    for _ in range(300):
        regressor.partial_fit(X, y)
    assert regressor.score(X, y) > 0.9
    assert regressor.n_iter_ == len(regressor.loss_curve_) == 300
    labels = np.where(y > 0, "yes", "no")
    classifier.partial_fit(X, labels, classes=["no", "yes"])
    for _ in range(300):
        classifier.partial_fit(X, labels)
    assert classifier.score(X, labels) > 0.9
    with pytest.raises(ValueError, match="has classes not in"):
        classifier.partial_fit(X, np.full(len(y), "maybe"))
    assert classifier.score(X, labels) > 0.9
    assert not hasattr(classifier.set_params(solver="lbfgs"), "partial_fit")


def test_interruption_keeps_what_was_learned(regressor, data, monkeypatch):
    whole = Progress.__call__

    def interrupt(self, losses, stack):
        if len(self.losses) == 50:
            raise KeyboardInterrupt
        return whole(self, losses, stack)

    monkeypatch.setattr(Progress, "__call__", interrupt)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        regressor.fit(*data)
    assert len(regressor.loss_curve_) == 50
    assert regressor.score(*data) > 0.1


def test_not_converged_is_said(regressor, data):
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(5\) reached"):
        regressor.set_params(max_iter=5).fit(*data)
    assert regressor.n_iter_ == 5


def test_verbose_prints_the_loss(regressor, data, capsys):
    regressor.set_params(verbose=True).fit(*data)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"Iteration 1, loss = {regressor.loss_curve_[0]:.8f}"
    assert len(printed) == 300


def test_the_penalty_of_the_loss_curve_is_the_one_of_the_docstring(data):
    X, y = data
    model = SpectralMLPRegressor(12, solver="lbfgs", alpha_phi=0.02, alpha_lambda=0.01, tol=1e-6)
    model.set_params(random_state=0).fit(X, y)
    phis = [model.eigenvectors_[0], model.eigenvectors_[1] / y.std()]
    penalty = 0.02 * sum((phi**2).sum() for phi in phis)
    penalty += 0.01 * sum((values**2).sum() for values in model.eigenvalues_in_)
    assert_allclose(model.loss_, 1 - model.score(X, y) + penalty, rtol=1e-6)


def test_the_core_is_that_of_the_fit_whatever_is_set_later(regressor, data):
    before = regressor.fit(*data).node_importances_[0]
    assert_array_equal(regressor.set_params(eigenvalues="out").node_importances_[0], before)
