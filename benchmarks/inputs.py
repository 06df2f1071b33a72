"""Which inputs: those that SpectralPruner(layer=0) keeps, beside the path of LassoNet.

Five inputs of many matter, 1000 rows, no noise, all settings at their defaults. The functions: that
of Friedman (make_friedman1), and ``products``, x0 x1 + 2 relu(x2) + x3^2 / 2 + x4; ``classes`` only
tells on which side of its median the latter is. For each the share of the trials in which exactly
the five are kept, how many inputs are kept, R2 or accuracy on 2000 fresh rows of the full student
and of what the pruner leaves, and the seconds of both together; then, of numbers, LassoNet (``pip
install lassonet``), whose strength is the one with the smallest error on its own held-out rows.
Trial k has data and networks from seed k; none is left out. One thread.
"""

import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

import numpy as np
import torch
from joblib import Parallel, delayed
from sklearn.datasets import make_friedman1
from sklearn.metrics import r2_score
from teacher_size import print_row, start_table, trial_options

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner

N_ROWS, N_TEST, N_RELEVANT = 1000, 2000, 5


def data_of(function, n_inputs, seed):
    """Standardised inputs, and the target, in single precision: LassoNet knows no other."""
    if function == "friedman1":
        X, y = make_friedman1(N_ROWS + N_TEST, n_inputs, random_state=seed)
        X = (X - 0.5) * np.sqrt(12)
    else:
        X = np.random.default_rng(seed).standard_normal((N_ROWS + N_TEST, n_inputs))
        y = X[:, 0] * X[:, 1] + 2 * np.maximum(X[:, 2], 0) + X[:, 3] ** 2 / 2 + X[:, 4]
    X, y = X.astype(np.float32), y.astype(np.float32)
    if function == "classes":
        y = (y > np.median(y)).astype(int)
    return X[:N_ROWS], y[:N_ROWS], X[N_ROWS:], y[N_ROWS:]


def ours(function, n_inputs, seed):
    """Kept inputs, scores of the full student and of the pruned one, seconds."""
    X, y, X_test, y_test = data_of(function, n_inputs, seed)
    mlp = SpectralMLPClassifier if function == "classes" else SpectralMLPRegressor
    start = time.perf_counter()
    pruner = SpectralPruner(mlp(random_state=seed), layer=0).fit(X, y)
    seconds = time.perf_counter() - start
    scores = [network.score(X_test, y_test) for network in (pruner.estimator_, pruner)]
    return pruner.get_support(indices=True), *scores, seconds


def lassonet(function, n_inputs, seed):
    """Kept inputs, R2, seconds."""
    from lassonet import LassoNetRegressor

    torch.set_num_threads(1)
    X, y, X_test, y_test = data_of(function, n_inputs, seed)
    mean, scale = y.mean(), y.std()
    model = LassoNetRegressor(verbose=0, random_state=seed, torch_seed=seed, val_size=0.2)
    start = time.perf_counter()
    path = model.path(X, (y - mean) / scale, return_state_dicts=True)
    seconds = time.perf_counter() - start
    best = min(path, key=lambda item: item.val_loss)
    model.load(best.state_dict)
    predicted = model.predict(X_test).ravel() * scale + mean
    return np.flatnonzero(best.selected.numpy()), r2_score(y_test, predicted), seconds


def main():
    parser = trial_options(__doc__, 20)
    parser.add_argument("--lassonet", type=int, default=3, help="trials of LassoNet")
    options = parser.parse_args()
    start_table(
        options,
        "function",
        "inputs",
        "way",
        "exact",
        "kept",
        "score of all",
        "score",
        "smallest",
        "seconds",
    )
    for function in ("products", "friedman1", "classes"):
        for n_inputs in (100, 500):
            for way, trial, n_trials in (
                ("SpectralPruner", ours, options.trials),
                ("LassoNet", lassonet, options.lassonet if function != "classes" else 0),
            ):
                results = Parallel(n_jobs=options.jobs)(
                    delayed(trial)(function, n_inputs, seed) for seed in range(n_trials)
                )
                if results:
                    report(function, n_inputs, way, results)


def report(function, n_inputs, way, results):
    """Print one row."""
    supports = [result[0] for result in results]
    exact = np.mean([np.array_equal(kept, np.arange(N_RELEVANT)) for kept in supports])
    sizes = [len(kept) for kept in supports]
    scores = np.array([result[-2] for result in results])
    full = f"{np.mean([r[1] for r in results]):.3f}" if len(results[0]) > 3 else ""
    print_row(
        *(function, n_inputs, way, f"{exact:.0%}", f"{min(sizes)} to {max(sizes)}"),
        *(full, f"{scores.mean():.3f}", f"{scores.min():.3f}"),
        f"{np.median([result[-1] for result in results]):.1f}",
    )


if __name__ == "__main__":
    main()
