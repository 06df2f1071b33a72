"""Pruning curves drawn: flat, then a critical point."""

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from skspectral.inspection.arguments import (
    as_list,
    default_names,
    fitted_network,
    one_each,
    one_of,
    whole_numbers,
)
from skspectral.inspection.pruning import pruning_curve
from skspectral.inspection.style import LOG_FLOOR, REFERENCE, curve_style, new_axes, whole_ticks


class PruningCurveDisplay:
    r"""Change of the score when nodes are removed, of one or several networks.

    Create it by :meth:`from_estimator`. All parameters are stored as attributes.

    The change is small as long as the core is whole and rises steeply below a critical number of
    nodes; in the experiments of Giambagli et al. that is the size of the teacher, whatever the
    width of the student.

    Parameters
    ----------
    n_nodes : list of ndarray of shape (n_sizes,)
        Numbers of nodes kept, for each network.
    scores : list of ndarray of shape (n_sizes,)
        Score at each of them.
    scores_full : list of float
        Score of each whole network.
    names : list of str
        Name of each network in the legend.
    teacher_size : int or list of int, default=None
        Nodes of the teacher :math:`h_T`, one for all networks or one for each.
    score_name : str, default="score"
        What the vertical axis calls the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure that holds them.
    lines_ : list of matplotlib Line2D
        One curve for each network.

    See Also
    --------
    pruning_curve : The numbers alone.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, change of the test error under node pruning.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.inspection import PruningCurveDisplay
    >>> display = PruningCurveDisplay(
    ...     n_nodes=[np.array([1, 2, 3, 4])],
    ...     scores=[np.array([0.1, 0.6, 0.999, 1.0])],
    ...     scores_full=[1.0],
    ...     names=["h = 4"],
    ...     teacher_size=3,
    ... ).plot()
    >>> display.lines_[0].get_xdata()
    array([-2, -1,  0,  1])
    """

    def __init__(
        self, *, n_nodes, scores, scores_full, names, teacher_size=None, score_name="score"
    ):
        self.n_nodes = n_nodes
        self.scores = scores
        self.scores_full = scores_full
        self.names = names
        self.teacher_size = teacher_size
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        scoring=None,
        sizes=None,
        teacher_size=None,
        align="difference",
        names=None,
        ax=None,
        **line_kw,
    ):
        """Remove nodes of fitted networks and draw what it does to the score.

        Parameters
        ----------
        estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline, or a list of these
            Fitted; a Pipeline ends in one of the networks. A search stands for its best
            estimator, a pruner for the full one.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data to score on, fresh ones at best.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target of X.
        scoring : str or callable, default=None
            A scorer of scikit-learn; None is the ``score`` of the estimators.
        sizes : int or array-like of int, default=None
            Numbers of nodes to keep, see :func:`pruning_curve`.
        teacher_size : int or list of int, default=None
            Nodes of the teacher, one number for all networks or one for each.
        align : {"difference", "ratio"}, default="difference"
            With `teacher_size`, whether the axis is :math:`n - h_T` or :math:`n / h_T - 1`.
        names : list of str, default=None
            Name of each network in the legend; None names its width.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        **line_kw : dict
            Keywords for the ``ax.plot`` that draws the curves.

        Returns
        -------
        display : PruningCurveDisplay
            The display, drawn.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If an estimator is not fitted.
        ValueError
            As :func:`pruning_curve`, and if there is not one name or size of the teacher for each
            network, or `align` is not allowed.

        Examples
        --------
        >>> import numpy as np
        >>> from skspectral import SpectralMLPRegressor
        >>> from skspectral.inspection import PruningCurveDisplay
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> y = np.abs(X[:, 0])
        >>> mlp = SpectralMLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0)
        >>> display = PruningCurveDisplay.from_estimator(mlp.fit(X, y), X, y, teacher_size=2)
        >>> display.ax_.get_xlabel()
        'nodes kept, $n - h_T$'
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        estimators = as_list(estimator)
        curves = [pruning_curve(one, X, y, scoring=scoring, sizes=sizes) for one in estimators]
        if names is None:
            networks = [fitted_network(one) for one in estimators]
            widths = [" + ".join(str(len(b)) for b in n.intercepts_[:-1]) for n in networks]
            names = default_names(networks, widths)
        score_name = scoring if isinstance(scoring, str) else "score"
        display = cls(
            n_nodes=[curve.n_nodes for curve in curves],
            scores=[curve.scores for curve in curves],
            scores_full=[curve.score_full for curve in curves],
            names=names,
            teacher_size=teacher_size,
            score_name=score_name.removeprefix("neg_").replace("_", " "),
        )
        return display.plot(ax, align=align, **line_kw)

    def plot(self, ax=None, *, align="difference", **line_kw):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        align : {"difference", "ratio"}, default="difference"
            With a size of the teacher, whether the axis is :math:`n - h_T` or
            :math:`n / h_T - 1`.
        **line_kw : dict
            Keywords for the ``ax.plot`` that draws the curves.

        Returns
        -------
        display : PruningCurveDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `align` is not allowed, or there are not scores, a name and a size of the teacher for
            each network.
        """
        one_of("align", align, ["difference", "ratio"])
        for name in ("scores", "scores_full", "names"):
            one_each(name, getattr(self, name), len(self.n_nodes))
        label, positions = self._positions(align)
        changes = [
            np.abs(np.asarray(scores) - full)
            for scores, full in zip(self.scores, self.scores_full, strict=True)
        ]
        floor = LOG_FLOOR * (np.nanmax(np.concatenate(changes), initial=0) or 1.0)
        self.ax_ = new_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = self.ax_.figure
        self.lines_ = []
        for k, (n, change) in enumerate(zip(positions, changes, strict=True)):
            style = {"label": self.names[k]} | line_kw
            style = curve_style(k, np.isfinite(change).sum(), **style)
            self.lines_ += self.ax_.plot(n, np.maximum(change, floor), **style)
        if self.teacher_size is not None:
            self.ax_.axvline(0, label="size of the teacher", **REFERENCE)
        least = rf"at least $10^{{{np.log10(LOG_FLOOR):.0f}}}$ of the largest"
        ylabel = f"|change of the {self.score_name}|\n({least})"
        self.ax_.set(xlabel=label, ylabel=ylabel, yscale="log")
        if self.teacher_size is None or align == "difference":
            whole_ticks(self.ax_.xaxis)
        self.ax_.legend()
        return self

    def _positions(self, align):
        """Label and values of the horizontal axis."""
        if self.teacher_size is None:
            return "nodes kept, $n$", self.n_nodes
        whole_numbers("teacher_size", self.teacher_size, 1)
        n_curves = len(self.n_nodes)
        one_for_all = np.ndim(self.teacher_size) == 0
        teachers = [self.teacher_size] * n_curves if one_for_all else self.teacher_size
        pairs = list(
            zip(self.n_nodes, one_each("sizes of the teacher", teachers, n_curves), strict=True)
        )
        if align == "difference":
            return "nodes kept, $n - h_T$", [n - teacher for n, teacher in pairs]
        return "nodes kept, $n / h_T - 1$", [n / teacher - 1 for n, teacher in pairs]
