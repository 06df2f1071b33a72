"""What the two estimators refuse."""

from numbers import Real

import numpy as np


class DivergenceError(ValueError):
    """The training left the finite numbers."""


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
            "y != 0, or whatever says which labels a row has."
        )


def refuse_other_classes(given, found):
    """Raise if the classes that `partial_fit` is given are not those of a matrix of labels."""
    if not np.array_equal(np.unique(given), found):
        raise ValueError(
            f"classes={given!r}, but y is a matrix of {len(found)} labels, whose classes are 0 to "
            f"{len(found) - 1}; give np.arange({len(found)})."
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
