"""Adam for a population of networks."""

from contextlib import contextmanager

import numpy as np
import torch

from skspectral.engine.outcome import Outcome
from skspectral.engine.strength import N_LOOKS

# Kingma and Ba, ICLR 2015; the values that every library has.
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8

# A rate that "adaptive" has divided down to this is taken for zero, as in scikit-learn.
_SMALLEST_RATE = 1e-6

# Below the normal range of doubles.
_DENORMAL = 1e-310


class Moments:
    """Running means of the gradients of a stack and of their squares: Adam's state.

    Parameters
    ----------
    stack : Stack
    trainable : {"all", "eigenvectors", "eigenvalues"}, default="all"
        Parameters that move.
    n_steps : int, default=0
        Steps that the moments have seen.

    Attributes
    ----------
    mean, square : tensors of shape (K, n_parameters)
        Zeros at first, laid out as ``stack.theta``.
    tensors : list of tensor
        Parameters, gradient, mean and square: the columns that move.
    """

    def __init__(self, stack, trainable="all", n_steps=0):
        self.mean, self.square = torch.zeros_like(stack.theta), torch.zeros_like(stack.theta)
        self.n_steps = n_steps
        section = stack.trainable(trainable)
        whole = stack.theta, stack.gradient, self.mean, self.square
        self.tensors = [tensor[:, section] for tensor in whole]
        # The step wants whole pieces of memory: of a section each member's row is one.
        self._together = [
            (tensor,) if tensor.is_contiguous() else tuple(tensor) for tensor in self.tensors
        ]
        self._step = torch.zeros((), dtype=torch.float32, device=stack.theta.device)

    def advance(self, rates, factor):
        """One step of Adam, given ``stack.gradient``, with ``rates * factor``, a rate for each."""
        self.n_steps += 1
        self._step.fill_(self.n_steps)
        if len(set(rates)) == 1:
            self._advance(self._together, rates[0] * factor)
            return
        for rate in set(rates):
            members = [k for k, its_rate in enumerate(rates) if its_rate == rate]
            self._advance([[tensor[k] for k in members] for tensor in self.tensors], rate * factor)

    def _advance(self, tensors, rate):
        torch._fused_adam_(
            *tensors,
            (),
            (self._step,) * len(tensors[0]),
            lr=rate,
            beta1=BETA_1,
            beta2=BETA_2,
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )


class Steps:
    """Steps of Adam of one stack.

    Parameters
    ----------
    objective : Objective
    moments : Moments
        Of the stack of the objective.
    """

    def __init__(self, objective, moments):
        self._objective, self._moments = objective, moments
        stack = objective.stack
        self._eigenvalues = stack.theta[:, stack.sections["eigenvalues"]]

    def run(self, batches, rates, factors, warm_up=False):
        """Take the steps.

        Parameters
        ----------
        batches : iterable of tuple (X, targets, weights)
            One for each step, see :meth:`skspectral.engine.batches.Batches.epoch`.
        rates : list of K float
            Learning rate of each member.
        factors : list of float
            For each step, what the rates are multiplied by.
        warm_up : bool, default=False
            Whether the eigenvalues stay as they are, their moments know of their gradients, and
            nothing is penalised.

        Returns
        -------
        losses : array of shape (K,)
            Mean loss of the steps, before each, without the penalty.
        """
        total, before = 0, self._begin(warm_up)
        for batch, factor in zip(batches, factors, strict=True):
            total = total + self._objective.evaluate(*batch)
            self._moments.advance(rates, factor)
            if warm_up:
                self._eigenvalues.copy_(before)
        return total / len(factors)

    def _begin(self, warm_up):
        """The eigenvalues that a warm-up keeps, or None."""
        self._objective.penalise(not warm_up)
        return self._eigenvalues.clone() if warm_up else None


class Plateau:
    """Counts the epochs in which a member made no progress.

    Parameters
    ----------
    n_members : int
    tol : float
        Progress smaller than this is none.
    patience : int or float
        Epochs without progress that are borne; infinity bears all.
    """

    def __init__(self, n_members, tol, patience):
        self._tol, self._patience = tol, patience
        self._best = np.full(n_members, -np.inf)
        self._count = np.zeros(n_members, dtype=int)

    def update(self, progress, waits):
        """Members that are stuck, given a value for each that should rise. Their count restarts.

        Those that wait begin to count with a later epoch.
        """
        if self._patience == np.inf:
            return np.zeros(len(progress), dtype=bool)
        idle = progress < self._best + self._tol
        self._count = np.where(idle & ~waits, self._count + 1, 0)
        self._best = np.where(waits, -np.inf, np.maximum(self._best, progress))
        stuck = self._count > self._patience
        self._count[stuck] = 0
        return stuck


@contextmanager
def denormals_flushed():
    """Arithmetic that takes numbers below the normal range for zero.

    The parameters of a vanished node, and above all the squares of their gradients, go there, where
    a processor is several times slower.
    """
    already = _DENORMAL * 1.0 == 0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(already)


def adam(
    population,
    batches,
    rates,
    *,
    n_epochs,
    n_usual=None,
    n_warm_up=0,
    n_whole=0,
    schedule="cosine",
    tol=0.0,
    patience=np.inf,
    monitor=None,
):
    """Adam on minibatches. It leaves the population trained.

    Parameters
    ----------
    population : Population
    batches : Batches
    rates : array-like of shape (K,)
        Initial learning rate of each member.
    n_epochs : int
        Passes over the data, at most.
    n_usual : int, default=None
        So many of them make a training, if more are only allowed: of these a strength that follows
        the noise has risen for a share. By default all.
    n_warm_up : int, default=0
        In so many of them, the first, the eigenvalues stay as they are, nothing is penalised, and
        no plateau counts; nor does it while a strength that follows the noise rises. What is
        penalised before it has found what it is for falls faster than it grows, above all an
        eigenvalue, which gates many weights.
    n_whole : int, default=0
        In so many of them, the first, no node is dropped: where a training goes on from another on
        other data, what had vanished may have to grow again.
    schedule : {"cosine", "constant", "adaptive"}, default="cosine"
        ``"cosine"`` lets the rate fall to zero with the last step, along half a cosine. The decay
        is what turns almost zero into zero: at a constant rate the steps of Adam keep the nodes
        that the penalty has switched off away from it. ``"adaptive"`` divides the rate by five at
        a plateau; at a plateau the others end the training of the member.
    tol, patience : float
        See :class:`Plateau`.
    monitor : callable, default=None
        ``monitor(losses, population, active) -> (progress, stop)``, called after each epoch with
        the losses of the members, an array of shape (K,), and which of them trained. `progress`,
        of the same shape, is what should rise; `stop`, one for all or of the same shape, ends the
        training of a member. By default progress is minus the loss.

    Returns
    -------
    outcome : Outcome
        A member whose loss is not finite is frozen, and its loss says so.
    """
    rates = np.array(rates, dtype=float)
    plateau = Plateau(len(population), tol, patience)
    monitor = monitor or (lambda losses, population, active: (-losses, False))
    outcome = Outcome.of(len(population))
    n_batches = len(batches)
    n_usual = n_usual or n_epochs
    look = max(1, n_usual // N_LOOKS)
    try:
        for epoch in range(n_epochs):
            factors = _factors(schedule, epoch, n_epochs, n_batches)
            with denormals_flushed():
                losses = population.train(batches, rates, factors, warm_up=epoch < n_warm_up)
            active = rates > 0
            outcome.n_epochs += active
            outcome.losses = np.where(active, losses, outcome.losses)
            rates[~np.isfinite(losses)] = 0
            if not rates.any():
                break
            active = rates > 0
            progress, stop = monitor(outcome.losses, population, active)
            share = (epoch + 1 - n_warm_up) / max(1, n_usual - n_warm_up)
            stuck = plateau.update(progress, waits=(share <= 0) | population.is_rising(share))
            rates[stuck] = rates[stuck] / 5 if schedule == "adaptive" else 0
            rates[stuck & (rates <= _SMALLEST_RATE)] = 0
            outcome.converged |= active & (rates == 0)
            rates[stop] = 0
            if not rates.any() or epoch + 1 == n_epochs:
                break
            looks = (epoch + 1) % look == 0
            if share == 0 or (looks and share > 0):
                population.follow_noise(share, rates > 0)
            if looks and epoch + 1 >= n_whole:
                population.drop_vanished(batches, rates > 0)
    except KeyboardInterrupt:
        outcome.interrupted = True
    outcome.alphas = population.alphas
    return outcome


def _factors(schedule, epoch, n_epochs, n_batches):
    """Shares of the initial learning rate, for each step of an epoch."""
    if schedule != "cosine":
        return [1.0] * n_batches
    steps = epoch * n_batches + np.arange(n_batches)
    return (0.5 * (1 + np.cos(np.pi * (steps / (n_epochs * n_batches))))).tolist()
