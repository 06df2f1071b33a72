"""The size of a network before and after it was cut."""

import numpy as np

from skspectral.pruner.network import network_of


def summary_of(pruner):
    """Text of :meth:`skspectral.SpectralPruner.summary`.

    Parameters
    ----------
    pruner : SpectralPruner or SpectralPrunerCV
        Fitted.

    Returns
    -------
    text : str
    """
    networks = network_of(pruner.estimator_), pruner.pruned_estimator_
    widths = [_widths(network) for network in networks]
    names = ["inputs", *(f"hidden layer {k}" for k in range(1, len(widths[0]) - 1)), "outputs"]
    rows = [(name, *pair) for name, *pair in zip(names, *widths, strict=True)]
    counts = {"parameters": _parameters, "multiply-adds": _products, "bytes": _bytes}
    rows += [(name, *map(count, networks)) for name, count in counts.items()]
    lines = [f"{'':16}{'before':>12}{'after':>12}"]
    lines += [f"{name:16}{before:>12}{after:>12}" for name, before, after in rows]
    known = getattr(pruner, "_fitted", {})  # nothing of a prefit estimator without data
    if not known:
        return "\n".join(lines)
    scores, when = known["refit_scores_"], ", before it was trained on" * known["is_trained"]
    change = known["largest_change_"]
    lines.append(f"largest change of an output on the training data{when}: {change:.3g}")
    if known["is_undecided"]:
        lines.append("the data do not determine the size: the nodes are those of largest relevance")
    if "full" in scores:
        lines += [
            f"{name} keeps all its nodes: a wider network may have more"
            for name, before, after in zip(names[1:-1], *(w[1:-1] for w in widths), strict=True)
            if before == after
        ]
        idle = np.count_nonzero(networks[1].feature_importances_ == 0)
        if idle:
            lines.append(f"inputs whose weights are zero: {idle} of {widths[1][0]}")
        lines.append(
            f"score on the training data, which chose the nodes: {scores['full']:.4f} before, "
            f"{scores['refit']:.4f} after"
        )
    elif scores:
        kept = "kept" if known["is_refitted"] else "taken back"
        lines.append(
            f"score on rows held out of the refit: {scores['cut']:.4f} cut, {scores['refit']:.4f} "
            f"refitted ({kept})"
        )
    return "\n".join(lines)


def _widths(network):
    return [network.coefs_[0].shape[0], *(w.shape[1] for w in network.coefs_)]


def _parameters(network):
    return sum(array.size for array in [*network.coefs_, *network.intercepts_])


def _products(network):
    return sum(w.size for w in network.coefs_)


def _bytes(network):
    return sum(array.nbytes for array in [*network.coefs_, *network.intercepts_])
