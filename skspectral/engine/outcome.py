"""How a training ended."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Outcome:
    """How a training ended.

    Attributes
    ----------
    n_epochs : ndarray of shape (K,)
        Epochs that each member trained.
    losses : ndarray of shape (K,)
        Mean loss of the last epoch of each member plus its penalty; nan before there was one.
    alphas : ndarray of shape (K,)
        Strength that followed the noise, at the end; nan where none did.
    converged : ndarray of shape (K,), bool
        Whether the solver stopped by itself, before its epochs were used up.
    interrupted : bool
        Whether KeyboardInterrupt ended it.
    """

    n_epochs: np.ndarray
    losses: np.ndarray
    alphas: np.ndarray
    converged: np.ndarray
    interrupted: bool = False

    @classmethod
    def of(cls, n_members):
        """Where a training of `n_members` members begins."""
        return cls(
            n_epochs=np.zeros(n_members, int),
            losses=np.full(n_members, np.nan),
            alphas=np.full(n_members, np.nan),
            converged=np.zeros(n_members, bool),
        )

    def of_member(self, k):
        """How the training of member `k` ended, as if it had been alone."""
        ks = slice(k, k + 1)
        arrays = (self.n_epochs, self.losses, self.alphas, self.converged)
        return Outcome(*(array[ks] for array in arrays), self.interrupted)
