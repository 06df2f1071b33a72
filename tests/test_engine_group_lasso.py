"""One spectral transfer is a group lasso."""

import warnings

import numpy as np
import pytest

from skspectral.engine.network import Architecture
from skspectral.engine.training import Member, train
from skspectral.spectral import Parameters, glorot_uniform

N_SAMPLES, N_INPUTS, N_OUTPUTS = 80, 8, 3
# Of the penalty's two strengths: only their product matters.
STRENGTH = 0.08
RATIOS = [1.0, 4.0, 0.25]
SOLVERS = {
    "lbfgs": {"n_epochs": 5000, "tol": 1e-10},
    "adam": {"n_epochs": 4000},
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_SAMPLES, N_INPUTS))
    weights = rng.normal(size=(N_INPUTS, N_OUTPUTS))
    weights[3:] *= 0.1
    weights[:, 2] *= 0.05
    return X, X @ weights + 0.3 * rng.normal(size=(N_SAMPLES, N_OUTPUTS))


def strengths(ratio):
    return STRENGTH * np.sqrt(ratio), STRENGTH / np.sqrt(ratio)


def spectral(data, mode, ratio, solver):
    """The transfer that the engine trains."""
    X, Y = data
    widths = (N_INPUTS, N_OUTPUTS)
    start = Parameters.from_weights(
        *glorot_uniform(widths, "identity", np.random.default_rng(1), fit_intercept=False), mode
    )
    alpha_phi, alpha_lambda = strengths(ratio)
    member = Member(
        start,
        Y,
        {"eigenvectors": alpha_phi, "eigenvalues": alpha_lambda, "weights": 0.0},
        learning_rate=0.02,
    )
    (end,), _, _ = train(
        X,
        [member],
        architecture=Architecture(widths, "identity", (mode,), fit_intercept=False),
        loss="squared_error",
        solver=solver,
        **SOLVERS[solver],
    )
    return end


@pytest.fixture(scope="module")
def multi_task_lasso(data):
    """Weights of skglm's group lasso on the rows of the weight matrix."""
    with warnings.catch_warnings():
        # What skglm and the compiler it brings think of their own code is not tested here.
        warnings.simplefilter("ignore")
        from skglm import MultiTaskLasso

        # It halves the squared error and does not divide it by the number of outputs.
        model = MultiTaskLasso(alpha=N_OUTPUTS * STRENGTH, fit_intercept=False, tol=1e-10)
        return model.fit(*data).coef_.T


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_eigenvalues_in_select_inputs_as_the_group_lasso(data, multi_task_lasso, solver, ratio):
    parameters = spectral(data, "in", ratio, solver)
    (weights,) = parameters.weights
    norms = np.linalg.norm(weights, axis=1)
    selected = multi_task_lasso.any(axis=1)
    assert 0 < selected.sum() < N_INPUTS
    np.testing.assert_array_equal(norms > 1e-3 * norms.max(), selected)
    np.testing.assert_allclose(weights, multi_task_lasso, atol=1e-3)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_eigenvalues_out_meet_the_optimality_of_the_group_lasso(data, solver, ratio):
    X, Y = data
    (weights,) = spectral(data, "out", ratio, solver).weights
    norms = np.linalg.norm(weights, axis=0)
    slopes = 2 * X.T @ (X @ weights - Y) / (N_SAMPLES * N_OUTPUTS)
    kept = norms > 1e-3 * norms.max()
    assert 0 < kept.sum() < N_OUTPUTS
    subgradients = 2 * STRENGTH * weights[:, kept] / norms[kept]
    np.testing.assert_allclose(slopes[:, kept], -subgradients, atol=1e-3)
    np.testing.assert_allclose(weights[:, ~kept], 0, atol=1e-3)
    assert np.all(np.linalg.norm(slopes[:, ~kept], axis=0) < 2 * STRENGTH)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("mode", ["in", "out"])
def test_the_two_factors_share_the_penalty(data, mode, ratio):
    parameters = spectral(data, mode, ratio, "adam")
    (phi,) = parameters.eigenvectors
    axis, eigenvalues = {
        "in": (1, parameters.eigenvalues_in[0]),
        "out": (0, parameters.eigenvalues_out[0]),
    }[mode]
    alpha_phi, alpha_lambda = strengths(ratio)
    shares = alpha_phi * (phi**2).sum(axis), alpha_lambda * eigenvalues**2
    np.testing.assert_allclose(*shares, atol=1e-4)
    assert max(shares[0]) > 0.05
