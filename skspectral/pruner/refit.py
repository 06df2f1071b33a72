"""The small network trained on: with its penalty, or without."""

from copy import copy, deepcopy

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import indexable
from sklearn.utils.validation import _num_samples

from skspectral.mlp.state import pass_on_interruption
from skspectral.mlp.warnings import silence
from skspectral.mlp.weights import effective
from skspectral.pruner.comparison import (
    lacks_a_class,
    losses,
    mean_and_error,
    n_telling,
    weights_of,
)
from skspectral.pruner.parts import parts_in_turn, rows_of, rows_with_weight

# Fewest informative rows held out of the refit of a regressor: of a rare event there may be one row
# among them, or none.
_FEWEST_TELLING = 5

# Without penalty, over all rows given, of all parameters.
FREE = {
    "alpha": 0,
    "alpha_phi": None,
    "alpha_lambda": None,
    "alpha_w": None,
    "early_stopping": False,
    "trainable": "all",
}


def train_on(network, X, y, sample_weight, **parameters):
    """A copy of a fitted network, trained on from where it is with other parameters."""
    # Its callbacks follow the fit of the whole network.
    callbacks = getattr(network, "_skl_callbacks", ())
    other = deepcopy(copy(network).set_callbacks())
    # Not by set_params: a class derived from it may have fewer.
    parameters = parameters | {"warm_start": True, "verbose": False}
    for name, value in parameters.items():
        setattr(other, name, value)
    with silence(ConvergenceWarning):  # the fit of the whole network has said so already
        other.fit(X, y, sample_weight)
    pass_on_interruption(other)
    # The parameters stay those that the network was asked to have, for whoever fits it again.
    for name in parameters:
        setattr(other, name, getattr(network, name))
    return other.set_callbacks(*callbacks)


def retrain(network, small, X, y, sample_weight=None):
    """Train on what is left of a network, with the penalty, as that was trained.

    Not on fewer rows than it was fitted to, which tell less than it knows; nor where it has learnt
    from a stream, of which only the pieces are known.

    Parameters
    ----------
    network, small : SpectralMLPRegressor or SpectralMLPClassifier
        The full network, and what is left of it.
    X, y, sample_weight
        See :func:`refit`.

    Returns
    -------
    small : estimator of the same class
        The given one where it is not trained on.
    """
    is_stream = network._state.moments is not None
    n_rows = len(rows_with_weight(y, sample_weight))
    if is_stream or n_rows * network.n_iter_ < network.t_:
        return small
    try:
        return train_on(small, X, y, sample_weight)
    except ValueError:  # too few rows for a setting, or a training that diverges
        return small


def refit(network, X, y, sample_weight=None, groups=None):
    """Undo the shrinkage of the penalty, if that helps on rows held out.

    The penalty that finds the core also makes its weights too small. Training on without it
    (a relaxed fit) helps where the rows are many for the nodes that are left, and overfits where
    they are few. So it is done on a part of the rows, and taken back unless the network loses less
    for it on the others, by one standard error, and scores no worse. Of m such rows of classes each
    is taken to be of another class, or each label to be wrong, by 1 / (m + 2), Laplace's rule of
    succession: weights that grow without end can classify m rows rightly by chance.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
        The small network; its `validation_fraction` is held out, by its `random_state`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None
    groups : ndarray of shape (n_samples,), int, default=None
        All rows of a group are held out, or none.

    Returns
    -------
    network : the better one
    scores : dict of str to float
        ``"cut"`` and ``"refit"``: scores on the rows held out, before and after, with the weights
        of the classes; empty if there are fewer than two such rows, or of a regressor fewer than
        five informative ones for each output, fewer than six groups, or not all classes in the
        others.
    """
    X, y, sample_weight, groups = indexable(X, y, sample_weight, groups)
    if sample_weight is not None:
        rows = np.flatnonzero(sample_weight)
        X, y, sample_weight, groups = rows_of(rows, X, y, sample_weight, groups)
    parts = _split(network, y, groups)
    if parts is None:
        return network, {}
    (X_train, y_train, w_train), (X_test, y_test, _) = (
        rows_of(rows, X, y, sample_weight) for rows in parts
    )
    if lacks_a_class(network, y_train):  # it may know others
        return network, {}
    weights = weights_of(network, y, sample_weight)
    if not is_classifier(network):
        telling = n_telling(network._targets(y), weights) * len(parts[1]) / len(weights)
        if telling < _FEWEST_TELLING:
            return network, {}
    free = train_on(network, X_train, y_train, w_train, **FREE)
    # Classes weigh what they weigh in the training.
    test = X_test, y_test, weights[parts[1]]
    scores = {"cut": network.score(*test), "refit": free.score(*test)}
    # A row or two decide on accuracy, or none where one class is rare, and it says nothing of
    # probabilities that have become too sure.
    # After m rows that are classified rightly the next is not in one case of m + 2 (Laplace).
    n_rows = effective(len(test[2]), test[2])
    doubt = 1 / (n_rows + 2) if is_classifier(network) else 0.0
    before, after = (losses(one, X_test, y_test, doubt) for one in (network, free))
    groups = None if groups is None else groups[parts[1]]
    mean, error = mean_and_error(after - before, test[2], groups)
    better = scores["refit"] >= scores["cut"] and mean < -error
    return (free if better else network), scores


def _split(network, y, groups):
    """Rows to train on and to score on; None if there are too few."""
    n_rows = _num_samples(y)
    n_test = int(np.ceil(network.validation_fraction * n_rows))
    strata = network._strata(y)
    # Both parts need every class.
    smallest, n_classes = (np.inf, 2) if strata is None else _counts(strata)
    if smallest < 2 or min(n_test, n_rows - n_test) < n_classes:
        return None
    rows = np.arange(n_rows)
    if groups is not None:
        # Three groups, at least, for a standard error.
        n_parts = min(max(2, round(n_rows / n_test)), len(np.unique(groups)) // 3, smallest)
        if n_parts < 2:
            return None
        parts = parts_in_turn(network, y, rows, n_parts, groups)
        # Of groups that differ in size a part may have most of the rows, or next to none.
        parts = min(parts, key=lambda part: abs(len(part[1]) - n_test))
        return parts if min(map(len, parts)) >= n_classes else None
    return train_test_split(
        rows, test_size=n_test, stratify=strata, random_state=network.random_state
    )


def _counts(y):
    counts = np.unique(y, return_counts=True)[1]
    return counts.min(), len(counts)
