"""Products of weights along the paths through a hidden layer."""

import numpy as np

from skspectral.inspection.arguments import fitted_network, layer_index

_WITH_WEIGHTS = "network with the weights coefs_, or a Pipeline that ends in one"


def path_distribution(estimator, *, layer=-1, core_only=True):
    """Products of the weights along all paths through a hidden layer, sorted.

    A path leads from node i of the layer before over node j of the hidden layer to node k of the
    layer after; its product is ``w1_ij * w2_jk``. With ReLU nodes, networks that compute the same
    have the same products even if their nodes are ordered and scaled in another way.

    Parameters
    ----------
    estimator : object with ``coefs_``, or Pipeline that ends in one
        A fitted network, one of scikit-learn included. A search stands for its best estimator, a
        pruner for the full one.
    layer : int, default=-1
        The hidden layer that the paths pass: 1 the first, -1 the last.
    core_only : bool, default=True
        Whether only nodes of ``core_masks_`` count. A network that has none counts whole.

    Returns
    -------
    paths : ndarray of shape (n_in * n_nodes * n_out,)
        The products, rising. With one hidden layer their unit is that of y over that of the inputs
        of the network.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ValueError
        If the estimator has no ``coefs_``, or the layer does not exist or is none that is hidden.

    See Also
    --------
    PathDisplay : Draws them.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, paths of teacher and pruned student.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from skspectral.inspection import path_distribution
    >>> teacher = SimpleNamespace(coefs_=[np.array([[1.0, -1.0]]), np.array([[2.0], [3.0]])])
    >>> path_distribution(teacher)
    array([-3.,  2.])
    """
    network = fitted_network(estimator, allowed=_WITH_WEIGHTS)
    layer = layer_index(layer, len(network.coefs_) - 1, first=1)
    widths = [*map(len, network.coefs_), network.coefs_[-1].shape[1]]
    counting = [np.ones(n, dtype=bool) for n in widths]
    if core_only and hasattr(network, "core_masks_"):
        counting[1:-1] = network.core_masks_
    before, within, after = counting[layer - 1 : layer + 2]
    incoming = network.coefs_[layer - 1][np.ix_(before, within)]
    outgoing = network.coefs_[layer][np.ix_(within, after)]
    return np.sort(np.einsum("ij,jk->ijk", incoming, outgoing), axis=None)
