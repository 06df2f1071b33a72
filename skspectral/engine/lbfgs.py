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
    stack, (batch,) = objective.stack, batches.epoch()
    outcome, accepted, stopped = Outcome.of(1), stack.theta.clone(), False
    outcome.alphas[0] = member.noise.weakest if member.noise else np.nan

    def descend(n_iterations, parameters, is_penalised):
        objective.penalise(is_penalised)
        stack.theta.copy_(accepted)
        theta, gradient = (a[:, stack.trainable(parameters)] for a in (stack.theta, stack.gradient))

        def value_and_gradient(flat):
            theta[0] = torch.from_numpy(flat)
            value = objective.evaluate(*batch) + is_penalised * objective.penalty()
            return value.item(), gradient[0].cpu().numpy().astype(float)

        def after_iteration(intermediate_result):
            nonlocal stopped
            outcome.n_epochs += 1
            theta[0] = torch.from_numpy(intermediate_result.x)
            accepted.copy_(stack.theta)
            # Reported is the loss with its penalty, in the warm-up as later.
            hidden = 0.0 if is_penalised else objective.penalty().item()
            outcome.losses = np.array([intermediate_result.fun + hidden])
            if monitor is not None and np.any(monitor(outcome.losses, stack, np.ones(1, bool))[1]):
                stopped = True
                raise StopIteration

        limits = {"maxiter": n_iterations, "maxfun": 20 * n_iterations}
        result = minimize(
            value_and_gradient,
            theta[0].cpu().numpy().astype(float),
            method="L-BFGS-B",
            jac=True,
            callback=after_iteration,
            options={"gtol": tol, "ftol": progress, "maxcor": memory} | limits,
        )
        if not outcome.n_epochs[0]:  # it began at a minimum
            with suppress(StopIteration):
                after_iteration(result)
        outcome.converged[:] = result.success

    def follow_noise(share):
        """Penalise as the noise that is left asks for, when so much of the training is over."""
        stack.theta.copy_(accepted)
        loss = objective.evaluate(*batch).item()
        outcome.alphas[0] = member.noise(loss, stack.read(0), share)
        objective.strengthen([member.strengths_with(outcome.alphas[0])])

    n_parts = max(1, min(_N_PARTS, n_epochs - n_warm_up)) if member.noise else 1
    try:
        for last, part, *stage in _stages(n_epochs, n_warm_up, n_parts, trainable):
            n_left = last - int(outcome.n_epochs[0])
            if stopped or n_left <= 0:
                continue
            if member.noise and part is not None:
                follow_noise(part / n_parts)
            descend(n_left, *stage)
    except KeyboardInterrupt:
        outcome.interrupted = True
    stack.theta.copy_(accepted)  # the line search leaves the last point that it tried
    return outcome


def _stages(n_epochs, n_warm_up, n_parts, trainable):
    """Of each stage the last iteration, which part it is of what follows the warm-up, what moves,
    and whether it is penalised."""
    n_warm_up = min(n_warm_up, n_epochs)
    yield n_warm_up // 2, None, "eigenvectors", False
    yield n_warm_up, None, "eigenvectors", True
    for part in range(n_parts):
        last = n_warm_up + (n_epochs - n_warm_up) * (part + 1) // n_parts
        yield last, part, trainable, True
