"""What the two estimators refuse, and what they warn of."""

import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches

# Columns on scales beyond these defeat any one learning rate.
_LARGEST_SCALE, _SMALLEST_SCALE = 1e3, 1e-3

# Columns so many standard deviations from zero hardly vary beside what they all have in common; and
# a target so many of them from zero loses its last digits in single precision.
_LARGEST_OFFSET, _OFFSET_OF_Y = 20, 1e5

# Of X that are looked at together.
_MOST_VALUES = 2**20

# A start is within a few times the loss of a constant, a failure many orders beyond it.
_FAILURE = 10

# Within these the squares of y, in relevances and scores, neither overflow nor vanish.
_SCALES_OF_Y = {"float64": (1e-150, 1e150), "float32": (1e-16, 1e16)}

# Category and beginning of the messages that are not to be heard. Each thread has its own, where
# warnings.catch_warnings would change the filters of all.
_SILENCED = ContextVar("silenced", default=None)


class DivergenceError(ValueError):
    """The training left the finite numbers."""


@contextmanager
def silence(category=Warning, beginning=""):
    """Without the package's own warnings of a category whose messages begin so."""
    token = _SILENCED.set((category, beginning))
    try:
        yield
    finally:
        _SILENCED.reset(token)


def warn(message, category=UserWarning):
    """Warn, unless it is silenced."""
    silenced = _SILENCED.get()
    if silenced and issubclass(category, silenced[0]) and message.startswith(silenced[1]):
        return
    warnings.warn(message, category, stacklevel=3)


def has_partial_fit(estimator):
    """Whether `partial_fit` exists: L-BFGS has no steps to take one by one."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit is only available for solver='adam', not 'lbfgs'.")
    return True


def refuse_early_stopping(estimator):
    """Raise if `partial_fit` is asked to stop early."""
    if estimator.early_stopping:
        raise ValueError("partial_fit does not support early_stopping=True")


def refuse_class_weight(class_weight):
    """Raise if a dict of class weights holds anything but finite numbers that are not negative."""
    bad = [w for w in class_weight.values() if not (isinstance(w, Real) and 0 <= w < np.inf)]
    if bad:
        raise ValueError(
            f"class_weight={class_weight!r} gives a class the weight {bad[0]!r}; the weights must "
            "be finite numbers >= 0: give a class that should not count the weight 0."
        )


def is_zeros_and_ones(y):
    """Whether a matrix, which may be sparse, holds nothing but zeros and ones."""
    values = y.data if hasattr(y, "tocsr") else np.asarray(y)
    return bool(((values == 0) | (values == 1)).all())


def refuse_other_labels(y):
    """Raise if a matrix of labels is written in other numbers than zeros and ones."""
    if not is_zeros_and_ones(y):
        raise ValueError(
            "A matrix y of labels must hold zeros and ones, but it holds other numbers; give "
            "y != 0, or whatever tells which labels a row has."
        )


def refuse_other_classes(given, found):
    """Raise if the classes that `partial_fit` is given are not those of a matrix of labels."""
    if not np.array_equal(np.unique(given), found):
        raise ValueError(
            f"classes={given!r}, but y is a matrix of {len(found)} labels, whose classes are 0 to "
            f"{len(found) - 1}; give np.arange({len(found)})."
        )


def refuse_scale_of_y(largest, scales, dtype):
    """Raise if the targets are too large or too small for the precision of X.

    Parameters
    ----------
    largest : float
        Largest absolute value of the targets.
    scales : array-like of shape (n_outputs,)
        What the targets are divided by.
    dtype : dtype of X
    """
    low, high = _SCALES_OF_Y[dtype.name]
    largest, smallest = max(largest, np.max(scales)), np.min(scales)
    if low <= smallest and largest <= high:
        return
    scale = largest if largest > high else smallest
    unit = f"{10.0 ** np.floor(np.log10(scale)):.0e}"
    raise ValueError(
        f"y, or a column of it, is on the scale of {scale:.1e}; with X in {dtype.name} it must be "
        f"between {low:.0e} and {high:.0e}: divide y by {unit}, for example with func and "
        "inverse_func of a TransformedTargetRegressor."
    )


def refuse_divergence(outcome, parameters, learning_rate_init):
    """Raise if a training ended on losses or weights that are not finite."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is looked for
        arrays = [*parameters.weights, *parameters.intercepts]
    arrays.append(outcome.losses[outcome.n_epochs > 0])
    if not all(np.isfinite(array).all() for array in arrays):
        raise DivergenceError(
            "Solver produced non-finite parameter weights. The input data may contain large "
            "values and need to be preprocessed: put a StandardScaler before, or lower "
            f"learning_rate_init (now {learning_rate_init})."
        )


def torch_device(name, dtype):
    """The torch device of a name, which is to hold numbers of a dtype, such as "float64"."""
    import torch

    try:
        probe = torch.zeros(1, device=name, dtype=getattr(torch, dtype))
        probe.cpu()  # the device "meta" has shapes, but no numbers
    except Exception as error:  # each kind of device has its own
        raise ValueError(
            f"device={name!r} is not available here, or not for {dtype} ({error}); use 'cpu' or a "
            "device that this torch knows, and X in float32 and solver='adam' where it has no "
            "float64."
        ) from None
    return probe.device


def warn_of_scale(X, rows):
    """Warn of columns far from the scale of one."""
    scale = _largest_scale(X, rows)
    if scale in (0, np.inf):  # maybe its square only
        largest = max(float(abs(block).max()) for block in _blocks(X, rows))
        largest = max(largest, float(np.finfo(X.dtype).tiny))
        scale = largest * _largest_scale(X, rows, largest)
    if scale > _LARGEST_SCALE or 0 < scale < _SMALLEST_SCALE:
        warn(
            f"The largest root mean square of a column of X is {scale:.2g}; the network trains "
            "well around 1: put a StandardScaler before.",
        )


def warn_of_offset(X, rows):
    """Warn of columns far from zero for what they vary by. Those of sparse data hold zeros."""
    if hasattr(X, "tocsr"):
        return
    n, eps = len(rows), np.finfo(X.dtype).eps
    with np.errstate(over="ignore", invalid="ignore"):
        found = [
            (b.sum(axis=0, dtype=float), b.min(axis=0), b.max(axis=0)) for b in _blocks(X, rows)
        ]
        sums, least, most = zip(*found, strict=True)
        mean = sum(sums) / n
        squares = sum(((block - mean) ** 2).sum(axis=0) for block in _blocks(X, rows)) / n
        # Of a constant both are off by some rounding, the more the longer it is.
        varies = np.max(most, axis=0) - np.min(least, axis=0) > 10 * eps * np.abs(mean)
        offsets = np.divide(np.abs(mean), np.sqrt(squares), out=np.zeros(len(mean)), where=varies)
    j = int(offsets.argmax())
    if offsets[j] > _LARGEST_OFFSET:
        warn(
            f"A column of X has a mean of {mean[j]:.2g} and a standard deviation of "
            f"{np.sqrt(squares[j]):.2g}; the network trains well where columns vary around zero: "
            "put a StandardScaler before.",
        )


def warn_of_rounding(targets, units, dtype):
    """Warn of targets whose variation the precision of the predictions does not resolve."""
    offsets = np.where(np.ptp(targets, axis=0) > 0, np.abs(units.mean) / units.scale, 0)
    k = int(offsets.argmax())
    if dtype == np.float32 and offsets[k] > _OFFSET_OF_Y:
        warn(
            f"y, or a column of it, has a mean of {units.mean[k]:.2g} and a standard deviation "
            f"of {units.scale[k]:.2g}, which predictions in float32 hardly resolve: give X in "
            "float64, or subtract the mean.",
        )


def _largest_scale(X, rows, unit=1.0):
    """The largest root mean square of a column."""
    return float(np.sqrt(mean_squares(X, rows, unit=unit).max(initial=0)))


def mean_squares(X, rows, weights=None, unit=1.0):
    """Mean square of each column, of shape (n_features,), in a unit of X."""
    weights = np.ones(len(rows)) if weights is None else weights
    total, start = np.zeros(X.shape[1]), 0
    # Sparse arrays stay sparse in their own product.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for block in _blocks(X, rows):
            block = block.astype(float) / unit
            squares = block.multiply(block) if hasattr(block, "multiply") else np.square(block)
            total += weights[start : start + block.shape[0]] @ squares
            start += block.shape[0]
    return total / weights.sum()


def _blocks(X, rows):
    """The rows, a few at a time: X may take all the memory there is."""
    for part in gen_batches(len(rows), max(1, _MOST_VALUES // X.shape[1])):
        yield X[rows[part]]


def warn_of_ending(estimator, outcome, losses, n_epochs, last):
    """Warn of a training that was cut short, by the user or by `max_iter`.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
    outcome : skspectral.engine.solvers.Outcome
    losses : list of float
        Of each epoch.
    n_epochs : int
        At most.
    last : float
        So many epochs, the last, are to tell whether the loss was still falling.
    """
    if outcome.interrupted:
        warn("Training interrupted by user.")
        return
    if outcome.converged[0] or len(losses) < n_epochs:
        return
    falling = True
    if (estimator.solver != "adam" or estimator.learning_rate == "cosine") and n_epochs > last:
        # As at a plateau: tol is the progress of an epoch.
        falling = losses[-int(last) - 1] - losses[-1] > estimator.tol * last
    if falling:
        name = "Stochastic Optimizer" if estimator.solver == "adam" else "L-BFGS"
        warn(
            f"{name}: Maximum iterations ({n_epochs}) reached and the optimization hasn't "
            "converged yet.",
            ConvergenceWarning,
        )


def pass_on_interruption(network):
    """Raise KeyboardInterrupt if it ended the fit of a network, for the sake of others to come."""
    state = getattr(network, "_state", None)
    if state is not None and state.interrupted:
        raise KeyboardInterrupt


def warn_of_collapse(estimator):
    """Warn if a hidden layer has no core: the network is a constant."""
    empty = [layer for layer, size in enumerate(estimator.core_sizes_, start=1) if not size]
    if empty:
        dense = estimator.parametrization == "dense"
        kinds = ["weights"] if dense else ["eigenvectors", "eigenvalues"]
        strengths = estimator._strengths()
        given = " and ".join(f"{strengths[kind]:.2g} for the {kind}" for kind in kinds)
        lower = "set alpha to a number, to lower" if estimator.alpha == "auto" else "lower"
        warn(
            f"No node of hidden layer {empty[0]} is relevant, so the network is a constant: "
            f"{lower} the strengths of the penalty ({given}), or check that y depends on X.",
            ConvergenceWarning,
        )


def warn_of_failure(estimator, loss, penalty, targets, weights):
    """Warn if a network is far worse than a constant.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
    loss : float
        Objective of the network, penalty included.
    penalty : float
        The penalty alone: a strong one is no failure.
    targets : ndarray of shape (n_rows, n_outputs)
        What it was trained on, y in standard units.
    weights : ndarray of shape (n_rows,) or None
    """
    if estimator._loss() == "squared_error":
        squares = np.average(np.square(targets), axis=0, weights=weights)
        constant = max(1.0, squares.mean())
    else:
        # The loss of several labels is their mean, each of two classes.
        constant = np.log(targets.shape[1] if estimator._loss() == "softmax" else 2)
    # Twice, because rounding may hide the rest of the loss in the penalty.
    if loss > _FAILURE * constant + 2 * penalty:
        warn(
            f"The training ended at a loss of {loss:.2g}, where that of a constant prediction is "
            f"{constant:.2g}: put a StandardScaler before, or lower learning_rate_init (now "
            f"{estimator.learning_rate_init}).",
            ConvergenceWarning,
        )
