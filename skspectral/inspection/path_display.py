"""Paths drawn: does the student do what the teacher does?"""

import numpy as np

from skspectral.inspection.arguments import as_list, default_names, fitted_network, one_each
from skspectral.inspection.paths import path_distribution
from skspectral.inspection.style import curve_style, new_axes


class PathDisplay:
    """Sorted path products of one or several networks.

    Create it by :meth:`from_estimator`. All parameters are stored as attributes.

    The rank is drawn over the number of paths, so that networks of different width compare: a
    student that has become the teacher lies on the teacher's curve.

    Parameters
    ----------
    paths : list of ndarray of shape (n_paths,)
        Path products of each network, rising.
    names : list of str
        Name of each network in the legend.

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
    path_distribution : The numbers alone.

    References
    ----------
    Giambagli et al., arXiv:2310.12612, paths of teacher and pruned student.

    Examples
    --------
    >>> import numpy as np
    >>> from skspectral.inspection import PathDisplay
    >>> display = PathDisplay(paths=[np.array([-1.0, 0.5, 2.0])], names=["teacher"]).plot()
    >>> display.lines_[0].get_label()
    'teacher: 3 paths'
    """

    def __init__(self, *, paths, names):
        self.paths = paths
        self.names = names

    @classmethod
    def from_estimator(cls, estimator, *, layer=-1, core_only=True, names=None, ax=None, **line_kw):
        """Draw the path products of fitted networks.

        Parameters
        ----------
        estimator : object with ``coefs_``, Pipeline that ends in one, or list of these
            Fitted networks, those of scikit-learn included.
        layer : int, default=-1
            The hidden layer that the paths pass: 1 the first, -1 the last.
        core_only : bool, default=True
            Whether only nodes of ``core_masks_`` count. A network that has none counts whole.
        names : list of str, default=None
            Name of each network in the legend; None names the width of the layer, and of several
            which it is.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        **line_kw : dict
            Keywords for the ``ax.plot`` that draws the curves.

        Returns
        -------
        display : PathDisplay
            The display, drawn.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If an estimator is not fitted.
        ValueError
            As :func:`path_distribution`, and if there is not one name for each network.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.neural_network import MLPRegressor
        >>> from skspectral import SpectralMLPRegressor
        >>> from skspectral.inspection import PathDisplay
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> y = np.abs(X[:, 0])
        >>> spectral = SpectralMLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0)
        >>> plain = MLPRegressor(hidden_layer_sizes=20, solver="lbfgs", alpha=1, random_state=0)
        >>> display = PathDisplay.from_estimator(
        ...     [spectral.fit(X, y), plain.fit(X, y)], names=["spectral", "plain"]
        ... )
        >>> display.lines_[1].get_label()
        'plain: 40 paths'
        """
        estimators = as_list(estimator)
        paths = [path_distribution(one, layer=layer, core_only=core_only) for one in estimators]
        if names is None:
            networks = [fitted_network(one) for one in estimators]
            names = default_names(networks, [len(n.coefs_[layer]) for n in networks], layer)
        return cls(paths=paths, names=names).plot(ax, **line_kw)

    def plot(self, ax=None, **line_kw):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        **line_kw : dict
            Keywords for the ``ax.plot`` that draws the curves.

        Returns
        -------
        display : PathDisplay
            The display itself.

        Raises
        ------
        ValueError
            If there is not one name for each network.
        """
        one_each("names", self.names, len(self.paths))
        self.ax_ = new_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = self.ax_.figure
        self.lines_ = []
        for k, (paths, name) in enumerate(zip(self.paths, self.names, strict=True)):
            label = f"{name}: {len(paths)} paths"
            rank = np.arange(1, len(paths) + 1) / max(1, len(paths))
            style = curve_style(k, len(paths), **{"label": label} | line_kw)
            self.lines_ += self.ax_.plot(rank, paths, **style)
        self.ax_.set(xlabel="rank / number of paths", ylabel="path product $w_{ij} w_{jk}$")
        self.ax_.legend()
        return self
