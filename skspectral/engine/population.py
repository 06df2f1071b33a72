"""Networks in training, in stacks of about the same width.

A node that the penalty has brought to nothing stays there, hidden or input: neither its eigenvalue
nor its eigenvector finds a gradient without the other. It is dropped, so that what remains of a
training costs as much as the core; networks whose cores differ are then divided into other stacks.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from skspectral.engine.adam import Moments, Steps
from skspectral.engine.captured import CapturedSteps
from skspectral.engine.division import ON_CPU, ON_GPU, divide
from skspectral.engine.network import Stack
from skspectral.engine.objective import Objective

# A node has vanished when its relevance is below the first share of the largest in its layer, and
# both eigenvalue and norm of the eigenvector below the second: one alone may be passing zero.
_VANISHED, _PASSING = 1e-3, 0.2

# What is left of their parameters: nothing to speak of, and yet a gradient for a later training
# that has a use for them.
_LEFT = 1e-3

# It pays to drop this share of the nodes of a layer.
_WORTHWHILE = 0.1


class Population:
    """K networks of one depth.

    Parameters
    ----------
    members : list of Member
        Those that share a source of rows follow each other.
    architecture : Architecture
        Of the members, but for the widths of the hidden layers.
    loss : {"squared_error", "softmax", "sigmoid"}
    batch_size : int
        Rows in a step.
    trainable : {"all", "eigenvectors", "eigenvalues"}, default="all"
        Parameters that move.
    n_sharing : int, default=1
        Members that share a source.
    dtype : torch.dtype
    device : torch.device or str
    moments : tuple (means, squares, n_steps), default=None
        State of Adam to go on from, what :attr:`moments` gave.

    Attributes
    ----------
    alphas : ndarray of shape (K,)
        Strengths that follow the noise; nan where none does.
    """

    def __init__(
        self,
        members,
        architecture,
        loss,
        *,
        batch_size,
        trainable="all",
        n_sharing=1,
        dtype,
        device,
        moments=None,
    ):
        self._architecture, self._loss, self._trainable = architecture, loss, trainable
        self._batch_size, self._n_sharing = batch_size, n_sharing
        self._dtype, self._device = dtype, device
        self._on_gpu = torch.device(device).type == "cuda"
        self._members = members
        self._losses = np.full(len(members), np.nan)
        self.alphas = np.array([member.alpha for member in members])
        starts = [member.parameters for member in members]
        self._widths = [start.widths for start in starts]
        # What is left of each layer of each member. All stacks have the inputs that any member has.
        self._nodes = [[np.arange(n) for n in widths] for widths in self._widths]
        self._inputs = np.arange(architecture.widths[0])
        self._whole = list(starts)
        self._form(starts, *(moments or (None, None, 0)))

    def __len__(self):
        return len(self._widths)

    @property
    def stacks(self):
        """The stacks that the members are in."""
        return [group.stack for group in self._groups]

    def read(self, k):
        """Parameters of member `k`, at its full width; what was dropped is next to zero."""
        kept = self._kept(k)
        return kept if self._is_whole(k) else kept.put_into(self._whole[k], self._nodes[k])

    @property
    def moments(self):
        """Tuple (means, squares, n_steps) of two lists of Parameters and an int."""
        means, squares = (
            [self._moment(k, name) for k in range(len(self))] for name in ("mean", "square")
        )
        return means, squares, self._groups[0].moments.n_steps

    def train(self, batches, rates, factors, warm_up=False):
        """One epoch of Adam.

        Parameters
        ----------
        batches : Batches
        rates : ndarray of shape (K,)
            Learning rate of each member.
        factors : list of float
            For each step, what the rates are multiplied by.
        warm_up : bool, default=False
            Whether the eigenvalues stay as they are and nothing is penalised.

        Returns
        -------
        losses : ndarray of shape (K,)
            Mean loss of the steps, before each, and the penalty after the last.
        """
        order = batches.draw() if len(batches) > 1 else None
        penalties = np.empty(len(self))
        for group in self._groups:
            epoch, its = batches.epoch(order, group.sources), group.members
            values = group.train(epoch, rates[its].tolist(), factors, warm_up)
            self._losses[its], penalties[its] = values
        return self._losses + penalties

    def is_rising(self, progress):
        """Members whose strength has not settled, when so much of the training is over."""
        return np.array([bool(m.noise) and progress < m.noise.settled for m in self._members])

    def follow_noise(self, progress, active):
        """Penalise as the noise that is left asks for, the members that are active.

        Parameters
        ----------
        progress : float
            How much of the training is over, the warm-up not counted.
        active : ndarray of shape (K,), bool
        """
        for group in self._groups:
            following = [k for k in group.members if active[k] and self._members[k].noise]
            for k in following:
                noise = self._members[k].noise
                self.alphas[k] = noise(self._losses[k], self.read(k), progress)
            if following:
                group.objective.strengthen(self._strengths(group.members))

    def _strengths(self, members):
        return [self._members[k].strengths_with(self.alphas[k]) for k in members]

    def drop_vanished(self, batches, active):
        """Go on without the nodes that have vanished, of the members that are active.

        The inputs that no member has any more leave the batches. On a GPU all stay: to form the
        stacks anew takes longer than it saves.

        Parameters
        ----------
        batches : Batches
        active : ndarray of shape (K,), bool
        """
        if self._on_gpu or self._trainable != "all":
            return
        remaining = self._remaining(active)
        if not remaining:
            return
        states = []
        for name in ("theta", "mean", "square"):
            members = [self._kept(k, name) for k in range(len(self))]
            states.append(
                [p.take(remaining[k]) if k in remaining else p for k, p in enumerate(members)]
            )
        nodes, whole = list(self._nodes), list(self._whole)
        for k, left in remaining.items():
            nodes[k] = [b[a] for a, b in zip(left, self._nodes[k], strict=True)]
            whole[k] = self.read(k)
            for layer, (before, after) in enumerate(zip(self._nodes[k], nodes[k], strict=True)):
                gone = np.setdiff1d(before, after)
                if len(gone):
                    whole[k] = whole[k].scaled(layer, gone, _LEFT)
        n_steps, had = self._groups[0].moments.n_steps, self._inputs
        self._nodes, self._whole = nodes, whole
        self._inputs = np.unique(np.concatenate([inputs for inputs, *_ in nodes]))
        self._form(*states, n_steps)
        batches.forget()
        if len(self._inputs) < len(had):
            constants = self._groups[0].stack.architecture.constants
            batches.keep(np.searchsorted(had, self._inputs), constants)

    def _remaining(self, active):
        """Nodes of each layer that have not vanished, of the members for which it pays."""
        remaining = {}
        for group in self._groups:
            vanished = _vanished(group.stack)
            for place, k in enumerate(group.members):
                layers = zip(vanished, self._columns(k), strict=True)
                left = [~masks[place, columns] for masks, columns in layers]
                # Without a penalty nothing holds a small node down.
                strengths = self._members[k].strengths_with(self.alphas[k])
                penalised = strengths["eigenvectors"] and strengths["eigenvalues"]
                if active[k] and penalised and min(map(np.mean, left)) <= 1 - _WORTHWHILE:
                    remaining[k] = [*map(np.flatnonzero, left)]
        return remaining

    def _kept(self, k, name="theta"):
        """Parameters of a member, or moments of their gradients, without what was dropped."""
        group, place = self._places[k]
        kept = group.stack.read(place, group.flat(name))
        return kept if self._has_all_inputs(k) else kept.take(self._columns(k))

    def _padded(self, k, kept):
        """With inputs that only other members have, whose weights are zero, and stay so."""
        if self._has_all_inputs(k):
            return kept
        wide = self._whole[k].take([self._inputs, *self._nodes[k][1:]])
        return kept.put_into(wide.map(np.zeros_like), self._columns(k))

    def _has_all_inputs(self, k):
        return len(self._nodes[k][0]) == len(self._inputs)

    def _columns(self, k):
        """Where the nodes of each layer of a member are in its stack."""
        inputs, *others = self._nodes[k]
        return [np.searchsorted(self._inputs, inputs), *map(np.arange, map(len, others))]

    def _is_whole(self, k):
        return tuple(map(len, self._nodes[k])) == self._widths[k]

    def _moment(self, k, name):
        kept = self._kept(k, name)
        if self._is_whole(k):
            return kept
        return kept.put_into(self._whole[k].map(np.zeros_like), self._nodes[k])

    def _form(self, parameters, means, squares, n_steps):
        """Divide the members into stacks."""
        parameters = [self._padded(k, its) for k, its in enumerate(parameters)]
        widths = [member.widths for member in parameters]
        starts = range(0, len(widths), self._n_sharing)
        shared = [widths[start : start + self._n_sharing] for start in starts]
        costs, kind_of_steps = (ON_GPU, CapturedSteps) if self._on_gpu else (ON_CPU, Steps)
        groups, places = [], {}
        for sources, ranks in divide(shared, self._batch_size, costs):
            members = [
                source * self._n_sharing + k
                for source, sharing in zip(range(len(starts))[sources], ranks, strict=True)
                for k in sharing
            ]
            widths = np.max([parameters[k].widths for k in members], axis=0)
            architecture = replace(self._architecture, widths=tuple(map(int, widths)))
            stack = Stack(architecture, [parameters[k] for k in members], self._dtype, self._device)
            objective = Objective(stack, self._loss, self._strengths(members))
            moments = Moments(stack, self._trainable, n_steps)
            steps = kind_of_steps(objective, moments)
            group = _Group(members, sources, objective, moments, steps)
            if n_steps:
                for place, k in enumerate(members):
                    stack.write(place, self._padded(k, means[k]), moments.mean)
                    stack.write(place, self._padded(k, squares[k]), moments.square)
            groups.append(group)
            places |= {k: (group, place) for place, k in enumerate(members)}
        self._groups, self._places = groups, places


@dataclass
class _Group:
    """Some members, as one stack.

    Attributes
    ----------
    members : list of int
    sources : slice
        Sources of their rows.
    objective : Objective
    moments : Moments
    steps : Steps
    """

    members: list
    sources: slice
    objective: Objective
    moments: Moments
    steps: Steps

    @property
    def stack(self):
        return self.objective.stack

    def flat(self, name):
        """Parameters or moments of all."""
        return self.stack.theta if name == "theta" else getattr(self.moments, name)

    def train(self, batches, rates, factors, warm_up):
        """Losses of an epoch, see :meth:`skspectral.engine.adam.Steps.run`, and the penalty."""
        values = self.steps.run(batches, rates, factors, warm_up), self.objective.penalty()
        return [torch.as_tensor(each, device="cpu").numpy().astype(float) for each in values]


def _vanished(stack):
    """Nodes that have vanished: for each layer a boolean array of shape (K, n_nodes).

    What gates the outgoing weights of a node takes it out of the network; dense weights always find
    a gradient. Outputs stay.
    """
    masks = [np.zeros((len(stack), n), dtype=bool) for n in stack.architecture.widths]
    transfers = stack.views(stack.theta)
    for t in range(len(transfers)):
        if stack.architecture.eigenvalues[t] == "in":
            lam, phi = transfers[t]["eigenvalues_in"], transfers[t]["eigenvectors"]
            factors = lam.abs()[:, :, 0], phi.norm(dim=2)
            relevance = factors[0] * factors[1]
            shares = zip((relevance, *factors), (_VANISHED, _PASSING, _PASSING), strict=True)
            small = [values < share * values.amax(1, keepdim=True) for values, share in shares]
            masks[t] = torch.stack(small).all(0).cpu().numpy()
    return masks
