"""SpectralPruner(threshold="auto") of classifiers: as many hidden nodes as the data tell apart."""

import warnings
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_wine, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.pruner import trial
from skspectral.pruner.comparison import losses, weights_of
from skspectral.pruner.elimination import _removed, cheapest
from skspectral.pruner.free import FreeNetwork, Problem
from skspectral.pruner.loss import CrossEntropy, SquaredError, loss_of
from skspectral.pruner.recovery import recover
from skspectral.pruner.refit import refit
from skspectral.pruner.trial import winners

STUDENT = SpectralMLPClassifier(20, max_iter=200, random_state=0)


def classes_of_teacher(n_classes, seed, n_rows=4000):
    """Rows and their classes, of a teacher of three nodes that all matter."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.standard_normal((5, 5)))[0][:, :3]
    shape = 3, 1 if n_classes == 2 else n_classes
    readouts = rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.5, shape)
    X = rng.standard_normal((n_rows, 5))
    outputs = np.maximum(X @ directions, 0) @ readouts
    outputs -= np.median(outputs, axis=0)
    y = (outputs[:, 0] > 0).astype(int) if n_classes == 2 else outputs.argmax(axis=1)
    return X, y


@pytest.mark.parametrize("n_classes", [2, 3])
def test_finds_the_size_of_a_teacher_of_classes(n_classes):
    sizes, scores = [], []
    for seed in range(4):
        X, y = classes_of_teacher(n_classes, seed)
        pruner = SpectralPruner(clone(STUDENT)).fit(X[:3000], y[:3000])
        assert pruner.n_nodes_ == pruner.pruned_estimator_.core_sizes_
        assert set(pruner.refit_scores_) == {"full", "refit"}
        sizes += pruner.n_nodes_
        scores.append([n.score(X[3000:], y[3000:]) for n in (pruner.estimator_, pruner)])
    assert sizes.count(3) >= 3  # one in ten has a node more; see docs/teachers.rst
    assert max(sizes) <= 4
    student, left = np.mean(scores, axis=0)
    assert left > max(student, 0.98)


@pytest.mark.parametrize("seed", range(3))
def test_of_classes_by_chance_nothing_is_left(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((900, 3)), rng.integers(0, 2, 900)
    network = clone(STUDENT).set_params(alpha=1e-3).fit(X, y)
    small, _ = recover(network, X, y)
    assert small.core_sizes_ == (1,)
    assert np.abs(small.predict_proba(X) - 0.5).mean() < 0.1


def test_a_trial_that_is_lost_leaves_the_choice_to_the_spectrum(monkeypatch, capsys):
    X, y = classes_of_teacher(2, 0, 1200)
    network = clone(STUDENT).fit(X, y)
    assert set(SpectralPruner(network, prefit=True).fit(X, y).refit_scores_) == {"full", "refit"}
    # Too sure of itself: as many right, and a smaller likelihood.
    sure = recover(network, X, y)[0]
    sure.coefs_[-1] *= 1000
    monkeypatch.setattr(trial, "recover", lambda *args, **_: (sure, None))
    assert not winners(network, X, y)
    pruner = SpectralPruner(network, prefit=True).fit(X, y)
    assert set(pruner.refit_scores_) == {"cut", "refit"}
    pruner.summary()
    assert "the data do not determine the size" in capsys.readouterr().out
    pruner.set_params(threshold="gap").fit(X, y).summary()  # nobody asked the data
    assert "the data" not in capsys.readouterr().out.replace("the training data", "")


def test_a_trial_says_how_it_went_and_nothing_of_its_trainings(capsys):
    X, y = classes_of_teacher(2, 0, 600)
    settings = {"verbose": True, "n_init": 2, "max_iter": 30, "learning_rate": "constant"}
    network = clone(STUDENT).set_params(**settings)
    with pytest.warns(ConvergenceWarning):
        network.fit(X, y)
    capsys.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        winners(network, X, y)
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert [line.split(":")[0] for line in lines] == [f"Trial {k + 1}" for k in range(len(lines))]


def test_a_trial_is_lost_where_fewer_are_classified_rightly(monkeypatch):
    X, y = classes_of_teacher(2, 0, 1200)
    wrong = np.random.default_rng(0).random(1200) < 0.1
    y = np.where(wrong, 1 - y, y)
    network = clone(STUDENT).fit(X, y)
    constant = recover(network, X, y)[0]
    constant.coefs_[-1] = np.zeros_like(constant.coefs_[-1])
    monkeypatch.setattr(trial, "recover", lambda *args, **_: (constant, None))

    def fit(student, *args):
        SpectralMLPClassifier.fit(student, *args)
        student.coefs_[-1] *= 1000  # as if it had learnt its rows by heart
        return student

    sure = type("Sure", (SpectralMLPClassifier,), {"fit": fit})(**network.get_params()).fit(X, y)
    assert losses(constant, X, y).mean() < losses(sure, X, y).mean()
    assert constant.score(X, y) < sure.score(X, y)
    assert not winners(sure, X, y)
    monkeypatch.setattr(trial, "_MORE_WRONG", 1)  # by the likelihood it is won
    assert winners(sure, X, y)


def test_what_more_rows_would_undo_wins_no_trial(monkeypatch):
    """From two thirds of the rows the network learns more by heart than from all of them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 20))
    Y = np.maximum(X, 0) @ rng.normal(size=(20, 6)) * 0.7 + rng.logistic(size=(5000, 6)) > 0
    rows, fresh = (X[:1000], Y[:1000].astype(int)), (X[1000:], Y[1000:].astype(int))
    network = SpectralMLPClassifier(30, alpha=1e-3, random_state=0).fit(*rows)
    assert not winners(network, *rows)
    monkeypatch.setattr(trial, "_LESS_BY_HEART", 0)
    monkeypatch.setattr(trial, "_MORE_WRONG", 1)  # by the likelihood alone
    assert winners(network, *rows)
    small, _ = recover(network, *rows)
    assert losses(small, *fresh).mean() > losses(network, *fresh).mean()


def test_a_refit_that_is_too_sure_of_itself_is_taken_back(monkeypatch):
    X, y = classes_of_teacher(2, 0, 1200)
    wrong = np.random.default_rng(0).random(1200) < 0.1
    y = np.where(wrong, 1 - y, y)
    network = clone(STUDENT).set_params(validation_fraction=0.5).fit(X, y)
    cut = deepcopy(network)
    cut.intercepts_[-1] = cut.intercepts_[-1] + 1.0  # more of one class than there are
    for size, kept in ((1, True), (1000, False)):
        free = deepcopy(network)
        free.coefs_[-1], free.intercepts_[-1] = size * free.coefs_[-1], size * free.intercepts_[-1]
        monkeypatch.setattr("skspectral.pruner.refit.train_on", lambda *args, free=free, **_: free)
        other, scores = refit(cut, X, y)
        assert scores["refit"] > scores["cut"]
        assert other is (free if kept else cut)


def test_a_refit_that_classifies_as_before_is_kept_if_it_is_more_likely(monkeypatch):
    X, y = classes_of_teacher(2, 0, 1200)
    network = clone(STUDENT).fit(X, y)
    shrunk = deepcopy(network)  # as a penalty shrinks it, or where one class is rare
    shrunk.coefs_[-1], shrunk.intercepts_[-1] = network.coefs_[-1] / 9, network.intercepts_[-1] / 9
    for before, after, kept in ((shrunk, network, True), (network, shrunk, False)):
        monkeypatch.setattr(
            "skspectral.pruner.refit.train_on", lambda *args, after=after, **_: after
        )
        other, scores = refit(before, X, y)
        assert scores["refit"] == scores["cut"]
        assert other is (after if kept else before)


def test_no_trial_that_takes_long_and_none_with_a_rare_class(monkeypatch):
    X, y = classes_of_teacher(2, 0, 1200)
    network = clone(STUDENT).fit(X, y)
    n_nodes = (network.node_importances_[0] > 2e-3 * network.node_importances_[0].max()).sum()
    few = 10 * 6 * n_nodes - 1
    assert winners(network, X[:few], y[:few])
    monkeypatch.setattr(trial, "_MOST_WORK", 1000)
    assert winners(network, X, y)
    assert not winners(network, X[:few], y[:few])
    rare = np.r_[y[:-2], [2, 2]]
    network = clone(STUDENT).fit(X, rare)
    monkeypatch.setattr(trial, "_MOST_WORK", np.inf)
    assert not winners(network, X, rare)


def test_no_trial_with_a_rare_label():
    X, y = classes_of_teacher(2, 0, 1200)
    for n_rows, pays in ((2, False), (300, True)):
        for other in (np.arange(1200) < n_rows, np.arange(1200) >= n_rows):
            Y = np.column_stack([y, other])
            assert bool(winners(clone(STUDENT).fit(X, Y), X, Y)) == pays


@pytest.mark.parametrize("share", [0, 1])
def test_a_label_that_none_or_all_rows_have_is_no_rare_one(share):
    X, y = classes_of_teacher(2, 0, 1200)
    Y = np.column_stack([y, np.full(1200, share)])
    assert winners(clone(STUDENT).fit(X, Y), X, Y)


@pytest.mark.parametrize("seed", [0, 1])
def test_inputs_of_classes_with_few_rows(seed):
    settings = {"n_informative": 4, "n_redundant": 0, "shuffle": False}
    X, y = make_classification(3000, 30, **settings, random_state=seed)
    rows = np.random.default_rng(seed).permutation(3000)
    (X, X_new), (y, y_new) = np.split(X[rows], [1000]), np.split(y[rows], [1000])
    pruner = SpectralPruner(SpectralMLPClassifier(random_state=0), layer=0).fit(X, y)
    assert pruner.get_support(indices=True).tolist() == [0, 1, 2, 3]
    assert pruner.score(X_new, y_new) > pruner.estimator_.score(X_new, y_new) + 0.005


def test_no_trial_where_one_class_has_all_the_weight():
    X, y = classes_of_teacher(2, 0, 1200)
    weights = (y == 0).astype(float)
    network = clone(STUDENT).fit(X, y, weights)
    assert not winners(network, X, y, weights)
    pruner = SpectralPruner(network, prefit=True).fit(X, y, sample_weight=weights)
    assert pruner.score(X, y, weights) == 1


def test_a_trial_counts_class_weights_and_single_precision():
    X, y = classes_of_teacher(2, 0, 1200)
    weighted = clone(STUDENT).set_params(class_weight={0: 1.0, 1: 3.0}).fit(X, y)
    p = weighted.predict_proba(X)[np.arange(1200), y]
    weights = weights_of(weighted, y)
    assert_allclose(losses(weighted, X, y), -2 * np.log(p), atol=1e-12)
    assert_allclose(weights / weights.min(), np.where(y == 1, 3.0, 1.0))
    # A miss that is sure of itself costs what it costs, and not all.
    weighted.coefs_[-1] *= 100
    single = clone(STUDENT).fit(X.astype(np.float32), y)
    single.coefs_[-1] *= 1000
    assert losses(weighted, X, y).mean() < losses(single, X.astype(np.float32), y).mean() < np.inf


@pytest.mark.parametrize(("gain", "pays"), [(1.1, True), (0.9, False)])
def test_a_trial_is_won_by_more_than_its_error(monkeypatch, gain, pays):
    X, y = np.random.default_rng(0).standard_normal((2, 300, 3))
    network = SpectralMLPRegressor(5, max_iter=200, random_state=0).fit(X, y[:, 0])
    spread = np.tile([-1.0, 1.0], 50)  # of each third of the rows; the error is 1 / sqrt(300)
    won = iter([spread - gain / np.sqrt(300), np.zeros(100)] * 3)
    monkeypatch.setattr(trial, "losses", lambda *_: next(won))
    assert bool(winners(network, X, y[:, 0])) == pays
    assert next(won, None) is None


@pytest.mark.parametrize(
    ("worse", "groups", "n_thirds"),
    [(1.1, None, 1), (0.9, None, 3), (1.1, np.arange(300) // 2, 3)],
)
def test_a_trial_ends_once_it_is_worse_by_more_than_its_error(monkeypatch, worse, groups, n_thirds):
    X, y = np.random.default_rng(0).standard_normal((2, 300, 3))
    network = SpectralMLPRegressor(5, max_iter=200, random_state=0).fit(X, y[:, 0])
    spread = np.tile([-1.0, 1.0], 50)
    thirds = [spread + worse / 10, np.zeros(100)], 2 * [np.zeros(100)], 2 * [np.zeros(100)]
    lost = iter([values for third in thirds for values in third])
    monkeypatch.setattr(trial, "losses", lambda *_: next(lost))
    assert not winners(network, X, y[:, 0], groups=groups)
    assert sum(1 for _ in lost) == 2 * (3 - n_thirds)


@pytest.mark.parametrize("others", [lambda y: y + 5, lambda y: y.astype(str), lambda y: 3 * y])
def test_a_prefit_network_refuses_other_labels(others):
    X, y = classes_of_teacher(2, 0, 800)
    pruner = SpectralPruner(clone(STUDENT).fit(X, y), prefit=True).fit(X, y)
    n_nodes = pruner.n_nodes_
    with pytest.raises(ValueError, match="classes|label"):
        pruner.fit(X, others(y))
    with pytest.raises(ValueError, match="features"):
        pruner.fit(X[:, :3], y)
    assert pruner.n_nodes_ == n_nodes


@pytest.mark.parametrize("threshold", [0.05, "auto"])
@pytest.mark.parametrize("weighted", [False, True])
def test_data_without_some_of_the_classes_are_not_refitted(threshold, weighted):
    X, y = classes_of_teacher(3, 0)
    student = clone(STUDENT).fit(X, y)
    pruner = SpectralPruner(student, prefit=True, threshold=threshold)
    before = pruner.predict_proba(X)
    if weighted:
        pruner.fit(X, y, sample_weight=(y < 2) * 1.0)
    else:
        pruner.fit(X[y < 2], y[y < 2])
    assert pruner.refit_scores_ == {}
    assert_array_equal(pruner.predict_proba(X), before)


def test_a_trial_that_cannot_be_had_leaves_the_choice_to_the_spectrum():
    X, y = classes_of_teacher(3, 0, 1500)
    # Three of the rows are held out of all, and two of those of a trial, one for each class.
    student = SpectralMLPClassifier(
        2, max_iter=300, early_stopping=True, validation_fraction=0.002, random_state=0
    )
    with pytest.raises(ValueError, match="number of classes"):
        clone(student).fit(X[:1000], y[:1000])
    pruner = SpectralPruner(student).fit(X, y)
    assert "full" not in pruner.refit_scores_


def test_a_prefit_network_refuses_another_number_of_outputs():
    X, y = classes_of_teacher(2, 0, 400)
    student = SpectralMLPRegressor(5, solver="lbfgs", tol=0.1, random_state=0).fit(X, y)
    with pytest.raises(
        ValueError, match="makes 2 outputs, and the prefit SpectralMLPRegressor has 1"
    ):
        SpectralPruner(student, prefit=True).fit(X, np.column_stack([y, y]))


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_the_cost_of_a_node_is_what_the_loss_rises_by(name, fit_intercept):
    rng = np.random.default_rng(0)
    X, targets = rng.standard_normal((300, 4)), np.eye(3)[rng.integers(0, 3, 300)]
    weights = rng.uniform(0.5, 1.5, 300)
    widths = (4, 6, 5, 3)
    network = FreeNetwork(
        [rng.standard_normal(pair) for pair in zip(widths[:-1], widths[1:], strict=True)],
        [fit_intercept * rng.standard_normal(n) for n in widths[1:]],
        [np.arange(6), np.arange(5)],
    )
    problem = Problem(X, targets, weights, "tanh", fit_intercept, CrossEntropy(name))
    before = problem.losses(network).sum()
    for layer in (0, 1):
        cost, node, change = cheapest(problem, network, layer)
        other = _removed(network, layer, node, change)
        assert_allclose(problem.losses(other).sum() - before, cost)


def test_labels_weights_and_class_weights():
    X, y = classes_of_teacher(2, 1, 1500)
    names = np.array(["no", "yes"])[y]
    weights = np.r_[np.ones(1200), np.zeros(300)]
    network = clone(STUDENT).fit(X, names, weights)
    whole, masks = recover(network, X, names, weights)
    part, own = recover(network, X[:1200], names[:1200])
    assert_array_equal(masks[1], own[1])
    assert_allclose(whole.predict_proba(X), part.predict_proba(X), atol=1e-6)
    assert set(whole.predict(X)) == {"no", "yes"}
    # A class that weighs more is predicted more often.
    noisy = np.where(np.random.default_rng(0).random(1500) < 0.2, 1 - y, y)
    shares = []
    for weight in (0.2, 5.0):
        network = clone(STUDENT).set_params(class_weight={0: 1.0, 1: weight}).fit(X, noisy)
        shares.append(recover(network, X, noisy)[0].predict(X).mean())
    assert shares[0] < y.mean() - 0.1 < y.mean() + 0.1 < shares[1]


def test_several_labels_at_once():
    X, y = classes_of_teacher(3, 2)
    labels = np.column_stack([y == 0, y != 1]).astype(int)
    pruner = SpectralPruner(clone(STUDENT)).fit(X, labels)
    assert pruner.predict(X).shape == labels.shape
    assert pruner.score(X, labels) >= pruner.estimator_.score(X, labels)
    assert set(pruner.refit_scores_) == {"full", "refit"}


@pytest.mark.parametrize("loss", [SquaredError(), CrossEntropy("softmax"), CrossEntropy("sigmoid")])
def test_slopes_and_costs_are_those_of_the_loss(loss):
    rng = np.random.default_rng(0)
    outputs, step = rng.standard_normal((2, 50, 3))
    targets = np.eye(3)[rng.integers(0, 3, 50)]
    up, down = (loss.losses(outputs + s * 1e-5 * step, targets).sum(axis=1) for s in (1, -1))
    assert_allclose((up - down) / 4e-5, (loss.slopes(outputs, targets) * step).sum(axis=1), 1e-6)
    cost = loss.costs(outputs, outputs + step, targets)
    if loss.is_square:
        assert_allclose(cost, step**2)
    else:
        after, before = (loss.losses(o, targets) for o in (outputs + step, outputs))
        assert_allclose(cost, after - before)


def test_the_deviance_is_twice_the_log_loss():
    X, y = classes_of_teacher(3, 0, 500)
    network = clone(STUDENT).fit(X, y)
    loss = loss_of(network)
    outputs = np.log(network.predict_proba(X))
    losses = loss.losses(outputs, network._targets(y))
    assert_allclose(losses.mean(), 2 * log_loss(y, network.predict_proba(X)))
    assert loss.term(losses.mean(axis=0)) == losses.mean()
    # Training minimises the mean over the labels.
    assert_allclose(CrossEntropy("sigmoid").means(0.25, 4), [0.5] * 4)
    assert_allclose(loss.means(0.25, 3), [0.5])


def test_the_refit_weighs_the_classes_as_the_network_does():
    X, y = make_classification(
        8000, 20, n_informative=5, weights=[0.98], class_sep=1.0, flip_y=0, random_state=2
    )
    mlp = SpectralMLPClassifier(50, class_weight="balanced", random_state=0).fit(X[:4000], y[:4000])
    pruner = SpectralPruner(mlp, prefit=True, threshold="gap").fit(X[:4000], y[:4000])
    assert set(pruner.refit_scores_) == {"cut", "refit"}
    X, y = X[4000:], y[4000:]
    least = balanced_accuracy_score(y, mlp.predict(X)) - 0.02
    assert balanced_accuracy_score(y, pruner.predict(X)) > least


@pytest.mark.parametrize("seed", [2, 7])
@pytest.mark.parametrize("threshold", ["auto", "gap"])
def test_refit_of_classes_that_are_told_apart_is_not_too_sure(seed, threshold):
    """A hundred rows, of which the eleven that are held out are all told rightly."""
    X, y = load_wine(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, random_state=seed, stratify=y)
    scaler = StandardScaler().fit(X)
    X, X_test = scaler.transform(X), scaler.transform(X_test)
    full = SpectralMLPClassifier(random_state=seed).fit(X, y)
    pruner = SpectralPruner(full, threshold=threshold, prefit=True).fit(X, y)
    assert pruner.refit_scores_["refit"] == 1
    lost = [log_loss(y_test, one.predict_proba(X_test)) for one in (full, pruner)]
    assert lost[1] < 1.1 * lost[0]


def test_the_choice_does_not_hang_on_the_names_of_the_classes():
    """What is far more likely may classify a few rows of four hundred wrongly more."""
    X, y = make_classification(
        5400, 10, n_informative=4, n_redundant=2, n_classes=3, flip_y=0.05, random_state=101
    )
    X = X - X[:400].mean(axis=0)
    for names in ([0, 1, 2], [2, 0, 1]):
        own = np.array(names)[y]
        full = SpectralMLPClassifier(alpha=1e-3, random_state=0).fit(X[:400], own[:400])
        pruner = SpectralPruner(full, layer=0, prefit=True).fit(X[:400], own[:400])
        assert "full" in pruner.refit_scores_  # the data have chosen
        assert pruner.score(X[400:], own[400:]) > full.score(X[400:], own[400:]) + 0.01


def test_doubt_gives_a_share_to_the_other_classes():
    one_of_three = np.array([[1.0, 0, 0], [0, 1, 0]])
    doubted = CrossEntropy("softmax").doubted(one_of_three, 0.2)
    assert_allclose(doubted, [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    labels = np.array([[1.0, 0], [0, 0]])
    assert_allclose(CrossEntropy("sigmoid").doubted(labels, 0.2), [[0.8, 0.2], [0.2, 0.2]])
