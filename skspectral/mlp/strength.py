"""The strength of the penalty, chosen from the data."""

import numpy as np
from sklearn.base import is_classifier

from skspectral.mlp.checks import mean_squares, pass_on_interruption, silence

# Weaker ones leave nodes that 8000 steps of Adam do not bring to zero.
_WEAKEST = 3e-4
# Stronger ones silence inputs that matter, before training has seen what they are for.
_STRONGEST = 1e-2
_FACTOR = 0.05

# The pilot: this share of the epochs, on all rows but this share.
_PILOT, _HELD_OUT = 0.25, 0.2
_FEWEST_ROWS = 10


def automatic_strength(estimator, X, y, weights=None):
    """A strength that follows the noise: the value of ``alpha="auto"``.

    A node that means nothing still finds a gradient, made of noise: over n rows and d inputs it is
    of the order slope * sigma * sqrt(d / n), where the slope of the squared error is 2 and that of
    the cross-entropy 1; each input counts by its mean square, for one at most, and d is one at
    least. The penalty has to be stronger than that, and as weak as possible otherwise, so ``alpha =
    0.05 * slope * sqrt(share * spread * d / n)``, at least 3e-4 and at most 1e-2. ``share *
    spread`` stands for sigma^2: `share` is what a short pilot training with the weakest strength
    gets wrong of what a constant gets wrong, on a fifth of the rows that it has not seen, and
    `spread` the variance of the classes over that of classes of equal weight. If a pilot with this
    strength gets more wrong than that with the weakest, by more than a standard error, the
    geometric mean of the two is tried, and then the weakest taken.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
        Its parameters are those of the pilot.
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    y : {ndarray, sparse matrix} of shape (n_samples,) or (n_samples, n_outputs)
    weights : ndarray of shape (n_samples,), default=None
        Sample weights, those of the classes included; rows of weight zero do not count.

    Returns
    -------
    alpha : float
    """
    y = y.toarray() if hasattr(y, "toarray") else y
    if weights is not None:
        rows = np.flatnonzero(weights)
        X, y, weights = X[rows], y[rows], weights[rows]
    constant = estimator._error_of_constant(y, weights)
    if len(y) < _FEWEST_ROWS or not constant:
        least = share = 1.0  # too little to tell
    else:
        least = _error_of_pilot(estimator, X, y, weights, _WEAKEST)
        share = float(np.clip(least / constant, 0, 1))
    slope = 1 if is_classifier(estimator) else 2
    noise = share * estimator._spread(y, weights)
    alpha = _FACTOR * slope * np.sqrt(noise * _n_inputs(X, weights) / len(y))
    alpha = float(np.clip(alpha, _WEAKEST, _STRONGEST))
    if alpha == _WEAKEST or share == 1:
        return alpha
    # Of many correlated inputs many nodes may tell, each hardly more than noise would.
    most = least + _standard_error(estimator, least, _HELD_OUT * len(y))
    for strength in (alpha, float(np.sqrt(alpha * _WEAKEST))):
        if _error_of_pilot(estimator, X, y, weights, strength) <= most:
            return strength
    return _WEAKEST


def _n_inputs(X, weights):
    """Inputs, at least one; none counts for more than its mean square: a rare class hardly does."""
    squares = mean_squares(X, np.arange(X.shape[0]), weights)
    return max(1, np.minimum(squares, 1).sum())


def _standard_error(estimator, error, n_rows):
    """That of a mean square of normal errors, over the variance, or of a share of wrong rows."""
    if is_classifier(estimator):
        return np.sqrt(error * (1 - error) / n_rows)
    return error * np.sqrt(2 / n_rows)


def _error_of_pilot(estimator, X, y, weights, alpha):
    """Error of a short training with this strength, on rows that it has not seen."""
    pilot = type(estimator)(**estimator.get_params())
    if is_classifier(pilot):
        pilot.set_params(class_weight=None)  # it is in the weights
    pilot.set_params(
        solver="adam", learning_rate="cosine", warm_start=False, verbose=False, n_init=1
    )
    n_rows = int((1 - _HELD_OUT) * len(y))
    if pilot.batch_size != "auto":
        pilot.set_params(batch_size=min(pilot.batch_size, n_rows))
    n_epochs = pilot._n_epochs(n_rows, pilot._batch_size(n_rows))
    pilot.set_params(
        alpha=alpha,
        max_iter=max(1, int(_PILOT * n_epochs)),
        early_stopping=True,
        validation_fraction=_HELD_OUT,
        n_iter_no_change=np.inf,
    )
    with silence():  # the fit itself says what there is to say
        pilot.fit(X, y, weights)
    pass_on_interruption(pilot)
    # A classifier without an error on m rows may still make one in m.
    resolution = 1 / (_HELD_OUT * len(y)) if is_classifier(estimator) else 0.0
    return max(1 - pilot.best_validation_score_, resolution)
