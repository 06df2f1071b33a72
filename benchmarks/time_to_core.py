"""Seconds to the core: the recipe of the paper, and a fit of SpectralMLPRegressor with its pruner.

Teachers and students of teacher_student.py, of 20 and 20 nodes, all settings of the estimator at
their defaults, without the pruner and with it; and teachers with one hidden layer of 20 nodes and
40 inputs, 8000 rows. The recipe, its 2000 epochs in full, and ours are run in turn in one process,
on one thread and in single precision, as the recipe was. Trial k has teacher, data and student from
seed k.
"""

import argparse
import itertools
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from speed import machine, seconds
from teacher_size import print_row
from teacher_student import data_of, train

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--widths", type=int, nargs="*", default=[40, 100, 500])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{machine()}; seeds 0 to {options.trials - 1}\n")
    print(".. csv-table::\n   :header-rows: 1\n")
    print_row(
        *("h", "recipe", "fit", "recipe / fit", "fit and pruner", "recipe / both"),
        *("one layer: fit and pruner", "recipe / one layer"),
    )
    for h in options.widths:
        report(h, options.trials)


def report(h, n_trials):
    """Measure and print one row."""
    times = []
    for seed in range(n_trials):
        _, (X, y), _ = data_of(20, 20, seed)
        recipe = seconds(lambda X=X, y=y: train("spectral", h, 20, X, y, 2000))
        student = SpectralMLPRegressor((h, 20), random_state=seed)
        fit = seconds(lambda s=student, X=X, y=y: s.fit(X.numpy(), y.numpy()))
        pruner = SpectralPruner(student, prefit=True)
        both = fit + seconds(lambda p=pruner, X=X, y=y: p.fit(X.numpy(), y.numpy()))
        data = make_teacher_regression(8000, 40, hidden_layer_sizes=20, random_state=seed)
        data = [values.astype(np.float32) for values in data]
        pruner = SpectralPruner(SpectralMLPRegressor(h, random_state=seed))
        times.append((recipe, fit, both, seconds(lambda p=pruner, d=data: p.fit(*d))))
    recipe, *ours = np.mean(times, axis=0)
    pairs = [(f"{one:.1f}", f"{recipe / one:.1f}") for one in ours]
    print_row(h, f"{recipe:.1f}", *itertools.chain(*pairs))


if __name__ == "__main__":
    main()
