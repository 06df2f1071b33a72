"""Trainings that run together."""

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
    """Train as one population.

    Parameters
    ----------
    trainings : list of Training
        All of one :attr:`~Training.kind`; those of none run one by one, until one is interrupted:
        those that follow have no end.

    Returns
    -------
    ends : list of tuple
        What :meth:`Training.run` would have returned for each but for rounding; without moments,
        if they have run as one. The generators of the members may have drawn more numbers, or none.
    """
    ends = []
    if len(trainings) == 1 or trainings[0].kind is None:
        for training in trainings:
            ends.append(training.run())
            if ends[-1][1].interrupted:
                break
        return ends
    # The widest first, so that those that follow each other are about as wide.
    places = sorted(range(len(trainings)), key=lambda k: trainings[k].architecture.widths)[::-1]
    X, members, sources = _on_common_rows([trainings[k] for k in places])
    order = np.argsort(sources, kind="stable")
    first = trainings[0]
    settings = first._settings() | {
        "batch_size": max(training.batch_size for training in trainings),
        "n_sharing": int(np.gcd.reduce(np.bincount(sources))),
    }
    parameters, (outcome,), _ = train(X, [members[k] for k in order], **settings)
    ends = [None] * len(trainings)
    for place, k in enumerate(order):
        ends[places[k]] = parameters[place], outcome.of_member(place), None
    return ends


def _on_common_rows(trainings):
    """The data of all trainings, each once; members that pick their rows of it; their sources.

    Members of one source see the same rows in the same order.
    """
    arrays = list({id(training.X): training.X for training in trainings}.values())
    n_rows = [array.shape[0] for array in arrays]
    starts = dict(zip(map(id, arrays), np.cumsum([0, *n_rows]), strict=False))
    if len(arrays) == 1:
        X = arrays[0]
    else:
        X = vstack(arrays, format="csr") if hasattr(arrays[0], "tocsr") else np.vstack(arrays)
    members, sources, firsts = [], [], []
    for training in trainings:
        rows = training.member.rows
        rows = np.arange(len(training.member.targets)) if rows is None else rows
        member = replace(training.member, rows=rows + starts[id(training.X)])
        source = next((s for s, first in enumerate(firsts) if _same_batches(member, first)), None)
        if source is None:
            source = len(firsts)
            firsts.append(member)
        members.append(member)
        sources.append(source)
    return X, members, sources


def _same_batches(a, b):
    """Whether two members see the same rows, targets and weights in the same order."""
    if (a.weights is None) != (b.weights is None) or _state(a.generator) != _state(b.generator):
        return False
    pairs = (a.rows, b.rows), (a.targets, b.targets), (a.weights, b.weights)
    return all(one is other or np.array_equal(one, other) for one, other in pairs)


def _state(generator):
    return None if generator is None else generator.bit_generator.state
