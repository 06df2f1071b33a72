"""The relevance of the nodes of a layer: the core stands apart."""

from numbers import Real

import numpy as np

from skspectral.core import THRESHOLD, core_mask
from skspectral.inspection.arguments import (
    as_list,
    default_names,
    fitted_network,
    input_names,
    layer_index,
    one_each,
    one_of,
)
from skspectral.inspection.style import LOG_FLOOR, REFERENCE, curve_style, new_axes, whole_ticks

_N_BINS = 20

# More names below an axis than these cannot be read.
_MOST_NAMES = 40


class RelevanceDisplay:
    r"""Relevance R of the nodes of a layer, of one or several networks.

    Create it by :meth:`from_estimator`. All parameters are stored as attributes.

    In a network that is wider than need be, the spectral form leaves a core of relevant nodes that
    stands apart from nodes of practically no relevance; weight decay leaves no such gap. That is
    the figure of Giambagli et al. on node relevance.

    Parameters
    ----------
    relevances : list of ndarray of shape (n_nodes,)
        Relevance of the nodes of the layer, for each network. Its unit does not matter: it is
        drawn over its largest.
    names : list of str
        Name of each network in the legend.
    threshold : float, default=0.05
        Share of the largest relevance above which a node belongs to the core, between 0 and 1.
    node_names : list of str, default=None
        Name of each node of the layer, written below the spectrum of a single network.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure that holds them.
    lines_ : list of matplotlib Line2D
        One curve for each network.
    threshold_line_ : matplotlib Line2D
        The threshold.

    See Also
    --------
    PruningCurveDisplay : The score against the number of nodes kept.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, distribution of the node relevance for several widths.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.inspection import RelevanceDisplay
    >>> relevance = np.array([0.5, 2.0, 1e-9, 1.5])
    >>> display = RelevanceDisplay(relevances=[relevance], names=["h = 4"]).plot()
    >>> display.lines_[0].get_label()
    'h = 4: core 3'
    """

    def __init__(self, *, relevances, names, threshold=THRESHOLD, node_names=None):
        self.relevances = relevances
        self.names = names
        self.threshold = threshold
        self.node_names = node_names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        layer=-1,
        kind="spectrum",
        threshold=THRESHOLD,
        names=None,
        ax=None,
        **line_kw,
    ):
        """Draw the relevance of the nodes of fitted networks.

        Parameters
        ----------
        estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline, or a list of these
            Fitted; a Pipeline ends in one of the networks. A search stands for its best
            estimator, a pruner for the full one.
        layer : int, default=-1
            The layer to look at: 0 the inputs, 1 the first hidden layer and so on, -1 the last.
            The inputs of a single network are drawn with their names.
        kind : {"spectrum", "histogram"}, default="spectrum"
            The sorted relevances on a logarithmic axis, or how often each occurs.
        threshold : float, default=0.05
            Share of the largest relevance above which a node belongs to the core, between 0 and 1.
        names : list of str, default=None
            Name of each network in the legend; None names the width of the layer, and of several
            which it is.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        **line_kw : dict
            Keywords for the ``ax.plot`` that draws the curves.

        Returns
        -------
        display : RelevanceDisplay
            The display, drawn.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If an estimator is not fitted.
        ValueError
            If an estimator has no relevance or not that layer, if there is not one name for each,
            or if `kind` or `threshold` is not allowed.

        Examples
        --------
        >>> import numpy as np
        >>> from skspectral import SpectralMLPRegressor
        >>> from skspectral.inspection import RelevanceDisplay
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> mlp = SpectralMLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0)
        >>> display = RelevanceDisplay.from_estimator(mlp.fit(X, np.abs(X[:, 0])))
        >>> display.lines_[0].get_label()
        'h = 20: core 2'
        """
        estimators = as_list(estimator)
        networks = [fitted_network(one, "node_importances_") for one in estimators]
        relevances = [_relevance(network, layer) for network in networks]
        if names is None:
            sizes = [len(relevance) for relevance in relevances]
            names = (
                [f"{size} inputs" for size in sizes]
                if layer == 0
                else default_names(networks, sizes, layer)
            )
        single_inputs = layer == 0 and len(estimators) == 1
        display = cls(
            relevances=relevances,
            names=names,
            threshold=threshold,
            node_names=input_names(estimators[0]) if single_inputs else None,
        )
        return display.plot(ax, kind=kind, **line_kw)

    def plot(self, ax=None, *, kind="spectrum", **line_kw):
        """Draw the relevances.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        kind : {"spectrum", "histogram"}, default="spectrum"
            The sorted relevances on a logarithmic axis, or how often each occurs.
        **line_kw : dict
            Keywords for the ``ax.plot`` that draws the curves.

        Returns
        -------
        display : RelevanceDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `kind` or `threshold` is not allowed, or there is not one name for each network, or
            for each node.
        """
        one_of("kind", kind, ["spectrum", "histogram"])
        one_each("names", self.names, len(self.relevances))
        if self.node_names is not None:
            one_each("node_names", self.node_names, len(self.relevances[0]), "nodes")
        if not (isinstance(self.threshold, Real) and 0 < self.threshold < 1):
            raise ValueError(
                f"threshold must be a share of the largest relevance, between 0 and 1, got "
                f"{self.threshold!r}."
            )
        self.ax_ = new_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = self.ax_.figure
        label = f"threshold {self.threshold:g}"
        if kind == "spectrum":
            draw = self._draw_spectrum
            self.threshold_line_ = self.ax_.axhline(self.threshold, label=label, **REFERENCE)
        else:
            draw = self._draw_histogram
            self.threshold_line_ = self.ax_.axvline(self.threshold, label=label, **REFERENCE)
        self.lines_ = []
        for k, (relevance, name) in enumerate(zip(self.relevances, self.names, strict=True)):
            core = core_mask(relevance, self.threshold).sum()
            shares = relevance / (relevance.max() or 1.0)
            style = {"label": f"{name}: core {core}"} | line_kw
            self.lines_ += draw(k, shares, **style)
        if kind == "histogram":
            self.ax_.set_ylim(bottom=0.7)
        # A histogram has its bars at both ends.
        self.ax_.legend(loc="upper center" if kind == "histogram" else "best")
        return self

    def _draw_spectrum(self, k, shares, **line_kw):
        self.ax_.set(
            xlabel="sorted by relevance",
            ylabel=rf"$R_i / \max R$ (at least $10^{{{np.log10(LOG_FLOOR):.0f}}}$)",
            yscale="log",
        )
        spectrum = np.maximum(np.sort(shares)[::-1], LOG_FLOOR)
        rank = np.arange(1, len(spectrum) + 1)
        if self.node_names is not None and len(self.relevances) == 1 and len(rank) <= _MOST_NAMES:
            order = np.argsort(-shares, kind="stable")
            names = np.asarray(self.node_names)[order]
            self.ax_.set_xticks(rank, names, rotation=90, parse_math=False)
        else:
            whole_ticks(self.ax_.xaxis)
        return self.ax_.plot(rank, spectrum, **curve_style(k, len(rank), **line_kw))

    def _draw_histogram(self, k, shares, **line_kw):
        # On a linear axis the many irrelevant nodes would hide the few relevant ones.
        self.ax_.set(xlabel=r"$R_i / \max R$", ylabel="number of nodes", yscale="log")
        counts, edges = np.histogram(shares, bins=_N_BINS, range=(0, 1))
        style = curve_style(k, **{"drawstyle": "steps-post"} | line_kw)
        return self.ax_.plot(edges, np.append(counts, 0), **style)


def _relevance(network, layer):
    nodes = network.node_importances_
    layer = layer_index(layer, len(nodes), first=0)
    if layer == 0:
        return network.feature_importances_
    # A collapsed layer has no core: shares of nothing mean nothing.
    return nodes[layer - 1] * network.core_masks_[layer - 1].any()
