"""The scales that X and y may be on, and those on which a network trains well."""

import numpy as np
from sklearn.utils import gen_batches

from skspectral.mlp.warnings import warn

# Columns on scales beyond these defeat the learning rate: with all of them at the first next to
# nothing is learnt, at the second less than could be.
_LARGEST_SCALE, _SMALLEST_SCALE = 100, 0.02

# Beside others a column of so many roundings of theirs is dust of a constant.
_DUST = 100

# Columns so many standard deviations from zero hardly vary beside what they all have in common; and
# a target so many of them from zero loses its last digits in single precision.
_LARGEST_OFFSET, _OFFSET_OF_Y = 20, 1e5

# Of X that are looked at together.
_MOST_VALUES = 2**20

# Within these the squares of y, in relevances and scores, neither overflow nor vanish.
_SCALES_OF_Y = {"float64": (1e-150, 1e150), "float32": (1e-16, 1e16)}


def refuse_scale_of_y(largest, scales, dtype):
    """Raise if the targets are too large or too small for the precision of X.

    Parameters
    ----------
    largest : float
        Largest absolute value of the targets.
    scales : array-like of shape (n_outputs,)
        What the targets are divided by.
    dtype : dtype of X
    """
    low, high = _SCALES_OF_Y[dtype.name]
    largest, smallest = max(largest, np.max(scales)), np.min(scales)
    if low <= smallest and largest <= high:
        return
    scale = largest if largest > high else smallest
    unit = f"{10.0 ** np.floor(np.log10(scale)):.0e}"
    raise ValueError(
        f"y, or a column of it, is on the scale of {scale:.1e}; with X in {dtype.name} it must be "
        f"between {low:.0e} and {high:.0e}: divide y by {unit}, for example with func and "
        "inverse_func of a TransformedTargetRegressor."
    )


def warn_of_scale(X, rows):
    """Warn of columns far from the scale of one."""
    scale = _largest_scale(X, rows)
    if scale in (0, np.inf):  # maybe its square only
        largest = max(float(abs(block).max()) for block in _blocks(X, rows))
        largest = max(largest, float(np.finfo(X.dtype).tiny))
        scale = largest * _largest_scale(X, rows, largest)
    if scale > _LARGEST_SCALE or 0 < scale < _SMALLEST_SCALE:
        warn(
            f"The largest root mean square of a column of X is {scale:.2g}; the network trains "
            "well around 1: put a StandardScaler before.",
        )


def warn_of_small_columns(X, rows, names=None):
    """Warn of columns that are far smaller than others. Rare ones, mostly zeros, are small."""
    if hasattr(X, "tocsr"):
        return
    scales = np.sqrt(mean_squares(X, rows))
    dust = _DUST * np.finfo(X.dtype).eps * scales.max()
    small = np.flatnonzero((scales > dust) & (scales < _SMALLEST_SCALE * min(1, scales.max())))
    if not len(small):
        return
    found = [
        (np.count_nonzero(b, axis=0), b.min(axis=0), b.max(axis=0))
        for b in (block[:, small] for block in _blocks(X, rows))
    ]
    counts, least, most = map(np.array, zip(*found, strict=True))
    varies = most.max(axis=0) > least.min(axis=0)
    small = small[varies & (2 * counts.sum(axis=0) > len(rows))]
    if len(small):
        j = small[scales[small].argmin()]
        warn(
            f"The root mean square of {_called(j, names)} is {scales[j]:.2g}, and of others up to "
            f"{scales.max():.2g}; so small a column may be lost: put a StandardScaler before, or "
            "leave it out.",
        )


def warn_of_offset(X, rows, names=None):
    """Warn of columns far from zero for what they vary by. Those of sparse data hold zeros."""
    if hasattr(X, "tocsr"):
        return
    n, eps = len(rows), np.finfo(X.dtype).eps
    with np.errstate(over="ignore", invalid="ignore"):
        found = [
            (b.sum(axis=0, dtype=float), b.min(axis=0), b.max(axis=0)) for b in _blocks(X, rows)
        ]
        sums, least, most = zip(*found, strict=True)
        mean = sum(sums) / n
        ranges = np.max(most, axis=0).astype(float) - np.min(least, axis=0)
        # Of a constant both are off by some rounding, the more the longer it is. A StandardScaler
        # takes what varies by less than a sum of so many rows is off by for a constant, too.
        varies = ranges > max(10 * eps, n * np.finfo(float).eps) * np.abs(mean)
        # In which the squares of what varies neither vanish nor overflow.
        unit = np.where(varies & np.isfinite(ranges), ranges, 1)
        squares = sum((((b - mean) / unit) ** 2).sum(axis=0) for b in _blocks(X, rows)) / n
        deviations = unit * np.sqrt(squares)
        offsets = np.divide(np.abs(mean), deviations, out=np.zeros(len(mean)), where=varies)
    far = np.flatnonzero(offsets > _LARGEST_OFFSET)
    if len(far):
        blocks = (block[:, far] for block in _blocks(X, rows))
        far = far[~np.all([np.isin(block, (0, 1)).all(axis=0) for block in blocks], axis=0)]
    if len(far):
        j = far[offsets[far].argmax()]
        warn(
            f"The mean of {_called(j, names)} is {mean[j]:.2g} and its standard deviation "
            f"{deviations[j]:.2g}; the network trains well where columns vary around zero: "
            "put a StandardScaler before.",
        )


def warn_of_rounding(targets, units, dtype):
    """Warn of targets whose variation the precision of the predictions does not resolve."""
    offsets = np.where(np.ptp(targets, axis=0) > 0, np.abs(units.mean) / units.scale, 0)
    k = int(offsets.argmax())
    if dtype == np.float32 and offsets[k] > _OFFSET_OF_Y:
        warn(
            f"y, or a column of it, has a mean of {units.mean[k]:.2g} and a standard deviation "
            f"of {units.scale[k]:.2g}, which predictions in float32 hardly resolve: give X in "
            "float64, or subtract the mean.",
        )


def mean_squares(X, rows, weights=None, unit=1.0):
    """Mean square of each column, of shape (n_features,), in a unit of X."""
    weights = np.ones(len(rows)) if weights is None else weights
    total, start = np.zeros(X.shape[1]), 0
    # Sparse arrays stay sparse in their own product.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for block in _blocks(X, rows):
            block = block.astype(float) / unit
            squares = block.multiply(block) if hasattr(block, "multiply") else np.square(block)
            total += weights[start : start + block.shape[0]] @ squares
            start += block.shape[0]
    return total / weights.sum()


def _called(j, names):
    """What to call a column of X."""
    return f"column {j} of X" + ("" if names is None else f" ({names[j]!r})")


def _largest_scale(X, rows, unit=1.0):
    """The largest root mean square of a column."""
    return float(np.sqrt(mean_squares(X, rows, unit=unit).max(initial=0)))


def _blocks(X, rows):
    """The rows, a few at a time: X may take all the memory there is."""
    for part in gen_batches(len(rows), max(1, _MOST_VALUES // X.shape[1])):
        yield X[rows[part]]
