"""The defaults against those of scikit-learn's MLP, on seven data sets.

Five of them scikit-learn loads or fetches. ``waves`` is made: 8000 rows of 20 normal inputs, a sine
of one, products and lines of others, and noise of 30 %; ``Fashion-MNIST`` is 8000 of its images,
whose 784 columns are correlated (``fetch_openml``, which wants pandas).

5-fold cross-validation of StandardScaler and the estimator, with the same folds for every row.
`--alphas` adds rows with other strengths, `--rate` is the initial learning rate. Prints a
reStructuredText table.
"""

import argparse
import warnings

import numpy as np
from sklearn.base import is_classifier
from sklearn.datasets import (
    fetch_california_housing,
    fetch_openml,
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor


def waves(return_X_y=True):
    """A sine looks like noise at first: on a line it depends next to nothing."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((8000, 20))
    y = np.sin(3 * X[:, 0]) + np.abs(X[:, 1]) * X[:, 2] + X[:, 3] * X[:, 4]
    y += 0.5 * X[:, 5:9].sum(axis=1)
    return X, y + 0.3 * y.std() * rng.standard_normal(len(y))


def fashion(return_X_y=True):
    """The first images."""
    X, y = fetch_openml("Fashion-MNIST", version=1, as_frame=False, return_X_y=True)
    return X[:8000].astype(np.float32), y[:8000]


DATA = {
    "diabetes": (load_diabetes, MLPRegressor, SpectralMLPRegressor),
    "California Housing": (fetch_california_housing, MLPRegressor, SpectralMLPRegressor),
    "breast cancer": (load_breast_cancer, MLPClassifier, SpectralMLPClassifier),
    "wine": (load_wine, MLPClassifier, SpectralMLPClassifier),
    "digits": (load_digits, MLPClassifier, SpectralMLPClassifier),
    "waves": (waves, MLPRegressor, SpectralMLPRegressor),
    "Fashion-MNIST": (fashion, MLPClassifier, SpectralMLPClassifier),
}


def evaluate(estimator, X, y, seed):
    """Test scores of the folds and core sizes."""
    folds = StratifiedKFold if is_classifier(estimator) else KFold
    with warnings.catch_warnings():
        # scikit-learn's MLP does not converge in its 200 epochs on some of these.
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = cross_validate(
            make_pipeline(StandardScaler(), estimator),
            X,
            y,
            cv=folds(5, shuffle=True, random_state=seed),
            return_estimator=True,
            error_score="raise",
        )
    fitted = [pipe[-1] for pipe in result["estimator"]]
    cores = [model.core_sizes_[0] for model in fitted if hasattr(model, "core_sizes_")]
    return result["test_score"], cores


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alphas", type=strength, nargs="*", default=[])
    parser.add_argument("--rate", type=float, default=1e-2)
    parser.add_argument("--data", nargs="*", default=list(DATA), choices=list(DATA))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(".. list-table::\n   :header-rows: 1\n")
    row("data", "estimator", "score (standard error)", "difference (standard error)", "core")
    for name in options.data:
        load, reference, spectral = DATA[name]
        X, y = load(return_X_y=True)
        base, _ = evaluate(reference(random_state=options.seed), X, y, options.seed)
        row(name, reference.__name__, with_error(base), "", "")
        for alpha in [None, *options.alphas]:
            chosen = {} if alpha is None else {"alpha": alpha}
            estimator = spectral(
                random_state=options.seed, learning_rate_init=options.rate, **chosen
            )
            scores, cores = evaluate(estimator, X, y, options.seed)
            label = spectral.__name__ + "".join(f", {k}={v}" for k, v in chosen.items())
            sizes = f"{min(cores)} to {max(cores)} of 100"
            row(name, label, with_error(scores), with_error(scores - base), sizes)


def strength(text):
    return text if text == "auto" else float(text)


def with_error(values):
    """Mean and standard error."""
    return f"{np.mean(values):.3f} ({np.std(values, ddof=1) / np.sqrt(len(values)):.3f})"


def row(*cells):
    """Print one row of the table."""
    for k, cell in enumerate(cells):
        print(f"   {'* -' if k == 0 else '  -'} {cell}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
