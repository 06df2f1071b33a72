"""L-BFGS for a stack of one network."""

from contextlib import suppress

import numpy as np
import torch
from scipy.optimize import minimize

from skspectral.engine.outcome import Outcome

# How often a training looks for the noise that is left, at most: each new strength is a new start,
# without what L-BFGS has learnt of the curvature.
_N_LOOKS = 20

# Progress of a value about one that rounding hides.
_HIDDEN = 64 * np.finfo(float).eps


def lbfgs(
    objective,
    batches,
    *,
    member,
    n_epochs,
    n_usual=None,
    n_warm_up=0,
    trainable="all",
    tol=1e-5,
    progress=_HIDDEN,
    memory=10,
    monitor=None,
):
    """L-BFGS (SciPy) on a stack of one, all rows in one batch. It leaves the stack trained.

    Parameters
    ----------
    objective : Objective
        On a stack of one member.
    batches : Batches
        With a single batch.
    member : Member
        Whose noise the strength is to follow, if it has one.
    n_epochs : int
        Iterations, at most.
    n_usual : int, default=None
        So many of them make a training, as for :func:`adam`.
    n_warm_up : int, default=0
        In so many of them, at most, the eigenvalues stay as they are, and in the first half of
        these nothing is penalised, as for :func:`adam`. In the second the eigenvectors are: of an
        objective that changes all at once the next steps lose what the last ones found.
    trainable : {"all", "eigenvectors", "eigenvalues"}, default="all"
        Parameters that move.
    tol : float, default=1e-5
        Largest component of the gradient at which the training ends.
    progress : float, default=64 * eps
        Progress of the value, over the larger of the value and one, at which it ends too: by
        default where rounding in double precision hides any more of it.
    memory : int, default=10
        Steps that it looks back on.
    monitor : callable, default=None
        As for :func:`adam`, with the stack in place of the population, called after each iteration;
        its progress is not looked at.

    Returns
    -------
    outcome : Outcome
    """
    (batch,) = batches.epoch()
    descent = _Descent(objective, batch, monitor, {"gtol": tol, "ftol": progress, "maxcor": memory})
    outcome = descent.outcome
    outcome.alphas[0] = member.alpha
    n_warm_up = min(n_warm_up, n_epochs)
    try:
        descent.run(n_warm_up // 2, "eigenvectors", is_penalised=False)
        descent.run(n_warm_up, "eigenvectors")
        if member.noise:
            descent.follow(member, n_warm_up, n_usual or n_epochs)
        descent.run(n_epochs, trainable)
    except KeyboardInterrupt:
        outcome.interrupted, outcome.converged[:] = True, False
    objective.stack.theta.copy_(descent.accepted)  # the line search leaves the last that it tried
    return outcome


class _Descent:
    """Stages of one training.

    Attributes
    ----------
    outcome : Outcome
    accepted : tensor
        Parameters after the last iteration.
    """

    def __init__(self, objective, batch, monitor, options):
        self._objective, self._batch = objective, batch
        self._monitor, self._options = monitor, options
        self.outcome, self._stopped = Outcome.of(1), False
        self.accepted = objective.stack.theta.clone()
        self._member, self._looks = None, []

    @property
    def _n_iterations(self):
        return int(self.outcome.n_epochs[0])

    def follow(self, member, first, n_usual):
        """From now on penalise as the noise that is left asks for.

        Parameters
        ----------
        member : Member
        first : int
            Iteration of the first look.
        n_usual : int
            Iterations that make a training.
        """
        n_looks = max(1, min(_N_LOOKS, n_usual - first))
        shares = [look / n_looks for look in range(n_looks)]
        self._member = member
        self._looks = [(first + int(share * (n_usual - first)), share) for share in shares]
        self._look()

    def run(self, last, parameters, is_penalised=True):
        """Go on until an iteration, or the minimum, while some parameters move."""
        self._objective.penalise(is_penalised)
        while self._n_iterations < last and not self._stopped:
            is_new = self._minimize(last - self._n_iterations, parameters, is_penalised)
            # At a minimum there is no waiting for the next look.
            while not is_new and self._looks and self._n_iterations < last and not self._stopped:
                is_new = self._look()
            if not is_new:
                break

    def _minimize(self, n_iterations, parameters, is_penalised):
        """So many iterations at most; whether another strength has ended them."""
        objective, stack, outcome = self._objective, self._objective.stack, self.outcome
        stack.theta.copy_(self.accepted)
        theta, gradient = (a[:, stack.trainable(parameters)] for a in (stack.theta, stack.gradient))
        is_new = False

        def value_and_gradient(flat):
            theta[0] = torch.from_numpy(flat)
            value = objective.evaluate(*self._batch) + is_penalised * objective.penalty()
            return value.item(), gradient[0].cpu().numpy().astype(float)

        def after_iteration(intermediate_result):
            nonlocal is_new
            outcome.n_epochs += 1
            theta[0] = torch.from_numpy(intermediate_result.x)
            self.accepted.copy_(stack.theta)
            # Reported is the loss with its penalty, in the warm-up as later.
            hidden = 0.0 if is_penalised else objective.penalty().item()
            outcome.losses = np.array([intermediate_result.fun + hidden])
            if self._monitor is not None:
                _, stop = self._monitor(outcome.losses, stack, np.ones(1, bool))
                self._stopped = bool(np.any(stop))
            while self._looks and self._looks[0][0] <= self._n_iterations and not is_new:
                is_new = self._look()
            if self._stopped or is_new:
                raise StopIteration

        limits = {"maxiter": n_iterations, "maxfun": 20 * n_iterations}
        result = minimize(
            value_and_gradient,
            theta[0].cpu().numpy().astype(float),
            method="L-BFGS-B",
            jac=True,
            callback=after_iteration,
            options=self._options | limits,
        )
        if not outcome.n_epochs[0]:  # it began at a minimum
            with suppress(StopIteration):
                after_iteration(result)
        outcome.converged[:] = result.success
        return is_new

    def _look(self):
        """Whether the noise that is left asks for another strength."""
        _, share = self._looks.pop(0)
        self._objective.stack.theta.copy_(self.accepted)
        loss = self._objective.evaluate(*self._batch).item()
        alpha = self._member.noise(loss, self._objective.stack.read(0), share)
        is_new = alpha != self.outcome.alphas[0]
        self._objective.strengthen([self._member.strengths_with(alpha)])
        self.outcome.alphas[0] = alpha
        return is_new
