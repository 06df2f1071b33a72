"""Relevance of nodes, the core that it leaves, and the network cut to its core."""

from numbers import Integral

import numpy as np

from skspectral.forward import ACTIVATIONS, DERIVATIVES
from skspectral.spectral import check_eigenvalues

THRESHOLD = 0.05
"""Share of the largest relevance of a layer above which a node is in the core (the paper's)."""

FLOOR = 1e-4
"""Largest relevance of a layer, with outputs of variance one, below which it has collapsed."""

# The ratio of neighbours in a spectrum below which there is no gap between them, and the share of
# the largest relevance that counts as vanished.
_NARROWEST, _VANISHED = 3.0, 1e-3


def relevance(weights, eigenvalues="in"):
    """Relevance R of every input and hidden node.

    ``R_i = abs(lambda_i) * norm(phi_i)``, the norm of the weights that the eigenvalue of the node
    gates: the outgoing ones with ``eigenvalues="in"``, the incoming ones otherwise. Inputs have
    outgoing weights only.

    Parameters
    ----------
    weights : list of ndarray of shape (n_in, n_out)
        Weight matrix of each transfer, such as ``coefs_``.
    eigenvalues : {"in", "out", "both"} or None, default="in"
        Eigenvalues that were trained; None for a dense network, whose relevance is the norm of the
        incoming weights.

    Returns
    -------
    relevance : list of ndarray of shape (n_nodes,)
        Inputs first, then each hidden layer.

    Raises
    ------
    ValueError
        If `eigenvalues` is none of these.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, node relevance of spectral and dense networks.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.core import relevance
    >>> relevance([np.array([[3.0, 0.0], [4.0, 0.0]]), np.array([[2.0], [0.0]])])
    [array([3., 4.]), array([2., 0.])]
    """
    check_eigenvalues(eigenvalues)
    outgoing = [np.linalg.norm(w, axis=1) for w in weights]
    if eigenvalues == "in":
        return outgoing
    incoming = [np.linalg.norm(w, axis=0) for w in weights]
    return outgoing[:1] + incoming[:-1]


def core_mask(relevance, threshold=THRESHOLD, floor=0.0):
    """Which nodes of a layer are in its core.

    Parameters
    ----------
    relevance : ndarray of shape (n_nodes,)
        Relevance of the nodes of the layer.
    threshold : float, default=0.05
        Nodes above this share of the largest relevance are in the core.
    floor : float, default=0.0
        A layer whose largest relevance is not above it has an empty core: the network has
        collapsed to a constant, and shares of nothing mean nothing.

    Returns
    -------
    mask : ndarray of shape (n_nodes,), bool

    Raises
    ------
    ValueError
        If a relevance is not a finite number, or the threshold is not from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.core import core_mask
    >>> core_mask(np.array([1.0, 0.04, 0.5]))
    array([ True, False,  True])
    """
    if not 0 <= threshold <= 1:
        raise ValueError(
            f"threshold={threshold!r} is no share of the largest relevance; give a number from 0 "
            "to 1."
        )
    relevance = _finite(relevance)
    largest = relevance.max(initial=0.0)
    return (relevance > threshold * largest) & (largest > floor)


def gap_threshold(relevance):
    """The cut-off in the widest gap of a spectrum.

    The sorted relevances, over their largest, fall slowly within the core and then drop to nearly
    nothing. The threshold is the geometric mean of the two neighbours whose ratio is the largest.
    The lower one has to be at most ``THRESHOLD``, the paper's: however much one node may stand out,
    what is above that has not vanished. What lies below a thousandth of the largest is taken for a
    thousandth, so that differences between vanished nodes count for nothing. A ratio below three is
    no gap: then the threshold is ``THRESHOLD``.

    Parameters
    ----------
    relevance : ndarray of shape (n_nodes,)
        Relevance of the nodes of a layer.

    Returns
    -------
    threshold : float
        As a share of the largest relevance, for :func:`core_mask`.

    Raises
    ------
    ValueError
        If a relevance is not a finite number.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.core import gap_threshold
    >>> bool(0.0009 < gap_threshold(np.array([1.0, 0.6, 0.03, 1e-5])) < 0.03)
    True
    >>> gap_threshold(np.array([1.0, 0.6, 0.4, 0.2, 0.1]))
    0.05
    >>> gap_threshold(np.array([1.0, 0.2, 0.15, 0.1]))
    0.05
    """
    relevance = _finite(relevance)
    largest = relevance.max(initial=0.0)
    if largest == 0:
        return THRESHOLD
    spectrum = np.maximum(np.sort(relevance)[::-1] / largest, _VANISHED)
    ratios = np.where(spectrum[1:] <= THRESHOLD, spectrum[:-1] / spectrum[1:], 1.0)
    if ratios.max(initial=0.0) < _NARROWEST:
        return THRESHOLD
    k = int(ratios.argmax())
    return float(np.sqrt(spectrum[k] * spectrum[k + 1]))


def top_masks(relevances, n_nodes):
    """The most relevant nodes of all the given layers together.

    Nodes are ranked by their relevance over the largest of their layer; of nodes that are equal the
    first is taken. Each layer keeps its most relevant node in any case.

    Parameters
    ----------
    relevances : list of ndarray of shape (n_nodes,)
        Relevance of the nodes of each layer, such as ``node_importances_``.
    n_nodes : int
        Nodes to keep, at least one for each layer.

    Returns
    -------
    masks : list of ndarray of shape (n_nodes,), bool

    Raises
    ------
    ValueError
        If `n_nodes` is no whole number from the number of layers to that of all nodes, or a
        relevance is not a finite number.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.core import top_masks
    >>> top_masks([np.array([4.0, 1.0]), np.array([0.5, 0.4, 0.1])], 3)
    [array([ True, False]), array([ True,  True, False])]
    """
    n_all = sum(map(len, relevances))
    if not (isinstance(n_nodes, Integral) and len(relevances) <= n_nodes <= n_all):
        raise ValueError(
            f"n_nodes={n_nodes} of {n_all} nodes in {len(relevances)} layers; give a whole number "
            f"from {len(relevances)} to {n_all}, so that each layer keeps one."
        )
    scores = []
    for relevance in map(_finite, relevances):
        score = relevance / (relevance.max(initial=0.0) or 1.0)
        score[relevance.argmax()] = np.inf
        scores.append(score)
    ranks = np.argsort(-np.concatenate(scores), kind="stable")
    kept = np.zeros(len(ranks), dtype=bool)
    kept[ranks[:n_nodes]] = True
    return np.split(kept, np.cumsum([len(score) for score in scores])[:-1])


def prune(weights, intercepts, masks, activation):
    """Weights and intercepts of a network cut to the nodes that the masks keep.

    A node without incoming weights is the constant ``sigma(b_i)``; what it adds to the next layer,
    ``sigma(b_i) * v_i``, moves into the next intercept. Removing nodes of relevance zero leaves the
    outputs unchanged.

    Parameters
    ----------
    weights : list of ndarray of shape (n_in, n_out)
        Weight matrix of each transfer, such as ``coefs_``.
    intercepts : list of ndarray of shape (n_out,)
        Intercepts of each transfer, such as ``intercepts_``.
    masks : list of ndarray of shape (n_nodes,), bool
        The nodes to keep of each hidden layer, such as ``core_masks_``.
    activation : {"relu", "tanh", "logistic", "identity"}
        Activation of the hidden layers.

    Returns
    -------
    weights : list of ndarray
    intercepts : list of ndarray

    Raises
    ------
    ValueError
        If there is not one mask for each hidden layer, with one boolean for each of its nodes, or
        `activation` is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.core import prune
    >>> weights = [np.array([[1.0, 0.0]]), np.array([[2.0], [3.0]])]
    >>> intercepts = [np.array([0.0, 1.0]), np.array([0.5])]
    >>> prune(weights, intercepts, [np.array([True, False])], "relu")
    ([array([[1.]]), array([[2.]])], [array([0.]), array([3.5])])
    """
    if activation not in DERIVATIVES:
        raise ValueError(
            f"activation={activation!r} is none of {', '.join(map(repr, DERIVATIVES))}; give that "
            "of the hidden layers."
        )
    if len(masks) != len(weights) - 1:
        raise ValueError(
            f"Got {len(masks)} masks for {len(weights) - 1} hidden layers; give one mask for each."
        )
    weights, intercepts = list(map(np.asarray, weights)), list(map(np.asarray, intercepts))
    for k, mask in enumerate(map(np.asarray, masks)):
        n_nodes = len(intercepts[k])
        if mask.dtype != bool or mask.shape != (n_nodes,):
            raise ValueError(
                f"The mask of hidden layer {k + 1} has the type {mask.dtype} and the shape "
                f"{mask.shape}; give a boolean for each of its {n_nodes} nodes."
            )
        # Whole numbers would have no room for what the activation makes of them.
        constants = intercepts[k][~mask].astype(np.result_type(intercepts[k], np.float32))
        ACTIVATIONS[activation](constants)
        intercepts[k + 1] = intercepts[k + 1] + constants @ weights[k + 1][~mask]
        weights[k], intercepts[k] = weights[k][:, mask], intercepts[k][mask]
        weights[k + 1] = weights[k + 1][mask]
    return weights, intercepts


def _finite(relevance):
    relevance = np.asarray(relevance)
    if not np.isfinite(relevance).all():
        raise ValueError(
            f"Relevances must be finite numbers, got {relevance}; fit the network anew."
        )
    return relevance
