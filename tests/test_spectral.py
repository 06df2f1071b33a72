"""The spectral form of a transfer."""

import numpy as np
import pytest

from skspectral import SpectralMLPRegressor
from skspectral.spectral import (
    EIGENVALUES,
    Parameters,
    adjacency_matrix,
    glorot_uniform,
    initial_eigenvalues,
    transfer_weights,
)


def assert_eigenvalues(matrix, expected):
    found = np.linalg.eig(matrix).eigenvalues
    np.testing.assert_allclose(found.imag, 0, atol=1e-8)
    np.testing.assert_allclose(np.sort(found.real), np.sort(expected), atol=1e-8)


@pytest.mark.parametrize(("n_in", "n_out"), [(4, 3), (1, 5), (6, 1)])
def test_adjacency_matrix_has_the_given_eigenvalues_and_eigenvectors(n_in, n_out):
    rng = np.random.default_rng(0)
    phi, lambda_in, lambda_out = (rng.normal(size=s) for s in ((n_in, n_out), n_in, n_out))
    matrix = adjacency_matrix(phi, lambda_in, lambda_out)
    eigenvalues = np.concatenate([lambda_in, lambda_out])
    basis = np.block([[np.eye(n_in), np.zeros((n_in, n_out))], [phi.T, np.eye(n_out)]])
    assert_eigenvalues(matrix, eigenvalues)
    np.testing.assert_allclose(matrix @ basis, basis * eigenvalues, atol=1e-12)
    block = matrix[n_in:, :n_in]
    np.testing.assert_allclose(block, transfer_weights(phi, lambda_in, lambda_out).T, atol=1e-14)


def test_lists_are_arrays():
    assert transfer_weights([[1, 2]], [3], [0, 1]).tolist() == [[3, 4]]
    assert adjacency_matrix([[2]], [3], [1]).tolist() == [[3, 0], [4, 1]]


def test_eigenvalues_start_in_a_mode_that_there_is():
    with pytest.raises(ValueError, match="eigenvalues='inn' is none of 'out', 'in', 'both'"):
        initial_eigenvalues(2, 3, "inn")


@pytest.mark.parametrize("function", [transfer_weights, adjacency_matrix])
@pytest.mark.parametrize(("n_in", "n_out"), [(1, 2), (3, 1), (2, 3)])
def test_every_node_has_an_eigenvalue(function, n_in, n_out):
    with pytest.raises(ValueError, match=r"for eigenvectors of shape \(3, 2\)"):
        function(np.ones((3, 2)), np.ones(n_in), np.ones(n_out))
    with pytest.raises(ValueError, match="for eigenvectors of shape"):
        function(np.ones((2, 2, 2)), np.ones((2, 2)), np.ones(2))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # a short fit will do
@pytest.mark.parametrize("eigenvalues", EIGENVALUES)
def test_fitted_network_is_its_adjacency_matrices(eigenvalues):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    model = SpectralMLPRegressor((5, 4), eigenvalues=eigenvalues, max_iter=200, random_state=0)
    model.fit(X, np.stack([X[:, 0], 100 + X[:, 1] * X[:, 2]], axis=1))
    transfers = zip(model.eigenvectors_, model.eigenvalues_in_, model.eigenvalues_out_, strict=True)
    for weights, transfer in zip(model.coefs_, transfers, strict=True):
        matrix, n_in = adjacency_matrix(*transfer), len(weights)
        assert_eigenvalues(matrix, np.concatenate(transfer[1:]))
        np.testing.assert_allclose(matrix[n_in:, :n_in], weights.T, atol=1e-12)


@pytest.mark.parametrize("eigenvalues", [*EIGENVALUES, None])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_spectral_form_keeps_the_weights(eigenvalues, dtype):
    weights, intercepts = glorot_uniform((3, 5, 2), "relu", np.random.default_rng(0), dtype)
    parameters = Parameters.from_weights(weights, intercepts, eigenvalues)
    for found, expected in zip(parameters.weights, weights, strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)
    for found, expected in zip(parameters.intercepts, intercepts, strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)
        assert found is not expected


@pytest.mark.parametrize(
    ("eigenvalues", "value_in", "value_out"),
    [("in", 1, 0), ("out", 0, 1), ("both", 1, 0), (None, 1, 0)],
)
def test_initial_eigenvalues(eigenvalues, value_in, value_out):
    found_in, found_out = initial_eigenvalues(2, 3, eigenvalues, np.float32)
    np.testing.assert_array_equal(found_in, np.full(2, value_in, np.float32), strict=True)
    np.testing.assert_array_equal(found_out, np.full(3, value_out, np.float32), strict=True)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_glorot_uniform_starts_both_precisions_from_the_same_point(fit_intercept):
    single, double = (
        glorot_uniform((3, 5, 2), "relu", np.random.default_rng(0), dtype, fit_intercept)
        for dtype in (np.float32, np.float64)
    )
    for narrow, wide in zip([*single[0], *single[1]], [*double[0], *double[1]], strict=True):
        np.testing.assert_array_equal(narrow, wide.astype(np.float32), strict=True)
    assert all(b.any() == fit_intercept for b in double[1])


@pytest.mark.parametrize(("activation", "factor"), [("relu", 6), ("tanh", 6), ("logistic", 2)])
def test_glorot_uniform_fills_its_bounds(activation, factor):
    (weights,), (intercepts,) = glorot_uniform((50, 40), activation, np.random.default_rng(0))
    bound = np.sqrt(factor / 90)
    assert weights.shape == (50, 40)
    assert intercepts.shape == (40,)
    assert 0.99 * bound < np.abs(weights).max() <= bound
    assert 0.9 * bound < np.abs(intercepts).max() <= bound
