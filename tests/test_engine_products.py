"""Products in parts against whole ones."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from threadpoolctl import threadpool_info

from skspectral import SpectralMLPRegressor
from skspectral.datasets import make_teacher_regression
from skspectral.engine import network, products
from skspectral.engine.products import most_rows, multiply, multiply_over_rows


@pytest.fixture
def small_kernels(monkeypatch):
    """As on a processor of wide registers, but for parts of few rows, too."""
    monkeypatch.setattr(products, "_has_small_kernels", lambda: True)
    monkeypatch.setattr(products, "_MOST_WORK", 10_000)
    monkeypatch.setattr(products, "_LEAST_ROWS", 5)


def drawn(*shape, dtype=float):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("n_rows", [21, 40, 97, 100])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_products_are_those_of_matmul(n_rows, dtype):
    a, b = drawn(3, n_rows, 5, dtype=dtype), drawn(3, 5, 6, dtype=dtype)
    tol = 100 * np.finfo(dtype).eps
    out = np.full((3, n_rows, 6), np.nan, dtype)
    multiply(a, b, out, most=20)
    assert_allclose(out, a @ b, rtol=0, atol=tol)
    sums = np.full((3, 5, 6), np.nan, dtype)
    multiply_over_rows(a.swapaxes(1, 2), out, sums, most=20)
    assert_allclose(sums, a.swapaxes(1, 2) @ out, rtol=0, atol=tol * n_rows)


def test_transposed_weights_and_shared_rows():
    a, b = drawn(2, 1, 50, 5), drawn(2, 4, 6, 5).swapaxes(2, 3)
    out = np.full((2, 4, 50, 6), np.nan)
    multiply(a, b, out, most=20)
    assert_allclose(out, a @ b, rtol=0, atol=1e-13)
    sums = np.full((2, 4, 5, 6), np.nan)
    multiply_over_rows(a.swapaxes(2, 3), out, sums, most=20)
    assert_allclose(sums, a.swapaxes(2, 3) @ out, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_rows", [21, 40, 81, 97, 1000])
def test_parts_are_all_rows_once_and_about_as_large_as_each_other(n_rows):
    rows = np.arange(n_rows)
    parts = [rows[part] for part in products._parts(n_rows, 20)]
    assert np.concatenate(parts).tolist() == rows.tolist()
    sizes = [len(part) for part in parts]
    assert max(sizes) <= 20
    assert max(sizes) - min(sizes) < len(sizes)


def test_rows_of_a_part(small_kernels):
    assert most_rows(10, 5) == 200
    assert most_rows(10, 200) == 5
    assert most_rows(10, 201) == np.inf  # four rows would gain nothing
    assert most_rows(10, 1) == most_rows(1, 10) == np.inf  # no product of matrices
    assert most_rows(0, 3) == most_rows(3, 0) == np.inf


def test_parts_where_the_kernels_are():
    libraries = [pool for pool in threadpool_info() if pool["internal_api"] == "openblas"]
    kernels = {pool["architecture"] for pool in libraries}
    has_small = bool(kernels & {"SkylakeX", "Cooperlake", "SapphireRapids", "Sapphirerapids"})
    assert most_rows(40, 20) == (1250 if has_small else np.inf)


# Twenty iterations are no training, but enough to tell.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("solver", "n_rows"), [("adam", 200), ("lbfgs", 400)])
def test_a_fit_is_the_same_in_parts(small_kernels, monkeypatch, solver, n_rows):
    X, y = make_teacher_regression(400, 8, hidden_layer_sizes=3, random_state=0)
    student = SpectralMLPRegressor((40, 30), solver=solver, max_iter=20, random_state=0)
    taken = {"multiply": set(), "multiply_over_rows": set()}

    def recorded(name, product):
        def function(a, b, out, most):
            taken[name].add((a.shape[-2:], b.shape[-2:]))
            return product(a, b, out, most)

        return function

    for name in taken:
        monkeypatch.setattr(network, name, recorded(name, getattr(products, name)))
    in_parts = student.fit(X, y).predict(X)
    # Eight inputs, and the column of ones.
    assert {((n_rows, 9), (9, 40)), ((n_rows, 40), (40, 30))} <= taken["multiply"]
    assert ((n_rows, 30), (30, 40)) in taken["multiply"]
    sums = {((9, n_rows), (n_rows, 40)), ((40, n_rows), (n_rows, 30))}
    assert sums <= taken["multiply_over_rows"]
    monkeypatch.setattr(products, "_has_small_kernels", lambda: False)
    for shapes in taken.values():
        shapes.clear()
    assert_allclose(student.fit(X, y).predict(X), in_parts, rtol=0, atol=1e-8)
    assert not taken["multiply"]
    assert not taken["multiply_over_rows"]
