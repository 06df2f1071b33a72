"""The outputs turned to axes along which their errors are not correlated."""

from dataclasses import dataclass

import numpy as np

from skspectral.mlp.units import Units
from skspectral.mlp.weights import effective

# Outputs are turned where their errors are so correlated: minus the logarithm of the determinant of
# the correlations, for each output. Of errors that are independent it is about the number of
# outputs over twice that of the rows.
_CORRELATED = 0.05

# Correlations below so many of their standard errors count for none.
_BY_CHANCE = 4


@dataclass(frozen=True)
class Axes:
    """Standard units, and a turn.

    The criterion adds up the logarithms of the errors of the outputs, the likelihood of errors that
    do not depend on each other. Noise that outputs have in common would count once for each.

    Attributes
    ----------
    units : Units
    turn : ndarray of shape (n_outputs, n_outputs) or None
        Orthonormal columns, the axes; None leaves the outputs as they are.
    """

    units: Units
    turn: np.ndarray | None = None

    @classmethod
    def of_errors(cls, units, errors, weights):
        """Those of errors, of shape (n_rows, n_outputs), in the units of y."""
        if errors.shape[1] == 1:
            return cls(units)
        errors = errors / units.scale
        errors = errors - np.average(errors, axis=0, weights=weights)
        covariance = errors.T @ (weights[:, None] * errors) / weights.sum()
        size = np.sqrt(np.diag(covariance))
        size[size == 0] = 1
        correlations = covariance / np.outer(size, size)
        np.fill_diagonal(correlations, 1)
        if not -np.linalg.slogdet(correlations)[1] > _CORRELATED * len(correlations):
            return cls(units)
        # An exact output is to stay apart from one of noise that chance makes it go along with.
        by_chance = _BY_CHANCE / np.sqrt(effective(len(errors), weights))
        correlations[np.abs(correlations) < by_chance] = 0
        return cls(units, np.linalg.eigh(correlations * np.outer(size, size))[1])

    def standard(self, targets):
        """Targets, or intercepts of the outputs, along the axes."""
        return self._turned(self.units.standard(targets))

    def standard_weights(self, weights):
        """Weights to the outputs along the axes."""
        return self._turned(weights / self.units.scale)

    def original(self, outputs):
        """Outputs, or their intercepts, in the units of y."""
        return self.units.original(self._turned_back(outputs))

    def original_weights(self, weights):
        """Weights to the outputs in the units of y."""
        return self._turned_back(weights) * self.units.scale

    def _turned(self, values):
        return values if self.turn is None else values @ self.turn

    def _turned_back(self, values):
        return values if self.turn is None else values @ self.turn.T
