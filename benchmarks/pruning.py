"""The pruned network against the full one: score, size and time to predict.

For each data set 5-fold cross-validation of StandardScaler and SpectralPruner; the test rows are
scored by the full network, by the one that is cut at the gap of its spectrum, by that refitted in
any case, and by the pruned one. Then the full and the pruned one predict the same 10000 rows, in
turn, on one thread. Prints a reStructuredText table.
"""

import argparse
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.datasets import (
    fetch_california_housing,
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
)
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from speed import alternate, machine

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.pruner.refit import FREE, train_on

DATA = {
    "diabetes": (load_diabetes, SpectralMLPRegressor()),
    "diabetes, alpha=0.001": (load_diabetes, SpectralMLPRegressor(alpha=1e-3)),
    "California Housing": (fetch_california_housing, SpectralMLPRegressor()),
    "breast cancer": (load_breast_cancer, SpectralMLPClassifier()),
    "wine": (load_wine, SpectralMLPClassifier()),
    "digits": (load_digits, SpectralMLPClassifier()),
}
N_ROWS = 10_000


def evaluate(estimator, X, y, seed):
    """Scores of the full, cut, refitted and pruned network and nodes kept, for each fold."""
    folds = StratifiedKFold if is_classifier(estimator) else KFold
    rows = []
    for train, test in folds(5, shuffle=True, random_state=seed).split(X, y):
        pruner = SpectralPruner(make_pipeline(StandardScaler(), estimator))
        pruner.fit(X[train], y[train])
        scaler, full = pruner.estimator_
        cut = SpectralPruner(full, prefit=True).pruned_estimator_
        free = train_on(cut, scaler.transform(X[train]), y[train], None, **FREE)
        networks = (full, cut, free, pruner.pruned_estimator_)
        scores = [network.score(scaler.transform(X[test]), y[test]) for network in networks]
        rows.append([*scores, pruner.n_nodes_[0]])
    return np.array(rows), pruner


def time_ratio(pruner, X):
    """Time of the pruned network to predict over that of the full one."""
    scaler, network = pruner.estimator_
    rows = scaler.transform(X)[np.arange(N_ROWS) % len(X)]
    networks = (pruner.pruned_estimator_, network)
    pruned, full = alternate([lambda n=n: n.predict(rows) for n in networks], 21)
    return pruned / full


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=500)
    parser.add_argument("--data", nargs="*", default=list(DATA), choices=list(DATA))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{machine()}, h = {options.width}, seed {options.seed}\n")
    print(".. list-table::\n   :header-rows: 1\n")
    names = ["full (standard error)", "cut", "always refitted", "pruned (difference, its error)"]
    print_row("data", *names, "nodes", "time to predict")
    for name in options.data:
        load, network = DATA[name]
        X, y = load(return_X_y=True)
        network = clone(network).set_params(
            hidden_layer_sizes=options.width, random_state=options.seed
        )
        rows, pruner = evaluate(network, X, y, options.seed)
        full, cut, free, pruned, _ = rows.mean(axis=0)
        change = rows[:, 3] - rows[:, 0]
        print_row(
            name,
            f"{full:.4f} ({standard_error(rows[:, 0]):.4f})",
            f"{cut:.4f}",
            f"{free:.4f}",
            f"{pruned:.4f} ({change.mean():+.4f}, {standard_error(change):.4f})",
            f"{rows[:, 4].min():.0f} to {rows[:, 4].max():.0f} of {options.width}",
            f"{time_ratio(pruner, X):.2f}",
        )


def standard_error(values):
    return values.std(ddof=1) / np.sqrt(len(values))


def print_row(*cells):
    """One row of the table."""
    for k, cell in enumerate(cells):
        print(f"   {'* -' if k == 0 else '  -'} {cell}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
