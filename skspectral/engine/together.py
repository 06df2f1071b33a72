"""Trainings that run as one stack."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import vstack

from skspectral.engine.network import Architecture
from skspectral.engine.training import Member, train


@dataclass
class Training:
    """One training: a network, its data and the settings of the solver.

    Attributes
    ----------
    X : ndarray or CSR array of shape (n_samples, n_inputs)
    member : Member
    architecture : Architecture
    loss, solver, batch_size, dtype, device, moments
        See :func:`~skspectral.engine.training.train`.
    options : dict
        Of the solver.
    """

    X: np.ndarray
    member: Member
    architecture: Architecture
    loss: str
    solver: str
    batch_size: int
    dtype: str
    device: str
    moments: tuple | None
    options: dict

    def run(self):
        """Train alone.

        Returns
        -------
        parameters : Parameters
        outcome : Outcome
        moments : tuple or None
        """
        parameters, outcomes, moments = train(self.X, [self.member], **self._settings())
        return parameters[0], outcomes[0], moments

    @property
    def kind(self):
        """What the trainings of a stack must have in common; None if it can only run alone."""
        if self.solver != "adam" or self.moments is not None:
            return None
        widths = self.architecture.widths
        settings = self._settings() | {
            # The widths of the hidden layers may differ, and a batch that holds all rows.
            "architecture": replace(self.architecture, widths=(widths[0], widths[-1])),
            "depth": len(widths),
            "batch_size": -(-len(self.member.targets) // self.batch_size),
            "device": str(self.device),
            "sparse": hasattr(self.X, "tocsr"),
        }
        return tuple(sorted((name, repr(value)) for name, value in settings.items()))

    def _settings(self):
        names = "architecture", "loss", "solver", "batch_size", "dtype", "device", "moments"
        return {name: getattr(self, name) for name in names} | self.options


def run_together(trainings):
    """Train as one stack.

    Parameters
    ----------
    trainings : list of Training
        All of one :attr:`~Training.kind`.

    Returns
    -------
    ends : list of tuple (Parameters, Outcome, None)
        What :meth:`Training.run` would have returned for each but for rounding and the moments.
    """
    if len(trainings) == 1:
        return [trainings[0].run()]
    first = trainings[0]
    X, members = _on_common_rows(trainings)
    widths = np.max([training.architecture.widths for training in trainings], axis=0)
    settings = first._settings() | {
        "architecture": replace(first.architecture, widths=tuple(map(int, widths))),
        "batch_size": max(training.batch_size for training in trainings),
    }
    parameters, (outcome,), _ = train(X, members, **settings)
    return [(own, outcome.of_member(k), None) for k, own in enumerate(parameters)]


def _on_common_rows(trainings):
    """The data of all trainings, each once, and members that pick their rows of it."""
    arrays = list({id(training.X): training.X for training in trainings}.values())
    n_rows = np.array([array.shape[0] for array in arrays])
    starts = {id(X): start for X, start in zip(arrays, np.cumsum(n_rows) - n_rows, strict=True)}
    if len(arrays) == 1:
        X = arrays[0]
    else:
        X = vstack(arrays, format="csr") if hasattr(arrays[0], "tocsr") else np.vstack(arrays)
    members = [
        replace(training.member, rows=training.member.rows + starts[id(training.X)])
        for training in trainings
    ]
    return X, members
