"""Test error of the refitted core, beside that of the full student and of dense networks.

Teachers as in teacher_size.py. The error on 10000 fresh rows, without noise, over the variance of
the target: of the student of width h, of what SpectralPruner leaves of it, of a dense network of
width h with the same settings, and of dense networks of exactly the teacher's width without weight
decay, the one of ten starts with the smallest training error. Means over the trials, and the number
of trials in which the pruned network is the better one. Trial k has everything from seed k; none is
left out.
"""

import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed
from teacher_size import data_of, print_row, start_table, trial_options

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression

WIDTHS = 100, 500


def trial(condition, teacher_size, widths, seed):
    """Errors for each width (n_widths, 3), and that of the teacher's width."""
    X, y, teacher = data_of(condition, teacher_size, seed)
    X_test, y_test = make_teacher_regression(
        10_000, X.shape[1], teacher=teacher, random_state=seed + 1_000_000
    )

    def error(network):
        return np.mean((network.predict(X_test) - y_test) ** 2) / y_test.var()

    exact = SpectralMLPRegressor(
        teacher_size, parametrization="dense", alpha=0, n_init=10, random_state=seed
    )
    errors = []
    for width in widths:
        student = SpectralMLPRegressor(width, random_state=seed).fit(X, y)
        pruner = SpectralPruner(student, prefit=True).fit(X, y)
        dense = SpectralMLPRegressor(width, parametrization="dense", random_state=seed).fit(X, y)
        errors.append([error(student), error(pruner), error(dense)])
    return np.array(errors), error(exact.fit(X, y))


def main():
    options = trial_options(__doc__, 10).parse_args()
    start_table(
        options,
        *("data", "h_T", "h", "student", "dense", "dense of h_T", "pruned"),
        *("below student", "below dense", "below twice h_T"),
    )
    for condition in ("no noise", "noise 10 %"):
        for size in (5, 10, 20):
            report(condition, size, options)


def report(condition, size, options):
    """Run and print the rows of one teacher."""
    widths = (3 * size // 2, *WIDTHS)
    results = Parallel(n_jobs=options.jobs)(
        delayed(trial)(condition, size, widths, seed) for seed in range(options.trials)
    )
    exact = np.array([result[1] for result in results])
    for k, width in enumerate(widths):
        student, pruned, dense = np.array([result[0][k] for result in results]).T
        means = [f"{values.mean():.0e}" for values in (student, dense, exact, pruned)]
        better = [(pruned < other).sum() for other in (student, dense, 2 * exact)]
        print_row(condition, size, width, *means, *(f"{n} of {len(exact)}" for n in better))


if __name__ == "__main__":
    main()
