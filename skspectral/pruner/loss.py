"""What a network loses on the rows, and what that counts for."""

import numpy as np
from scipy.special import expit, log_softmax, softmax


class SquaredError:
    """Squared error of targets whose variance is one, of each output.

    The logarithm of its mean counts, for each row: the likelihood of normal errors of unknown size.

    Parameters
    ----------
    nothing : float, default=1e-7
        A mean below this is taken for nothing: trainings in single precision end about there.
    """

    name = "squared_error"
    price = 2  # Akaike's, of a parameter
    spread = np.inf  # of the weights, beforehand
    is_square = True

    def __init__(self, nothing=1e-7):
        self.nothing = nothing
        self.tol = 10 * nothing  # gradient at which a training ends, not to be what ends it first

    def losses(self, outputs, targets):
        """Losses of each row, of shape (n_rows, 1) or (n_rows, n_outputs)."""
        return (outputs - targets) ** 2

    def costs(self, before, after, targets):
        """What it costs each row that the outputs change, of the same shape."""
        return (after - before) ** 2

    def slopes(self, outputs, targets):
        """Slope of the loss in the outputs, but for a factor."""
        return outputs - targets

    def curvatures(self, outputs):
        """Curvature of the loss of each row, but for a factor; None if it is the same for all."""
        return None

    def term(self, means):
        """What counts for each row, given the mean losses."""
        return np.log(means + self.nothing).sum()

    def importance(self, means):
        """What the loss of each output counts for, beside that of the largest mean.

        The slope of :meth:`term`: what is a trifle to an output full of noise is not to an exact
        one.
        """
        return (means.max() + self.nothing) / (means + self.nothing)

    def unit(self, means):
        """What the mean losses, times their importance, must rise by, for the term to rise by
        one."""
        return means.max()

    def means(self, trained, n_outputs):
        """Mean losses, if all are alike, given what training minimises."""
        return np.full(n_outputs, trained)


class CrossEntropy:
    """Deviance of classes or labels: minus twice the logarithm of their likelihood.

    Classes that a network tells apart without error would let its weights grow without end: they
    are taken to be normal beforehand.

    Parameters
    ----------
    name : {"softmax", "sigmoid"}
    """

    price = 4  # of a parameter; measured, see docs/teachers.rst
    spread = 2.0
    is_square = False
    nothing, tol = 0.0, 1e-6  # no deviance is taken for nothing

    def __init__(self, name):
        self.name = name

    def losses(self, outputs, targets):
        if self.name == "softmax":
            return -2 * (log_softmax(outputs, axis=1) * targets).sum(axis=1, keepdims=True)
        return 2 * (np.logaddexp(0, outputs) - targets * outputs)

    def doubted(self, targets, doubt):
        """Targets of which this share is those of the other classes, or the other of each label."""
        n_others = targets.shape[1] - 1 if self.name == "softmax" else 1
        return (1 - doubt) * targets + doubt * (1 - targets) / n_others

    def costs(self, before, after, targets):
        return self.losses(after, targets) - self.losses(before, targets)

    def slopes(self, outputs, targets):
        return self._probabilities(outputs) - targets

    def curvatures(self, outputs):
        p = self._probabilities(outputs)
        return (p * (1 - p)).mean(axis=1)

    def term(self, means):
        return means.sum()

    def importance(self, means):
        return np.ones_like(means)

    def unit(self, means):
        return 1.0

    def means(self, trained, n_outputs):
        return np.full(1 if self.name == "softmax" else n_outputs, 2 * trained)

    def _probabilities(self, outputs):
        return softmax(outputs, axis=1) if self.name == "softmax" else expit(outputs)


def loss_of(network):
    """What a SpectralMLPRegressor or SpectralMLPClassifier minimises."""
    name = network._loss()
    return SquaredError() if name == SquaredError.name else CrossEntropy(name)
