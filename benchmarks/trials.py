"""What a trial is worth: networks that the data leave, where they do not determine the size.

Small tables, noisy labels, weak signals; students at their defaults. For each kind of data the mean
loss on fresh rows (deviance, or squared error over the variance) of the full network, of what the
data leave of it without a trial, and of what SpectralPruner returns, which a trial has decided, and
in how many trials the data chose; the largest loss that pruning adds, and the most nodes. Then the
same from two thirds of the rows: how much more the full network learns by heart there than what is
left of it, and what share of that all rows undo. Trial k has data and networks from seed k,
the labels from 10 + k; none is left out.
"""

import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    load_wine,
    make_classification,
    make_friedman1,
    make_moons,
    make_multilabel_classification,
)
from sklearn.preprocessing import StandardScaler
from teacher_size import print_row, start_table, trial_options

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_classification
from skspectral.pruner.comparison import losses
from skspectral.pruner.recovery import recover

N_FRESH = 5000


def two_classes(n_rows, seed):
    return make_classification(n_rows, 10, n_informative=4, class_sep=1.5, random_state=seed)


def three_classes(n_rows, seed):
    return make_classification(n_rows, 10, n_informative=4, n_classes=3, random_state=seed)


def moons(n_rows, seed):
    X, y = make_moons(n_rows, noise=0.3, random_state=seed)
    return np.hstack([X, np.random.default_rng(seed).normal(size=(n_rows, 8))]), y


def flipped_teacher(n_rows, seed):
    return make_teacher_classification(
        n_rows, 10, hidden_layer_sizes=5, flip_y=0.2, random_state=seed
    )


def labels(n_rows, seed):
    return make_multilabel_classification(n_rows, 20, n_classes=6, random_state=10 + seed)


def logit(n_rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 10))
    return X, X @ rng.normal(size=10) + rng.logistic(size=n_rows) > 0


def rare(n_rows, seed):
    """One row in twenty is of the second class, by the odds that three inputs of ten tell."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 10))
    # In NumPy: other processes do not find a function of scipy.special by its name.
    return X, rng.random(n_rows) < 1 / (1 + np.exp(4.1 - X[:, :3] @ [1.5, -1.0, 0.7]))


def weak_line(n_rows, seed):
    """A fifth of the variance is signal."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 10))
    return X, X[:, 0] + 2 * rng.normal(size=n_rows)


def heavy_tails(n_rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 8))
    return X, X[:, 0] + np.maximum(X[:, 1], 0) + rng.standard_t(3, size=n_rows)


def friedman(n_rows, seed):
    return make_friedman1(n_rows, 30, noise=2.0, random_state=seed)


# What gives X and y, and the rows to train on; of data that exist a share.
KINDS = {
    "two classes, 200 rows": (two_classes, 200),
    "three classes, 400 rows": (three_classes, 400),
    "moons and 8 inputs of noise, 400 rows": (moons, 400),
    "teacher, a fifth of the classes at random, 1000 rows": (flipped_teacher, 1000),
    "six labels, 1050 rows": (labels, 1050),
    "logit, 500 rows": (logit, 500),
    "one row in twenty of the second class, 300 rows": (rare, 300),
    "iris": (load_iris, 0.6),
    "wine": (load_wine, 0.6),
    "breast cancer": (load_breast_cancer, 0.6),
    "line in four times its variance, 400 rows": (weak_line, 400),
    "t3 noise, 300 rows": (heavy_tails, 300),
    "Friedman, 30 inputs, 300 rows": (friedman, 300),
    "diabetes": (load_diabetes, 0.6),
}


def data_of(kind, seed):
    """Standardised rows to train on, and fresh ones."""
    source, n_rows = KINDS[kind]
    if n_rows < 1:
        X, y = source(return_X_y=True)
        order = np.random.default_rng(seed).permutation(len(y))
        X, y, n_rows = X[order], y[order], int(n_rows * len(y))
    else:
        X, y = source(n_rows + N_FRESH, seed)
    X = StandardScaler().fit(X[:n_rows]).transform(X)
    return X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:]


def trial(kind, seed):
    """Losses of the full network, of what the data leave, and of what a trial has decided."""
    X, y, *fresh = data_of(kind, seed)
    full = student_of(y, seed).fit(X, y)
    left = recover(full, X, y)[0]
    pruner = SpectralPruner(full, prefit=True).fit(X, y)
    decided = pruner.pruned_estimator_
    on_fresh = [losses(network, *fresh).mean() for network in (full, left, decided)]

    part = X[: 2 * len(y) // 3], y[: 2 * len(y) // 3]
    tried = student_of(y, seed).fit(*part)
    pair = tried, recover(tried, *part)[0]
    seen, unseen = (
        np.subtract(*(losses(network, *rows).mean() for network in pair)) for rows in (part, fresh)
    )
    by_heart = unseen - seen
    undone = unseen - (on_fresh[0] - on_fresh[1])
    chosen = "full" in pruner.refit_scores_
    return *on_fresh, chosen, pruner.n_nodes_[0], by_heart, undone


def student_of(y, seed):
    estimator = SpectralMLPRegressor if np.asarray(y).dtype.kind == "f" else SpectralMLPClassifier
    return estimator(random_state=seed)


def main():
    options = trial_options(__doc__, 5).parse_args()
    columns = "full", "left", "decided", "data chose", "most added", "nodes", "by heart", "undone"
    start_table(options, "data", *columns)
    for kind in KINDS:
        results = Parallel(n_jobs=options.jobs)(
            delayed(trial)(kind, seed) for seed in range(options.trials)
        )
        full, left, decided, chosen, nodes, by_heart, undone = map(
            np.array, zip(*results, strict=True)
        )
        print_row(
            f'"{kind}"',
            *(f"{values.mean():.3f}" for values in (full, left, decided)),
            f"{chosen.sum()} of {len(chosen)}",
            f"{(decided - full).max():+.3f}",
            nodes.max(),
            f"{by_heart.mean():.2f}",
            f"{undone.sum() / by_heart.sum():.2f}",
        )


if __name__ == "__main__":
    main()
