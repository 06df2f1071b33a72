"""SpectralPruner(threshold="auto"): as many hidden nodes as the data tell apart."""

from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import lsq_linear
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression
from skspectral.mlp.cut import cut
from skspectral.pruner import recovery, trial, trust
from skspectral.pruner.elimination import cheapest, eliminate, may_have_idle_nodes, shrink, thin
from skspectral.pruner.free import FreeNetwork, Problem
from skspectral.pruner.growth import _gains, _most_curved, grow
from skspectral.pruner.loss import SquaredError
from skspectral.pruner.recovery import _complete, _within, recover
from skspectral.pruner.sizes import widths_of
from skspectral.pruner.trial import winners
from skspectral.pruner.trust import found_in_data, is_recoverable
from skspectral.pruner.unfolding import _adding_up, linear_nodes, unfold

STUDENT = SpectralMLPRegressor(30, max_iter=300, random_state=0)


def pruned(X, y, student=STUDENT, **settings):
    return SpectralPruner(clone(student), **settings).fit(X, y)


def network_of_teacher(teacher):
    """The weights of a teacher, as a network of the search."""
    weights = [w.copy() for w in teacher.coefs_]
    n_hidden = [w.shape[1] for w in weights[:-1]]
    return FreeNetwork(
        weights, [np.zeros(w.shape[1]) for w in weights], [*map(np.arange, n_hidden)]
    )


def problem_of(X, y, weights=None, activation="relu", fit_intercept=True):
    targets = np.asarray(y).reshape(len(X), -1)
    return Problem(X, targets, weights, activation, fit_intercept, loss=SquaredError())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_finds_the_size_of_a_teacher(seed, noise):
    X, y, teacher = make_teacher_regression(
        2000, 8, hidden_layer_sizes=4, noise=noise, return_teacher=True, random_state=seed
    )
    # Readouts that no criterion can take for noise.
    teacher.coefs_[1] = np.sign(teacher.coefs_[1]) * (0.5 + np.abs(teacher.coefs_[1]))
    clean = teacher.predict(X)
    y = clean + noise * clean.std() * np.random.default_rng(seed).standard_normal(2000)
    pruner = pruned(X, y)
    assert pruner.n_nodes_ == pruner.pruned_estimator_.core_sizes_ == (4,)
    assert pruner.pruned_estimator_.hidden_layer_sizes == 4
    # What is left besides the noise: that of fitting 4 * 10 weights to 2000 rows, or of L-BFGS.
    error = np.mean((pruner.predict(X) - clean) ** 2) / clean.var()
    assert error < 3 * 40 / 2000 * noise**2 + 1e-6


@pytest.mark.parametrize("alpha", [1e-4, 1e-2])
def test_the_size_does_not_depend_on_the_strength(alpha):
    X, y = make_teacher_regression(2000, 8, hidden_layer_sizes=4, random_state=5)
    student = clone(STUDENT).set_params(alpha=alpha)
    assert pruned(X, y, student).n_nodes_ == (4,)


def test_masks_and_network_agree():
    X, y = make_teacher_regression(1000, 6, hidden_layer_sizes=3, random_state=1)
    full = clone(STUDENT).fit(X, y)
    pruner = SpectralPruner(full, prefit=True).fit(X, y)
    assert pruner.masks_[0].all()
    assert [int(mask.sum()) for mask in pruner.masks_[1:]] == list(pruner.n_nodes_)
    assert pruner.transform(X).shape == (1000, pruner.n_nodes_[0])
    assert pruner.refit_scores_ == {"full": full.score(X, y), "refit": pruner.score(X, y)}
    change = abs(pruner.predict(X) - full.predict(X)).max()
    assert pruner.largest_change_ == pytest.approx(change)
    small = pruner.pruned_estimator_
    gates = small.eigenvalues_in_[0][:, None] - small.eigenvalues_out_[0]
    assert_allclose(small.eigenvectors_[0] * gates, small.coefs_[0])
    # Those who fit the network again get the settings that they gave.
    assert small.get_params() == full.get_params() | {"hidden_layer_sizes": 3}
    assert small.alpha_ == 0


@pytest.mark.parametrize("seed", range(6))
def test_columns_that_say_the_same_make_no_nodes(seed):
    rng = np.random.default_rng(seed)
    X, W, b = rng.normal(size=(6000, 4)), rng.normal(size=(4, 8)) / 2, 0.2 * rng.normal(size=8)
    y = np.maximum(X @ W + b, 0) @ (rng.choice([-1, 1], 8) * rng.uniform(0.3, 1.5, 8))
    pruner = SpectralPruner(SpectralMLPRegressor(40, random_state=seed))
    assert pruner.fit(np.hstack([X, X]), y).n_nodes_ == (8,)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_smallest_weights_of_columns_that_say_the_same(fit_intercept):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(50, 2)), np.eye(3)[rng.integers(3, size=50)]])
    X = np.column_stack([X, 1000 * X[:, 0]])
    problem = problem_of(X, X[:, 0], fit_intercept=fit_intercept)
    network = FreeNetwork(
        [rng.normal(size=(6, 2)), rng.normal(size=(2, 1))],
        [fit_intercept * rng.normal(size=2), np.zeros(1)],
        [np.arange(2)],
    )
    other = problem.determined(network)
    assert_allclose(problem.layers(other)[-1], problem.layers(network)[-1])
    columns = np.column_stack([X, np.ones(50)])[:, : 6 + fit_intercept]
    into = np.vstack([network.weights[0], network.intercepts[0]])[: 6 + fit_intercept]
    expected = np.linalg.lstsq(columns, columns @ into)[0]
    assert_allclose(other.weights[0], expected[:6], atol=1e-10)
    plain = problem_of(X[:, :2], X[:, 0], fit_intercept=fit_intercept)
    own = FreeNetwork([network.weights[0][:2], *network.weights[1:]], network.intercepts, [])
    assert plain.determined(own) is own


def test_where_the_data_do_not_choose():
    X, y = make_teacher_regression(600, 6, hidden_layer_sizes=3, random_state=1)
    full = clone(STUDENT).fit(X, y)
    for settings in ({"threshold": "gap"}, {"threshold": 0.05}, {"n_nodes_to_select": 2}):
        pruner = SpectralPruner(full, prefit=True, **settings)
        n_nodes = pruner.n_nodes_
        assert pruner.fit(X, y).n_nodes_ == n_nodes
        assert set(pruner.refit_scores_) == {"cut", "refit"}
    plain = SpectralPruner(full, prefit=True, refit=False).fit(X, y)
    assert_array_equal(plain.masks_[1], SpectralPruner(full, prefit=True).masks_[1])
    classifier = SpectralMLPClassifier(8, max_iter=300, random_state=0).fit(X, y > 0)
    assert set(SpectralPruner(classifier, prefit=True).fit(X, y > 0).refit_scores_)
    assert is_recoverable(full, 600)
    assert not is_recoverable(full, 100)  # six inputs
    n_candidates = (full.node_importances_[0] > 2e-3 * full.node_importances_[0].max()).sum()
    assert not is_recoverable(full, 2 * 7 * n_candidates - 1)
    assert is_recoverable(full, max(120, 2 * 7 * n_candidates))


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_several_layers_and_outputs(activation):
    X, y = make_teacher_regression(
        600, 5, hidden_layer_sizes=(3, 2), activation=activation, random_state=0
    )
    y = np.column_stack([y, 3 + X[:, 0]])
    student = SpectralMLPRegressor((12, 8), activation=activation, random_state=0)
    student.set_params(max_iter=300).fit(X, y)
    pruner = SpectralPruner(student, prefit=True).fit(X, y)
    assert sum(pruner.n_nodes_) < 20
    assert pruner.score(X, y) > student.score(X, y) - 0.01
    shapes = [w.shape for w in pruner.pruned_estimator_.coefs_]
    n_first, n_second = pruner.n_nodes_
    assert shapes == [(5, n_first), (n_first, n_second), (n_second, 2)]


@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_an_exact_output_beside_a_noisy_one(noise):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 6))
    clean = np.maximum(X @ rng.standard_normal((6, 4)), 0) @ rng.standard_normal((4, 2))
    Y = clean + [0, noise] * clean.std(axis=0) * rng.standard_normal((2000, 2))
    pruner = pruned(X, Y)
    # The noise may have made one of its own, of which the exact output keeps a trace: on some
    # processors where it is weak, too.
    assert pruner.n_nodes_ in {(4,), (5,)}
    errors = np.mean((pruner.predict(X) - clean) ** 2, axis=0) / clean.var(axis=0)
    assert errors[0] < (1e-9 if pruner.n_nodes_ == (4,) else 1e-8)
    # Of the other the five weights of its own, if the nodes are exact.
    assert errors[1] < 3 * 5 / 2000 * noise**2


def test_without_intercepts_there_are_none():
    X, y = make_teacher_regression(600, 5, hidden_layer_sizes=3, random_state=0)
    student = clone(STUDENT).set_params(fit_intercept=False)
    small = pruned(X, y, student).pruned_estimator_
    assert small.hidden_layer_sizes == 3
    assert not any(b.any() for b in small.intercepts_)


def test_uneven_weights_count_for_fewer_rows():
    X, y, teacher = make_teacher_regression(
        200, 4, hidden_layer_sizes=3, return_teacher=True, random_state=0
    )
    network = network_of_teacher(teacher)
    few = np.r_[np.full(50, 4.0), np.zeros(150)]
    assert_allclose(
        problem_of(X, y, few).criterion(network), problem_of(X[:50], y[:50]).criterion(network)
    )
    heavy = np.r_[np.full(2, 50.0), np.ones(198)]
    assert_allclose(problem_of(X, y, heavy / heavy.mean()).n_rows, 298**2 / 5198)
    # Seventeen are too few for a trial, and for the data to choose without one.
    full = clone(STUDENT).fit(X, y, heavy)
    assert found_in_data(full, X, y) is not None
    assert found_in_data(full, X, y, heavy) is None


def test_weights_inputs_and_pipelines():
    X, y = make_teacher_regression(
        800, 7, hidden_layer_sizes=3, n_irrelevant=3, random_state=0, noise=0.05
    )
    rng = np.random.default_rng(0)
    spoiled = np.r_[y, rng.normal(size=200) * 5 * y.std()]
    weights = np.r_[np.ones(800), np.zeros(200)]
    X_spoiled = np.r_[X, rng.normal(size=(200, X.shape[1]))]
    # A strength that leaves no doubt about the inputs, whatever the processor.
    pipe = make_pipeline(StandardScaler(), clone(STUDENT).set_params(alpha=5e-3))
    one = SpectralPruner(pipe[-1], layer=0)
    two = clone(one).fit(X_spoiled, spoiled, sample_weight=weights)
    one.fit(X, y)
    assert one.n_nodes_ == two.n_nodes_
    assert_allclose(one.predict(X), two.predict(X), atol=0.05 * y.std())
    assert one.pruned_estimator_.n_features_in_ == one.masks_[0].sum() == 4
    sparse = SpectralPruner(one.estimator_, prefit=True, layer=0).fit(csr_array(X), y)
    assert sparse.n_nodes_ == one.n_nodes_
    assert SpectralPruner(pipe).fit(X, y).score(X, y) > 0.99


def test_inputs_that_have_vanished_stay_away():
    X, y = make_teacher_regression(1000, 8, hidden_layer_sizes=3, n_irrelevant=3, random_state=0)
    pruner = pruned(X, y, clone(STUDENT).set_params(alpha=5e-3))
    assert (pruner.pruned_estimator_.feature_importances_ > 0).tolist() == [True] * 5 + [False] * 3


def test_many_weak_inputs_stay_if_the_criterion_wants_them():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(2000, 21))
    y = 3 * np.maximum(X[:, 0], 0) + 0.1 * X[:, 1:].sum(axis=1) + 0.02 * rng.normal(size=2000)
    settings = {"alpha": 1e-3, "solver": "lbfgs", "tol": 1e-3, "random_state": 0}
    student = SpectralMLPRegressor(20, **settings).fit(X, y)
    importances = student.feature_importances_
    assert (importances < 0.05 * importances.max()).sum() >= 10
    pruner = SpectralPruner(student, prefit=True).fit(X, y)
    assert pruner.score(X, y) > student.score(X, y)
    assert (pruner.pruned_estimator_.feature_importances_ > 0).all()


@pytest.mark.parametrize("n_rows", [39, 100])
def test_rows_without_weight_are_no_rows(n_rows):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = np.maximum(X[:, 0] - X[:, 1], 0) + 0.1 * rng.normal(size=300)
    student = SpectralMLPRegressor(10, solver="lbfgs", random_state=0)
    weights = np.r_[np.ones(n_rows), np.zeros(300 - n_rows)]
    weighted = SpectralPruner(student).fit(X, y, sample_weight=weights)
    fewer = SpectralPruner(student).fit(X[:n_rows], y[:n_rows])
    assert weighted.n_nodes_ == fewer.n_nodes_
    assert_allclose(weighted.predict(X), fewer.predict(X), atol=1e-6)


@pytest.mark.parametrize("threshold", ["auto", "gap"])
def test_a_number_is_the_weight_of_each(data, threshold):
    student = SpectralMLPRegressor(5, solver="lbfgs", random_state=0)
    pruner = SpectralPruner(student, threshold=threshold)
    expected = clone(pruner).fit(*data).predict(data[0])
    assert_array_equal(pruner.fit(*data, sample_weight=2.0).predict(data[0]), expected)


def test_float32_stays():
    X, y = make_teacher_regression(600, 5, hidden_layer_sizes=3, random_state=0)
    small = pruned(X.astype(np.float32), y).pruned_estimator_
    assert {a.dtype for a in [*small.coefs_, *small.intercepts_]} == {np.dtype(np.float32)}


def test_the_removed_node_is_the_one_that_is_missed_least():
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(500, 4)), rng.uniform(size=500)
    problem = problem_of(X, rng.normal(size=500), weights / weights.mean())
    network = FreeNetwork(
        [rng.normal(size=(4, 6)), rng.normal(size=(6, 1))],
        [rng.normal(size=6), rng.normal(size=1)],
        [np.arange(6)],
    )
    cost, node, change = cheapest(problem, network, 0)
    own = np.vstack([network.weights[1], network.intercepts[1]]).ravel()
    readouts = own + change * own[node]
    # By brute force: leave each out, and fit new readouts to the outputs by least squares.
    _, hidden, outputs = problem.layers(network)
    outputs, root, errors = outputs.ravel(), np.sqrt(weights), []
    for k in range(6):
        others = np.column_stack([np.delete(hidden, k, axis=1), np.ones(500)])
        fitted = np.linalg.lstsq(others * root[:, None], outputs * root, rcond=None)[0]
        errors.append(np.average((others @ fitted - outputs) ** 2, weights=weights))
        if k == node:
            expected = fitted
    assert node == int(np.argmin(errors))
    assert cost == pytest.approx(min(errors), rel=1e-4)
    assert_allclose(np.delete(readouts, node), expected, rtol=1e-4)


def deep_network(rng, n_inputs=3, widths=(5, 4), n_outputs=2):
    sizes = n_inputs, *widths, n_outputs
    return FreeNetwork(
        [rng.normal(size=pair) for pair in zip(sizes[:-1], sizes[1:], strict=True)],
        [rng.normal(size=n) for n in sizes[1:]],
        [np.arange(n) for n in widths],
    )


def changes_without(problem, network, layer, node, change):
    """Changes of the outputs, without a node whose readouts the others take over."""
    small = network.without(layer, np.arange(len(network.nodes[layer])) == node)
    own = network.weights[layer + 1][node]
    small.weights[layer + 1] += np.outer(np.delete(change[:-1], node), own)
    small.intercepts[layer + 1] = small.intercepts[layer + 1] + change[-1] * own
    return problem.layers(small)[-1] - problem.layers(network)[-1]


@pytest.mark.parametrize("layer", [0, 1])
def test_the_cost_is_the_change_of_the_outputs(layer):
    rng = np.random.default_rng(0)
    weights = rng.uniform(size=300)
    problem = problem_of(rng.normal(size=(300, 3)), np.zeros(300), weights / weights.mean())
    network = deep_network(rng)
    cost, node, change = cheapest(problem, network, layer)
    changes = changes_without(problem, network, layer, node, change)
    # An output is the more important the less is left of its error.
    importance = problem.losses(network).max() / problem.losses(network)
    assert cost == pytest.approx(problem.mean(changes**2) @ importance, rel=1e-5)


def test_a_node_that_never_reaches_the_outputs_costs_nothing():
    rng = np.random.default_rng(0)
    problem = problem_of(rng.normal(size=(300, 3)), np.zeros(300))
    network = deep_network(rng)
    # What node 2 gives to nodes 0 and 1 of the next layer, which are on for all rows, cancels.
    network.weights[1][:, :2] *= 0.1
    network.weights[1][2] = [1, -1, 0, 0]
    network.intercepts[1][:2] = 100
    network.weights[2][1] = network.weights[2][0]
    cost, node, change = cheapest(problem, network, 0)
    assert node == 2
    assert cost == pytest.approx(0, abs=1e-20)
    assert_allclose(changes_without(problem, network, 0, node, change), 0, atol=1e-9)


def test_shrinking_leaves_as_many_nodes_as_there_are_places():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    problem, network = problem_of(X, np.abs(X[:, 0])), deep_network(rng, n_outputs=1)
    small = shrink(problem, problem.train(network), (3, 6))
    assert list(map(len, small.nodes)) == [3, 4]
    assert problem.losses(small) < 1e-3


def test_a_student_hardly_wider_than_its_teacher():
    X, y = make_teacher_regression(2000, 8, hidden_layer_sizes=4, random_state=5)
    student = SpectralMLPRegressor(4, alpha=1e-2, random_state=0).fit(X, y)
    assert student.core_sizes_[0] < 4
    pruner = SpectralPruner(student, prefit=True).fit(X, y)
    assert pruner.n_nodes_ == (4,)
    assert pruner.masks_[1].tolist() == [True] * 4
    assert pruner.score(X, y) > 1 - 1e-5


def test_elimination_leaves_next_to_nothing_of_nothing():
    rng = np.random.default_rng(0)
    problem = problem_of(rng.normal(size=(300, 3)), rng.normal(size=300))
    network = FreeNetwork(
        [rng.normal(size=(3, 8)), rng.normal(size=(8, 1))],
        [np.zeros(8), np.zeros(1)],
        [np.arange(8)],
    )
    small, least = eliminate(problem, problem.train(network))
    assert small.n_nodes <= 2
    assert least == problem.criterion(small)


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_of_several_layers_many_nodes_leave_at_once(noise, monkeypatch):
    X, y = make_teacher_regression(3000, 5, hidden_layer_sizes=(3, 2), noise=noise, random_state=0)
    problem = problem_of(X, (y - y.mean()) / y.std())
    network = problem.train(deep_network(np.random.default_rng(0), 5, (25, 20), 1))
    train, trainings = Problem.train, []

    def counted(*args):
        trainings.append(args)
        return train(*args)

    monkeypatch.setattr(Problem, "train", counted)
    small, least = eliminate(problem, network)
    # One by one, they would take a training each.
    assert network.n_nodes - small.n_nodes > 2 * len(trainings)
    assert least == problem.criterion(small) < problem.criterion(network) - 500


@pytest.mark.parametrize(("widths", "n_rows"), [((20, 20), 60), ((1,) * 9, 60), ((7, 1), 600)])
def test_leaps_come_to_an_end(widths, n_rows):
    # With fewer rows than parameters the criterion is infinite; layers of one node stay.
    rng = np.random.default_rng(0)
    problem = problem_of(rng.normal(size=(n_rows, 5)), rng.normal(size=n_rows))
    network = problem.train(deep_network(rng, 5, widths, 1))
    small, least = eliminate(problem, network)
    assert np.isfinite(least)
    assert least == problem.criterion(small)
    assert all(1 <= len(nodes) <= n for nodes, n in zip(small.nodes, widths, strict=True))


def test_nodes_that_are_never_on_leave_without_intercepts():
    X = np.abs(np.random.default_rng(0).normal(size=(50, 3)))
    problem = Problem(X, np.ones((50, 1)), None, "relu", fit_intercept=False, loss=SquaredError())
    network = FreeNetwork(
        [-np.ones((3, 2)), np.array([[1.0], [2.0]])], [np.zeros(2), np.zeros(1)], [np.arange(2)]
    )
    small, _ = eliminate(problem, problem.train(network))
    assert small.n_nodes == 1
    assert_array_equal(problem.layers(small)[-1], 0)


def test_precision_of_a_training():
    X, y, teacher = make_teacher_regression(
        1000, 6, hidden_layer_sizes=3, return_teacher=True, random_state=0
    )
    problem, network = problem_of(X, (y - y.mean()) / y.std()), network_of_teacher(teacher)
    network.weights[1] = network.weights[1] / y.std() * 1.3
    assert problem.losses(network)[0] > 1e-2
    network = problem.train(network)
    assert {array.dtype.name for array in network.weights + network.intercepts} == {"float64"}
    assert 1e-15 < problem.losses(network)[0] < 1e-8
    assert problem.losses(problem.finer(1e-31).train(network, "float64"))[0] < 1e-28


def test_what_is_left_is_no_worse_than_what_there_was(monkeypatch):
    X, y = make_teacher_regression(600, 5, hidden_layer_sizes=4, random_state=0)
    student = SpectralMLPRegressor(4, solver="lbfgs", tol=1e-3, random_state=0).fit(X, y)
    # A search that needs more places than there are, and is cut to a single node.
    monkeypatch.setattr(recovery, "_within", lambda problem, best, *_: shrink(problem, best, (1,)))
    network, _ = recover(student, X, y)
    assert network.score(X, y) > student.score(X, y)


def test_growth_goes_on_from_a_network_that_is_dead():
    X = np.random.default_rng(0).standard_normal((500, 3))
    problem = problem_of(X, np.abs(X[:, 0]))
    dead = FreeNetwork(
        [np.zeros((3, 1)), np.array([[-1.0]])], [np.array([-2.0]), np.zeros(1)], [np.arange(1)]
    )
    grown = problem.train(grow(problem, dead, np.random.default_rng(0)))
    assert problem.losses(grown).mean() < 0.5 * problem.losses(dead).mean()


def test_growth_brings_back_a_node_that_was_lost():
    X, y, teacher = make_teacher_regression(
        2000, 8, hidden_layer_sizes=4, return_teacher=True, random_state=1
    )
    problem, network = problem_of(X, y / y.std()), network_of_teacher(teacher)
    network.weights[1] /= y.std()
    lost = network.without(0, np.arange(4) == 2)
    assert problem.losses(problem.train(lost)) > 1e-3
    grown = grow(problem, lost, np.random.default_rng(0))
    assert grown.nodes[0].tolist() == [0, 1, 3, -1, -1, -1, -1]
    found, _ = eliminate(problem, problem.train(grown))
    assert found.n_nodes == 4
    assert problem.losses(found) < 1e-8


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gains_are_those_of_nodes_of_variance_one(activation):
    rng = np.random.default_rng(0)
    X, slopes = rng.standard_normal((1300, 3)), rng.standard_normal((1300, 2)) + 1
    directions, intercepts = rng.standard_normal((3, 6)), rng.standard_normal(6)
    directions[:, 4:], intercepts[4:] = 0, (-100, 100)  # nodes whose values are constant
    values = X @ directions + intercepts
    values = np.maximum(values, 0) if activation == "relu" else np.tanh(values)
    standard = (values - values.mean(axis=0))[:, :4] / values.std(axis=0)[:4]
    gains = _gains(problem_of(X, slopes, activation=activation), X, slopes, directions, intercepts)
    assert_allclose(gains[:4], standard.T @ slopes, rtol=1e-9, atol=1e-9)
    assert_array_equal(gains[4:], 0)


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_what_is_missing_shows_in_the_curvature_of_the_slope(correlation):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((8000, 40)) + np.sqrt(correlation) * rng.standard_normal((8000, 1))
    X *= np.r_[1e-3, 1e3, np.ones(38)]
    way = rng.standard_normal(40) / X.std(axis=0)
    z = (X - X.mean(axis=0)) @ way
    # Noise of more than three times the size of a node that has been lost.
    slopes = np.maximum(z, 0)[:, None] / z.std() + 2 * rng.standard_normal((8000, 1))
    spread = X.std(axis=0)
    (found,) = _most_curved((X - X.mean(axis=0)) / spread, slopes, 1).T
    cosine = np.corrcoef(((X / spread) @ found), z)[0, 1]
    assert abs(cosine) > 0.8
    many = slopes * rng.standard_normal(20) + rng.standard_normal((8000, 20))
    (found,) = _most_curved((X - X.mean(axis=0)) / spread, many, 1).T
    assert abs(np.corrcoef(((X / spread) @ found), z)[0, 1]) > 0.8
    assert _most_curved((X - X.mean(axis=0)) / spread, np.nan * slopes, 3).shape == (40, 0)


def test_no_curvature_of_columns_that_say_nothing():
    x = np.random.default_rng(0).standard_normal((500, 2))
    X = np.column_stack([x[:, 0], 2 * x[:, 0], np.zeros(500), x[:, 1]])
    X -= X.mean(axis=0)
    directions = _most_curved(X, (x[:, 1] ** 2)[:, None], 9)
    assert directions.shape == (4, 2)
    assert np.isfinite(directions).all()
    assert abs(np.corrcoef(X @ directions[:, 0], x[:, 1])[0, 1]) > 0.99


@pytest.mark.parametrize("mean", [0.0, 100.0])
def test_new_nodes_bend_where_the_rows_are(mean):
    x = np.random.default_rng(0).standard_normal((1000, 1))
    y = np.abs(x + 1) + np.abs(x - 0.5)
    problem = problem_of(x + mean, y - y.mean())
    straight = FreeNetwork([np.ones((1, 1)), np.zeros((1, 1))], [np.zeros(1)] * 2, [np.zeros(1)])
    grown = grow(problem, straight, np.random.default_rng(0))
    kinks = -grown.intercepts[0][1:] / grown.weights[0][0, 1:] - mean
    # There a node answers best, wherever zero is.
    assert_allclose(kinks, 0.5, atol=0.3)


def test_a_narrow_layer_grows_to_the_width_of_the_widest():
    X, y, teacher = make_teacher_regression(
        500, 8, hidden_layer_sizes=(20, 3, 12), return_teacher=True, random_state=0
    )
    grown = grow(problem_of(X, y), network_of_teacher(teacher), np.random.default_rng(0))
    # A quarter more, or 20.
    assert [len(nodes) for nodes in grown.nodes] == [25, 20, 20]
    assert [w.shape for w in grown.weights] == [(8, 25), (25, 20), (20, 20), (20, 1)]


def test_a_layer_is_thinned_of_what_is_missed_least():
    X, y, teacher = make_teacher_regression(
        2000, 8, hidden_layer_sizes=(4, 3), return_teacher=True, random_state=0
    )
    problem, network = problem_of(X, y), network_of_teacher(teacher)
    rng = np.random.default_rng(0)
    into = np.hstack([network.weights[0], rng.normal(size=(8, 6))])
    out = np.vstack([network.weights[1], 1e-3 * rng.normal(size=(6, 3))])
    wide = FreeNetwork(
        [into, out, network.weights[2]],
        [np.append(network.intercepts[0], np.zeros(6)), *network.intercepts[1:]],
        [np.arange(10), np.arange(3)],
    )
    thinned = thin(problem, wide, 0, share=0.6)
    assert [nodes.tolist() for nodes in thinned.nodes] == [[0, 1, 2, 3], [0, 1, 2]]
    assert problem.losses(thinned)[0] < 1e-6  # it is trained


def test_without_noise_the_search_goes_on_after_a_cut(monkeypatch):
    X, y, teacher = make_teacher_regression(
        2000, 8, hidden_layer_sizes=5, return_teacher=True, random_state=0
    )
    network, scale = network_of_teacher(teacher), y.std()
    network.weights[1] /= scale
    searched, own = [], recovery._choose_nodes

    def search(problem, network, rng):
        searched.append(network.n_nodes)
        return own(problem, network, rng)

    monkeypatch.setattr(recovery, "_choose_nodes", search)
    noise = 0.1 * np.random.default_rng(0).standard_normal(2000)
    for targets in (y / scale, y / scale + noise):
        problem = problem_of(X, targets)
        cut = shrink(problem, network, (4,))
        assert problem.losses(cut)[0] > 1e-3
        found = _within(problem, network, (4,), np.random.default_rng(0))
        assert found.n_nodes == 4
        assert problem.criterion(found) <= problem.criterion(cut)
    assert searched == [4]  # with noise it would only cost time


def test_a_layer_does_not_keep_nodes_that_make_up_for_another():
    # With growth by a quarter alone 7 and 9, 6 and 4, 11 and 6 nodes were left.
    for seed in (59, 60, 67):
        X, y = make_teacher_regression(3000, 8, hidden_layer_sizes=(4, 3), random_state=seed)
        student = SpectralMLPRegressor((20, 15), random_state=seed)
        n_nodes = SpectralPruner(student).fit(X, y).n_nodes_
        assert n_nodes[0] >= 4
        assert n_nodes[1] >= 3
        assert sum(n_nodes) <= 8  # one too many at most


def test_without_noise_a_node_that_matters_next_to_nothing_is_looked_for():
    found = []
    for seed in range(8):
        X, y, teacher = make_teacher_regression(
            2000, 8, hidden_layer_sizes=4, return_teacher=True, random_state=seed
        )
        teacher.coefs_[1][2] = 1e-3 * np.abs(teacher.coefs_[1]).mean()
        y = teacher.predict(X)
        network, scale = network_of_teacher(teacher), y.std()
        network.weights[1] /= scale
        problem, rng = problem_of(X, y / scale), np.random.default_rng(seed)
        lost = problem.train(network.without(0, np.arange(4) == 2))
        assert problem.has_no_noise(lost)
        small = _complete(problem.finer(), lost, rng)
        found.append(small.n_nodes == 4)
        assert small.n_nodes <= 4
        assert _complete(problem.finer(), problem.train(network), rng).n_nodes == 4
        noisy = problem_of(X, y / scale + 2e-3 * rng.standard_normal(2000))
        assert not noisy.has_no_noise(noisy.train(network))
    assert sum(found) >= 3  # of eight: so few of them matter at all


def test_without_noise_idle_nodes_leave():
    X, y, teacher = make_teacher_regression(
        2000, 8, hidden_layer_sizes=4, return_teacher=True, random_state=0
    )
    network = network_of_teacher(teacher)
    twice = FreeNetwork(
        [np.tile(network.weights[0], 2), np.tile(network.weights[1], (2, 1)) / (2 * y.std())],
        [np.zeros(8), np.zeros(1)],
        [np.arange(8)],
    )
    problem = problem_of(X, y / y.std())
    assert may_have_idle_nodes(problem, twice)
    network.weights[1] /= y.std()
    assert not may_have_idle_nodes(problem, network)
    assert _complete(problem.finer(), twice, np.random.default_rng(0)).n_nodes == 4


@pytest.mark.parametrize("as_a_pair", [False, True])
def test_turned_nodes_are_turned_back(as_a_pair):
    X, y, teacher = make_teacher_regression(
        1000, 8, hidden_layer_sizes=4, return_teacher=True, random_state=0
    )
    network = network_of_teacher(teacher)
    w, v = network.weights
    # Two nodes the wrong way, and what makes up for them: v relu(z) = v relu(-z) + v z.
    term = w[:, [1, 3]] @ v[[1, 3]]
    w[:, [1, 3]] *= -1
    if as_a_pair:  # t = relu(t) - relu(-t)
        more, constants, readouts = np.hstack([term, -term]), [0, 0], [[1], [-1]]
    else:  # t = relu(t + 100) - 100
        more, constants, readouts = term, [100], [[1]]
    turned = FreeNetwork(
        [np.hstack([w, more]), np.vstack([v, readouts])],
        [np.append(np.zeros(4), constants), np.array([-100.0 * (not as_a_pair)])],
        [np.arange(4 + len(constants))],
    )
    problem = problem_of(X, y)
    assert_allclose(problem.losses(turned), 0, atol=1e-20)
    straight, pairs = linear_nodes(problem, turned, 0)
    assert straight.sum() == (not as_a_pair)
    assert pairs.sum() == as_a_pair
    right = unfold(problem, turned)
    assert_allclose(problem.losses(right), 0, atol=1e-20)
    assert_allclose(
        np.abs(np.diag(right.weights[0][:, :4].T @ teacher.coefs_[0])), np.diag(w.T @ w)
    )
    assert (np.diag(right.weights[0][:, :4].T @ teacher.coefs_[0]) > 0).all()
    # Of the pair one is left, with a readout of nothing.
    assert right.n_nodes == 4 + 2 * as_a_pair
    assert unfold(problem, network_of_teacher(teacher)).n_nodes == 4


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("places", [[0, 1, 2, 3, 4, 5], [4, 1, 2, 3, 0, 5]])
def test_a_pair_may_be_a_node_of_either_way(way, places):
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(1000, 8)), rng.normal(size=(8, 4))
    v = np.array([0.7, 1, 1, 1])
    y = np.maximum(X @ w, 0) @ v
    # Nodes 1 and 3 the wrong way. A straight node has what makes up for them, less z; and z and
    # node 0 are a pair: 0.7 relu(z) + z = 1.7 relu(z) - relu(-z), or, if node 0 is the other way,
    # 0.7 relu(-z) + z = relu(z) - 0.3 relu(-z).
    z = way * w[:, 0]
    straight = w[:, 1] + w[:, 3] - z
    w[:, [1, 3]] *= -1
    w = np.column_stack([w, -w[:, 0], straight])
    v = np.append(v, [0, 1])[:, None]
    v[[0, 4]] += [[way], [-way]]
    turned = FreeNetwork(
        [w[:, places], v[places] / y.std()],
        [np.array([0, 0, 0, 0, 0, 100.0]), np.array([-100 / y.std()])],
        [np.array(places)],
    )
    problem = problem_of(X, y / y.std())
    assert_allclose(problem.losses(turned), 0, atol=1e-20)
    assert [a.sum() for a in linear_nodes(problem, turned, 0)] == [1, 1]
    right = unfold(problem, turned)
    assert_allclose(problem.losses(right), 0, atol=1e-20)
    own = right.weights[0][:, np.argsort(right.nodes[0])]
    assert_allclose(own, np.column_stack([w[:, 0], -w[:, 1], w[:, 2], -w[:, 3], w[:, 0]]))
    assert eliminate(problem, right)[0].n_nodes == 4


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_more_nodes_than_inputs(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3000, 5))
    y = np.maximum(X @ rng.standard_normal((5, 10)), 0) @ rng.choice([-1.0, 1.0], 10)
    pruner = SpectralPruner(SpectralMLPRegressor(50, random_state=seed)).fit(X, y)
    assert pruner.n_nodes_ == (10,)
    assert pruner.score(X, y) > 1 - 1e-9


@pytest.mark.parametrize("seed", [10, 37])
def test_the_search_for_the_terms_of_a_sum_prints_nothing(seed, capfd):
    rng = np.random.default_rng(seed)
    terms, chosen = 0.1 * rng.standard_normal((10, 20)), rng.random(20) < 0.5
    terms[:, -3:] *= 1e-4  # where HiGHS does, in other units than those of the error
    total = terms[:, chosen].sum(axis=1) + 1e-5 * rng.standard_normal(10)
    assert_array_equal(_adding_up(terms, total, 4e-5)[:-3], chosen[:-3])
    assert capfd.readouterr() == ("", "")


def test_the_terms_of_a_sum_are_found_among_more_than_it_has_entries():
    rng = np.random.default_rng(0)
    terms, chosen = rng.standard_normal((8, 24)), rng.random(24) < 0.5
    total = terms[:, chosen].sum(axis=1) + 1e-3 * rng.standard_normal(8)
    assert_array_equal(_adding_up(terms, total, 1e-3), chosen)
    # Shares of the terms would do as well, and least squares finds some of these.
    shares = lsq_linear(terms, total, bounds=(0, 1)).x
    assert_allclose(terms @ shares, total, atol=1e-6)
    assert not np.array_equal(shares > 0.5, chosen)


@pytest.mark.parametrize("times", [1, 0])
def test_a_sum_of_entries_that_say_the_same_or_nothing(times):
    rng = np.random.default_rng(1)
    terms, chosen = rng.standard_normal((8, 24)), rng.random(24) < 0.5
    total = terms[:, chosen].sum(axis=1) + 1e-3 * rng.standard_normal(8)
    same = rng.standard_normal((40, 8)) / 6  # 24 terms, and 8 things to tell them apart by
    found = _adding_up(times * same @ terms, times * same @ total, 1e-3)
    assert_array_equal(found, chosen & bool(times))


def test_nodes_are_turned_back_behind_one_too_many():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 3))
    into = np.column_stack([[1.0, 0, 0], rng.normal(size=(3, 4)), [1.0, 0, 0]])
    first = np.array([2.0, 0, 0, 0, 0, 1.0])
    second = np.vstack([rng.normal(size=(5, 6)), np.zeros(6)])
    second[:, 0] = [1, 0, 0, 0, 0, 0]
    hidden = np.maximum(X @ into + first, 0)
    constants = -(hidden @ second).mean(axis=0)
    constants[0] = -0.3
    y = np.maximum(hidden @ second + constants, 0).sum(axis=1)
    # Nodes 1 and 3 the wrong way, a straight one for their sum, and through it and node 0 the
    # last node of the layer before: node 0 is on wherever that is, so that the two cancel.
    straight, constant = second[:, [1, 3]].sum(axis=1), constants[[1, 3]].sum()
    second[:, [1, 3]] *= -1
    constants[[1, 3]] *= -1
    second[5, 0], straight[5] = -0.2, 0.2
    turned = FreeNetwork(
        [into, np.column_stack([second, straight]), np.full((7, 1), 1 / y.std())],
        [first, np.append(constants, constant + 100), np.array([-100 / y.std()])],
        [np.arange(6), np.arange(7)],
    )
    problem = problem_of(X, y / y.std())
    assert_allclose(problem.losses(turned), 0, atol=1e-20)
    right = unfold(problem, turned)
    assert right.nodes[1].tolist() == [0, 1, 2, 3, 4, 5]
    assert_allclose(right.weights[1][:5, [1, 3]], -second[:5, [1, 3]])
    assert_allclose(right.weights[1][:5, [0, 2, 4, 5]], second[:5, [0, 2, 4, 5]])


def test_a_node_that_is_always_on_may_be_one_of_the_others():
    rng = np.random.default_rng(0)
    X, into = rng.normal(size=(1000, 6)), rng.normal(size=(6, 4))
    intercepts = np.array([30.0, 0, 0, 0])
    readouts = np.ones((5, 1))
    outputs = np.maximum(X @ into + intercepts, 0).sum(axis=1)
    readouts /= outputs.std()
    term = into[:, [1, 3]].sum(axis=1)
    into[:, [1, 3]] *= -1
    turned = FreeNetwork(
        [np.column_stack([into, term]), readouts],
        [np.append(intercepts, 100.0), np.array([-100 / outputs.std()])],
        [np.arange(5)],
    )
    problem = problem_of(X, outputs / outputs.std())
    assert linear_nodes(problem, turned, 0)[0].tolist() == [True, False, False, False, True]
    right = unfold(problem, turned)
    assert right.nodes[0].tolist() == [0, 1, 2, 3]
    assert_allclose(problem.losses(right), 0, atol=1e-20)


def test_unfolding_leaves_other_activations_alone():
    rng = np.random.default_rng(0)
    problem = problem_of(rng.normal(size=(100, 3)), rng.normal(size=100), activation="tanh")
    network = FreeNetwork(
        [rng.normal(size=(3, 2)), rng.normal(size=(2, 1))],
        [np.zeros(2), np.zeros(1)],
        [np.arange(2)],
    )
    assert unfold(problem, network) is network


@pytest.mark.parametrize(("widths", "asks"), [(20, False), ((20, 10), True)])
def test_of_several_layers_a_trial_decides_unless_nothing_is_left(monkeypatch, widths, asks):
    X, y = make_teacher_regression(2000, 4, hidden_layer_sizes=3, noise=0.2, random_state=0)
    network = clone(STUDENT).set_params(hidden_layer_sizes=widths).fit(X, y)
    asked = []
    monkeypatch.setattr(trust, "winners", lambda *_: asked.append(True))
    found = found_in_data(network, X, y)
    assert bool(asked) == asks
    assert (found is None) == asks


@pytest.mark.parametrize(("noise", "first"), [(0.1, "search"), (0.5, "trial")])
def test_of_several_layers_much_noise_has_the_trial_before_a_search(monkeypatch, noise, first):
    X, y = make_teacher_regression(2000, 4, hidden_layer_sizes=3, noise=noise, random_state=0)
    network = clone(STUDENT).set_params(hidden_layer_sizes=(20, 10)).fit(X, y)
    calls = []
    searched = recover(network, X, y)
    monkeypatch.setattr(trust, "recover", lambda *_: calls.append("search") or searched)
    monkeypatch.setattr(trust, "winners", lambda *_: calls.append("trial") or [])
    assert found_in_data(network, X, y) is None
    assert calls == (["search", "trial"] if first == "search" else ["trial"])


def test_of_several_layers_the_search_goes_on_from_what_won_the_trial():
    """The network itself has learnt something else; what was found before is the teacher."""
    X, y = make_teacher_regression(3000, 6, hidden_layer_sizes=(4, 2), random_state=7)
    part = X[:2000], y[:2000]
    start = recover(SpectralMLPRegressor((20, 10), random_state=0).fit(*part), *part)
    assert widths_of(start[0]) == (4, 2)
    network = SpectralMLPRegressor((20, 10), random_state=0).fit(X, X[:, 0])
    small, masks = recover(network, X, y, start=start)
    assert widths_of(small) == (4, 2)
    assert small.score(X, y) > 1 - 1e-6
    assert_array_equal(masks[1], start[1][1])
    # One round adds what was missing, and takes away what was too much.
    more = np.flatnonzero(masks[1])[:3]
    lacking = cut(start[0], [np.arange(4) < 3, np.ones(2, dtype=bool)])
    places = np.isin(np.arange(20), more)
    small, masks = recover(network, X, y, start=(lacking, [start[1][0], places, start[1][2]]))
    assert widths_of(small) == (4, 2)
    assert masks[1][more].all()
    assert small.score(X, y) > 1 - 1e-6


def test_what_won_a_trial_has_hardly_more_nodes_after_all_rows(monkeypatch):
    X, y = make_teacher_regression(1000, 5, hidden_layer_sizes=5, noise=0.1, random_state=0)
    network = clone(STUDENT).fit(X, y)
    groups = np.arange(1000)  # so that there is a trial
    sizes = {}
    for won in (2, 4, 20):
        small = cut(network, [np.arange(len(network.intercepts_[0])) < won])
        monkeypatch.setattr(trust, "winners", lambda *_, small=small: [(small, None, 1.0)])
        found, masks = found_in_data(network, X, y, groups=groups)
        sizes[won] = found._hidden_layer_sizes()[0]
        assert masks[1].sum() == sizes[won]
    assert sizes[2] == 2
    assert 4 <= sizes[4] <= 5
    assert sizes[20] == len(recover(network, X, y)[0].intercepts_[0])


def test_where_the_size_is_not_certain_a_trial_decides():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((240, 8))
    y = X[:, 0] + rng.standard_normal(240)
    student = SpectralMLPRegressor(60, alpha=1e-3, max_iter=500, random_state=0)
    overfitted = clone(student).fit(X, y)
    assert not is_recoverable(overfitted, 240)
    assert winners(overfitted, X, y)
    pruner = SpectralPruner(overfitted, prefit=True).fit(X, y)
    assert set(pruner.refit_scores_) == {"full", "refit"}
    X_new = rng.standard_normal((2000, 8))
    y_new = X_new[:, 0]
    assert pruner.n_nodes_[0] < 4 < overfitted.core_sizes_[0]
    assert pruner.score(X_new, y_new) > 0.5 > overfitted.score(X_new, y_new)
    # The given network is what the trial compares with, and stays as it is.
    assert overfitted.get_params() == student.get_params()


@pytest.mark.parametrize("alpha", [0.02, "auto"])
def test_a_trial_takes_the_strength_that_the_network_asks_for(alpha, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 10))
    y = X[:, 0] + np.maximum(X[:, 1], 0) + rng.standard_normal(150)
    network = SpectralMLPRegressor(20, alpha=alpha, max_iter=1400, random_state=0).fit(X, y)
    strengths = []

    def spy(student, *args, **settings):
        strengths.append(student.alpha_)
        return recover(student, *args, **settings)

    monkeypatch.setattr(trial, "recover", spy)
    winners(network, X, y)
    assert strengths
    # "auto" follows the noise of fewer rows.
    assert all(0.02 <= strength < 0.2 for strength in strengths)
    assert (set(strengths) == {network.alpha_}) == (alpha != "auto")
    # What a pruner leaves was trained without, and a trial of it is to have some.
    strengths.clear()
    pruner = SpectralPruner(network, n_nodes_to_select=8, prefit=True).fit(X, y)
    winners(pruner.pruned_estimator_, X, y)
    assert min(strengths) > 0


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # so narrow, it takes its time
@pytest.mark.parametrize("layer", [0, -1])
@pytest.mark.parametrize("widths", [1, 2, (2, 3)])
def test_a_network_too_narrow_for_the_data_stays_as_narrow(widths, layer):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(600, 6))
    y = X[:, 0] + 0.5 * X[:, 1] ** 2 + 0.7 * X[:, 2] * X[:, 3]
    for alpha in (0.01, 0.1):
        student = SpectralMLPRegressor(widths, alpha=alpha, max_iter=100, random_state=0).fit(X, y)
        pruner = SpectralPruner(student, prefit=True, layer=layer).fit(X, y)
        small = pruner.pruned_estimator_
        found = tuple(len(b) for b in small.intercepts_[:-1])
        assert found == pruner.n_nodes_ == tuple(np.atleast_1d(small.hidden_layer_sizes))
        assert all(np.array(found) <= np.atleast_1d(widths))
        small.partial_fit(pruner.transform(X) if layer == 0 else X, y)


def test_a_trial_that_is_lost_leaves_the_choice_to_the_spectrum(monkeypatch):
    X, y = make_teacher_regression(150, 6, hidden_layer_sizes=3, random_state=1)
    full = clone(STUDENT).fit(X, y)
    assert not is_recoverable(full, 150)
    monkeypatch.setattr(trial, "recover", lambda network, *args, **_: (network, None))
    assert winners(full, X, y)  # no worse
    worse = deepcopy(full)
    worse.coefs_[-1] *= 1.5
    monkeypatch.setattr(trial, "recover", lambda *args, **_: (worse, None))
    assert not winners(full, X, y)
    assert set(SpectralPruner(full, prefit=True).fit(X, y).refit_scores_) == {"cut", "refit"}


@pytest.mark.parametrize("n_rows", [400, 380])
@pytest.mark.parametrize("times", [1.0, 1.27, 1.4])
def test_noise_that_all_rows_have_is_not_learnt_by_heart(times, n_rows, monkeypatch):
    X, y = make_teacher_regression(n_rows, 10, hidden_layer_sizes=4, noise=0.5, random_state=0)
    network = SpectralMLPRegressor(4, solver="lbfgs", alpha=1e-5, random_state=0).fit(X, y)
    masks = [np.ones(10, dtype=bool), np.ones(4, dtype=bool)]
    monkeypatch.setattr(
        trust, "left_out_errors", lambda *_, errors, **others: np.sqrt(times) * errors
    )
    # Of 400 rows the 49 parameters learn so much of noise that the others lack 449 / 351 times as
    # much. Fewer than eight rows for each may have been learnt by heart.
    as_noise = times == 1 or (times == 1.27 and n_rows == 400)
    assert trust._foresees(network, masks, network, X, y, None) == as_noise


@pytest.mark.parametrize(("activation", "n_free"), [("relu", 40), ("tanh", 47)])
def test_an_exact_network_wants_eight_rows_for_each_free_parameter(activation, n_free, monkeypatch):
    """Of 47; the scale of each of seven ReLU nodes is not free."""
    X, y = make_teacher_regression(400, 6, hidden_layer_sizes=(4, 3), random_state=0)
    network = SpectralMLPRegressor((4, 3), activation=activation, random_state=0)
    exact = network.fit(X, y).predict(X)
    masks = [np.ones(n, dtype=bool) for n in (6, 4, 3)]
    for n_telling, foresees in ((8 * n_free, True), (8 * n_free - 1, False)):
        monkeypatch.setattr(trust, "n_telling", lambda *_, n=n_telling: n)
        assert trust._foresees(network, masks, network, X, exact, None) == foresees


def test_no_trial_with_a_handful_of_rows():
    X, y = make_teacher_regression(90, 6, hidden_layer_sizes=3, random_state=1)
    weights = np.r_[np.ones(59), np.zeros(31)]
    assert not winners(clone(STUDENT).fit(X, y), X, y, weights)
    classifier = SpectralMLPClassifier(8, max_iter=300, random_state=0).fit(X, y > 0)
    assert not winners(classifier, X, y > 0, weights)


@pytest.mark.parametrize("layer", [-1, 0])
def test_noise_that_outputs_share_counts_once(layer):
    """Four nodes, eight outputs, nine tenths of the noise in common, as much of it as of signal."""
    rng = np.random.default_rng(2)
    X = rng.standard_normal((5000, 8))
    Z = np.maximum(X @ rng.standard_normal((8, 4)), 0) @ rng.standard_normal((4, 8))
    Z /= Z.std(axis=0)
    noise = np.sqrt(0.9) * rng.standard_normal((5000, 1)) + np.sqrt(0.1) * rng.standard_normal(
        Z.shape
    )
    Y = Z + noise
    full = SpectralMLPRegressor(50, alpha=3e-3, random_state=2).fit(X[:1000], Y[:1000])
    pruner = SpectralPruner(full, layer=layer, prefit=True).fit(X[:1000], Y[:1000])
    assert pruner.n_nodes_ == (4,)
    assert pruner.score(X[1000:], Z[1000:]) > max(0.99, full.score(X[1000:], Z[1000:]))


def test_an_exact_output_stays_apart_from_noise_in_common():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 6))
    y = np.maximum(X @ rng.standard_normal((6, 3)), 0) @ np.array([1.0, -2.0, 1.5])
    Y = np.c_[y, np.repeat(rng.standard_normal((2000, 1)), 3, axis=1)]
    full = SpectralMLPRegressor(30, alpha=3e-3, random_state=0).fit(X, Y)
    pruner = SpectralPruner(full, prefit=True).fit(X, Y)
    assert pruner.n_nodes_ == (3,)
    assert_allclose(pruner.predict(X)[:, 0], y, atol=1e-3)
