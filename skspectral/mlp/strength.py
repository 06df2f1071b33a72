"""The strength of the penalty, chosen from the data."""

from copy import copy
from functools import cache, partial
from numbers import Integral

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import check_random_state

from skspectral.mlp.copies import distinct_rows
from skspectral.mlp.early_stopping import held_out_rows, validator
from skspectral.mlp.scales import mean_squares
from skspectral.mlp.state import pass_on_interruption
from skspectral.mlp.warnings import silence
from skspectral.mlp.weights import effective

# Weaker ones leave nodes that 8000 steps of Adam do not bring to zero.
_WEAKEST = 3e-4
# Those above the first silence inputs that matter, but are taken, up to the second, where nothing
# is learnt or a pilot is better for it; and up to the third of numbers in tables nearly as wide as
# long. Stronger ones now and then silence all.
_STRONGEST, _STRONGEST_OF_NOISE, _STRONGEST_OF_NUMBERS = 1e-2, 3e-2, 6e-2
_FACTOR = 0.05
# From one strength to the next that is tried.
_STEP = 3

# Standard errors by which a pilot of noisy classes has to be better before less is penalised, or of
# classes that may be chance: the best of many epochs often beats a constant by one. Noisy are those
# of which a pilot gets more than this share wrong of what a constant does.
_CERTAINTY_OF_CLASSES, _NOISY = 2, 0.5

# A pilot takes this share of the epochs, with the warm-up of all, and holds out this share of rows.
_PILOT, _HELD_OUT = 0.5, 0.2
_FEWEST_ROWS = 10


def automatic_strength(estimator, X, y, weights=None):
    """A strength that follows the noise: the value of ``alpha="auto"``.

    A node that means nothing still finds a gradient, made of noise: over n rows and d inputs it is
    of the order slope * sigma * sqrt(d / n), where the slope of the squared error is 2 and that of
    the cross-entropy 1; each input counts by its mean square, for one at most, and d is one at
    least, and rows of uneven weight as many as are worth as much (Kish). The penalty has to be
    stronger than that, and as weak as possible otherwise, so ``alpha = 0.05 * slope * sqrt(share *
    spread * d / n)``, at least 3e-4 and at most 1e-2, or 3e-2 where the pilots learn nothing or the
    rows are too few for them, and all of these over the root of the number of outputs, or labels,
    whose losses are averaged. ``share * spread`` stands for sigma^2: `share` is what a pilot
    training of Adam with the weakest strength, half as long as the fit, gets wrong of what a
    constant gets wrong, on a fifth of the rows that it has not seen, and `spread` the variance of
    the classes over that of classes of equal weight. A pilot that is not better than a constant, by
    a standard error (of classes by two), is repeated as long as the fit: only what that does not
    learn either is noise.

    Pilots by the solver of the network, compared where they end, say what the formula does not
    know. Where it says more than those limits, three times as much is tried, and again, up to what
    it says (of numbers 6e-2, of classes 3e-2), for as long as there is less wrong: of tables about
    as wide as long, and of much noise. Where the first learn nothing that is all. If there still is
    more wrong than with the weakest strength, by more than a standard error (of classes two, if the
    pilot gets more than half as many wrong as a constant), the geometric mean of the two is tried,
    and then the weakest taken: the true nodes may be many, each hardly more than noise. Otherwise
    three times the strength is taken if that has less wrong by a standard error: the noise may be
    in a few rows. Rows that are copies of others count once.

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
    # Pilots are compared: they start alike, and are judged by the same rows.
    if not isinstance(estimator.random_state, Integral):
        seed = check_random_state(estimator.random_state).randint(np.iinfo(np.int32).max)
        estimator = copy(estimator).set_params(random_state=int(seed))
    y = y.toarray() if hasattr(y, "toarray") else y
    if weights is not None:
        rows = np.flatnonzero(weights)
        X, y, weights = X[rows], y[rows], weights[rows]
    rows, of_copies = distinct_rows(X, y, weights)
    if rows is not None:
        X, y, weights = X[rows], y[rows], of_copies
    constant = estimator._error_of_constant(y, weights)
    root = _root(estimator, y, weights)
    weakest, of_noise = _WEAKEST / root, _STRONGEST_OF_NOISE / root
    if len(y) < _FEWEST_ROWS or not constant:
        # Too little to show anything.
        return min(_strength(estimator, X, y, weights, share=1.0), of_noise)
    n_held_out = _HELD_OUT * effective(len(y), weights) * _n_labels(estimator, y, weights)
    certainty = _CERTAINTY_OF_CLASSES if is_classifier(estimator) else 1
    for length in (_PILOT, 1.0):
        least, last = _errors_of_pilot(estimator, X, y, weights, length, weakest)
        learns = least < constant - certainty * _standard_error(estimator, constant, n_held_out)
        if learns:
            break
    asked = _strength(estimator, X, y, weights, share=min(least / constant, 1.0))
    alpha = min(asked, _STRONGEST / root if learns else of_noise)
    if alpha == weakest or (alpha == asked and not learns):
        return alpha
    error_of = cache(partial(_last_error_of_pilot, estimator, X, y, weights, length))
    error = error_of(alpha)
    # Towards what the formula says, for as long as that is better.
    while alpha < asked and (its_error := error_of(more := min(_STEP * alpha, asked))) < error:
        alpha, error = more, its_error
    if not learns:
        return alpha
    if estimator.solver != "adam":
        last = error_of(weakest)
    if least < _NOISY * constant:
        certainty = 1
    tolerable = last + certainty * _standard_error(estimator, last, n_held_out)
    if error > tolerable:
        between = float(np.sqrt(alpha * weakest))
        return between if error_of(between) <= tolerable else weakest
    stronger = min(_STEP * alpha, _most(estimator) / root)
    least = error - _standard_error(estimator, error, n_held_out)
    return stronger if alpha < stronger and error_of(stronger) < least else alpha


def _strength(estimator, X, y, weights, share):
    """The formula, for a share of the errors of a constant."""
    slope = 1 if is_classifier(estimator) else 2
    noise = share * estimator._spread(y, weights)
    n_rows = effective(len(y), weights)
    alpha = _FACTOR * slope * np.sqrt(noise * _n_inputs(X, weights) / n_rows)
    return float(np.clip(alpha, _WEAKEST, _most(estimator))) / _root(estimator, y, weights)


def _most(estimator):
    """The strongest of all, of one output."""
    return _STRONGEST_OF_NOISE if is_classifier(estimator) else _STRONGEST_OF_NUMBERS


def _root(estimator, y, weights):
    """Of the number of outputs, or labels, whose losses are averaged."""
    if y.ndim == 1:
        return 1.0
    # Those that do not vary have none.
    constant = estimator._units(estimator._targets(y), weights).constant
    return float(np.sqrt(max(1, y.shape[1] - np.sum(constant))))


def _n_labels(estimator, y, weights):
    """Labels of a row, as far as those of a constant do not go wrong together; otherwise one."""
    if not is_classifier(estimator) or y.ndim == 1:
        return 1
    labels = y != 0
    usual = np.average(labels, axis=0, weights=weights) > 0.5
    wrong = (labels != usual).mean(axis=1)
    error = np.average(wrong, weights=weights)
    variance = np.average((wrong - error) ** 2, weights=weights)
    most = y.shape[1]
    return min(most, error * (1 - error) / variance) if variance > 0 else most


def _n_inputs(X, weights):
    """Inputs, at least one; none counts for more than its mean square: a rare class hardly does."""
    squares = mean_squares(X, np.arange(X.shape[0]), weights)
    return max(1, np.minimum(squares, 1).sum())


def _standard_error(estimator, error, n_rows):
    """That of a mean square of normal errors, over the variance, or of a share that is wrong."""
    if is_classifier(estimator):
        return np.sqrt(error * (1 - error) / n_rows)
    return error * np.sqrt(2 / n_rows)


def _errors_of_pilot(estimator, X, y, weights, length, weakest):
    """Least and last error of a training by Adam with the weakest strength, after each epoch."""
    pilot = _pilot(estimator, len(y), weakest, length, solver="adam", early_stopping=True)
    _fit(pilot, X, y, weights)
    scores = pilot.validation_scores_
    return [_error(pilot, score, y) for score in (max(scores), scores[-1])]


def _last_error_of_pilot(estimator, X, y, weights, length, alpha):
    """Error at the end of a training by the solver of the network.

    Not scored on the way, which takes as long as an epoch where the rows are few.
    """
    pilot = _pilot(estimator, len(y), alpha, length, estimator.solver, early_stopping=False)
    rows, held_out = held_out_rows(pilot, np.arange(len(y)), y, pilot._generators()["split"])
    _fit(pilot, X[rows], y[rows], None if weights is None else weights[rows])
    network = {"coefs_": pilot.coefs_, "intercepts_": pilot.intercepts_}
    return _error(pilot, validator(pilot, X, y, weights, held_out)(network), y)


def _pilot(estimator, n_rows, alpha, length, solver, early_stopping):
    pilot = type(estimator)(**estimator.get_params())
    if is_classifier(pilot):
        pilot.set_params(class_weight=None)  # it is in the weights
    pilot.set_params(
        alpha=alpha,
        solver=solver,
        learning_rate="cosine",
        warm_start=False,
        verbose=False,
        n_init=1,
        validation_fraction=_HELD_OUT,
        early_stopping=early_stopping,
        n_iter_no_change=np.inf,
    )
    n_rows = int((1 - _HELD_OUT) * n_rows)
    if pilot.batch_size != "auto":
        pilot.set_params(batch_size=min(pilot.batch_size, n_rows))
    batch_size = pilot._batch_size(n_rows)
    n_epochs = pilot._n_epochs(n_rows, batch_size)
    by_default = pilot._n_epochs_by_default(n_rows, batch_size)
    if solver != estimator.solver:  # what bounds the iterations of L-BFGS are no epochs
        n_epochs = min(n_epochs, by_default)
    pilot.set_params(max_iter=max(1, int(length * n_epochs)))
    # As long as that of the fit: what that is going to find, the pilot is to find as well.
    pilot._warm_up *= min(n_epochs, by_default) / min(pilot.max_iter, by_default)
    return pilot


def _fit(pilot, X, y, weights):
    with silence():  # the fit itself says what there is to say
        pilot.fit(X, y, weights)
    pass_on_interruption(pilot)


def _error(pilot, score, y):
    """A classifier without an error on m classes, or labels, may still make one in m."""
    return max(1 - score, 1 / (_HELD_OUT * y.size) if is_classifier(pilot) else 0.0)
