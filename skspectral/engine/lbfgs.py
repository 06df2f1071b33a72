"""L-BFGS for a stack of one network."""

from contextlib import suppress

import numpy as np
import torch
from scipy.optimize import minimize

from skspectral.engine.outcome import Outcome

# Of a training whose strength follows the noise, at most: it is set anew for each.
_N_PARTS = 10

# Progress of a value about one that rounding hides.
_HIDDEN = 64 * np.finfo(float).eps


def lbfgs(
    objective,
    batches,
    *,
    member,
    n_epochs,
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
    n_parts = max(1, min(_N_PARTS, n_epochs - n_warm_up)) if member.noise else 1
    try:
        for last, part, *stage in _stages(n_epochs, n_warm_up, n_parts, trainable):
            n_left = last - int(outcome.n_epochs[0])
            if descent.stopped or n_left <= 0:
                continue
            if member.noise and part is not None:
                descent.follow_noise(member, part / n_parts)
            descent.run(n_left, *stage)
    except KeyboardInterrupt:
        outcome.interrupted = True
    objective.stack.theta.copy_(descent.accepted)  # the line search leaves the last that it tried
    return outcome


class _Descent:
    """Stages of one training.

    Attributes
    ----------
    outcome : Outcome
    accepted : tensor
        Parameters after the last iteration.
    stopped : bool
        Whether the monitor has ended the training.
    """

    def __init__(self, objective, batch, monitor, options):
        self._objective, self._batch = objective, batch
        self._monitor, self._options = monitor, options
        self.outcome, self.stopped = Outcome.of(1), False
        self.accepted = objective.stack.theta.clone()

    def run(self, n_iterations, parameters, is_penalised):
        """So many iterations at most, in which some parameters move."""
        objective, stack, outcome = self._objective, self._objective.stack, self.outcome
        objective.penalise(is_penalised)
        stack.theta.copy_(self.accepted)
        theta, gradient = (a[:, stack.trainable(parameters)] for a in (stack.theta, stack.gradient))

        def value_and_gradient(flat):
            theta[0] = torch.from_numpy(flat)
            value = objective.evaluate(*self._batch) + is_penalised * objective.penalty()
            return value.item(), gradient[0].cpu().numpy().astype(float)

        def after_iteration(intermediate_result):
            outcome.n_epochs += 1
            theta[0] = torch.from_numpy(intermediate_result.x)
            self.accepted.copy_(stack.theta)
            # Reported is the loss with its penalty, in the warm-up as later.
            hidden = 0.0 if is_penalised else objective.penalty().item()
            outcome.losses = np.array([intermediate_result.fun + hidden])
            if self._monitor is not None:
                _, stop = self._monitor(outcome.losses, stack, np.ones(1, bool))
                self.stopped = bool(np.any(stop))
                if self.stopped:
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

    def follow_noise(self, member, share):
        """Penalise as the noise that is left asks for, when so much of the training is over."""
        self._objective.stack.theta.copy_(self.accepted)
        loss = self._objective.evaluate(*self._batch).item()
        alpha = member.noise(loss, self._objective.stack.read(0), share)
        self._objective.strengthen([member.strengths_with(alpha)])
        self.outcome.alphas[0] = alpha


def _stages(n_epochs, n_warm_up, n_parts, trainable):
    """Of each stage the last iteration, which part it is of what follows the warm-up, what moves,
    and whether it is penalised."""
    n_warm_up = min(n_warm_up, n_epochs)
    yield n_warm_up // 2, None, "eigenvectors", False
    yield n_warm_up, None, "eigenvectors", True
    for part in range(n_parts):
        last = n_warm_up + (n_epochs - n_warm_up) * (part + 1) // n_parts
        yield last, part, trainable, True
