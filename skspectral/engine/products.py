"""Products of matrices of many rows, by NumPy, part by part.

Where registers are wide (AVX-512) OpenBLAS has kernels for products of at most 100**3
multiplications, which are faster than those for larger ones. Parts of such a size, one after the
other, mostly take 0.6 to 0.95 times as long as the whole.
"""

from functools import cache

import numpy as np

from skspectral.engine.threads import blas

_MOST_WORK = 100**3
_WIDE = {"skylakex", "cooperlake", "sapphirerapids"}

# Parts that could have no more rows than this gain nothing.
_LEAST_ROWS = 63


def most_rows(n_in, n_out):
    """Rows that a product with a matrix of shape (n_in, n_out) should have, at most.

    Infinity if parts gain nothing.
    """
    work = n_in * n_out
    if not _has_small_kernels() or min(n_in, n_out) < 2 or work * _LEAST_ROWS > _MOST_WORK:
        return np.inf
    return _MOST_WORK // work


def multiply(a, b, out, most):
    """Matrix products in parts; they broadcast as those of numpy.matmul do.

    Parameters
    ----------
    a : ndarray of shape (..., n_rows, n_in)
    b : ndarray of shape (..., n_in, n_out)
    out : ndarray of shape (..., n_rows, n_out)
        What is overwritten.
    most : int
        Rows of a part, at most.
    """
    b = np.ascontiguousarray(b)  # with a transposed one parts gain nothing
    for rows in _parts(a.shape[-2], most):
        np.matmul(a[..., rows, :], b, out=out[..., rows, :])


def multiply_over_rows(a, b, out, most):
    """Matrix products, see :func:`multiply`, where the rows are what is summed over.

    Parameters
    ----------
    a : ndarray of shape (..., n_in, n_rows)
    b : ndarray of shape (..., n_rows, n_out)
    out : ndarray of shape (..., n_in, n_out)
        What is overwritten.
    most : int
        Rows of a part, at most.
    """
    first, *others = _parts(b.shape[-2], most)
    np.matmul(a[..., first], b[..., first, :], out=out)
    for rows in others:
        out += a[..., rows] @ b[..., rows, :]


def _parts(n_rows, most):
    """Slices of the rows, as large as each other but for the last."""
    size = -(-n_rows // -(-n_rows // most))
    return [slice(start, start + size) for start in range(0, n_rows, size)]


@cache
def _has_small_kernels():
    architectures = (getattr(library, "architecture", "") for library in blas().lib_controllers)
    return any(str(architecture).lower() in _WIDE for architecture in architectures)
