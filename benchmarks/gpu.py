"""A GPU beside one thread of the CPU: fits and searches, one after the other in one process.

Fits of a teacher with 10 inputs at several widths, and the searches of benchmarks/search.py (six
widths, six strengths, five folds) on it and on digits, all in single precision. The columns are
seconds on the GPU; what the same takes on the CPU over that; for a search what GridSearchCV takes
on the GPU over that; and how far CPU and GPU are apart: of a fit the losses, of a search the mean
scores.
"""

import argparse
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import warnings
from functools import partial

import numpy as np
import torch
from search import DATA, STRENGTHS, WIDTHS
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from speed import machine, seconds
from teacher_size import print_row

from skspectral import SpectralGridSearchCV, SpectralMLPClassifier, SpectralMLPRegressor

GRID = {"hidden_layer_sizes": WIDTHS, "alpha": STRENGTHS}


def data_of(name):
    """In single precision, as a GPU has it; the pixels of digits between 0 and 1."""
    X, y = DATA[name]()
    X = X.astype(np.float32)
    return X / abs(X).max() if name == "digits" else X, y


def fits(h, epochs):
    """Functions that fit on the GPU and on the CPU, and return the loss."""
    X, y = data_of("10-input teacher")
    networks = [
        SpectralMLPRegressor(h, max_iter=epochs, random_state=0, device=device)
        for device in ("cuda", "cpu")
    ]
    return [lambda network=network: network.fit(X, y).loss_ for network in networks]


def searches(name, epochs):
    """Functions that search on the GPU, on the CPU, and one by one on the GPU; mean scores."""
    X, y = data_of(name)
    kind = SpectralMLPClassifier if name == "digits" else SpectralMLPRegressor
    ways = ("cuda", SpectralGridSearchCV), ("cpu", SpectralGridSearchCV), ("cuda", GridSearchCV)

    def run(device, search):
        network = kind(max_iter=epochs, random_state=0, device=device)
        search = search(network, GRID, cv=5, refit=False)
        return search.fit(X, y).cv_results_["mean_test_score"]

    return [partial(run, *way) for way in ways]


def report(name, functions):
    """Measure and print one row."""
    found = []
    times = [seconds(lambda f=f: found.append(f())) for f in functions]
    ratios = [f"{time / times[0]:.1f}" for time in times[1:]] + [""]
    apart = np.abs(found[0] - found[1]).max()
    print_row(name, f"{times[0]:.2f}", *ratios[:2], f"{apart:.0e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--widths", type=int, nargs="*", default=[20, 200, 2000])
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # a few epochs are for the clock only
    print(f"{machine()}; {torch.cuda.get_device_name()}; {options.epochs} epochs, batch 200\n")
    print(".. csv-table::\n   :header-rows: 1\n")
    print_row("on the GPU", "seconds", "CPU / GPU", "GridSearchCV / ours", "apart")
    fits(20, 1)[0]()  # wakes it
    for h in options.widths:
        report(f"a fit of h = {h}", fits(h, options.epochs))
    for name in ("10-input teacher", "digits"):
        report(f"180 fits of a search on {name}", searches(name, options.epochs))


if __name__ == "__main__":
    main()
