"""A network trained without penalty, and what its nodes are worth."""

from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import eigh

from skspectral.forward import ACTIVATIONS, layer_values
from skspectral.mlp.weights import effective
from skspectral.pruner.loss import SquaredError
from skspectral.pruner.training import trained

# Price of a node besides its parameters: the best of all directions fits more noise than one that
# was given. Measured; see docs/teachers.rst.
_SEARCHED = 8

# By so many rows nodes and inputs are compared.
_MOST_ROWS = 4000

# Data have no noise where the squared error is below so many times what counts as zero; then only
# this counts as zero.
_NO_NOISE, _FINER = 10, 1e-9

# Each of several outputs is as important as before the training. That is repeated while their
# importance beside each other changes by more than this factor, a logarithm; so often at most.
_TURN, _N_TURNS = np.log(10), 5

# Eigenvalues of the products of columns of unit size that are below this share are rounding.
_ROUNDING = 1e-15


@dataclass(frozen=True)
class FreeNetwork:
    """Weights that no penalty shrinks.

    Attributes
    ----------
    weights : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    nodes : list of ndarray of int
        For each hidden layer the nodes of the full network that its nodes come from; -1 is none.
    """

    weights: list
    intercepts: list
    nodes: list

    @property
    def n_nodes(self):
        """Hidden nodes of all layers."""
        return sum(len(nodes) for nodes in self.nodes)

    def without(self, layer, gone):
        """The network less some nodes of a hidden layer, a boolean mask."""
        weights, intercepts, nodes = list(self.weights), list(self.intercepts), list(self.nodes)
        weights[layer] = weights[layer][:, ~gone]
        intercepts[layer] = intercepts[layer][~gone]
        weights[layer + 1] = weights[layer + 1][~gone]
        nodes[layer] = nodes[layer][~gone]
        return FreeNetwork(weights, intercepts, nodes)

    def in_units(self, units):
        """The network whose outputs are those of this one times `units`, of shape (n_outputs,)."""
        weights = [*self.weights[:-1], self.weights[-1] * units]
        intercepts = [*self.intercepts[:-1], self.intercepts[-1] * units]
        return FreeNetwork(weights, intercepts, self.nodes)


class Problem:
    """Rows to learn, and the criterion that says what they are worth learning with.

    The criterion is ``n log(squared error) + (2 k + 8 h) n / (n - k - 1)`` for n rows, k parameters
    and h hidden nodes, the first term summed over the outputs: Akaike's, corrected for few rows,
    and a price for the directions of the nodes. For classes the first term is the deviance, with
    that of the weights, and a parameter costs 4. Sources: see
    :class:`~skspectral.SpectralPruner`.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_inputs)
    targets : ndarray of shape (n_rows, n_outputs)
        Numbers, each of mean zero, unless there are no intercepts, and variance one; or zeros and
        ones.
    weights : ndarray of shape (n_rows,) or None
        Sample weights of mean one.
    activation : {"relu", "tanh", "logistic", "identity"}
    fit_intercept : bool
    loss : SquaredError or CrossEntropy
    """

    def __init__(self, X, targets, weights, activation, fit_intercept, loss):
        self.X, self.targets, self.weights = X, targets, weights
        self.activation, self.fit_intercept = activation, fit_intercept
        self.loss = loss

    def layers(self, network):
        """Values of all layers, inputs first and outputs last."""
        return layer_values(self.X, network.weights, network.intercepts, self.activation)

    @cached_property
    def n_rows(self):
        """Rows of equal weight that are worth as much as these, see :func:`effective`."""
        return effective(len(self.X), self.weights)

    @property
    def some_rows(self):
        """Rows enough to compare nodes by, from all parts of the data."""
        return slice(None, None, -(-len(self.X) // _MOST_ROWS))

    def outputs(self, network, layer, values):
        """Outputs, given what reaches a hidden layer before its activation; `values` are lost."""
        for w, b in zip(network.weights[layer + 1 :], network.intercepts[layer + 1 :], strict=True):
            ACTIVATIONS[self.activation](values)
            values = values @ w + b
        return values

    def mean(self, values):
        """Weighted mean over the rows."""
        return np.average(values, axis=0, weights=self.weights)

    def curvatures(self, outputs):
        """What a squared change of the outputs weighs in each row; None is the same for all."""
        curvatures = self.loss.curvatures(outputs)
        if curvatures is None or self.weights is None:
            return self.weights if curvatures is None else curvatures
        return curvatures * self.weights

    def losses(self, network):
        """Mean losses of the network."""
        return self.mean(self.loss.losses(self.layers(network)[-1], self.targets))

    def importance(self, outputs):
        """What the loss of each output counts for."""
        return self.loss.importance(self.mean(self.loss.losses(outputs, self.targets)))

    def criterion(self, network):
        """The criterion of :class:`SpectralPruner`: the smaller, the better."""
        fit = self.n_rows * self.loss.term(self.losses(network))
        square = sum((w**2).sum() for w in network.weights)
        return fit + square / self.loss.spread**2 + self._price(network)

    def worth(self, network):
        """What a node of average price must lower the first term of the criterion by."""
        return self._price(network) / network.n_nodes

    def is_nothing(self, network):
        """Whether the loss counts as zero."""
        return self.losses(network).mean() < self.loss.nothing

    def can_gain(self, network):
        """Whether the loss is large enough for another node to pay at all."""
        losses = self.losses(network)
        most = self.loss.term(losses) - self.loss.term(np.zeros_like(losses))
        return self.n_rows * most > self.worth(network)

    def has_no_noise(self, network):
        """Whether what is left of the error may only be a node that matters little."""
        return self.losses(network).mean() < _NO_NOISE * self.loss.nothing

    def finer(self, nothing=_FINER):
        """The problem in which smaller errors count; of classes all do."""
        finer = copy(self)
        if self.loss.is_square:
            finer.loss = SquaredError(nothing)
        return finer

    def determined(self, network):
        """The network of the smallest weights that is the same on the rows, up to rounding.

        Where columns say the same, nodes that do are known by those weights.
        """
        nothing = self._undetermined
        if not nothing.shape[1]:
            return network
        n_inputs = self.X.shape[1]
        into = np.vstack([network.weights[0], network.intercepts[0]])
        into[: len(nothing)] -= nothing @ (nothing.T @ into[: len(nothing)])
        weights = [into[:n_inputs], *network.weights[1:]]
        return FreeNetwork(weights, [into[n_inputs], *network.intercepts[1:]], network.nodes)

    def train(self, network, dtype="float32"):
        """The network trained on, for as long as that pays.

        Single precision is enough to compare networks by. In double precision it goes on towards
        the smallest error, the longer the smaller the network is.

        Parameters
        ----------
        network : FreeNetwork
        dtype : {"float32", "float64"}, default="float32"

        Returns
        -------
        network : FreeNetwork
        """
        if network.weights[-1].shape[1] == 1 or not self.loss.is_square:
            return trained(self, network, dtype, np.ones(1))
        importance = self.importance(self.layers(network)[-1])
        for _ in range(_N_TURNS):
            before = importance
            network = trained(self, network, dtype, before)
            importance = self.importance(self.layers(network)[-1])
            if np.ptp(np.log(importance / before)) < _TURN:
                break
        return network

    @cached_property
    def _undetermined(self):
        """Directions of the weights, and intercepts, of the first layer that no row determines.

        Orthonormal columns, of shape (n_inputs + fit_intercept, n_directions).
        """
        columns = np.hstack([self.X, np.ones((len(self.X), int(self.fit_intercept)))])
        gram = columns.T @ columns
        size = np.sqrt(np.diag(gram))
        size[size == 0] = 1
        none = -np.inf, _ROUNDING * len(gram)
        directions = eigh(gram / np.outer(size, size), subset_by_value=none)[1]
        return np.linalg.qr(directions / size[:, None])[0]

    def _price(self, network):
        n, k = self.n_rows, sum(w.size for w in network.weights)
        if self.fit_intercept:
            k += sum(b.size for b in network.intercepts)
        if self.activation == "relu":
            k -= network.n_nodes  # their scale can pass from one side of them to the other
        if self.loss.name == "softmax":  # what all classes have in common does not matter
            k -= network.weights[-1].shape[0] + self.fit_intercept
        if k >= n - 1:
            return np.inf
        return (self.loss.price * k + _SEARCHED * network.n_nodes) * n / (n - k - 1)
