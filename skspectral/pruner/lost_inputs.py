"""Inputs that the error of a network depends on, and the network does not have."""

import numpy as np
from scipy.stats import chi2

# What noise alone shows once in a hundred data sets.
RARELY = 0.01

# Inputs that return at once.
_MOST_AT_ONCE = 4

# Columns that are compared at a time.
_COLUMNS = 256

# Every two columns are compared where rows times outputs times the square of the columns are fewer.
_MOST_PRODUCTS = 1e10

# Standard deviations beyond which a value counts for no more: the product of two rare ones would
# make up all of a correlation.
_FARTHEST = 3


def lost_inputs(table, choice):
    """Columns that the error depends on, the most telling first.

    On a line of it, a bend, or its product with one of the inputs; if there is none, the two on
    whose product it depends.

    Parameters
    ----------
    table : Table
    choice : Choice
        The inputs that there are, and the network.

    Returns
    -------
    lost : ndarray of int
        None of those inputs, four at most, and empty if noise might show as much.
    """
    problem, network, inputs = choice
    rows = problem.some_rows
    error = -problem.loss.slopes(problem.layers(network)[-1], problem.targets)[rows]
    if problem.weights is not None:
        error = error * problem.weights[rows, None]
    lost = _lost_by_themselves(table, problem.X[rows], rows, error, inputs)
    return lost if len(lost) else _lost_together(table, rows, error, inputs)


def _lost_by_themselves(table, X, rows, error, inputs):
    """The columns on which the error depends by a line, a bend, or a product with an input."""
    partners = np.column_stack([np.ones(len(error)), _standard(X)])
    # The error of each output, times each of the partners.
    errors = (error[:, :, None] * partners[:, None, :]).reshape(len(error), -1)
    scores = np.zeros(table.n_columns)
    for start in range(0, table.n_columns, _COLUMNS):
        X = _standard(table.columns(slice(start, start + _COLUMNS), rows))
        bent = _standard(np.abs(X))
        squares = np.hstack([_squares(X, errors), _squares(bent, error)])
        scores[start : start + _COLUMNS] = squares.sum(axis=1)
    scores[inputs] = 0
    n_terms = errors.shape[1] + error.shape[1]
    least = chi2.isf(RARELY / table.n_columns, n_terms)
    order = np.argsort(-scores, kind="stable")[:_MOST_AT_ONCE]
    return order[scores[order] > least]


def _lost_together(table, rows, error, inputs):
    """The two other columns on whose product the error depends most, if that is not by chance."""
    others = np.setdiff1d(np.arange(table.n_columns), inputs)
    n_pairs = len(others) * (len(others) - 1) / 2
    if n_pairs == 0 or error.size * len(others) ** 2 > _MOST_PRODUCTS:
        return others[:0]
    X = np.delete(table.columns(slice(None), rows), inputs, axis=1)
    X = np.clip(_standard(X), -_FARTHEST, _FARTHEST)
    best, pair = 0.0, [0, 0]
    for start in range(0, len(others), _COLUMNS):
        some = X[:, start : start + _COLUMNS]
        # Each pair once: with the columns from here on.
        scores = sum(_squares(some, e[:, None] * X[:, start:]) for e in error.T)
        np.fill_diagonal(scores, 0)
        if scores.max() > best:
            best = scores.max()
            pair = start + np.array(np.unravel_index(scores.argmax(), scores.shape))
    is_telling = best > chi2.isf(RARELY / n_pairs, error.shape[1])
    return others[pair] if is_telling else others[:0]


def _squares(X, errors):
    """Of correlations between columns of X, standardised, and errors, times the rows.

    Each is a chi-squared variable of one degree of freedom if the error is noise.
    """
    scale = np.linalg.norm(errors, axis=0)
    return (X.T @ (errors / np.where(scale > 0, scale, np.inf))) ** 2


def _standard(X):
    X = X - X.mean(axis=0)
    scale = X.std(axis=0)
    return X / np.where(scale > 0, scale, np.inf)
