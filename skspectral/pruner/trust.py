"""Whether the data choose the nodes of a network, or its spectrum."""

from itertools import islice

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.utils.validation import _num_samples

from skspectral.mlp.checks import pass_on_interruption, silence
from skspectral.pruner.comparison import (
    losses,
    mean_and_error,
    n_telling,
    standard,
    weights_of,
)
from skspectral.pruner.free import effective
from skspectral.pruner.left_out import left_out_errors
from skspectral.pruner.loss import loss_of
from skspectral.pruner.parts import parts_in_turn, rows_of
from skspectral.pruner.recovery import (
    MOST_ROWS,
    ROWS_PER_INPUT,
    ROWS_PER_PARAMETER,
    are_few,
    candidates,
    outstanding,
    recover,
)

# With more inputs than there are rows for, those beyond may be noise below this share of the
# largest.
_WEAK = 0.25

# What is found may leave so many times as much of rows that it has not seen as the network of those
# that it has, and this share of the variance, if it explains this share of what the network does.
_TIMES, _TRIFLE, _EXPLAINED = 1.1, 0.01, 0.8

# With so many rows for each parameter none is learnt by heart where nothing is left of the error,
# or where that of rows left out is no larger than noise alone would make it, but for this factor.
_PLENTY, _AS_NOISE = 8, 1.02

# Rows times outputs times the square of the parameters, at most, to reckon the former from one
# training.
_MOST_PRODUCTS = 1e11

# A trial holds out one of so many parts of the rows; each in turn where the rows, or their groups,
# are fewer than these.
_N_PARTS, _MANY_ROWS = 3, 1500

# Share of the rows held out, or of their labels, that it may classify wrongly more than the
# network; and a standard error of it, if the classes are more likely by so many.
_MORE_WRONG, _FAR = 5e-3, 2

# From all rows less is learnt by heart than from those of a trial. Were it all that rows left out
# lose more than those seen, it would be a sixth of it; of classes it is about this share, measured.
_LESS_BY_HEART = 0.25

# Rows that a trial takes; and of each class.
_FEWEST_ROWS, _FEWEST_OF_A_CLASS = 60, 3

# Of classes rows for each parameter that might matter; or rows times parameters at most, since the
# search is long where both are many.
_ROWS_OF_CLASSES, _MOST_WORK = 10, 1e8


def found_in_data(network, X, y, sample_weight=None, groups=None, inputs=None, select=False):
    """What :func:`recover` finds, where that is to be preferred to the given network.

    It is where the rows are many for the inputs and nodes of a regressor that might matter, and
    what is found would predict rows that it has not seen about as well as the network explains
    those that it has. Otherwise, and always if the rows are in groups, of which those errors tell
    nothing, it has to predict others better: see :func:`recovery_pays`.

    Parameters
    ----------
    network, X, y, sample_weight, inputs, select
        See :func:`recover`.
    groups : ndarray of shape (n_samples,), int, default=None
        Rows of a group are not independent of each other.

    Returns
    -------
    found : tuple (network, masks) or None
    """
    found = None
    tells = groups is None and not is_classifier(network)
    if tells and is_recoverable(network, _n_rows(network, y, sample_weight), inputs):
        found = recover(network, X, y, sample_weight, inputs, select)
        if _foresees(*found, network, X, y, sample_weight):
            return found
    if not recovery_pays(network, X, y, sample_weight, groups, select):
        return None
    n_rows = _n_rows(network, y, sample_weight)
    few, tried = (are_few(n, network.n_features_in_) for n in (n_rows, n_rows * (1 - 1 / _N_PARTS)))
    if found is None or few != tried:  # what has won the trial, and no other search
        found = recover(network, X, y, sample_weight, inputs, select, few=tried)
    return found


def is_recoverable(network, n_rows, inputs=None):
    """Whether the rows are many for the inputs and nodes of a regressor that might matter.

    It must not have collapsed, and all but few of its inputs may be weak.

    Parameters
    ----------
    network : SpectralMLPRegressor
    n_rows : int
        Of equal weight, or as many as tell as much.
    inputs : ndarray of shape (n_features,), bool, default=None
        Those that its spectrum tells from nothing; None is all.

    Returns
    -------
    recoverable : bool
    """
    if not _has_nodes(network):
        return False
    n_rows = min(n_rows, MOST_ROWS)
    most, n_inputs = n_rows // ROWS_PER_INPUT, len(outstanding(network, inputs))
    if n_inputs > most:
        relevance = network.feature_importances_
        if most == 0 or np.sort(relevance)[-most] > _WEAK * relevance.max():
            return False
    return _n_parameters(network, min(n_inputs, most)) * ROWS_PER_PARAMETER <= n_rows


def recovery_pays(network, X, y, sample_weight=None, groups=None, select=False):
    """Whether the network that :func:`recover` finds predicts better than the given one.

    For data that cannot tell the size for certain. Both are fitted to two thirds of the rows, from
    the start, and compared on the others, each third in turn if the rows are few: by squared
    errors, or by the likelihood of the classes. It has to be better by one standard error of the
    difference, and not to classify more than one in two hundred of the others, or of their labels,
    wrongly in exchange; if it is more likely by two standard errors, one standard error more. Of
    classes the given network is taken to lose less than in the trial, once it has seen all rows, by
    a quarter of what it has learnt by heart and the other has not.

    Parameters
    ----------
    network, X, y, sample_weight, groups, select
        See :func:`found_in_data`.

    Returns
    -------
    pays : bool
        False if it has no nodes that matter, with fewer than sixty rows or three groups, and where
        two thirds of them are too few for a fit, or lack a class; of classes, with fewer than three
        of each that it knows, with or without each label that varies, and where rows and parameters
        that might matter are many, but not ten rows for each.
    """
    rows = np.arange(_num_samples(y)) if sample_weight is None else np.flatnonzero(sample_weight)
    if not _is_enough(network, y, rows, groups):
        return False
    weights = weights_of(network, y, sample_weight)
    if effective(len(weights), weights) < _FEWEST_ROWS:
        return False
    lost, wrong, by_heart, tested = [], [], [], []
    for train, held_out in _trials(network, y, rows, groups):
        if len(train) < _FEWEST_ROWS - _FEWEST_ROWS // _N_PARTS:  # groups may differ in size
            return False
        pair = _tried(network, *rows_of(train, X, y, sample_weight), select)
        if pair is None:
            return False
        tested.append(held_out)
        lost.append(_more_lost(pair, *rows_of(held_out, X, y)))
        if is_classifier(network):
            wrong.append(_more_wrong(pair, *rows_of(held_out, X, y)))
            seen = np.average(_more_lost(pair, *rows_of(train, X, y)), weights=weights[train])
            by_heart.append(seen - np.average(lost[-1], weights=weights[held_out]))
    tested = np.concatenate(tested)
    weights, groups = rows_of(tested, weights, groups)
    mean, error = mean_and_error(np.concatenate(lost), weights, groups)
    if by_heart:
        mean += _LESS_BY_HEART * max(0.0, np.mean(by_heart))
    if not (mean <= -error and wrong):
        return bool(mean <= -error)
    # What is too sure of itself is unlikely, and for that alone a constant may be better.
    n_more, its_error = mean_and_error(np.concatenate(wrong), weights, groups)
    return bool(n_more <= _MORE_WRONG + (mean <= -_FAR * error) * its_error)


def _is_enough(network, y, rows, groups):
    """Whether there is enough for a trial: of nodes, groups, and rows of each class."""
    if not _has_nodes(network):
        return False
    if groups is not None and len(np.unique(groups[rows])) < _N_PARTS:
        return False
    if not is_classifier(network):
        return True
    n_with = network._targets(y)[rows].sum(axis=0)
    # Of labels, each of which is there or is not, both count.
    rarest = np.minimum(n_with, len(rows) - n_with)
    if len(rarest) > 1 and network._loss() == "sigmoid":
        rarest = rarest[rarest > 0]  # of one that all rows have, or none, nothing is learnt
    few = rarest.min(initial=np.inf) < _FEWEST_OF_A_CLASS
    return not (few or _is_long(network, min(len(rows), MOST_ROWS)))


def _more_lost(pair, X, y):
    """What the first of two networks loses more of each row."""
    return np.subtract(*(losses(one, X, y) for one in pair))


def _more_wrong(pair, X, y):
    """Whether the first of two classifiers alone is wrong, less whether the second is."""
    y = y if hasattr(y, "tocsr") else np.asarray(y)
    return np.subtract(*(one._errors(one._outputs(X), y) for one in pair), dtype=float)


def _trials(network, y, rows, groups):
    """Rows to train on and to compare on: of few rows, or groups, each third has its turn."""
    n_units = len(rows) if groups is None else len(np.unique(groups[rows]))
    parts = parts_in_turn(network, y, rows, _N_PARTS, groups)
    return islice(parts, 1 if n_units >= _MANY_ROWS else _N_PARTS)


def _tried(network, X, y, sample_weight, select):
    """What is found from these rows, and the network fitted to them; None if it cannot be."""
    strata = network._strata(y)
    if strata is not None and len(np.unique(strata)) < len(network.classes_):
        return None
    student = clone(network)
    student.set_callbacks()
    with silence():  # the fit to all rows has said what there is to say
        try:
            student.fit(X, y, sample_weight)
        except ValueError:  # too few rows for a setting, or a training that diverges
            return None
    pass_on_interruption(student)
    if not all(student.core_sizes_):
        return None
    return recover(student, X, y, sample_weight, select=select)[0], student


def _n_rows(network, y, sample_weight):
    weights = weights_of(network, y, sample_weight)
    return int(effective(len(weights), weights))


def _has_nodes(network):
    return len(network.coefs_) > 1 and all(network.core_sizes_)


def _n_parameters(network, n_inputs):
    """Weights between so many inputs and the nodes that might matter."""
    widths = [n_inputs, *(mask.sum() for mask in candidates(network)), network.n_outputs_]
    return np.dot(widths[:-1], widths[1:])


def _is_long(network, n_rows):
    """Whether a search would take long, and the rows are not many for it to pay."""
    n_inputs = min(len(outstanding(network)), n_rows // ROWS_PER_INPUT)
    n_parameters = _n_parameters(network, n_inputs)
    return _ROWS_OF_CLASSES * n_parameters > n_rows and n_parameters * n_rows > _MOST_WORK


def _foresees(found, masks, network, X, y, sample_weight):
    """Whether what is found leaves hardly more of rows unseen than the network of those seen."""
    rows = np.arange(_num_samples(y)) if sample_weight is None else np.flatnonzero(sample_weight)
    rows = rows[:: -(-len(rows) // MOST_ROWS)]
    X, y, sample_weight = rows_of(rows, X, y, sample_weight)
    outputs, targets = standard(found, X, y)
    weights = weights_of(network, y, sample_weight)
    errors, before = outputs - targets, np.subtract(*standard(network, X, y))
    first, *others = found.coefs_
    n_parameters = sum(p.size for p in (first[masks[0]], *others, *found.intercepts_))
    fitted, seen = _mean_square(errors, weights), _mean_square(before, weights)
    is_nothing = fitted < loss_of(found).nothing
    if is_nothing and n_telling(targets, weights) >= _PLENTY * n_parameters:
        return True
    unseen = fitted
    if errors.size * n_parameters**2 <= _MOST_PRODUCTS:
        errors = _left_out(found, masks[0], X, targets, errors, weights)
        unseen = _mean_square(errors, weights)
        n_rows = effective(len(weights), weights)
        if n_rows >= _PLENTY * n_parameters:
            # What so many parameters learn of noise alone, and rows left out do not bear out.
            learnt = (n_rows + n_parameters) / (n_rows - n_parameters)
            if unseen <= _AS_NOISE * learnt * fitted:
                seen *= learnt
    most = min(_TIMES * seen + _TRIFLE, 1 - _EXPLAINED * (1 - seen))
    # Where a few rows make up the errors, these tell little.
    return unseen + mean_and_error((errors**2 - before**2).mean(axis=1), weights)[1] <= most


def _mean_square(errors, weights):
    return np.average(errors**2, axis=0, weights=weights).mean()


def _left_out(found, inputs, X, targets, errors, weights):
    """The errors of a network, in units of the targets, had the training left each row out."""
    mean, scale = found._state.units.mean, found._state.units.scale
    importance = loss_of(found).importance(np.average(errors**2, axis=0, weights=weights))
    # As if the network were trained in units of y, with outputs as important as they are.
    left_out = left_out_errors(
        found,
        inputs,
        found._validated_inputs(X),
        errors=errors * scale,
        without=mean - targets * scale,
        weights=weights[:, None] * (importance / scale**2),
    )
    return left_out / scale
