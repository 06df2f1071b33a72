"""The units of y, and what its outputs count for."""

from dataclasses import dataclass

import numpy as np


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


def further_units(known, new, fit_intercept):
    """The units of y for a further batch, and those to read the network in.

    They are the units of the first batch, or of an output that did not vary in it, of the first in
    which it does: in standard units the network stays what it is.

    Parameters
    ----------
    known, new : Units
        As they have been so far, and of the batch.
    fit_intercept : bool
        Whether a mean has somewhere to go.

    Returns
    -------
    units, before : Units
    """
    constant = known.constant
    mean = np.where(constant, new.mean, known.mean)
    if not fit_intercept:  # which may have been set since the mean was taken
        mean = np.zeros_like(mean)
    scale = np.where(constant, new.scale, known.scale)
    before = Units(np.where(constant, known.mean, mean), known.scale, constant)
    return Units(mean, scale, np.where(constant, new.constant, constant)), before
