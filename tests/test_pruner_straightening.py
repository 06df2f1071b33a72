"""Linear terms of a ReLU network: one straight node in place of many that face each other."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.pruner.free import FreeNetwork, Problem
from skspectral.pruner.loss import SquaredError
from skspectral.pruner.straightening import straighten


def problem_of(X, n_targets=1, **settings):
    settings = {"activation": "relu", "fit_intercept": True} | settings
    targets = np.zeros((len(X), n_targets))
    return Problem(X, targets, None, loss=SquaredError(), **settings)


def facing(w, b, u, v, more_w, more_b, more_v):
    """Nodes and what faces them, at twice their size, and more nodes that nothing faces."""
    return FreeNetwork(
        [np.hstack([w, -2 * w, more_w]), np.vstack([u, v / 2, more_v])],
        [np.concatenate([b, -2 * b, more_b]), np.arange(u.shape[1], dtype=float)],
        [np.arange(2 * len(b) + len(more_b))],
    )


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_pairs_become_one_node_each_and_what_is_linear(rng, n_targets):
    X = rng.standard_normal((500, 6))
    X[:, 4], X[:, 5] = 0.3, 0.0  # columns that do not vary
    w, b = rng.standard_normal((6, 3)), 0.3 * rng.standard_normal(3)
    u, v = rng.standard_normal((2, 3, n_targets))
    network = facing(w, b, u, v, w[:, :1] + 1, [0.1], np.ones((1, n_targets)))
    problem = problem_of(X, n_targets)
    small = straighten(problem, network)
    assert small.n_nodes == 3 + 1 + n_targets
    assert_allclose(problem.layers(small)[-1], problem.layers(network)[-1], atol=1e-10)
    assert np.count_nonzero(small.nodes[0] == -1) == n_targets
    assert network.n_nodes == 7  # as it was


def test_of_what_is_linear_no_node_of_the_pair_is_left(rng):
    X, w = rng.standard_normal((500, 4)), rng.standard_normal((4, 1))
    linear = facing(w, np.zeros(1), np.ones((1, 1)), -np.ones((1, 1)), w + 1, [0], np.ones((1, 1)))
    problem = problem_of(X)
    small = straighten(problem, linear)
    assert small.n_nodes == 2
    assert_allclose(problem.layers(small)[-1], problem.layers(linear)[-1], atol=1e-10)


def test_where_no_node_can_be_spared_nothing_changes(rng):
    X, w = rng.standard_normal((500, 4)), rng.standard_normal((4, 2))
    one = np.ones((1, 1))
    bent = facing(w[:, :1], np.zeros(1), one, one, w[:, 1:], [0], one)
    assert straighten(problem_of(X), bent) is bent
    pairs = facing(w, np.zeros(2), np.ones((2, 1)), np.ones((2, 1)), w[:, :0], [], one[:0])
    assert straighten(problem_of(X), pairs).n_nodes == 3
    assert straighten(problem_of(X, fit_intercept=False), pairs) is pairs
    assert straighten(problem_of(X, activation="tanh"), pairs) is pairs


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("teacher", ["linear term", "absolute values"])
def test_a_linear_term_takes_one_node(teacher, noise):
    sizes = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, w = rng.standard_normal((3000, 8)), rng.standard_normal((8, 4))
        if teacher == "linear term":
            y = np.maximum(X @ w, 0) @ [1, -1.3, 0.8, -0.6] + X @ rng.standard_normal(8)
        else:
            y = np.abs(X @ w) @ [1, 1.3, 0.8, 0.6]
        y += noise * y.std() * rng.standard_normal(3000)
        student = SpectralMLPRegressor(40, random_state=seed)
        sizes += SpectralPruner(student).fit(X, y).n_nodes_
    assert np.median(sizes) == 5
    assert max(sizes) <= 6
