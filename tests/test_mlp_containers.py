"""Inputs: sparse, single precision, integers, read-only, data frames."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("form", ["csr_array", "csc_array", "coo_array", "csr_matrix"])
def test_sparse_is_as_dense(problem, form, early_stopping, outputs):
    model, X, y = problem
    X = np.where(np.abs(X) > 0.3, X, 0)
    model.set_params(early_stopping=early_stopping, batch_size=50)
    dense = clone(model).fit(X, y)
    other = getattr(sparse, form)(X)
    thin = clone(model).fit(other, y)
    assert_allclose(outputs(thin, other), outputs(dense, X), rtol=1e-9)
    assert_allclose(outputs(dense, other), outputs(dense, X), rtol=1e-9)
    assert thin.core_sizes_ == dense.core_sizes_


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_float32_is_kept_and_close_to_float64(problem, solver, outputs):
    model, X, y = problem
    model.set_params(solver=solver, tol=1e-3, alpha=0.01)
    X = X.astype(np.float32)
    single, double = clone(model).fit(X, y), clone(model).fit(X.astype(float), y)
    for name in ("coefs_", "intercepts_", "eigenvectors_", "eigenvalues_in_", "eigenvalues_out_"):
        assert {a.dtype for a in getattr(single, name)} == {np.dtype(np.float32)}
        assert {a.dtype for a in getattr(double, name)} == {np.dtype(np.float64)}
    assert outputs(single, X).dtype == np.float32
    assert single.feature_importances_.ndim == 1
    assert_allclose(outputs(single, X), outputs(double, X), atol=0.02)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_float32_learns_with_every_activation(regressor, data, activation, solver):
    X, y = data[0].astype(np.float32), data[1]
    model = regressor.set_params(activation=activation, solver=solver, max_iter=1500).fit(X, y)
    assert model.score(X, y) > 0.95
    assert model.coefs_[0].dtype == np.float32


def test_float32_finds_the_same_core(student, teacher):
    X, y = teacher
    single = clone(student).fit(X.astype(np.float32), y)
    assert single.core_sizes_ == student.core_sizes_
    assert_allclose(single.predict(X), student.predict(X), atol=0.02)


def test_integers_are_as_floats(problem, outputs):
    model, X, y = problem
    X = np.round(3 * X)
    expected = outputs(clone(model).fit(X, y), X)
    assert_array_equal(outputs(model.fit(X.astype(int), y), X.astype(int)), expected)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_memory_that_is_not_ours_is_left_alone(problem, tmp_path, early_stopping, outputs):
    model, X, y = problem
    model.set_params(early_stopping=early_stopping)
    w = np.linspace(0, 1, 120)
    expected = outputs(clone(model).fit(X, y, w), X)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    before = X.copy()
    for array in (X, y, w):
        array.flags.writeable = False
    for own in (X, mapped, np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        other = clone(model).fit(own, y, w)
        assert_allclose(outputs(other, own), expected, rtol=1e-9)
    assert_array_equal(X, before)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames(problem, frame, outputs):
    model, X, y = problem
    table = frame(dict(zip("abcd", X.T, strict=True)))
    other = clone(model).fit(table, y)
    assert_array_equal(other.feature_names_in_, list("abcd"))
    assert_allclose(outputs(other, table), outputs(clone(model).fit(X, y), X), rtol=1e-9)
    with pytest.raises(ValueError, match="feature names should match"):
        other.predict(frame(dict(zip("abdc", X.T, strict=True))))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        other.predict(X)
