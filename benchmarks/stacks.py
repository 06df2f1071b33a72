"""What a stack costs: against its bare products, and as a search grows.

First the microseconds per step and member of a stack, and the ratio to the products of the same
stack (numpy.matmul), alternately in one process. Then how the time of a whole search grows with
the candidates, the rows and the width: the slope of its logarithm, 1 for linear; and the peak
memory of the process. One thread, one process.
"""

import argparse
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from speed import alternate, machine, seconds

from skspectral import SpectralGridSearchCV, SpectralMLPRegressor
from skspectral.engine.network import Architecture
from skspectral.engine.training import Member, train
from skspectral.spectral import Parameters, glorot_uniform

BATCH, N_STEPS = 200, 400
STACKS = [(20, 16), (100, 8), (500, 2)]  # width, members


def stack(n_inputs, h, n_members, dtype):
    """A training of a stack, and the products of as many steps."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_STEPS * BATCH // 10, n_inputs)).astype(dtype)
    y = np.sin(X[:, :1])
    widths = (n_inputs, h, 1)
    strengths = dict.fromkeys(("eigenvectors", "eigenvalues", "weights"), 1e-3)
    members = [
        Member(
            Parameters.from_weights(*glorot_uniform(widths, "relu", rng, dtype), "in"),
            y,
            strengths,
            generator=rng,
        )
        for _ in range(n_members)
    ]
    architecture = Architecture(widths, "relu", ("in", "in"))
    batch = X[None, :BATCH]
    weights = [
        np.ones((n_members, rows, columns), dtype)
        for rows, columns in zip(widths[:-1], widths[1:], strict=True)
    ]
    values = [np.ones((n_members, BATCH, n), dtype) for n in widths[1:]]
    slopes = [np.ones_like(w) for w in weights]
    delta = np.ones_like(values[0])

    def products():
        for _ in range(N_STEPS):
            np.matmul(batch, weights[0], out=values[0])
            np.matmul(values[0], weights[1], out=values[1])
            np.matmul(values[0].swapaxes(1, 2), values[1], out=slopes[1])
            np.multiply(values[1], weights[1].swapaxes(1, 2), out=delta)
            np.matmul(batch.swapaxes(1, 2), delta, out=slopes[0])

    def training():
        train(
            X,
            members,
            architecture=architecture,
            loss="squared_error",
            batch_size=BATCH,
            dtype=np.dtype(dtype).name,
            n_sharing=n_members,
            n_epochs=10,
        )

    return training, products


def search_of(n_candidates, n_rows, width, epochs):
    """A search, ready to go."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 10), dtype=np.float32)
    y = np.sin(X[:, 0])
    network = SpectralMLPRegressor(width, max_iter=epochs, random_state=0)
    grid = {"alpha": np.logspace(-4, -2, n_candidates)}
    search = SpectralGridSearchCV(network, grid, cv=2, refit=False)
    return lambda: search.fit(X, y)


GROWTH = {
    "candidates": [1, 8, 64, 512],
    "rows": [1_000, 10_000, 100_000, 1_000_000],
    "width": [10, 40, 200, 1000, 4000],
}


def growth(name):
    """Measure and print one table."""
    times = []
    for size in GROWTH[name]:
        arguments = {"n_candidates": 4, "n_rows": 2000, "width": 20, "epochs": 2}
        arguments[{"candidates": "n_candidates", "rows": "n_rows"}.get(name, name)] = size
        run = search_of(**arguments)
        run()
        times.append(min(seconds(run) for _ in range(3 if size < 100_000 else 1)))
        slope = ""
        if len(times) > 1:
            steps = GROWTH[name][len(times) - 2 : len(times)]
            slope = f"{np.log(times[-1] / times[-2]) / np.log(steps[1] / steps[0]):.2f}"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{name:12} {size:8} {times[-1] / times[0]:12.1f} {slope:>6} {peak:10.2f}", flush=True
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # a few epochs are for the clock only
    print(f"{machine()}; batch {BATCH}\n")
    print("dtype   network   members  us/step and member  stack/products")
    for dtype in (np.float64, np.float32):
        for n_inputs in (10, 100):
            for h, n_members in STACKS:
                a, b = alternate(stack(n_inputs, h, n_members, dtype), options.repeats)
                name = f"{n_inputs}-{h}-1"
                print(
                    f"{np.dtype(dtype).name} {name:10} {n_members:6} "
                    f"{a / N_STEPS / n_members * 1e6:19.0f} {a / b:15.2f}",
                    flush=True,
                )
    print("\ngrowing      to       times first  slope  peak (GB)")
    for name in GROWTH:
        growth(name)


if __name__ == "__main__":
    main()
