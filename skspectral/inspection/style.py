"""How the displays look: curves differ in colour, marker and line, for whoever sees them."""

from sklearn.utils._optional_dependencies import check_matplotlib_support

# Okabe and Ito's palette.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":")
REFERENCE = {"color": "#000000", "linewidth": 0.8, "linestyle": (0, (1, 2))}

# Shares of the largest value below it are drawn at it: a log axis has no zero.
LOG_FLOOR = 1e-6


def new_axes(ax, caller, n_panels=1):
    """The given Axes, or those of a new figure."""
    check_matplotlib_support(caller)
    import matplotlib.pyplot as plt

    if ax is None:
        size = (4.4 * n_panels, 3.6) if n_panels > 1 else None
        _, ax = plt.subplots(1, n_panels, figsize=size, layout="constrained")
    return ax


def whole_ticks(axis):
    """No ticks between the whole numbers of an axis."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def curve_style(k, n_marked=0, **line_kw):
    """Keywords of the k-th curve, with open markers so that curves show through each other.

    `n_marked` is the number of its points, of which those are marked that are not too close.
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    keywords = {
        "color": COLORS[k % len(COLORS)],
        "linestyle": LINES[k % len(LINES)],
        # Later curves are thinner: where curves coincide, each is seen.
        "linewidth": max(1.0, 2.2 - 0.4 * k),
    }
    if n_marked:
        keywords |= {
            "marker": MARKERS[k % len(MARKERS)],
            "markersize": 6,
            "markerfacecolor": "none",
            # Of the diagonal of the axes, on screen; a single point is at no distance from any.
            "markevery": 0.015 if n_marked > 1 else None,
        }
    return keywords | normalize_kwargs(line_kw, Line2D)
