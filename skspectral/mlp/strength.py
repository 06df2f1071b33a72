"""The strength of alpha="auto", for the rows of a fit."""

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from skspectral.engine.strength import NoiseStrength
from skspectral.mlp.copies import distinct_rows
from skspectral.mlp.scales import mean_squares
from skspectral.mlp.weights import effective

# On what they were set docs/defaults.rst says, and what else was tried docs/teachers.rst. The loss
# of numbers is a variance; of classes it falls faster than theirs does, and without noise to
# nothing. Weaker strengths than the least leave nodes that 8000 steps of Adam do not bring to zero.
_OF_NUMBERS = {"factor": 0.15, "exponent": 2 / 3, "least": 3e-4, "rise": 1}
_OF_CLASSES = {"factor": 0.045, "exponent": 0.5, "least": 1e-3, "rise": 2}

# So much of the factor is left where further layers take in logistic values: these spread less than
# the inputs do, and so does the noise that is found in them.
_OF_DEEP_LOGISTIC = 0.5

# Without the rest of the data there is no telling what is noise.
_OF_PIECES = 1e-3

# Of X that show how far its columns are correlated.
_MOST_ROWS = 1000

# Of the lines that are taken from targets, for each row.
_RIDGE = 1e-2


def noise_strength(
    X,
    targets,
    loss,
    weights=None,
    trainable="all",
    activation="relu",
    n_hidden=1,
    is_long=True,
):
    """What follows the noise in a training on some rows.

    Inputs count by their mean squares, for one at most, so that the columns of a one-hot code count
    little, and for less if they are correlated, as pixels are. Rows of uneven weight count for as
    many as are worth as much (Kish), and rows that are copies of others once, with their weight.
    Targets whose errors are correlated count for fewer. Rows of rare classes tell less: n of them
    count as t n, for the variance t of the classes over that of classes of equal weight, and the
    strength is in proportion to sqrt(t / n).

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    targets : ndarray of shape (n_samples, n_outputs)
        In the units that the network is trained in; only outputs that vary.
    loss : {"squared_error", "softmax", "sigmoid"}
    weights : ndarray of shape (n_samples,), default=None
        None of them zero.
    trainable : {"all", "eigenvectors", "eigenvalues"} or None, default="all"
        None is a dense network.
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
    n_hidden : int, default=1
        Number of the hidden layers.
    is_long : bool, default=True
        Whether the training has about its usual length.

    Returns
    -------
    noise : skspectral.engine.strength.NoiseStrength
    """
    rows, of_copies = distinct_rows(X, targets, weights)
    if rows is not None:
        X, targets, weights = X[rows], targets[rows], of_copies
    squares = mean_squares(X, np.arange(X.shape[0]), weights)
    some = _some_rows(X.shape[0], weights)
    columns = _in_own_units(X[some], squares)
    settings, constant, n_rows = _OF_NUMBERS, 1.0, effective(len(targets), weights)
    n_targets, of_classes = _n_targets(targets.shape[1], loss), loss != "squared_error"
    n_more = max(0, n_hidden - 1) if is_long and trainable is not None else 0
    if of_classes:
        shares = np.average(targets, axis=0, weights=weights)
        constant, spread = _of_classes(shares, loss)
        n_rows *= spread or 1.0  # of a single class there is nothing to tell
        settings = _OF_CLASSES | {"factor": _OF_CLASSES["factor"] * spread}
    elif n_more and activation == "logistic":
        settings = _OF_NUMBERS | {"factor": _OF_NUMBERS["factor"] * _OF_DEEP_LOGISTIC}
    return NoiseStrength(
        inputs=np.minimum(squares, 1.0) * _independence(columns),
        n_rows=n_rows,
        n_targets=n_targets,
        n_independent=1.0 if n_targets == 1 else _n_independent(columns, targets[some]),
        trainable=trainable,
        constant=constant,
        n_more=n_more,
        of_classes=of_classes,
        is_long=is_long,
        **settings,
    )


def strength_of_pieces(n_outputs, loss):
    """The strength where the data come in pieces: one that does not follow the noise.

    Parameters
    ----------
    n_outputs : int
    loss : {"squared_error", "softmax", "sigmoid"}

    Returns
    -------
    alpha : float
    """
    return _OF_PIECES / _n_targets(n_outputs, loss) ** 0.5


def _n_targets(n_outputs, loss):
    """Outputs whose losses are averaged."""
    return 1 if loss == "softmax" else max(1, n_outputs)


def _in_own_units(X, squares):
    """The columns that are not zero, each divided by the root of its mean square."""
    varies = np.flatnonzero(squares)
    X, unit = X[:, varies], 1 / np.sqrt(squares[varies])
    return X.multiply(unit).tocsr() if hasattr(X, "multiply") else X * unit


def _independence(columns):
    """How many axes columns spread along, over their number: one if not correlated.

    The square of the sum of the standard deviations along the principal axes, over the sum of their
    squares. In as many rows as columns even those that are not correlated spread unevenly
    (Marchenko and Pastur): 8 / (3 pi) is their mean deviation.
    """
    fewer, more = sorted(columns.shape)
    factor = columns if fewer == columns.shape[1] else columns.T
    products = safe_sparse_dot(factor.T, factor, dense_output=True)
    variances = np.maximum(np.linalg.eigvalsh(products), 0.0)
    if not variances.any():
        return 1.0
    n_axes = np.sqrt(variances).sum() ** 2 / variances.sum()
    of_independent = fewer * (1 - (1 - (8 / (3 * np.pi)) ** 2) * fewer / more)
    # The last digits depend on the number of threads.
    return min(1.0, round(float(n_axes / of_independent), 6))


def _n_independent(columns, targets):
    """How many outputs that are not correlated what lines leave of the targets is worth.

    The square of the sum of its variances over the sum of all squared covariances. The lines have a
    ridge, so that they leave something of few rows, too.
    """
    n = len(targets)
    products = safe_sparse_dot(columns, columns.T, dense_output=True) + 1.0  # of intercepts
    left = np.linalg.solve(products + _RIDGE * n * np.eye(n), targets - targets.mean(axis=0))
    covariances = np.cov(left, rowvar=False, bias=True)
    squares = np.square(covariances).sum()
    return round(float(np.trace(covariances) ** 2 / squares), 6) if squares > 0 else 1.0


def _some_rows(n_rows, weights):
    """At most so many as show it, the same for each fit; those of more weight rather."""
    rng = np.random.default_rng(0)
    if weights is not None:
        return np.unique(rng.choice(n_rows, _MOST_ROWS, p=weights / weights.sum()))
    return np.arange(n_rows) if n_rows <= _MOST_ROWS else rng.choice(n_rows, _MOST_ROWS, False)


def _of_classes(shares, loss):
    """The loss of a constant, and the variance over that of classes of equal weight."""
    others = 1 - shares
    if loss == "softmax":
        n_classes = len(shares)
        entropy = _entropies(shares).sum()
        spread = np.mean(shares * others) * n_classes**2 / (n_classes - 1)
    else:
        entropy = (_entropies(shares) + _entropies(others)).mean()
        spread = np.mean(4 * shares * others)
    # Of a single class it is zero, but for rounding, and n rows of it are not to count as 1e-13.
    return float(entropy), max(0.0, round(float(spread), 12))


def _entropies(shares):
    return -shares * np.log(np.where(shares > 0, shares, 1.0))
