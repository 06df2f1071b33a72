"""What the two estimators warn of."""

import warnings
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning

# A start is within a few times the loss of a constant, a failure many orders beyond it.
_FAILURE = 10

# Categories that are not to be heard. Each thread has its own, where warnings.catch_warnings would
# change the filters of all.
_SILENCED = ContextVar("silenced", default=())


class CollapseWarning(ConvergenceWarning):
    """The network is a constant."""


@contextmanager
def silence(category=Warning):
    """Without the package's own warnings of a category."""
    token = _SILENCED.set((*_SILENCED.get(), category))
    try:
        yield
    finally:
        _SILENCED.reset(token)


def warn(message, category=UserWarning):
    """Warn, unless it is silenced."""
    if not issubclass(category, _SILENCED.get()):
        warnings.warn(message, category, stacklevel=3)


def warn_of_ending(estimator, outcome, losses, n_epochs, last):
    """Warn of a training that was cut short, by the user or by `max_iter`.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
    outcome : skspectral.engine.outcome.Outcome
    losses : list of float
        Of each epoch.
    n_epochs : int
        At most.
    last : float
        Epochs, the last, that show whether the loss was still falling.
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


def warn_of_collapse(estimator, goes_on=False):
    """Warn if a hidden layer has no core: the network is a constant.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted.
    goes_on : bool, default=False
        Whether the fit has gone on from another: a network that is silent stays so.
    """
    empty = [layer for layer, size in enumerate(estimator.core_sizes_, start=1) if not size]
    if empty:
        dense = estimator.parametrization == "dense"
        kinds = ["weights"] if dense else ["eigenvectors", "eigenvalues"]
        strengths = estimator._strengths(estimator.alpha_)
        given = " and ".join(f"{strengths[kind]:.2g} for the {kind}" for kind in kinds)
        lower = "set alpha to a number, to lower" if estimator.alpha == "auto" else "lower"
        anew = " and fit a clone, since a network that is silent stays so" if goes_on else ""
        warn(
            f"No node of hidden layer {empty[0]} is relevant, so the network is a constant: "
            f"{lower} the strengths of the penalty ({given}){anew}, or check that y depends on X.",
            CollapseWarning,
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
