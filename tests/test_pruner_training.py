"""Training without penalty: the steps of Levenberg and Marquardt, and where they take over."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime
from sklearn.linear_model import LinearRegression

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression
from skspectral.forward import layer_values
from skspectral.pruner import levenberg_marquardt as steps
from skspectral.pruner.derivatives import derivatives
from skspectral.pruner.free import FreeNetwork, Problem
from skspectral.pruner.loss import CrossEntropy, SquaredError
from skspectral.pruner.training import takes_steps


def random_network(widths, rng):
    weights = [rng.standard_normal(shape) for shape in zip(widths[:-1], widths[1:], strict=True)]
    return weights, [rng.standard_normal(n) for n in widths[1:]]


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_derivatives(activation, fit_intercept):
    rng = np.random.default_rng(0)
    weights, intercepts = random_network((3, 5, 4, 2), rng)
    X = rng.standard_normal((6, 3))
    arrays = [a for pair in zip(weights, intercepts, strict=True) for a in pair]
    arrays = arrays if fit_intercept else arrays[::2]
    flat = np.concatenate([a.ravel() for a in arrays])

    def outputs(theta):
        parts = np.split(theta, np.cumsum([a.size for a in arrays])[:-1])
        shaped = [part.reshape(a.shape) for part, a in zip(parts, arrays, strict=True)]
        new = (shaped[::2], shaped[1::2]) if fit_intercept else (shaped, intercepts)
        return layer_values(X, *new, activation)[-1].ravel()

    values = layer_values(X, weights, intercepts, activation)
    own = derivatives(values, weights, activation, fit_intercept)
    assert_allclose(own.reshape(12, -1), approx_fprime(flat, outputs), atol=1e-5)


@pytest.mark.parametrize("at_once", [2**7, 2**20])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_line_takes_a_few_steps(weighted, at_once, monkeypatch):
    monkeypatch.setattr(steps, "_MOST_VALUES", at_once)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3))
    Y = X @ rng.standard_normal((3, 2)) + rng.standard_normal(2) + rng.standard_normal((200, 2))
    sample_weight = rng.uniform(0.5, 1.5, 200)
    sample_weight = sample_weight / sample_weight.mean() if weighted else None
    errors = []

    def is_last(error):
        errors.append(error)
        return len(errors) > 8

    (w,), (b,) = steps.levenberg_marquardt(
        X,
        Y,
        [np.zeros((3, 2))],
        [np.zeros(2)],
        activation="identity",
        fit_intercept=True,
        sample_weight=sample_weight,
        is_last=is_last,
    )
    line = LinearRegression().fit(X, Y, sample_weight)
    assert_allclose(w, line.coef_.T, atol=1e-10)
    assert_allclose(b, line.intercept_, atol=1e-10)
    left = np.average((line.predict(X) - Y) ** 2, axis=0, weights=sample_weight).mean()
    assert errors[-1] == pytest.approx(left)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_back_to_the_weights_that_made_the_data(activation, fit_intercept, dtype):
    rng = np.random.default_rng(1)
    weights, intercepts = random_network((4, 3, 2), rng)
    if not fit_intercept:
        intercepts = [np.zeros_like(b) for b in intercepts]
    X = rng.standard_normal((500, 4))
    X[:, 3] = 0  # its weights change nothing
    Y = layer_values(X, weights, intercepts, activation)[-1]
    near = [w * (1 + 0.05 * rng.standard_normal(w.shape)) for w in weights]
    new = steps.levenberg_marquardt(
        X,
        Y.astype(dtype),
        near,
        intercepts,
        activation=activation,
        fit_intercept=fit_intercept,
        sample_weight=None,
        is_last=lambda error: False,
    )
    errors = layer_values(X, *new, activation)[-1] - Y
    assert (errors**2).mean() < {"float32": 1e-11, "float64": 1e-26}[dtype]
    if not fit_intercept:
        assert not np.any(np.concatenate(new[1]))


def test_nothing_but_steps_that_lower_the_error():
    """Of numbers that overflow none does."""
    rng = np.random.default_rng(0)
    weights, intercepts = random_network((3, 4, 1), rng)
    X, y = 1e30 * rng.standard_normal((50, 3)), rng.standard_normal((50, 1))
    with np.errstate(over="ignore", invalid="ignore"):
        new = steps.levenberg_marquardt(
            X,
            y.astype(np.float32),
            weights,
            intercepts,
            activation="relu",
            fit_intercept=True,
            sample_weight=None,
            is_last=lambda error: False,
        )
    for own, given in zip((*new[0], *new[1]), (*weights, *intercepts), strict=True):
        assert_allclose(own, given)


def test_for_small_networks_of_smooth_nodes():
    rng = np.random.default_rng(0)

    def takes(activation, n_nodes, n_rows=1000, loss=None):
        X, y = rng.standard_normal((n_rows, 5)), rng.standard_normal((n_rows, 1))
        network = FreeNetwork(*random_network((5, n_nodes, 1), rng), nodes=[np.arange(n_nodes)])
        problem = Problem(X, y, None, activation, True, loss or SquaredError())
        return takes_steps(problem, network)

    assert takes("tanh", 10)
    assert takes("logistic", 10)
    assert not takes("relu", 10)
    assert not takes("tanh", 1000)
    assert not takes("tanh", 1000, n_rows=60)
    assert not takes("tanh", 10, loss=CrossEntropy("sigmoid"))


def test_rows_count_for_their_weight():
    """Rows of next to no weight, whose targets are something else, change nothing."""
    rng = np.random.default_rng(2)
    weights, intercepts = random_network((4, 3, 1), rng)
    X = rng.standard_normal((600, 4))
    y = layer_values(X, weights, intercepts, "tanh")[-1]
    y, weights[1], intercepts[1] = y / y.std(), weights[1] / y.std(), intercepts[1] / y.std()
    y[::3] = rng.standard_normal((200, 1))
    sample_weight = np.where(np.arange(600) % 3, 1.5, 1e-12)
    problem = Problem(X, y, sample_weight, "tanh", True, SquaredError()).finer(1e-20)
    near = [w * (1 + 1e-3 * rng.standard_normal(w.shape)) for w in weights]
    network = problem.train(FreeNetwork(near, intercepts, [np.arange(3)]), "float64")
    assert_allclose(network.weights[0], weights[0], rtol=1e-3, atol=1e-3)
    assert problem.losses(network) < 1e-11
    others = slice(1, None, 3)
    assert_allclose(problem.layers(network)[-1][others], y[others], atol=1e-5)


def test_an_exact_output_beside_a_noisy_one():
    for seed in range(3):
        X, y = make_teacher_regression(
            1500, 6, hidden_layer_sizes=3, n_targets=2, activation="tanh", random_state=seed
        )
        rng = np.random.default_rng(seed)
        noisy = y + [0, 0.3] * y.std(axis=0) * rng.standard_normal(y.shape)
        student = SpectralMLPRegressor(20, activation="tanh", random_state=seed)
        pruner = SpectralPruner(student).fit(X, noisy)
        assert pruner.n_nodes_ == (3,)
        errors = ((pruner.predict(X) - y) ** 2).mean(axis=0) / y.var(axis=0)
        assert errors[0] < 1e-9
        assert errors[1] < 0.01


@pytest.mark.parametrize("activation", ["tanh", "logistic"])
def test_smooth_teachers_come_out_exactly(activation):
    for seed in range(4):
        X, _, teacher = make_teacher_regression(
            3500,
            20,
            hidden_layer_sizes=10,
            activation=activation,
            return_teacher=True,
            random_state=seed,
        )
        # The first node matters little, and the others all do.
        teacher.coefs_[1] = np.sign(teacher.coefs_[1]) * (0.5 + np.abs(teacher.coefs_[1]))
        teacher.coefs_[1][0] *= 0.003
        y = teacher.predict(X)
        student = SpectralMLPRegressor(50, activation=activation, random_state=seed)
        pruner = SpectralPruner(student).fit(X[:3000], y[:3000])
        assert pruner.n_nodes_ == (10,)
        error = np.mean((pruner.predict(X[3000:]) - y[3000:]) ** 2)
        assert error < 1e-20 * y.var()
