"""Speed of one fit and of predict: ratios of two things timed alternately in one process.

Fits are compared with scikit-learn's MLPRegressor of the same widths, batch and epochs, and with
the bare matrix products of the same steps at the full width: a fit drops the nodes that vanish, the
more of them the longer it is, so that it may take less. Then, on the data sets of defaults.py, fits
at the strength that follows the noise, the default, are compared with those at a fixed one: some of
these sets are downloaded once. One thread.
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
from defaults import DATA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPRegressor

N_ROWS = 8000

# Inputs, hidden layers after the one of h nodes, batch. The last is the student of the paper.
NETWORKS = [(10, (), 200), (100, (), 200), (10, (20,), 320)]


def seconds(function):
    """Seconds that one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def alternate(functions, repeats, warm=True):
    """Median seconds of each of the functions, called in turn; once before, to be `warm`."""
    for function in functions if warm else ():
        function()
    times = [[seconds(function) for function in functions] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def machine():
    """What the figures were measured on."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, one thread; "
        f"scikit-learn {sklearn.__version__}, torch {torch.__version__}"
    )


def matrix_products(X, layers, batch, epochs):
    """The products of a step, forward and backward, for as many steps as a fit takes.

    By torch, into buffers made beforehand; `layers` are the hidden ones and the output.
    """
    dtype = torch.from_numpy(X).dtype
    widths = [X.shape[1], *layers]
    values = [torch.from_numpy(X[:batch])]
    values += [torch.ones(batch, n, dtype=dtype) for n in layers]
    deltas = [torch.ones_like(value) for value in values]
    weights = [
        torch.full(shape, 1 / shape[0], dtype=dtype)
        for shape in zip(widths[:-1], widths[1:], strict=True)
    ]
    slopes = [torch.empty_like(weight) for weight in weights]

    def run():
        with torch.inference_mode():
            for _ in range(epochs * N_ROWS // batch):
                for k, weight in enumerate(weights):
                    torch.mm(values[k], weight, out=values[k + 1])
                for k in range(len(weights) - 1, -1, -1):
                    torch.mm(values[k].T, deltas[k + 1], out=slopes[k])
                    if k > 0:
                        torch.mm(deltas[k + 1], weights[k].T, out=deltas[k])

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=200, help="200 is what max_iter='auto' takes")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", nargs="*", default=list(DATA), choices=list(DATA))
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # a few epochs are for the clock only
    torch.set_num_threads(1)
    print(machine())
    print(f"n = {N_ROWS}, {options.epochs} epochs, medians of {options.repeats}\n")
    print("dtype   network       batch  us/step  fit/MLPRegressor  fit/products  predict/predict")
    rng = np.random.default_rng(0)
    for dtype in (np.float64, np.float32):
        for d, rest, batch in NETWORKS:
            X = rng.standard_normal((N_ROWS, d)).astype(dtype)
            y = np.sin(X[:, 0]) + X[:, 1] ** 2
            for h in (20, 100, 500):
                row(X, y, (h, *rest), batch, options)
    print("\ndata                rows  fit/alpha=1e-3")
    for name in options.data:
        load, _, spectral = DATA[name]
        automatic(name, load, spectral, options)


def row(X, y, hidden, batch, options):
    """Measure and print one network."""
    epochs, repeats = options.epochs, options.repeats
    settings = dict(hidden_layer_sizes=hidden, batch_size=batch, max_iter=epochs, random_state=0)
    ours = SpectralMLPRegressor(**settings)
    theirs = MLPRegressor(n_iter_no_change=epochs, **settings)
    fits = [lambda m=m: m.fit(X, y) for m in (ours, theirs)]
    a, b, c = alternate([*fits, matrix_products(X, [*hidden, 1], batch, epochs)], repeats)
    p, q = alternate([lambda m=m: m.predict(X) for m in (ours, theirs)], 5 * repeats)
    name = "-".join(map(str, (X.shape[1], *hidden, 1)))
    step = a / (epochs * N_ROWS / batch) * 1e6
    print(
        f"{X.dtype.name:7} {name:13} {batch:5} {step:8.0f} {a / b:17.2f} {a / c:13.2f} "
        f"{p / q:16.2f}",
        flush=True,
    )


def automatic(name, load, spectral, options):
    """Measure and print one data set."""
    X, y = load(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    models = spectral(random_state=0), spectral(alpha=1e-3, random_state=0)
    a, b = alternate([lambda m=m: m.fit(X, y) for m in models], options.repeats)
    print(f"{name:18} {len(X):5} {a / b:15.2f}", flush=True)


if __name__ == "__main__":
    main()
