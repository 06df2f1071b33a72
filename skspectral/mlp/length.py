"""How long a fit is: its batches, its epochs, and what they are for."""

import numpy as np

from skspectral.engine.strength import N_LOOKS
from skspectral.mlp.warnings import warn

# Adam needs a number of steps, whatever the number of rows, and L-BFGS one of iterations.
_N_STEPS, _FEWEST_EPOCHS, _N_LBFGS_ITERATIONS = 8000, 20, 1000

# For this share of them nothing is penalised, and the eigenvalues stay where they start; see
# docs/defaults.rst. (With L-BFGS the penalty of the eigenvectors is back after half of it.)
WARM_UP = 0.1

# In so much of a training that goes on from another no node is dropped, nor in so many steps as a
# warm-up has.
_WHOLE = 0.25

# A fit of less than so much of the usual length says little of the noise.
_LONG = 0.5


class Length:
    """The length of a fit, by the settings of the estimator and the number of rows.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
    n_rows : int
        Those that it is trained on.
    incremental : bool
        Whether it is an epoch more, for ``partial_fit``.
    goes_on : bool
        Whether it goes on from another fit.

    Attributes
    ----------
    batch_size : int
        Rows in a batch.
    n_epochs : int
        At most.
    n_usual : int
        However many are allowed, a training is no longer than by default.
    """

    def __init__(self, estimator, n_rows, incremental, goes_on):
        self._estimator, self._n_rows = estimator, n_rows
        self._incremental, self._goes_on = incremental, goes_on
        self.batch_size = _batch_size(estimator, n_rows)
        self._by_default = _N_LBFGS_ITERATIONS
        if estimator.solver == "adam":
            n_batches = -(-n_rows // self.batch_size)
            self._by_default = max(_FEWEST_EPOCHS, -(-_N_STEPS // n_batches))
        asked = self._by_default if estimator.max_iter == "auto" else estimator.max_iter
        self.n_epochs = 1 if incremental else asked
        self.n_usual = min(self.n_epochs, self._by_default)

    @property
    def is_long(self):
        """Whether nodes have the time to vanish, and the strength to see the noise."""
        return self.n_epochs >= _LONG * self._by_default

    @property
    def patience(self):
        """Epochs without progress after which a rate that is not the cosine's changes, or ends."""
        asked = self._estimator.n_iter_no_change
        return self._a_while if asked == "auto" else asked

    def n_warm_up(self, state):
        """Epochs, of those to come, in which a spectral network finds what its nodes are for.

        Parameters
        ----------
        state : State
            Of the estimator: how far a stream has come.

        Returns
        -------
        n_epochs : int
        """
        estimator = self._estimator
        if estimator.trainable != "all" or estimator.parametrization == "dense":
            return 0
        if self._incremental:  # how many there will be is not known: as many steps as in a fit
            return int(not state.is_warm and state.n_batches < WARM_UP * _N_STEPS)
        return 0 if self._goes_on else int(WARM_UP * self.n_usual)

    @property
    def n_whole(self):
        """Epochs in which what has vanished may grow again, for what the data ask for now."""
        if not self._goes_on:
            return 0
        n_steps = WARM_UP * _N_STEPS
        return int(max(_WHOLE * self.n_usual, n_steps * self.batch_size / self._n_rows))

    def n_rising(self, n_warm_up, settled):
        """Epochs, the first, in which the strength of the penalty has not come to what is left.

        Parameters
        ----------
        n_warm_up, settled
            See :meth:`n_last`.

        Returns
        -------
        n_epochs : int
        """
        return n_warm_up + int(settled * (self.n_usual - n_warm_up)) if settled else 0

    def n_last(self, n_warm_up, settled):
        """Epochs, the last, that show whether the loss was still falling.

        Parameters
        ----------
        n_warm_up : int
        settled : float or None
            How much of the training is over when a strength that follows the noise has risen; None
            without one.

        Returns
        -------
        n_epochs : float
            Infinity where none do.
        """
        n_last = self._a_while if self._estimator.solver == "adam" else np.inf
        if self.n_usual == self._by_default:
            # The schedule of Adam lowers the loss for longer than that, and L-BFGS creeps at kinks.
            # Since the last look the strength has been the same.
            return min(n_last, (self.n_epochs - 1) % max(1, self.n_usual // N_LOOKS))
        if settled and self.n_epochs > n_last:
            # A strength that rises hides it, above all one that does so with each epoch.
            if self.n_epochs < 2 * N_LOOKS and not self.is_long:
                return np.inf
            return min(n_last, int((1 - settled) * (self.n_epochs - n_warm_up)) - 1)
        return n_last

    @property
    def _a_while(self):
        """Epochs in which a training makes progress, if it does."""
        return max(10, self.n_epochs // 20)


def _batch_size(estimator, n_rows):
    if estimator.batch_size == "auto":
        return min(200, n_rows)
    if estimator.batch_size > n_rows and estimator.solver == "adam":
        warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped.")
    return min(estimator.batch_size, n_rows)
