"""Speed of one fit and of predict: ratios of two things timed alternately in one process.

Fits are compared with scikit-learn's MLPRegressor of the same widths, batch and epochs, and with
the bare matrix products of the same steps. One thread, h hidden nodes, d inputs, one output.
"""

import argparse
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import platform
import statistics
import time
import warnings

import numpy as np
import sklearn
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from skspectral import SpectralMLPRegressor

N_ROWS, BATCH, EPOCHS = 8000, 200, 20


def seconds(function):
    """Seconds that one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def alternate(functions, repeats):
    """Median seconds of each of the functions, called in turn."""
    for function in functions:
        function()
    times = [[seconds(function) for function in functions] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def matrix_products(X, h):
    """The five products of a step, forward and backward, for as many steps as a fit takes."""
    batch = torch.from_numpy(X[:BATCH])
    first = torch.ones(X.shape[1], h, dtype=batch.dtype)
    second = torch.ones(h, 1, dtype=batch.dtype)
    hidden, outputs = batch @ first, batch @ first @ second
    gradient, slope = torch.empty_like(hidden), torch.empty_like(first)
    other = torch.empty_like(second)

    def run():
        with torch.inference_mode():
            for _ in range(EPOCHS * N_ROWS // BATCH):
                torch.mm(batch, first, out=hidden)
                torch.mm(hidden, second, out=outputs)
                torch.mm(hidden.T, outputs, out=other)
                torch.mm(outputs, second.T, out=gradient)
                torch.mm(batch.T, gradient, out=slope)

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # a few epochs are for the clock only
    torch.set_num_threads(1)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, one thread; "
        f"scikit-learn {sklearn.__version__}, torch {torch.__version__}"
    )
    print(f"n = {N_ROWS}, batch {BATCH}, {EPOCHS} epochs, medians of {options.repeats}\n")
    print("dtype     d    h  us/step  fit/MLPRegressor  fit/products  predict/MLPRegressor")
    rng = np.random.default_rng(0)
    for dtype in (np.float64, np.float32):
        for d in (10, 100):
            X = rng.standard_normal((N_ROWS, d)).astype(dtype)
            y = np.sin(X[:, 0]) + X[:, 1] ** 2
            for h in (20, 100, 500):
                settings = dict(hidden_layer_sizes=(h,), batch_size=BATCH, max_iter=EPOCHS)
                ours = SpectralMLPRegressor(random_state=0, **settings)
                theirs = MLPRegressor(random_state=0, n_iter_no_change=EPOCHS, **settings)
                fits = [lambda m=m, X=X, y=y: m.fit(X, y) for m in (ours, theirs)]
                a, b, c = alternate([*fits, matrix_products(X, h)], options.repeats)
                predictions = [lambda m=m, X=X: m.predict(X) for m in (ours, theirs)]
                p, q = alternate(predictions, 3 * options.repeats)
                step = a / (EPOCHS * N_ROWS / BATCH) * 1e6
                print(
                    f"{X.dtype.name:8} {d:3} {h:4} {step:8.0f} {a / b:17.2f} {a / c:13.2f} "
                    f"{p / q:21.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
