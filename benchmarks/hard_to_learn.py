"""Functions that look like noise at first: R2 by strength, with the warm-up and without it.

An input whose effect is neither a line nor a bend, an even one of logistic nodes, signs that are
multiplied: at the start the outputs depend on them next to nothing. Inputs and fresh rows are
normal, y has noise of a tenth of its standard deviation, the fresh rows have none. Prints a
reStructuredText table: mean and smallest R2 over the seeds.
"""

import argparse
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from skspectral import SpectralMLPRegressor
from skspectral.mlp import length

N_FRESH, NOISE = 4000, 0.1


def signs(X):
    """A product of three signs."""
    return np.sign(X[:, 0] * X[:, 1] * X[:, 2])


def sine(X):
    """A sine beside a line."""
    return np.sin(4 * X[:, 0]) + X[:, 1]


def slow_sine(X):
    """A slower sine, a line and a product."""
    return np.sin(3 * X[:, 0]) + X[:, 1] + X[:, 2] * X[:, 3]


def fold(X):
    """Even, and folded twice."""
    return np.abs(np.abs(X[:, 0]) - 1)


def bend(X):
    """An even input beside a line."""
    return np.abs(X[:, 0]) + X[:, 1]


# Function, rows, inputs, parameters of the network.
PROBLEMS = {
    "three signs, logistic": (signs, 8000, 10, {"activation": "logistic"}),
    "sine, tanh": (sine, 4000, 10, {"activation": "tanh"}),
    "fold, logistic": (fold, 4000, 10, {"activation": "logistic"}),
    "bend, three logistic layers": (
        bend,
        2000,
        10,
        {"activation": "logistic", "hidden_layer_sizes": (40, 40, 40)},
    ),
    "slow sine, L-BFGS": (slow_sine, 700, 10, {"solver": "lbfgs"}),
    "fold, logistic, L-BFGS": (fold, 4000, 10, {"activation": "logistic", "solver": "lbfgs"}),
}


def scores(estimator, problem, seeds):
    """R2 on fresh rows, one for each seed."""
    function, n_rows, n_inputs, _ = problem
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n_rows + N_FRESH, n_inputs))
        y = function(X)
        noisy = y[:n_rows] + NOISE * y.std() * rng.standard_normal(n_rows)
        network = clone(estimator).set_params(random_state=seed).fit(X[:n_rows], noisy)
        found.append(network.score(X[n_rows:], y[n_rows:]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=5, help="seeds, from 0")
    seeds = range(parser.parse_args().trials)
    # Constants are told, scikit-learn's MLP stops early: the table says what comes of it.
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(".. csv-table::\n   :header-rows: 1\n")
    default = length.WARM_UP
    spectral = [(alpha, share) for share in (0.0, default) for alpha in (3e-4, 1e-3, 3e-3)]
    spectral.append(("auto", default))
    heads = [f"{'' if share else 'no warm-up: '}{alpha}" for alpha, share in spectral]
    print_row("function", "MLPRegressor", *heads)
    for name, problem in PROBLEMS.items():
        cells = [scores(MLPRegressor(**problem[-1]), problem, seeds)]
        for alpha, share in spectral:
            length.WARM_UP = share
            estimator = SpectralMLPRegressor(**problem[-1], alpha=alpha)
            cells.append(scores(estimator, problem, seeds))
        print_row(name, *(f"{np.mean(cell):.2f} ({min(cell):.2f})" for cell in cells))


def print_row(*cells):
    """One row of the table."""
    print("   " + ", ".join(f'"{cell}"' for cell in cells), flush=True)


if __name__ == "__main__":
    main()
