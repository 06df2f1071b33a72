"""The units of y, and what its outputs count for."""

from dataclasses import dataclass

import numpy as np

# Values that differ by no more than this share of them differ by rounding alone.
ROUNDING = 10 * np.finfo(np.float64).eps

# With fewer rows the spread of y is next to unknown.
_FEW_ROWS = 20


@dataclass(frozen=True)
class Units:
    """What the targets are less, and divided by, in the training.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_outputs,) or float
    constant : ndarray of shape (n_outputs,) or bool
        Whether an output does not vary.
    """

    mean: np.ndarray | float
    scale: np.ndarray | float
    constant: np.ndarray | bool

    def standard(self, targets):
        """Targets, or the intercepts of the outputs, in these units."""
        return (targets - self.mean) / self.scale

    def original(self, outputs):
        """Outputs, or their intercepts, in the units of y."""
        return outputs * self.scale + self.mean


def further_units(known, new, n_known, n_new, fit_intercept):
    """The units of y for a further batch, and those to read the network in.

    They stay what they are, and in them so does the network, but for outputs of which too little
    has been seen: of a few rows all so far count, and of values that were the same until now those
    of this batch or, if it is of one value as well, that one and the one before.

    Parameters
    ----------
    known, new : Units
        As they have been so far, and of the batch; of numbers.
    n_known, n_new : int
        Rows of either.
    fit_intercept : bool
        Whether a mean has somewhere to go.

    Returns
    -------
    units, before : Units
    """
    # Of values that were the same, however many, as many count as there are new ones.
    pooled = _pooled(known, new, np.where(known.constant, 0.5, n_new / (n_known + n_new)))
    is_open = known.constant | (n_known < _FEW_ROWS)
    begins = known.constant & ~new.constant

    def chosen(name):
        of_new, of_all, of_known = (getattr(units, name) for units in (new, pooled, known))
        return np.where(begins, of_new, np.where(is_open, of_all, of_known))

    mean, scale, constant = map(chosen, ("mean", "scale", "constant"))
    if not fit_intercept:  # which may have been set since the mean was taken
        mean = np.zeros_like(mean)
    before = Units(np.where(is_open, known.mean, mean), known.scale, known.constant)
    return Units(mean, scale, constant), before


def _pooled(known, new, share):
    """The units of what was known and of new rows, which are a share of all."""
    difference = new.mean - known.mean
    mean = known.mean + share * difference
    parts = [
        np.sqrt(1 - share) * np.where(known.constant, 0, known.scale),
        np.sqrt(share) * np.where(new.constant, 0, new.scale),
        np.sqrt(share * (1 - share)) * difference,
    ]
    scale = np.hypot(np.hypot(*parts[:2]), parts[2])  # no square overflows
    constant = scale <= ROUNDING * np.abs(mean)
    return Units(mean, np.where(constant, 1.0, scale), constant)
