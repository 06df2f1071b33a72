"""How often a wide student shows the size of its teacher.

Teachers with one hidden ReLU layer of h_T nodes and 2 h_T inputs, weights uniform as Glorot's, as
make_teacher_regression draws them; students of several widths, all settings at their defaults but
the width, and the strength if `--alpha` gives another. Their size is told in two ways: by
core_sizes_ of SpectralMLPRegressor(h), and by SpectralPruner, fitted on the same rows. For each
cell the shares of the trials in which it is h_T, within one node of it, and within two; the
smallest and largest difference to h_T; for the pruner the same against the effective size of the
teacher; how often the pruned network has the same core at the cut-offs 0.05 and 0.005; and the
median seconds of the fit and of the pruner after it. Trial k has teacher, data and student from
seed k; none is left out.

The effective size is the number of nodes that SpectralPruner leaves of the teacher itself, given
the same rows: what a student could find at best. How it compares with h_T stands in a row of its
own, before those of the students.
"""

import argparse
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
import warnings

import numpy as np
from defaults import strength
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from speed import machine

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.core import core_mask
from skspectral.datasets import make_teacher_regression
from skspectral.spectral import Parameters

# Name: (noise, correlation of the inputs, uniform inputs, rows, sizes of teachers).
CONDITIONS = {
    "no noise": (0.0, 0.0, False, 8000, (5, 10, 20)),
    "noise 10 %": (0.1, 0.0, False, 8000, (5, 10, 20)),
    "noise 30 %": (0.3, 0.0, False, 8000, (5, 10, 20)),
    "inputs correlated at 0.5": (0.0, 0.5, False, 8000, (5, 10, 20)),
    "uniform inputs": (0.0, 0.0, True, 8000, (5, 10, 20)),
    "1000 rows": (0.0, 0.0, False, 1000, (5, 10)),
    "20000 rows": (0.0, 0.0, False, 20000, (40,)),
}
# What is compared, its name in the columns, with what, and the largest differences counted.
COMPARISONS = [
    ("core", "core", "h_T", (0, 1)),
    ("pruner", "pruner", "h_T", (0, 1, 2)),
    ("pruner", "effective", "effective", (0, 1, 2)),
]


def data_of(condition, teacher_size, seed):
    """Inputs, target and teacher."""
    noise, correlation, uniform, n_rows, _ = CONDITIONS[condition]
    X, _, teacher = make_teacher_regression(
        n_rows,
        2 * teacher_size,
        hidden_layer_sizes=teacher_size,
        return_teacher=True,
        random_state=seed,
    )
    rng = np.random.default_rng(seed)
    if correlation:
        common = rng.standard_normal((n_rows, 1))
        X = np.sqrt(1 - correlation) * X + np.sqrt(correlation) * common
    if uniform:
        X = rng.uniform(-np.sqrt(3), np.sqrt(3), X.shape)
    y = teacher.predict(X)
    return X, y + noise * y.std() * rng.standard_normal(n_rows), teacher


def as_student(teacher, estimator, X, y):
    """The teacher as a fitted estimator of the kind given."""
    widths = [w.shape[1] for w in teacher.coefs_[:-1]]
    settings = {"activation": teacher.activation, "max_iter": 1, "n_iter_no_change": np.inf}
    student = estimator(widths, random_state=0, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        student.fit(X, y)
    weights, intercepts = ([a.copy() for a in p] for p in (teacher.coefs_, teacher.intercepts_))
    spectral = Parameters.from_weights(weights, intercepts, "in")
    student.coefs_, student.intercepts_ = weights, spectral.intercepts
    student.eigenvectors_ = spectral.eigenvectors
    student.eigenvalues_in_ = spectral.eigenvalues_in
    student.eigenvalues_out_ = spectral.eigenvalues_out
    return student


def effective_size(condition, teacher_size, seed):
    """Nodes that the pruner leaves of the teacher itself, and how long that took."""
    X, y, teacher = data_of(condition, teacher_size, seed)
    student = as_student(teacher, SpectralMLPRegressor, X, y)
    start = time.perf_counter()
    pruner = SpectralPruner(student, prefit=True).fit(X, y)
    return {"pruner": pruner.n_nodes_[0], "prune": time.perf_counter() - start}


def trial(condition, teacher_size, student, seed):
    """What was found, and how long it took."""
    X, y, _ = data_of(condition, teacher_size, seed)
    start = time.perf_counter()
    student = clone(student).set_params(random_state=seed).fit(X, y)
    fitted = time.perf_counter()
    pruner = SpectralPruner(student, prefit=True).fit(X, y)
    end = time.perf_counter()
    relevance = pruner.pruned_estimator_.node_importances_[0]
    return {
        "core": student.core_sizes_[0],
        "pruner": pruner.n_nodes_[0],
        "same": core_mask(relevance, 0.05).sum() == core_mask(relevance, 0.005).sum(),
        "fit": fitted - start,
        "prune": end - fitted,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="seed of the first trial")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--alpha", type=strength, default=SpectralMLPRegressor().alpha)
    parser.add_argument(
        "--conditions", nargs="*", default=list(CONDITIONS), choices=list(CONDITIONS)
    )
    options = parser.parse_args()
    print(f"{machine()}; seeds {options.first} to {options.first + options.trials - 1}\n")
    print(".. csv-table::\n   :header-rows: 1\n")
    columns = ["data", "h_T", "h"]
    for one, name, other, most in COMPARISONS:
        columns += [f"{name} exact", *(f"{name} ± {n}" for n in most[1:]), f"{one} - {other}"]
    print_row(*columns, "same core", "seconds")
    for condition in options.conditions:
        for size in CONDITIONS[condition][-1]:
            itself = run(effective_size, options, condition, size)
            print_row(condition, size, "teacher", *compared(itself | {"h_T": size}))
            for width in (3 * size // 2, 5 * size, 1000):
                student = SpectralMLPRegressor(width, alpha=options.alpha)
                found = run(trial, options, condition, size, student)
                found |= {"h_T": size, "effective": itself["pruner"]}
                print_row(condition, size, width, *compared(found))


def run(function, options, *arguments):
    """What a function gives for each seed, as one array for each name."""
    seeds = range(options.first, options.first + options.trials)
    results = Parallel(n_jobs=options.jobs)(delayed(function)(*arguments, seed) for seed in seeds)
    return {name: np.array([result[name] for result in results]) for name in results[0]}


def compared(found):
    """The cells of a row after the first three; empty where nothing was found."""
    cells = []
    for one, _, other, most in COMPARISONS:
        if one not in found or other not in found:
            cells += [""] * (len(most) + 1)
            continue
        away = found[one] - found[other]
        cells += [f"{(abs(away) <= n).mean():.0%}" for n in most]
        cells.append(f"{away.min():+d} to {away.max():+d}")
    cells.append(f"{found['same'].mean():.0%}" if "same" in found else "")
    seconds = [f"{np.median(found[step]):.1f}" for step in ("fit", "prune") if step in found]
    return *cells, " + ".join(seconds)


def trial_options(description, n_trials):
    """A parser that knows how many trials to make, and in how many processes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--trials", type=int, default=n_trials)
    parser.add_argument("--jobs", type=int, default=2)
    return parser


def start_table(options, *columns):
    """What was measured on, the seeds, and the head of the table."""
    print(f"{machine()}; seeds 0 to {options.trials - 1}\n")
    print(".. csv-table::\n   :header-rows: 1\n")
    print_row(*columns)


def print_row(*cells):
    """A row of the table."""
    print("   " + ", ".join(map(str, cells)), flush=True)


if __name__ == "__main__":
    main()
