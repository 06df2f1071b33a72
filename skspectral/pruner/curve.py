"""The score of a network against the number of nodes that it keeps."""

import numpy as np

from skspectral.core import top_masks
from skspectral.mlp.cut import cut
from skspectral.pruner.sizes import widths_of

# Sizes up to here are all tried; above, as many again on a geometric scale.
_N_SMALL = 40


def curve_sizes(network):
    """Numbers of hidden nodes to try, from one for each layer to all, ascending.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted.

    Returns
    -------
    sizes : ndarray of int
    """
    widths = widths_of(network)
    largest = sum(widths)
    small = np.arange(len(widths), max(len(widths), min(largest, _N_SMALL)) + 1)
    large = np.geomspace(small[-1], largest, _N_SMALL)
    return np.unique(np.concatenate([small, large.round().astype(int)]))


def scores_of_sizes(network, X, y, scorer, sizes):
    """Scores of a network cut to its most relevant hidden nodes.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        As it reaches the network.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    scorer : callable
        ``scorer(estimator, X, y)``.
    sizes : sequence of int
        Numbers of nodes to keep of all hidden layers together; see
        :func:`skspectral.core.top_masks`.

    Returns
    -------
    scores : ndarray of shape (n_sizes,)
    """
    spectra = network.node_importances_
    cuts = (cut(network, top_masks(spectra, int(n))) for n in sizes)
    return np.array([scorer(one, X, y) for one in cuts], dtype=float)
