"""Rows that are copies of others tell a pruner nothing new."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array, vstack

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.pruner.copies import without_copies

# Two epochs are too few, and are said to be: what the network has learnt does not matter there.
any_network = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 8))
    return X, X[:, 0] + np.abs(X[:, 1]) + 0.5 * rng.standard_normal(500)


def fitted(X, y, estimator=SpectralMLPRegressor):
    return estimator(5, max_iter=2, n_iter_no_change=np.inf, random_state=0).fit(X, y)


@any_network
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_each_row_once_with_the_weights_of_its_copies(table, sparse, weighted):
    X, y = table
    X = csr_array(np.where((X > 0) | (np.arange(8) == 0), X, 0)) if sparse else X
    own = np.arange(1.0, 501) if weighted else None
    rows = np.r_[np.arange(500), np.arange(100, 200), np.arange(100, 150)]
    weights = None if own is None else own[rows]
    once = without_copies(fitted(X, y), X[rows], y[rows], weights)
    assert_array_equal(once[0].toarray() if sparse else once[0], X.toarray() if sparse else X)
    assert_array_equal(once[1], y)
    n_copies = np.bincount(rows)
    assert_array_equal(once[2], n_copies if own is None else own * n_copies)
    assert without_copies(fitted(X, y), X, y)[0] is X


@any_network
def test_what_is_alike_by_chance_or_measured_again_is_no_copy(table):
    X, y = table
    few = np.round(X[:, :1])
    for rows, targets in (
        (np.vstack([X, X]), np.r_[y, y[:-1], y[-1] + 1]),  # one row has been measured again
        (np.sign(X[:, :3]), np.prod(np.sign(X[:, :3]), axis=1)),
        (few, np.abs(few[:, 0])),
    ):
        assert without_copies(fitted(rows, targets), rows, targets)[0] is rows
    twice, classes = np.vstack([X, X]), np.r_[y, y] > 0
    network = fitted(twice, classes, SpectralMLPClassifier)
    assert without_copies(network, twice, classes)[0] is twice


@any_network
def test_rows_of_weight_zero_are_no_rows(table):
    X, y = table
    rows, targets = np.vstack([X, X, X[:1]]), np.r_[y, y, y[0] + 1]
    weights = np.r_[np.ones(1000), 0]
    once = without_copies(fitted(X, y), rows, targets, weights)
    assert_array_equal(once[0], X)
    assert_array_equal(once[1], y)
    assert_array_equal(once[2], np.full(500, 2))


@any_network
def test_zeros_that_are_stored_are_zeros(table):
    X, y = table
    X = np.where((X > 0) | (np.arange(8) == 0), X, 0)
    plain, stored = csr_array(X), csr_array(np.where(X == 0, 1, X))
    stored.data[stored.data == 1] = -0.0
    assert stored.nnz > plain.nnz
    both = vstack([plain, stored], format="csr")
    for rows in (both, both.tocoo()):
        once = without_copies(fitted(plain, y), rows, np.r_[y, y])
        assert_array_equal(once[0].toarray(), X)
        assert_array_equal(once[2], np.full(500, 2))
    assert both.nnz == plain.nnz + stored.nnz  # what was given stays as it was


@pytest.mark.parametrize("threshold", ["auto", "gap"])
def test_copies_do_not_make_up_for_rows(table, threshold):
    X, y = table
    rng = np.random.default_rng(1)
    X_new = rng.standard_normal((2000, 8))
    y_new = X_new[:, 0] + np.abs(X_new[:, 1])
    rows = rng.integers(500, size=1000)  # as a bootstrap draws them
    for own in (np.tile(np.arange(500), 3), rows):
        network = SpectralMLPRegressor(random_state=0)
        pruner = SpectralPruner(network, layer=0, threshold=threshold).fit(X[own], y[own])
        assert pruner.score(X_new, y_new) > pruner.estimator_.score(X_new, y_new) - 0.01
        if threshold == "auto":
            assert pruner.get_support(indices=True).tolist() == [0, 1]
            assert pruner.n_nodes_ == (2,)
