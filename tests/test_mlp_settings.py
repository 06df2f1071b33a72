"""What each parameter does to a fit."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skspectral import SpectralMLPRegressor
from skspectral.mlp import length


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("learning_rate", ["cosine", "constant", "adaptive"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_every_setting_learns(problem, solver, learning_rate, activation):
    model, X, y = problem
    model.set_params(solver=solver, learning_rate=learning_rate, activation=activation)
    model.set_params(max_iter=1500, alpha=1e-3).fit(X, y)
    curve = model.loss_curve_
    assert len(curve) == model.n_iter_
    assert np.mean(curve[-5:]) < np.mean(curve[:5]) / 2
    assert model.loss_ == curve[-1]
    assert model.best_loss_ == min(curve)
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("scalar", [np.float16, np.float32, np.longdouble])
def test_numbers_of_numpy_are_numbers(problem, solver, scalar, outputs):
    model, X, y = problem
    model.set_params(solver=solver)
    names = ("alpha", "alpha_phi", "alpha_lambda", "alpha_w", "learning_rate_init", "tol")
    plain = clone(model).set_params(**dict.fromkeys(names, 2**-10))
    model.set_params(**dict.fromkeys(names, scalar(2**-10)), hidden_layer_sizes=np.array(12))
    assert_array_equal(outputs(model.fit(X, y), X), outputs(plain.fit(X, y), X))


@pytest.mark.parametrize("mode", ["in", "out", "both"])
@pytest.mark.parametrize("trainable", ["eigenvalues", "eigenvectors"])
def test_what_is_not_trainable_stays_at_its_start(problem, mode, trainable):
    model, X, y = problem
    model.set_params(eigenvalues=mode, trainable=trainable)
    fitted = clone(model).fit(X, y)
    if trainable == "eigenvectors":
        assert fitted.score(X, y) > 0.9
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
    assert_array_equal(dense.eigenvalues_in_[0], 1)


@pytest.mark.parametrize(("width", "same"), [(12, (12,)), ([12, 6], (12, 6)), (np.int64(5), 5)])
def test_widths_may_be_any_sequence(problem, width, same, outputs):
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


def test_without_intercepts_they_are_zero(problem):
    model, X, y = problem
    model.set_params(fit_intercept=False).fit(X, y)
    for b in model.intercepts_:
        assert_array_equal(b, 0)


def test_without_shuffle_the_order_of_the_rows_counts(problem, outputs):
    model, X, y = problem
    model.set_params(batch_size=30, shuffle=False, max_iter=1000)
    straight = clone(model).fit(X, y)
    assert_array_equal(outputs(clone(model).fit(X, y), X), outputs(straight, X))
    assert np.any(outputs(clone(model).fit(X[::-1], y[::-1]), X) != outputs(straight, X))
    assert np.any(
        outputs(clone(model).set_params(shuffle=True).fit(X, y), X) != outputs(straight, X)
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_an_input_that_looks_like_noise_at_first_is_not_lost(seed):
    # On a line, a bend or a product the target depends on the wave of x0 hardly at all.
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((10_000, 20))
    y = np.sin(3 * X[:, 0]) + np.abs(X[:, 1]) * X[:, 2] + X[:, 3] * X[:, 4]
    y += 0.5 * X[:, 5:9].sum(axis=1)
    noise = 0.3 * y.std() * rng.standard_normal(len(y))
    model = SpectralMLPRegressor(random_state=seed).fit(X[:8000], (y + noise)[:8000])
    assert model.score(X[8000:], y[8000:]) > 0.95


# So few epochs at such strengths leave networks that are told of.
@pytest.mark.filterwarnings("ignore:.*Maximum iterations", "ignore:No node of hidden layer")
@pytest.mark.parametrize(
    ("settings", "has_one"),
    [
        ({}, True),
        ({"parametrization": "dense"}, False),
        ({"trainable": "eigenvectors"}, False),
        ({"trainable": "eigenvalues"}, False),
    ],
)
def test_a_warm_up_is_for_spectral_networks_trained_whole(data, monkeypatch, settings, has_one):
    """If all is warm-up, no strength makes a difference."""
    monkeypatch.setattr(length, "WARM_UP", 1.0)
    weights = [
        SpectralMLPRegressor(8, alpha=alpha, max_iter=20, random_state=0, **settings)
        .fit(*data)
        .coefs_[0]
        for alpha in (0.0, 1.0)
    ]
    assert np.array_equal(*weights) == has_one


# A hundred epochs at a strength of ten: a constant is left, and the loss may still fall.
@pytest.mark.filterwarnings("ignore:.*Maximum iterations", "ignore:No node of hidden layer")
def test_the_losses_of_a_warm_up_are_with_the_penalty(data):
    for solver in ("adam", "lbfgs"):
        model = SpectralMLPRegressor(8, alpha=10.0, solver=solver, max_iter=100, random_state=0)
        assert model.fit(*data).loss_curve_[0] > 50


def test_no_plateau_in_a_warm_up_and_none_longer_than_by_default(data):
    model = SpectralMLPRegressor(
        8, alpha=1e-3, learning_rate="constant", tol=100.0, n_iter_no_change=1, random_state=0
    )
    # One batch an epoch: of 8000 the first 800 are warm-up, of more no more.
    for max_iter, n_warm_up in ((100, 10), (8000, 800), (100_000, 800)):
        n_iter = model.set_params(max_iter=max_iter).fit(*data).n_iter_
        assert n_warm_up < n_iter < n_warm_up + 5


def test_device_without_double_precision(regressor, data, monkeypatch):
    """As those of Apple's chips are: for X in single precision, and Adam."""
    X, y = data
    zeros = torch.zeros

    def single_only(*args, dtype=None, **kwargs):
        if dtype == torch.float64:
            raise TypeError("no float64 here")
        return zeros(*args, dtype=dtype, **kwargs)

    monkeypatch.setattr(torch, "zeros", single_only)
    with pytest.raises(ValueError, match="not for float64 .*; use 'cpu'.* X in float32"):
        regressor.fit(X, y)
    with pytest.raises(ValueError, match="not for float64"):
        clone(regressor).set_params(solver="lbfgs").fit(X.astype(np.float32), y)
    assert not hasattr(regressor, "coefs_")
