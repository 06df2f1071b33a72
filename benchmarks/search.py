"""Speed of a search: ratios of searches run alternately in one process.

Six widths times six strengths times five folds, in a Pipeline with a StandardScaler: in stacks by
SpectralGridSearchCV, one by one by GridSearchCV, and GridSearchCV on scikit-learn's MLP of the same
widths, epochs and batch. Two processes each, started before the clock. By default 20 epochs; what a
fit takes by default is 97 on California Housing, 250 on the teacher and 1000 on digits. The last
column is the largest difference of a split score between the first two.
"""

import argparse
import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("PYTHONWARNINGS", "ignore")  # a few epochs are for the clock only

import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.datasets import fetch_california_housing, load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from speed import alternate, machine

from skspectral import SpectralGridSearchCV, SpectralMLPClassifier, SpectralMLPRegressor
from skspectral.datasets import make_teacher_regression

WIDTHS = [20, 56, 92, 128, 164, 200]
STRENGTHS = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
DATA = {
    "California Housing": lambda: fetch_california_housing(return_X_y=True),
    "10-input teacher": lambda: make_teacher_regression(8000, 10, random_state=0),
    "digits": lambda: load_digits(return_X_y=True),
}


def searches(name, epochs):
    """The three searches, unfitted."""
    if name == "digits":
        ours, theirs = SpectralMLPClassifier, MLPClassifier
    else:
        ours, theirs = SpectralMLPRegressor, MLPRegressor
    settings = {"max_iter": epochs, "random_state": 0}
    spectral = make_pipeline(StandardScaler(), ours(**settings))
    dense = make_pipeline(StandardScaler(), theirs(**settings, n_iter_no_change=epochs))
    options = {"cv": 5, "n_jobs": 2, "refit": False}
    return [
        SpectralGridSearchCV(spectral, grid(spectral), **options),
        GridSearchCV(spectral, grid(spectral), **options),
        GridSearchCV(dense, grid(dense), **options),
    ]


def grid(pipe):
    """Widths and strengths, by the names that they have in a Pipeline."""
    name = pipe.steps[-1][0]
    return {f"{name}__hidden_layer_sizes": [(h,) for h in WIDTHS], f"{name}__alpha": STRENGTHS}


def report(name, dtype, options):
    """Measure and print one row."""
    X, y = DATA[name]()
    X = X.astype(dtype)
    found = searches(name, options.epochs)
    fits = [lambda s=search: s.fit(X, y) for search in found]
    times = alternate(fits, options.repeats, warm=False)
    stacked, plain = (
        np.array([search.cv_results_[f"split{k}_test_score"] for k in range(5)])
        for search in found[:2]
    )
    print(
        f"{name:18} {len(X):6} {X.shape[1]:3} {dtype:8} {times[1] / times[0]:20.1f} "
        f"{times[2] / times[0]:19.1f} {abs(stacked - plain).max():11.0e}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", nargs="*", default=list(DATA), choices=list(DATA))
    parser.add_argument("--dtypes", nargs="*", default=["float64", "float32"])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    Parallel(n_jobs=2)(delayed(__import__)("skspectral.engine.together") for _ in range(2))
    print(machine().replace("one thread", "n_jobs=2"))
    print(f"h = {WIDTHS}, alpha = {STRENGTHS}, 5 folds, {options.epochs} epochs, batch 200")
    print(f"medians of {options.repeats}\n")
    columns = "GridSearchCV / ours  MLP's search / ours  difference"
    print(f"data                    n   d dtype    {columns}")
    for name in options.data:
        for dtype in options.dtypes:
            report(name, dtype, options)


if __name__ == "__main__":
    main()
