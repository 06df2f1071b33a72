"""Whether what the data leave of a network predicts other rows better than the network."""

from itertools import islice

import numpy as np
from sklearn.base import clone, is_classifier

from skspectral.mlp.state import pass_on_interruption
from skspectral.mlp.warnings import silence
from skspectral.mlp.weights import effective
from skspectral.pruner.comparison import lacks_a_class, losses, mean_and_error, weights_of
from skspectral.pruner.parts import parts_in_turn, rows_of, rows_with_weight
from skspectral.pruner.recovery import recover
from skspectral.pruner.sizes import (
    MOST_ROWS,
    ROWS_PER_INPUT,
    has_nodes,
    n_weights,
    outstanding,
    widths_of,
)
from skspectral.pruner.temperature import temperature_of, tempered

# A trial holds out one of so many parts of the rows; each in turn where the rows, or their groups,
# are fewer than these.
N_PARTS, _MANY_ROWS = 3, 1500

# Share of the rows held out, or of their labels, that it may classify wrongly more than the
# network; and a standard error of it, if the classes are more likely by so many.
_MORE_WRONG, _FAR = 5e-3, 2

# From all rows less is learnt by heart than from those of a trial: of classes by up to about this
# share of what rows left out lose more than those seen (benchmarks/trials.py).
_LESS_BY_HEART = 0.25

# Rows that a trial takes; and of each class.
_FEWEST_ROWS, _FEWEST_OF_A_CLASS = 60, 3

# Of classes rows for each parameter that might matter; or rows times parameters at most, since the
# search is long where both are many.
_ROWS_OF_CLASSES, _MOST_WORK = 10, 1e8


def winners(network, X, y, sample_weight=None, groups=None, select=False):
    """What :func:`recover` finds from parts of the rows, if it predicts better than the network.

    For data that do not determine the size. Both are fitted to two thirds of the rows, from the
    start, and compared on the others, each third in turn if the rows are few: by squared
    errors, or by the likelihood of the classes. It has to be better by one standard error of the
    difference, and not to classify more than one in two hundred of the others, or of their labels,
    wrongly in exchange; if it is more likely by two standard errors, one standard error more. What
    is found of classes is compared at the temperature at which it loses least on the others. Of
    classes the given network is taken to lose less than in the trial, once it has seen all rows, by
    a quarter of what it has learnt by heart and the other has not. A trial ends early if it is
    worse by one standard error after one third or two.

    Parameters
    ----------
    network, X, y, sample_weight, groups, select
        See :func:`~skspectral.pruner.trust.found_in_data`.

    Returns
    -------
    winners : list of tuple (network, masks, temperature)
        What was found from the rows of each part, if that pays; classifiers at their temperature.
        Empty, too, if the network has no nodes that matter, with fewer than sixty rows or three
        groups, and where two thirds of them are too few for a fit, or lack a class; of classes,
        with fewer than three of each that it knows, with or without each label that varies, and
        where rows and parameters that might matter are many, but not ten rows for each.
    """
    rows = rows_with_weight(y, sample_weight)
    if not _is_enough(network, y, rows, groups):
        return []
    weights = weights_of(network, y, sample_weight)
    if effective(len(weights), weights) < _FEWEST_ROWS:
        return []
    all_found, lost, wrong, by_heart, tested = [], [], [], [], []
    for train, held_out in _trials(network, y, rows, groups):
        if len(train) < _FEWEST_ROWS - _FEWEST_ROWS // N_PARTS:  # groups may differ in size
            return []
        tried = _tried(network, *rows_of(train, X, y, sample_weight), select)
        if tried is None:
            return []
        (found, masks), student = tried
        unseen, temperature = rows_of(held_out, X, y), 1.0
        if is_classifier(network):
            temperature = temperature_of(found, *unseen, weights[held_out])
            found = tempered(found, temperature)
        all_found.append((found, masks, temperature))
        pair = found, student
        tested.append(held_out)
        # A number that these rows have chosen makes them look better, by its price (Akaike).
        lost.append(_more_lost(pair, *unseen) + 2 * (temperature > 1) / len(held_out))
        if is_classifier(network):
            wrong.append(_more_wrong(pair, *unseen))
            seen = np.average(_more_lost(pair, *rows_of(train, X, y)), weights=weights[train])
            by_heart.append(seen - np.average(lost[-1], weights=weights[held_out]))
        weights_and_groups = rows_of(np.concatenate(tested), weights, groups)
        mean, error = mean_and_error(np.concatenate(lost), *weights_and_groups)
        if by_heart:
            mean += _LESS_BY_HEART * max(0.0, np.mean(by_heart))
        if network.verbose:
            print(
                f"Trial {len(all_found)}: nodes {widths_of(found)}; so far {mean:+.6f} "
                f"(+- {error:.6f}) in loss beside the full network"
            )
        # The other thirds would hardly turn that; of a group or two there is no standard error.
        if groups is None and mean > error:
            return []
    pays = mean <= -error
    if pays and wrong:
        # What is too sure of itself is unlikely, and for that alone a constant may be better.
        n_more, its_error = mean_and_error(np.concatenate(wrong), *weights_and_groups)
        pays = n_more <= _MORE_WRONG + (mean <= -_FAR * error) * its_error
    return all_found if pays else []


def _is_enough(network, y, rows, groups):
    """Whether there is enough for a trial: of nodes, groups, and rows of each class."""
    if not has_nodes(network):
        return False
    if groups is not None and len(np.unique(groups[rows])) < N_PARTS:
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
    parts = parts_in_turn(network, y, rows, N_PARTS, groups)
    return islice(parts, 1 if n_units >= _MANY_ROWS else N_PARTS)


def _tried(network, X, y, sample_weight, select):
    """What is found from these rows, and the network fitted to them; None if it cannot be."""
    if lacks_a_class(network, y):
        return None
    student = clone(network)
    student.verbose = False
    student.set_callbacks()
    with silence():  # the fit to all rows has said what there is to say
        try:
            student.fit(X, y, sample_weight)
        except ValueError:  # too few rows for a setting, or a training that diverges
            return None
    pass_on_interruption(student)
    if not all(student.core_sizes_):
        return None
    return recover(student, X, y, sample_weight, select=select), student


def _is_long(network, n_rows):
    """Whether a search would take long, and the rows are not many for it to pay."""
    n_inputs = min(len(outstanding(network)), n_rows // ROWS_PER_INPUT)
    size = n_weights(network, n_inputs)
    return _ROWS_OF_CLASSES * size > n_rows and size * n_rows > _MOST_WORK
