"""What a fit tells of its nodes: relevance, core, and the penalty that makes it small."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skspectral import SpectralMLPRegressor
from skspectral.mlp.cut import cut


def norms(matrix, axis):
    return np.linalg.norm(matrix, axis=axis)


def test_a_wide_student_shrinks_to_its_teacher(teacher, student):
    X, y = teacher
    assert student.core_sizes_ == (5,)
    assert student.core_masks_[0].sum() == 5
    assert student.score(X, y) > 0.99
    assert_allclose(student.feature_importances_[6:], 0, atol=1e-3)
    assert student.feature_importances_[:6].min() > 0.02


def test_defaults_find_the_core_of_a_10_5_1_teacher():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8000, 10))
    y = np.maximum(X @ rng.normal(size=(10, 5)), 0) @ np.array([1.0, -1.0, 1.0, -1.0, 1.5])
    model = SpectralMLPRegressor(random_state=0).fit(X, y)
    assert model.core_sizes_ == (5,)
    assert model.node_importances_[0].shape == model.core_masks_[0].shape == (100,)
    assert model.score(X, y) > 0.99


@pytest.mark.parametrize("mode", ["in", "out", "both"])
def test_importances_of_two_layers_follow_from_the_spectrum(problem, mode):
    model, X, y = problem
    model.set_params(hidden_layer_sizes=(12, 6), eigenvalues=mode).fit(X, y)
    phi, w = model.eigenvectors_, model.coefs_
    lam_in, lam_out = model.eigenvalues_in_, model.eigenvalues_out_
    for k in range(3):
        assert_allclose(w[k], phi[k] * (lam_in[k][:, None] - lam_out[k]), rtol=1e-12)
    expected = {
        "in": [np.abs(lam_in[k]) * norms(phi[k], 1) for k in (1, 2)],
        "out": [np.abs(lam_out[k]) * norms(phi[k], 0) for k in (0, 1)],
        "both": [norms(w[k], 0) for k in (0, 1)],
    }
    if mode == "in" and y.dtype.kind == "f":  # the last weights are those to y over its spread
        expected["in"][-1] /= y.std()
    for nodes, formula in zip(model.node_importances_, expected[mode], strict=True):
        assert_allclose(nodes, formula, rtol=1e-12, atol=1e-300)
    assert_allclose(model.feature_importances_, norms(w[0], 1) / norms(w[0], 1).sum(), rtol=1e-12)
    assert model.feature_importances_.sum() == pytest.approx(1)
    assert model.core_sizes_ == tuple(int(mask.sum()) for mask in model.core_masks_)
    assert all(core <= width for core, width in zip(model.core_sizes_, (12, 6), strict=True))


def test_node_importances_of_a_dense_network_are_incoming_norms(problem):
    model, X, y = problem
    model.set_params(hidden_layer_sizes=(12, 6), parametrization="dense").fit(X, y)
    for nodes, w in zip(model.node_importances_, model.coefs_[:-1], strict=True):
        assert_allclose(nodes, norms(w, 0))


def test_the_core_is_that_of_the_fit_whatever_is_set_later(regressor, data):
    before = regressor.fit(*data).node_importances_[0]
    assert_array_equal(regressor.set_params(eigenvalues="out").node_importances_[0], before)


@pytest.mark.filterwarnings("ignore:No node of hidden layer")  # an alpha too large is tried
def test_larger_alpha_leaves_smaller_core(problem):
    model, X, y = problem
    model.set_params(max_iter=2000)
    cores = [clone(model).set_params(alpha=a).fit(X, y).core_sizes_[0] for a in (0, 0.02, 10)]
    assert cores[0] > cores[1] > cores[2] == 0


@pytest.mark.filterwarnings("ignore::skspectral.mlp.warnings.CollapseWarning")  # of strong ones
@pytest.mark.parametrize("name", ["alpha_phi", "alpha_lambda", "alpha_w"])
def test_each_strength_overrides_alpha(problem, name, outputs):
    model, X, y = problem
    model.set_params(alpha=1e-3, parametrization="dense" if name == "alpha_w" else "spectral")
    weak = clone(model).fit(X, y)
    strong = clone(model).set_params(**{name: 1.0}).fit(X, y)
    assert sum(norms(w, None) for w in strong.coefs_) < sum(norms(w, None) for w in weak.coefs_)
    same = clone(model).set_params(**{name: 1e-3}).fit(X, y)
    assert_array_equal(outputs(same, X), outputs(weak, X))


def test_the_penalty_of_the_loss_curve_is_the_one_of_the_docstring(data):
    X, y = data
    model = SpectralMLPRegressor(12, solver="lbfgs", alpha_phi=0.02, alpha_lambda=0.01, tol=1e-6)
    model.set_params(random_state=0).fit(X, y)
    phis = [model.eigenvectors_[0], model.eigenvectors_[1] / y.std()]
    penalty = 0.02 * sum((phi**2).sum() for phi in phis)
    penalty += 0.01 * sum((values**2).sum() for values in model.eigenvalues_in_)
    assert_allclose(model.loss_, 1 - model.score(X, y) + penalty, rtol=1e-6)


def test_what_a_logistic_node_leaves_behind_is_trained_on():
    X = np.random.default_rng(0).normal(size=(300, 4))
    model = SpectralMLPRegressor(
        20, activation="logistic", fit_intercept=False, solver="lbfgs", random_state=0
    ).fit(X, np.abs(X[:, 0]) + 2)
    small = cut(model, [np.arange(20) < 10])
    before = small.predict(X)
    assert small.intercepts_[-1].any()
    small.set_params(warm_start=True, solver="adam", max_iter=1, learning_rate_init=1e-12)
    with pytest.warns(match="converged"):
        small.fit(X, np.abs(X[:, 0]) + 2)
    assert_allclose(small.predict(X), before, rtol=1e-6)
