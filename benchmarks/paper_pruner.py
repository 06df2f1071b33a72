"""What SpectralPruner leaves of wide students of the teacher of the paper.

Teacher and data as in teacher_student.py: 10 inputs, 20 ReLU nodes, 20 more, their sum. Students
SpectralMLPRegressor((h, 20)), everything else at its default. For each width the nodes that are
left of both layers in all trials, the share of the trials in which they are within one of 20, the
median and largest squared error over the variance on 10000 fresh rows, and median seconds of fit
and pruner. Trial k has teacher, data and student from seed k; none is left out.
"""

import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

import numpy as np
from joblib import Parallel, delayed
from teacher_size import print_row, start_table, trial_options
from teacher_student import data_of

from skspectral import SpectralMLPRegressor, SpectralPruner

SIZE = 20


def trial(h, seed):
    """Nodes left of both layers, error and seconds."""
    _, train, (X_test, y_test) = data_of(SIZE, SIZE, seed)
    start = time.perf_counter()
    pruner = SpectralPruner(SpectralMLPRegressor((h, SIZE), random_state=seed))
    pruner.fit(*(values.numpy().astype(float) for values in train))
    seconds = time.perf_counter() - start
    return *pruner.n_nodes_, 1 - pruner.score(X_test.numpy(), y_test.numpy()), seconds


def main():
    parser = trial_options(__doc__, 20)
    parser.add_argument("--widths", type=int, nargs="*", default=[30, 100, 500])
    options = parser.parse_args()
    start_table(
        options, "h", "first layer", "± 1", "second layer", "± 1", "error", "largest", "seconds"
    )
    for h in options.widths:
        results = Parallel(n_jobs=options.jobs)(
            delayed(trial)(h, seed) for seed in range(options.trials)
        )
        *layers, errors, seconds = map(np.array, zip(*results, strict=True))
        cells = [
            cell
            for sizes in layers
            for cell in (" ".join(map(str, sizes)), f"{(abs(sizes - SIZE) <= 1).mean():.0%}")
        ]
        print_row(
            h,
            *cells,
            f"{np.median(errors):.0e}",
            f"{errors.max():.0e}",
            f"{np.median(seconds):.0f}",
        )


if __name__ == "__main__":
    main()
