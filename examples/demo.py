"""How wide must the network be, and which inputs does it need?

Searches width and strength of a spectral network by plain GridSearchCV, on data that scikit-learn
ships with, and prints what the best one needed. DATA=california searches on California Housing.
"""

import os
import time
from pathlib import Path

import matplotlib
from sklearn.datasets import fetch_california_housing, load_diabetes, load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.core import THRESHOLD, core_mask
from skspectral.inspection import RelevanceDisplay

matplotlib.use("agg")
from matplotlib import pyplot as plt

REGRESSOR = SpectralMLPRegressor(random_state=0)
CLASSIFIER = SpectralMLPClassifier(random_state=0)
DATA = {
    "california": [("California Housing", fetch_california_housing, REGRESSOR, [1e-4, 3e-4, 1e-3])],
    "": [
        ("diabetes", load_diabetes, REGRESSOR, [3e-3, 1e-2, 3e-2]),
        ("digits", load_digits, CLASSIFIER, [3e-4, 1e-3, 3e-3]),
    ],
}
HEADER = [
    "data",
    "h",
    "alpha",
    "score",
    "core",
    "inputs",
    "score of core",
    "parameters of core",
    "seconds",
]


def n_parameters(mlp):
    """Weights and intercepts of a network."""
    return sum(array.size for array in [*mlp.coefs_, *mlp.intercepts_])


def search(load, mlp, alphas):
    """The best pipeline over width and strength, its test data, and the seconds it took."""
    X, y = load(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    name = type(mlp).__name__.lower()
    grid = {f"{name}__hidden_layer_sizes": [30, 100], f"{name}__alpha": alphas}
    start = time.perf_counter()
    found = GridSearchCV(make_pipeline(StandardScaler(), mlp), grid, cv=3, n_jobs=2)
    best = found.fit(X_train, y_train).best_estimator_
    return best, X_test, y_test, time.perf_counter() - start


def summarise(name, best, X_test, y_test, seconds):
    """One row of the table."""
    scaler, mlp = best[0], best[-1]
    small = SpectralPruner(mlp, threshold=THRESHOLD, prefit=True).pruned_estimator_
    inputs = core_mask(mlp.feature_importances_)
    return [
        name,
        str(mlp.hidden_layer_sizes),
        f"{mlp.alpha:g}",
        f"{best.score(X_test, y_test):.3f}",
        ", ".join(map(str, mlp.core_sizes_)),
        f"{inputs.sum()} of {inputs.size}",
        f"{small.score(scaler.transform(X_test), y_test):.3f}",
        f"{n_parameters(small)} of {n_parameters(mlp)}",
        f"{seconds:.0f}",
    ]


def draw(fitted, path):
    """Sorted relevance of the hidden nodes of each network over its largest."""
    figure, axes = plt.subplots(1, len(fitted), figsize=(4.5 * len(fitted), 3.5), squeeze=False)
    for ax, (name, mlp) in zip(axes[0], fitted, strict=True):
        RelevanceDisplay.from_estimator(mlp, ax=ax)
        ax.set_title(name)
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main():
    chosen = os.environ.get("DATA", "")
    if chosen not in DATA:
        names = ", ".join(repr(name) for name in DATA if name)
        raise SystemExit(f"DATA={chosen!r} is not known; leave it out or give one of {names}.")
    rows, fitted = [HEADER], []
    for name, load, mlp, alphas in DATA[chosen]:
        best, X_test, y_test, seconds = search(load, mlp, alphas)
        rows.append(summarise(name, best, X_test, y_test, seconds))
        fitted.append((name, best[-1]))
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEADER))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    print(
        "\nscore: R2 or accuracy on rows held out, of the best network and of what is left of it;"
        "\ncore, inputs: hidden nodes and inputs above 5 % of the largest relevance"
    )
    path = Path("relevance.png")
    draw(fitted, path)
    print(f"Relevance spectrum: {path}")


if __name__ == "__main__":
    main()
