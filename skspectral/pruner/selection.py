"""Which nodes of each layer a pruner keeps."""

import warnings
from numbers import Integral, Real

import numpy as np

from skspectral.core import FLOOR, THRESHOLD, core_mask, gap_threshold, top_masks
from skspectral.pruner.comparison import lacks_a_class, losses_of_outputs, tolerable, weights_of
from skspectral.pruner.network import UnusableError, cut_network, select_columns

# The least share of the largest relevance at which a cut is made that costs less.
_LEAST = 1e-3


def layer_index(layer, network):
    """Number of a layer from 0, the inputs; negative ones count from the last hidden layer.

    The network need not be fitted.

    Raises
    ------
    UnusableError
        If there is no such layer.
    """
    fitted = hasattr(network, "coefs_")
    n_hidden = len(network.coefs_) - 1 if fitted else len(network._hidden_layer_sizes())
    if n_hidden == 0 and layer != 0:
        raise UnusableError(
            f"layer={layer} does not exist: the network has no hidden layer; give 0, the inputs."
        )
    if not -n_hidden <= layer <= n_hidden:
        raise UnusableError(
            f"layer={layer} does not exist: the network has the inputs (0) and {n_hidden} hidden "
            f"layers; give a number from {-n_hidden} to {n_hidden}."
        )
    return layer if layer >= 0 else n_hidden + 1 + layer


def select_masks(network, layer, threshold, n_nodes_to_select):
    """The nodes to keep.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted.
    layer : int
        From :func:`layer_index`; inputs are cut with 0 only.
    threshold, n_nodes_to_select
        See :class:`~skspectral.SpectralPruner`.

    Returns
    -------
    masks : list of ndarray of shape (n_nodes,), bool
        Inputs first, then each hidden layer; at least one node of each.

    Raises
    ------
    UnusableError
        If there are not as many nodes as `n_nodes_to_select` asks for.
    """
    spectra = network._relevance()
    numbers = numbers_of_nodes(n_nodes_to_select, layer, [len(spectrum) for spectrum in spectra])
    masks = []
    for k, (spectrum, number) in enumerate(zip(spectra, numbers, strict=True)):
        if k == 0 and layer != 0:
            mask = np.ones(len(spectrum), dtype=bool)
        elif number is not None:
            mask = top_masks([spectrum], number)[0]
        else:
            share = gap_threshold(spectrum) if threshold in ("auto", "gap") else threshold
            share = _share_of(share, spectrum) if callable(share) else share
            mask = core_mask(spectrum, share, floor=FLOOR)
        masks.append(mask)
    return _guarded(masks, spectra)


def sparing_masks(network, masks, X, y, sample_weight=None):
    """Masks that keep more nodes, where a cut by the spectrum costs an output much.

    What weighs most for one output, such as a rare event, may dwarf in the spectrum what another
    needs. The share of the largest relevance above which nodes stay is halved until the cut costs
    no output more than a tenth of its loss and a hundredth of its variance (of classes a hundredth
    in deviance).

    Parameters
    ----------
    network, masks
        See :func:`select_masks`.
    X, y, sample_weight
        The rows of the training.

    Returns
    -------
    masks : list of ndarray of shape (n_nodes,), bool
    """
    if lacks_a_class(network, y):
        return masks  # what would they cost the others?
    weights = weights_of(network, y, sample_weight)
    most = tolerable(losses_of_outputs(network, X, y, weights))
    spectra, share = network._relevance(), THRESHOLD
    while share >= 2 * _LEAST:
        small, rows = cut_network(network, masks), select_columns(X, masks[0])
        if (losses_of_outputs(small, rows, y, weights) <= most).all():
            break
        share /= 2
        cores = (core_mask(spectrum, share, floor=FLOOR) for spectrum in spectra)
        masks = [mask | core for mask, core in zip(masks, cores, strict=True)]
    return masks


def narrowed(mask, left):
    """The nodes of a mask that another leaves, which has an entry for each of them."""
    mask = mask.copy()
    mask[mask] = left
    return mask


def _share_of(threshold, spectrum):
    share = threshold(spectrum)
    if np.ndim(share) == 0 and hasattr(share, "item"):
        share = share.item()
    if not isinstance(share, Real) or not 0 <= share < 1:
        raise UnusableError(
            f"threshold returned {share!r}; it must return a share of the largest relevance, at "
            "least 0 and below 1."
        )
    return share


def _guarded(masks, spectra):
    """At least one node of each layer: without any, arrays have no size and nothing to refit."""
    if all(mask.any() for mask in masks):
        return masks
    warnings.warn(
        "No node of a layer is relevant: the network is a constant, and one node of each layer "
        "stays for form's sake; lower alpha, or check that y depends on X.",
        stacklevel=2,
    )
    return [
        mask if mask.any() else top_masks([spectrum], 1)[0]
        for mask, spectrum in zip(masks, spectra, strict=True)
    ]


def numbers_of_nodes(n_nodes_to_select, layer, widths):
    """Nodes asked for in each layer, None where the threshold decides."""
    numbers = [None] * len(widths)
    if n_nodes_to_select is None:
        return numbers
    first = 0 if layer == 0 else 1
    if np.ndim(n_nodes_to_select) == 0:
        numbers[layer] = n_nodes_to_select
    elif len(n_nodes_to_select) == len(widths) - first:
        numbers[first:] = n_nodes_to_select
    else:
        raise UnusableError(
            f"n_nodes_to_select={n_nodes_to_select!r} has {len(n_nodes_to_select)} entries for "
            f"{len(widths) - first} layers; give one for each hidden layer, and with layer=0 one "
            "for the inputs before them."
        )
    return [
        None if n is None else _number(n, width) for n, width in zip(numbers, widths, strict=True)
    ]


def _number(n, width):
    whole = isinstance(n, Integral)
    if (
        not isinstance(n, Real)
        or isinstance(n, bool)
        or (whole and not 1 <= n <= width)
        or (not whole and not 0 < n <= 1)
    ):
        raise UnusableError(
            f"n_nodes_to_select asks for {n} of {width} nodes; give a whole number from 1 to "
            f"{width}, or a fraction above 0 and at most 1."
        )
    return int(n) if whole else max(1, int(n * width))
