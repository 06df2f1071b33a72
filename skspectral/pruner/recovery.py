"""As many inputs and hidden nodes as the data tell apart."""

from dataclasses import replace
from operator import attrgetter, itemgetter

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import check_random_state

from skspectral.mlp.attributes import attributes_of
from skspectral.mlp.cut import cut
from skspectral.mlp.weights import effective
from skspectral.pruner.axes import Axes
from skspectral.pruner.comparison import weights_of
from skspectral.pruner.elimination import eliminate, may_have_idle_nodes, shrink, thin
from skspectral.pruner.free import FreeNetwork
from skspectral.pruner.growth import grow
from skspectral.pruner.inputs import drop_inputs, return_inputs
from skspectral.pruner.loss import loss_of
from skspectral.pruner.parts import rows_of
from skspectral.pruner.sizes import (
    MOST_ROWS,
    ROWS_PER_INPUT,
    ROWS_PER_PARAMETER,
    are_few,
    candidates,
    outstanding,
    widths_of,
)
from skspectral.pruner.straightening import straighten
from skspectral.pruner.table import Choice, Table
from skspectral.pruner.training import takes_steps
from skspectral.pruner.unfolding import is_folded, unfold
from skspectral.spectral import Parameters

# The share of a layer that is thinned in each round of growth, unfolding and thinning. A round that
# gains less than `_GAIN` of what a node is worth is the last.
_ROUNDS, _GAIN = 6 * (0.4, 0.7), 0.5


def recover(
    network, X, y, sample_weight=None, inputs=None, select=False, few=None, most=None, start=None
):
    """The network of as many inputs and hidden nodes as the data tell apart, without penalty.

    Parameters
    ----------
    network : SpectralMLPRegressor or SpectralMLPClassifier
        Fitted.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None
    inputs : ndarray of shape (n_features,), bool, default=None
        Those that its spectrum tells from nothing; None is all.
    select : bool, default=False
        Whether inputs are chosen: each stays only if noise would seldom gain as much. Otherwise,
        where the rows are not few for them, those leave without which the criterion is better.
    few : bool, default=None
        Whether the rows are taken to be few for the inputs; None is what :func:`are_few` says.
    most : tuple of int, default=None
        Nodes of each hidden layer, at most; None is as many as the network has.
    start : tuple (network, masks), default=None
        What was found from a part of the rows: the search goes on from it, for one round. None
        begins with what might matter of the network.

    Returns
    -------
    network : estimator of the same class
    masks : list of ndarray of shape (n_nodes,), bool
        Its inputs, and the places of its nodes in each hidden layer of the given network. It takes
        all inputs; the weights of the others are zero.
    """
    from skspectral.engine.threads import one_thread

    seed = check_random_state(network.random_state).randint(np.iinfo(np.int32).max)
    rng = np.random.default_rng(int(seed))
    rows, targets, weights, axes = _rows(network, X, y, sample_weight, rng)
    widths = widths_of(network)
    with one_thread(), np.errstate(all="ignore"):  # what diverges loses, what underflows is zero
        n_rows = int(effective(len(rows), weights))
        few = are_few(n_rows, network.n_features_in_) if few is None else few
        table = Table(
            X,
            rows,
            selects_inputs=select or few,
            targets=targets,
            weights=weights,
            activation=network.activation,
            fit_intercept=network.fit_intercept,
            loss=loss_of(network),
        )
        rounds = _ROUNDS
        if start is None:
            relevant = [_most_relevant(network, n_rows)] if few else _relevant(network, inputs)
            starts = ((_start(network, some, axes), some) for some in relevant)
        else:
            rounds = _ROUNDS[:1]
            small, masks = start
            some = np.flatnonzero(masks[0])
            starts = [(_free(small, masks[1:], some, axes), some)]
        choices = (_first_choice(table, *pair) for pair in starts)
        choice = drop_inputs(table, min(choices, key=attrgetter("criterion")))
        if len(choice.inputs) < table.n_columns:
            choice = return_inputs(table, choice, rng)
        most = widths if most is None else tuple(np.minimum(widths, most))
        choice = _choose(table, choice, most, rng, rounds)
        if len(choice.inputs) < table.n_columns:
            # What was learnt by heart had left no error to show what was lost.
            more = return_inputs(table, choice, rng)
            if more is not choice:
                choice = _choose(table, more, most, rng, rounds)
        finest = choice.problem.finer(np.finfo(network.coefs_[0].dtype).eps ** 2)
        free = _placed(finest.train(choice.network, "float64"), widths)
    return _written(network, free, choice.inputs, axes)


def _relevant(network, inputs):
    """Those that stand out, and all that have any relevance, which may add up to more."""
    mask = network.feature_importances_ > 0
    relevant = np.flatnonzero(mask if inputs is None else mask & inputs)
    few = outstanding(network, inputs)
    return [few] if len(few) == len(relevant) else [few, relevant]


def _most_relevant(network, n_rows):
    """As many inputs as there are rows and parameters for."""
    relevance = network.feature_importances_
    most = n_rows // (ROWS_PER_PARAMETER * candidates(network)[0].sum())
    most = min(n_rows // ROWS_PER_INPUT, most, np.count_nonzero(relevance))
    return np.sort(np.argsort(-relevance, kind="stable")[: max(1, most)])


def _first_choice(table, network, inputs):
    """Some inputs, and a network of them, trained."""
    problem = table.problem(inputs)
    return Choice(problem, problem.train(network), inputs)


def _choose(table, choice, most, rng, rounds):
    """Hidden nodes, `most` of them in each layer, and the inputs that they leave a use for."""
    problem, network, inputs = choice
    found = _choose_nodes(problem, network, rng, rounds)
    best = _within(problem, found, most, rng)
    if best is not found:
        # What a cut to its places leaves may be worse than what there was.
        best = min((best, shrink(problem, network, most)), key=problem.criterion)
    return drop_inputs(table, Choice(problem, best, inputs))


def _choose_nodes(problem, network, rng, rounds=_ROUNDS):
    """Hidden nodes, however many."""
    best = _improve(problem, eliminate(problem, network)[0], rng, rounds, until=_is_exact)
    straight = straighten(problem, best)
    if straight is not best:
        straight = eliminate(problem, problem.train(straight))[0]
        best = min((best, straight), key=problem.criterion)
    if not problem.has_no_noise(best):
        return best
    finer = problem.finer()
    if takes_steps(finer, best):
        # Trainings end where the error is least, and small errors tell true nodes from others. Of
        # targets that no network makes exactly growth would lower them again and again.
        best, _ = eliminate(finer, finer.train(best))
        return _improve(finer, best, rng, _ROUNDS[:1])
    return _complete(finer, best, rng)


def _is_exact(problem, network):
    """Whether smaller errors are to tell the nodes of a network."""
    return problem.has_no_noise(network) and takes_steps(problem, network)


def _improve(problem, best, rng, rounds=_ROUNDS, until=None):
    """Growth, unfolding and thinning, for as long as they help, or until something holds."""
    least = problem.criterion(best)

    def better(other):
        if other is best:
            return best, least
        return min((best, least), eliminate(problem, problem.train(other)), key=itemgetter(1))

    best, least = better(unfold(problem, best))
    for share in rounds:
        before, best = least, _train_to_its_end(problem, best)
        if not (problem.can_gain(best) or is_folded(problem, best)):
            break
        if until is not None and until(problem, best):
            break
        best, least = better(grow(problem, best, rng))
        best, least = better(unfold(problem, best))
        # Of several layers one may have grown to make up for what another lacks.
        for layer in range(len(best.nodes)) if len(best.nodes) > 1 else ():
            best = _train_to_its_end(problem, best)
            if problem.can_gain(best):
                thinned = thin(problem, best, layer, share)
                best, least = better(grow(problem, thinned, rng))
        if before - least <= _GAIN * problem.worth(best):
            break
    return best


def _train_to_its_end(problem, network):
    """The network trained on, if what is left may only be that the training ended early.

    The search goes on with the criterion that it had: other networks, which it is compared with,
    are not trained so long either.
    """
    if problem.can_gain(network) and problem.is_nothing(network):
        return problem.finer().train(network)
    return network


def _within(problem, network, widths, rng):
    """No hidden layer wider than `widths` says.

    Where there is no noise, and surplus nodes were needed, the search goes on without them.
    """
    small = shrink(problem, network, widths)
    if not problem.has_no_noise(network) or problem.has_no_noise(small):
        return small
    other = shrink(problem, _choose_nodes(problem, small, rng), widths)
    return min((small, other), key=problem.criterion)


def _complete(problem, best, rng):
    """Without nodes that are idle at smaller errors, and with one that such errors call for."""
    best = problem.train(best)
    if may_have_idle_nodes(problem, best):
        best, _ = eliminate(problem, best)
    # Of smooth nodes one more always lowers such an error.
    if problem.activation == "relu" and not problem.is_nothing(best):
        other, value = eliminate(problem, problem.train(grow(problem, best, rng)))
        if other.n_nodes == best.n_nodes + 1 and value < problem.criterion(best):
            return other
    return best


def _placed(network, widths):
    """Nodes that came anew take places of nodes that have vanished."""
    nodes = []
    for places, width in zip(network.nodes, widths, strict=True):
        free, places = np.setdiff1d(np.arange(width), places), places.copy()
        places[places < 0] = free[: (places < 0).sum()]
        nodes.append(places)
    return replace(network, nodes=nodes)


def _rows(network, X, y, sample_weight, rng):
    """The rows with a weight, their targets along axes, their weights, and the axes."""
    targets, weights = network._targets(y), weights_of(network, y, sample_weight)
    rows = np.flatnonzero(weights)
    if len(rows) > MOST_ROWS:
        rows = np.sort(rng.choice(rows, MOST_ROWS, replace=False))
    targets, weights = targets[rows], weights[rows] / weights[rows].mean()
    axes = Axes(network._units(targets, weights))
    if not is_classifier(network):
        errors = network._outputs(rows_of(rows, X)[0]) - targets
        axes = Axes.of_errors(axes.units, errors, weights)
    return rows, axes.standard(targets), None if np.ptp(weights) == 0 else weights, axes


def _start(network, inputs, axes):
    """The nodes that might matter."""
    masks = candidates(network)
    return _free(cut(network, masks), masks, inputs, axes)


def _free(small, masks, inputs, axes):
    """What is left of a network, in standard units, with some inputs only."""
    weights = [w.astype(float) for w in small.coefs_]
    intercepts = [b.astype(float) for b in small.intercepts_]
    weights[0] = weights[0][inputs]
    weights[-1] = axes.standard_weights(weights[-1])
    intercepts[-1] = axes.standard(intercepts[-1])
    return FreeNetwork(weights, intercepts, [np.flatnonzero(mask) for mask in masks])


def _written(network, free, inputs, axes):
    """The fitted estimator that has these weights, and the places of its nodes."""
    masks = [
        np.isin(np.arange(len(b)), nodes)
        for b, nodes in zip(network.intercepts_[:-1], free.nodes, strict=True)
    ]
    input_mask = np.isin(np.arange(network.n_features_in_), inputs)
    dtype = network.coefs_[0].dtype
    weights, intercepts = list(free.weights), list(free.intercepts)
    for layer, nodes in enumerate(free.nodes):
        order = np.argsort(nodes)
        weights[layer], intercepts[layer] = weights[layer][:, order], intercepts[layer][order]
        weights[layer + 1] = weights[layer + 1][order]
    first = np.zeros((network.n_features_in_, weights[0].shape[1]))
    first[inputs] = weights[0]
    weights = [first, *weights[1:]]
    weights[-1] = axes.original_weights(weights[-1])
    intercepts[-1] = axes.original(intercepts[-1])
    small = cut(network, masks)
    small.alpha_, small.fit_intercept = 0.0, network.fit_intercept
    weights, intercepts = ([a.astype(dtype) for a in arrays] for arrays in (weights, intercepts))
    parameters = Parameters.from_weights(weights, intercepts, network._state.mode)
    vars(small).update(attributes_of(parameters))
    return small, [input_mask, *masks]
