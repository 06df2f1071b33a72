"""How much there is of a network that might matter, and whether the rows are many for it."""

import numpy as np

from skspectral.core import THRESHOLD, core_mask

# Nodes above this share of the largest relevance are there to begin with.
_CANDIDATE = 2e-3

# With fewer rows the network takes noise for most of what it knows, and only as many of the inputs
# as have so many rows are there to begin with.
ROWS_PER_INPUT, ROWS_PER_PARAMETER = 20, 2

# More rows add little, and cost.
MOST_ROWS = 50_000


def are_few(n_rows, n_inputs):
    """Whether a network takes noise for inputs, and only the most relevant are to begin with."""
    return min(n_rows, MOST_ROWS) < ROWS_PER_INPUT * n_inputs


def has_nodes(network):
    """Whether there are hidden layers, and nodes of each that matter."""
    return len(network.coefs_) > 1 and all(network.core_sizes_)


def widths_of(network):
    """Nodes of each hidden layer, tuple of int."""
    return tuple(len(b) for b in network.intercepts_[:-1])


def candidates(network):
    """The nodes of each hidden layer that might matter, as masks."""
    return [core_mask(spectrum, _CANDIDATE) for spectrum in network.node_importances_]


def outstanding(network, inputs=None):
    """The inputs whose relevance is not negligible beside the largest."""
    mask = core_mask(network.feature_importances_, THRESHOLD)
    return np.flatnonzero(mask if inputs is None else mask & inputs)


def n_weights(network, n_inputs):
    """Weights between so many inputs and the nodes that might matter."""
    widths = [n_inputs, *(mask.sum() for mask in candidates(network)), network.n_outputs_]
    return np.dot(widths[:-1], widths[1:])
