"""How often a wide student shows the size of its teacher.

Teachers with one hidden ReLU layer of h_T nodes and 2 h_T inputs, weights uniform as Glorot's, as
make_teacher_regression draws them; students of several widths, all settings at their defaults but
the width and the strength. Their size is told in two ways: by the core, and by
SpectralPruner(n_nodes_to_select="auto") of a student with alpha = 3e-4. For each cell the share of
the trials in which it is exactly h_T, within one node of h_T, and between the effective size of the
teacher and h_T; and the smallest and largest difference to h_T. Trial k has teacher, data and
student from seed k; none is left out.

The effective size is the number of teacher nodes that are left when, one by one, the one is removed
whose loss a new readout of the others makes up for best, as long as the squared error stays below
1e-4 of the variance of the target.
"""

import argparse
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed
from speed import machine

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression

# Name: (noise, correlation of the inputs, uniform inputs, rows, sizes of teachers).
CONDITIONS = {
    "no noise": (0.0, 0.0, False, 8000, (5, 10, 20)),
    "noise 10 %": (0.1, 0.0, False, 8000, (5, 10, 20)),
    "noise 30 %": (0.3, 0.0, False, 8000, (5, 10, 20)),
    "inputs correlated at 0.5": (0.0, 0.5, False, 8000, (5, 10)),
    "uniform inputs": (0.0, 0.0, True, 8000, (5, 10)),
    "1000 rows": (0.0, 0.0, False, 1000, (5, 10)),
}
NEGLIGIBLE = 1e-4

# Strength of the student that the pruner cuts.
PRUNED_AT = 3e-4
COLUMNS = "exact", "within one", "effective size to h_T", "minus h_T"


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


def effective_size(teacher, X):
    """Nodes of the teacher that a new readout of the others cannot make up for."""
    hidden = np.maximum(X @ teacher.coefs_[0], 0)
    y = teacher.predict(X)
    kept = list(range(hidden.shape[1]))
    while len(kept) > 1:
        errors = []
        for node in kept:
            others = np.column_stack([hidden[:, [k for k in kept if k != node]], np.ones(len(X))])
            readout = np.linalg.lstsq(others, y, rcond=None)[0]
            errors.append(np.mean((others @ readout - y) ** 2))
        if min(errors) > NEGLIGIBLE * y.var():
            break
        del kept[int(np.argmin(errors))]
    return len(kept)


def trial(condition, teacher_size, width, alpha, seed):
    """Core of the student, size that the pruner leaves, and effective size of the teacher."""
    X, y, teacher = data_of(condition, teacher_size, seed)
    student = SpectralMLPRegressor(width, alpha=alpha, random_state=seed).fit(X, y)
    student_of_pruner = SpectralMLPRegressor(width, alpha=PRUNED_AT, random_state=seed)
    pruner = SpectralPruner(student_of_pruner, n_nodes_to_select="auto").fit(X, y)
    return student.core_sizes_[0], pruner.n_nodes_[0], effective_size(teacher, X[:1000])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--alphas", nargs="*", default=["auto"])
    parser.add_argument("--conditions", nargs="*", default=list(CONDITIONS))
    options = parser.parse_args()
    print(f"{machine()}; seeds 0 to {options.trials - 1}\n")
    print(".. list-table::\n   :header-rows: 1\n")
    print_row(
        *("data", "alpha", "h_T", "h"),
        *(f"{way}: {what}" for way in ("core", "pruner") for what in COLUMNS),
    )
    for condition in options.conditions:
        for size in CONDITIONS[condition][-1]:
            for width in (3 * size // 2, 5 * size, 300):
                for alpha in options.alphas:
                    report(condition, size, width, alpha, options)


def report(condition, size, width, alpha, options):
    """Run and print one cell."""
    strength = alpha if alpha == "auto" else float(alpha)
    results = Parallel(n_jobs=options.jobs)(
        delayed(trial)(condition, size, width, strength, seed) for seed in range(options.trials)
    )
    *found, effective = np.array(results).T
    cells = [condition, alpha, size, width]
    for own in found:
        away = own - size
        cells += [
            f"{(away == 0).mean():.0%}",
            f"{(abs(away) <= 1).mean():.0%}",
            f"{((effective <= own) & (own <= size)).mean():.0%}",
            f"{away.min():+d} to {away.max():+d}",
        ]
    print_row(*cells)


def print_row(*cells):
    for k, cell in enumerate(cells):
        print(f"   {'* -' if k == 0 else '  -'} {cell}", flush=True)


if __name__ == "__main__":
    main()
