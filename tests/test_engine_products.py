"""Products in parts against whole ones."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from skspectral import SpectralMLPRegressor
from skspectral.datasets import make_teacher_regression
from skspectral.engine import products


@pytest.fixture(params=[0, 600], ids=["whole", "parts"])
def most(request, monkeypatch):
    """Multiplications of a part, whatever the processor; with zero there are no parts."""
    monkeypatch.setattr(products, "_MOST", request.param)
    monkeypatch.setattr(products, "_LEAST_ROWS", 5)
    products._parts.cache_clear()
    yield request.param
    products._parts.cache_clear()


def drawn(*shape, dtype=float):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("n_rows", [1, 20, 97, 100])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_products_are_those_of_matmul(most, n_rows, dtype):
    a, b = drawn(3, n_rows, 5, dtype=dtype), drawn(3, 5, 6, dtype=dtype)
    tol = 100 * np.finfo(dtype).eps
    out = np.full((3, n_rows, 6), np.nan, dtype)
    products.multiply(a, b, out=out)
    assert_allclose(out, a @ b, rtol=0, atol=tol)
    sums = np.full((3, 5, 6), np.nan, dtype)
    products.multiply_over_rows(a.swapaxes(1, 2), out, sums)
    assert_allclose(sums, a.swapaxes(1, 2) @ out, rtol=0, atol=tol * n_rows)


def test_transposed_weights_and_shared_rows(most):
    a, b = drawn(2, 1, 50, 5), drawn(2, 4, 6, 5).swapaxes(2, 3)
    out = np.full((2, 4, 50, 6), np.nan)
    products.multiply(a, b, out=out)
    assert_allclose(out, a @ b, rtol=0, atol=1e-13)
    sums = np.full((2, 4, 5, 6), np.nan)
    products.multiply_over_rows(a.swapaxes(2, 3), out, sums)
    assert_allclose(sums, a.swapaxes(2, 3) @ out, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_rows", [20, 21, 97, 1000])
def test_parts_are_all_rows_once(most, n_rows):
    parts = products._parts(n_rows, 5, 6)
    rows = np.arange(n_rows)
    assert np.concatenate([rows[part] for part in parts]).tolist() == rows.tolist()
    if most and n_rows > most // 30:
        sizes = [len(rows[part]) for part in parts]
        assert max(sizes) <= most // 30
        assert len(set(sizes[:-1])) == 1
    else:
        assert len(parts) == 1


def test_few_rows_in_a_part_are_not_worth_it(most):
    assert len(products._parts(1000, 20, 10)) == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_fit_is_the_same_in_parts(monkeypatch, solver):
    X, y = make_teacher_regression(400, 8, hidden_layer_sizes=3, random_state=0)
    network = SpectralMLPRegressor((20, 10), solver=solver, max_iter=20, random_state=0)
    products_taken, matmul = [], np.matmul
    monkeypatch.setattr(np, "matmul", lambda *a, **k: products_taken.append(1) or matmul(*a, **k))
    monkeypatch.setattr(products, "_LEAST_ROWS", 5)
    predictions, numbers = [], []
    for most in (0, 5000):
        monkeypatch.setattr(products, "_MOST", most)
        products._parts.cache_clear()
        products_taken.clear()
        predictions.append(network.fit(X, y).predict(X))
        numbers.append(len(products_taken))
    products._parts.cache_clear()
    assert numbers[1] > 1.5 * numbers[0]
    assert_allclose(*predictions, rtol=0, atol=1e-8)


def test_parts_where_registers_are_wide():
    is_wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    assert (len(products._parts(8000, 40, 20)) > 1) == is_wide
