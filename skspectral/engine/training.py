"""Train a list of networks together: numpy in, numpy out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from skspectral.engine.adam import adam
from skspectral.engine.batches import Batches
from skspectral.engine.lbfgs import lbfgs
from skspectral.engine.network import Stack
from skspectral.engine.objective import Objective
from skspectral.engine.population import Population
from skspectral.engine.strength import NoiseStrength
from skspectral.engine.threads import one_thread
from skspectral.spectral import Parameters


@dataclass
class Member:
    """One network of a population: all that may differ between the members.

    Attributes
    ----------
    parameters : Parameters
        Where it starts.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets of its rows.
    strengths : dict
        Strengths of the penalty on ``"eigenvectors"``, ``"eigenvalues"`` and ``"weights"``; None is
        what `noise` asks for.
    rows : ndarray of shape (n_rows,) or None
        Its rows of X; None is all of them.
    weights : ndarray of shape (n_rows,) or None
        Sample weights of mean one.
    learning_rate : float
        Initial rate of Adam.
    noise : NoiseStrength or None
        The strength that follows the noise; None if all of them are given.
    generator : numpy.random.Generator or None
        Order of the rows; None keeps them as they are.
    monitor : callable or None
        ``monitor(loss, read) -> (progress, stop)``, called after each epoch that it trained;
        ``read()`` gives its parameters. See :func:`skspectral.engine.adam.adam`.
    """

    parameters: Parameters
    targets: np.ndarray
    strengths: dict
    rows: np.ndarray | None = None
    weights: np.ndarray | None = None
    learning_rate: float = 1e-3
    noise: NoiseStrength | None = None
    generator: np.random.Generator | None = None
    monitor: Callable | None = None

    @property
    def alpha(self):
        """Where the strength that follows the noise begins; nan if none does."""
        return self.noise.weakest if self.noise else np.nan

    def strengths_with(self, alpha):
        """The strengths, with what the noise asks for."""
        return {name: alpha if value is None else value for name, value in self.strengths.items()}


def train(
    X,
    members,
    *,
    architecture,
    loss,
    solver="adam",
    batch_size=None,
    dtype="float64",
    device="cpu",
    moments=None,
    n_sharing=1,
    **options,
):
    """Train networks of one architecture, each as if it were alone.

    Parameters
    ----------
    X : ndarray or CSR array of shape (n_samples, n_inputs)
        The data; each member picks its rows.
    members : list of Member
    architecture : Architecture
        With Adam the widths of the hidden layers are those of the members.
    loss : {"squared_error", "softmax", "sigmoid"}
    solver : {"adam", "lbfgs"}, default="adam"
        ``"lbfgs"`` takes the members one by one.
    batch_size : int, default=None
        Rows in a step of Adam; None is all of them.
    dtype : {"float64", "float32"}, default="float64"
        Precision of the training.
    device : str, default="cpu"
        Where torch trains.
    moments : tuple (means, squares, n_steps), default=None
        State of Adam to go on from.
    n_sharing : int, default=1
        With Adam, members that share their rows, targets, weights and order, which are those of the
        first of them; such members follow each other.
    **options
        Passed to the solver: n_epochs, n_usual, n_warm_up, tol, trainable, monitor; for Adam also
        n_whole, schedule, patience, for L-BFGS progress, memory.

    Returns
    -------
    parameters : list of Parameters
        Where each member ended.
    outcomes : list of Outcome
        One for all with Adam, one for each member with L-BFGS.
    moments : tuple or None
        State of Adam after the last step: two lists of Parameters and an int.
    """
    # Members that diverge show it by their losses, and what underflows is zero, as in torch:
    # warnings of NumPy's add nothing.
    with torch.inference_mode(), one_thread(), np.errstate(all="ignore"):
        place = {"dtype": getattr(torch, dtype), "device": device}
        if solver == "lbfgs":
            ends = [
                _lbfgs(X, member, architecture, loss, place, _with_monitor(options, [member]))
                for member in members
            ]
            return [end[0] for end in ends], [end[1] for end in ends], None
        batches = _batches(X, members[::n_sharing], architecture, batch_size, **place)
        population = Population(
            members,
            architecture,
            loss,
            batch_size=batches.size,
            trainable=options.pop("trainable", "all"),
            n_sharing=n_sharing,
            moments=moments,
            **place,
        )
        rates = [member.learning_rate for member in members]
        outcome = adam(population, batches, rates, **_with_monitor(options, members))
        ends = [population.read(k) for k in range(len(members))]
        return ends, [outcome], population.moments


def _with_monitor(options, members):
    """The options of the solver, with the monitors of the members, if they have any."""
    if not any(member.monitor for member in members):
        return options
    return options | {"monitor": partial(_monitor, members)}


def _monitor(members, losses, trained, active):
    """Ask the monitor of each member that trained."""
    progress, stop = -losses, np.zeros(len(members), bool)
    with torch.inference_mode(False):  # a monitor may train networks of its own
        for k in np.flatnonzero(active):
            if members[k].monitor is not None:
                progress[k], stop[k] = members[k].monitor(losses[k], partial(trained.read, k))
    return progress, stop


def _lbfgs(X, member, architecture, loss, place, options):
    stack = Stack(architecture, [member.parameters], **place)
    objective = Objective(stack, loss, [member.strengths_with(member.alpha)])
    batches = _batches(X, [member], architecture, None, **place)
    outcome = lbfgs(objective, batches, member=member, **options)
    return stack.read(0), outcome


def _batches(X, members, architecture, batch_size, dtype, device):
    weights = None
    if any(member.weights is not None for member in members):
        weights = [np.ones(len(m.targets)) if m.weights is None else m.weights for m in members]
    return Batches(
        X,
        [member.targets for member in members],
        rows=[np.arange(X.shape[0]) if m.rows is None else m.rows for m in members],
        weights=weights,
        generators=[member.generator for member in members],
        batch_size=batch_size,
        constants=architecture.constants,
        dtype=dtype,
        device=device,
    )
