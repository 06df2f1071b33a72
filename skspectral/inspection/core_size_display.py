"""Core size and test score drawn against the width."""

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from skspectral.inspection.arguments import whole_number
from skspectral.inspection.core_size import core_size_curve
from skspectral.inspection.style import REFERENCE, curve_style, new_axes


class CoreSizeDisplay:
    r"""Size of the core and test score against the width h of the network.

    Create it by :meth:`from_estimator`. All parameters are stored as attributes.

    The core of the spectral form levels off at what the data call for (with data of a teacher at
    the size :math:`h_T` of the teacher), that of weight decay grows along the diagonal; the test
    score hardly tells the two apart. These are the claims of Giambagli et al. on the core size.

    Parameters
    ----------
    widths : ndarray of shape (n_widths,)
        Nodes h of the hidden layer.
    kinds : tuple of str of length n_kinds
        Names of the kinds of networks.
    core_sizes : ndarray of shape (n_kinds, n_widths, n_repeats)
        Nodes in the core.
    scores : ndarray of shape (n_kinds, n_widths, n_repeats)
        Test scores.
    teacher_size : int, default=None
        Nodes of the teacher, drawn as a level.

    Attributes
    ----------
    axes_ : ndarray of shape (2,) of matplotlib Axes
        The panel of the core size and that of the test score.
    figure_ : matplotlib Figure
        Figure that holds them.
    lines_ : ndarray of shape (2, n_kinds) of matplotlib Line2D
        Means over the repeats, for each panel and kind.
    bands_ : ndarray of shape (2, n_kinds) of matplotlib FillBetweenPolyCollection
        One standard deviation to either side.

    See Also
    --------
    core_size_curve : The numbers alone.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, size of the core and test error against the width.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.inspection import CoreSizeDisplay
    >>> display = CoreSizeDisplay(
    ...     widths=np.array([10, 20]),
    ...     kinds=("spectral", "dense"),
    ...     core_sizes=np.array([[[5, 5], [5, 6]], [[9, 10], [17, 19]]]),
    ...     scores=np.array([[[0.9, 0.9], [0.9, 0.9]], [[0.9, 0.9], [0.9, 0.9]]]),
    ... ).plot()
    >>> display.lines_[0, 0].get_ydata()
    array([5. , 5.5])
    """

    def __init__(self, *, widths, kinds, core_sizes, scores, teacher_size=None):
        self.widths = widths
        self.kinds = kinds
        self.core_sizes = core_sizes
        self.scores = scores
        self.teacher_size = teacher_size

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        widths,
        n_repeats=3,
        test_size=0.25,
        dense=True,
        random_state=None,
        n_jobs=None,
        teacher_size=None,
        ax=None,
    ):
        """Fit networks of several widths and draw their core sizes and test scores.

        Parameters
        ----------
        estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline
            What to fit clones of; a Pipeline ends in one of the networks.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        widths : int or array-like of int
            Nodes h of the first hidden layer; further layers stay as they are.
        n_repeats : int, default=3
            Splits, each with initial weights of its own.
        test_size : float or int, default=0.25
            Share or number of rows to score on.
        dense : bool, default=True
            Whether to fit the twins with plain weight decay as well.
        random_state : int, RandomState instance or None, default=None
            Seed of the splits and of the networks.
        n_jobs : int, default=None
            Number of fits at a time; None is one, -1 as many as there are processors.
        teacher_size : int, default=None
            Nodes of the teacher, drawn as a level.
        ax : array-like of two matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : CoreSizeDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            As :func:`core_size_curve`, and if `ax` is not two Axes or `teacher_size` no positive
            integer.

        Examples
        --------
        >>> import numpy as np
        >>> from skspectral import SpectralMLPRegressor
        >>> from skspectral.inspection import CoreSizeDisplay
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> mlp = SpectralMLPRegressor(solver="lbfgs")
        >>> display = CoreSizeDisplay.from_estimator(
        ...     mlp, X, np.abs(X[:, 0]), widths=[10, 20], n_repeats=1, random_state=0
        ... )
        >>> display.axes_[0].get_ylabel()
        'nodes in the core'
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        _check(teacher_size, ax)  # before fits that may take long
        curve = core_size_curve(
            estimator,
            X,
            y,
            widths=widths,
            n_repeats=n_repeats,
            test_size=test_size,
            dense=dense,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        return cls(**curve, teacher_size=teacher_size).plot(ax)

    def plot(self, ax=None):
        """Draw both panels.

        Parameters
        ----------
        ax : array-like of two matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : CoreSizeDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `ax` is not two Axes or `teacher_size` no positive integer.
        """
        _check(self.teacher_size, ax)
        self.axes_ = np.ravel(new_axes(ax, f"{type(self).__name__}.plot", n_panels=2))
        sizes, scores = self.axes_
        self.figure_ = sizes.figure
        panels = [
            [self._draw(panel, k, values[k]) for k in range(len(self.kinds))]
            for panel, values in zip(self.axes_, [self.core_sizes, self.scores], strict=True)
        ]
        self.lines_, self.bands_ = np.moveaxis(np.array(panels, dtype=object), -1, 0)
        ends = [min(self.widths), max(self.widths)]
        sizes.plot(ends, ends, label="core = $h$", **REFERENCE)
        if self.teacher_size is not None:
            level = {**REFERENCE, "linestyle": "-"}
            sizes.axhline(self.teacher_size, label=f"$h_T$ = {self.teacher_size}", **level)
        sizes.set(xlabel="width $h$", ylabel="nodes in the core")
        scores.set(xlabel="width $h$", ylabel="test score")
        scores.ticklabel_format(axis="y", useOffset=False)  # scores near one
        sizes.legend()
        scores.legend()
        return self

    def _draw(self, panel, k, values):
        """Mean and spread over the repeats, of shape (n_widths, n_repeats)."""
        mean, spread = values.mean(axis=1), values.std(axis=1)
        style = curve_style(k, len(mean))
        (line,) = panel.plot(self.widths, mean, label=self.kinds[k], **style)
        band = panel.fill_between(
            self.widths, mean - spread, mean + spread, color=style["color"], alpha=0.2, linewidth=0
        )
        return line, band


def _check(teacher_size, ax):
    if teacher_size is not None:
        whole_number("teacher_size", teacher_size, 1)
    if ax is not None and np.size(ax) != 2:
        raise ValueError(f"ax must hold two Axes, got {np.size(ax)}; plt.subplots(1, 2) does.")
