"""What networks learn of noise where rows are few, by their depth.

Ten normal inputs, signals that are nothing, weak or strong; students of one, two and three hidden
layers at their defaults, beside scikit-learn's MLP. For each the mean loss on fresh rows (squared
error, or the negative logarithm of the likelihood) over that of a constant: above one a network is
worse than none. The last column is the loss of who knows the mean of y, or its probabilities.
Trial k has data and networks from seed k; none is left out.
"""

import os

# Before numpy is imported: BLAS reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.neural_network import MLPClassifier, MLPRegressor
from teacher_size import print_row, start_table, trial_options

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor

N_FRESH = 4000
WIDTHS = (50,), (50, 20), (50, 20, 10)


def nothing(X):
    return np.zeros(len(X))


def tenth(X):
    """A line and a hinge; a third of the standard deviation of the noise."""
    return (np.maximum(X[:, 0], 0) - X[:, 1]) / 3.5


def product(X):
    return 0.65 * X[:, 0] * X[:, 1]


def weak(X):
    return 0.6 * X[:, 0] + 0.4 * X[:, 1]


def rare(X):
    """One row in ten, or so, is of the second class."""
    return 1.2 * X[:, 0] + X[:, 1] - 3


def strong(X):
    return 3 * X[:, 0] - 2 * X[:, 1] + X[:, 2]


def signs(X):
    """Of nineteen rows in twenty the sign of a product is the class."""
    return 3 * np.sign(X[:, 0] * X[:, 1])


# The mean of numbers, whose noise has a variance of one, and rows; the logit of classes, and rows.
NUMBERS = {
    "numbers: nothing, 100 rows": (nothing, 100),
    "numbers: nothing, 200 rows": (nothing, 200),
    "numbers: a tenth, 100 rows": (tenth, 100),
    "numbers: a tenth, 200 rows": (tenth, 200),
    "numbers: a product, 100 rows": (product, 100),
    "numbers: a product, 200 rows": (product, 200),
    "numbers: strong, 100 rows": (strong, 100),
}
CLASSES = {
    "classes: nothing, 150 rows": (nothing, 150),
    "classes: weak, 150 rows": (weak, 150),
    "classes: weak, 600 rows": (weak, 600),
    "classes: rare, 150 rows": (rare, 150),
    "classes: rare, 400 rows": (rare, 400),
    "classes: strong, 150 rows": (strong, 150),
    "classes: strong, 400 rows": (strong, 400),
    "classes: signs, 150 rows": (signs, 150),
    "classes: signs, 400 rows": (signs, 400),
}


def trial(name, activation, seed):
    """Losses on fresh rows over that of a constant: scikit-learn's, ours, and the least."""
    function, n_rows = (NUMBERS | CLASSES)[name]
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows + N_FRESH, 10))
    known, (X, X_fresh) = function(X), np.split(X, [n_rows])
    if name in NUMBERS:
        y = known + rng.standard_normal(len(known))
        kinds, loss = (MLPRegressor, SpectralMLPRegressor), mean_squared_error
    else:
        known = 1 / (1 + np.exp(-known))
        y = (rng.random(len(known)) < known).astype(int)
        kinds, loss = (MLPClassifier, SpectralMLPClassifier), log_loss
    (y, y_fresh), known = np.split(y, [n_rows]), known[n_rows:]
    losses = []
    with warnings.catch_warnings():
        # Constants are told, and scikit-learn's MLP stops early: the table says what comes of it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for kind in kinds:
            for widths in WIDTHS:
                network = kind(
                    hidden_layer_sizes=widths, activation=activation, random_state=seed
                ).fit(X, y)
                predict = network.predict if name in NUMBERS else network.predict_proba
                losses.append(loss(y_fresh, predict(X_fresh)))
    constant = loss(y_fresh, np.full(N_FRESH, y.mean()))
    return np.array([*losses, loss(y_fresh, known)]) / constant


def main():
    parser = trial_options(__doc__, 5)
    parser.add_argument("--activation", default="relu", help="of all networks")
    options = parser.parse_args()
    names = [f"{kind} {layers}" for kind in ("MLP", "spectral") for layers in (1, 2, 3)]
    start_table(options, "data", *names, "known")
    for name in NUMBERS | CLASSES:
        losses = Parallel(n_jobs=options.jobs)(
            delayed(trial)(name, options.activation, seed) for seed in range(options.trials)
        )
        print_row(f'"{name}"', *(f"{value:.2f}" for value in np.mean(losses, axis=0)))


if __name__ == "__main__":
    main()
