"""Sample weights and class weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("weight", [1, 1.0, 7.3])
def test_equal_weights_are_none(problem, weight, early_stopping, outputs):
    model, X, y = problem
    model.set_params(early_stopping=early_stopping)
    plain = clone(model).fit(X, y)
    for weights in (np.full(120, weight), [weight] * 120, weight):
        assert_array_equal(outputs(clone(model).fit(X, y, weights), X), outputs(plain, X))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_only_ratios_of_weights_matter(problem, solver, outputs):
    model, X, y = problem
    model.set_params(solver=solver, max_iter=30, n_iter_no_change=5, activation="tanh")
    model.set_params(tol=1.0, alpha=1e-3)
    weights = np.linspace(0.5, 2, 120)
    expected = outputs(clone(model).fit(X, y, weights), X)
    assert_array_equal(outputs(clone(model).fit(X, y, 1024 * weights), X), expected)
    for unit in (3e-7, 1e-300, 5e307):
        assert_allclose(outputs(clone(model).fit(X, y, unit * weights), X), expected, rtol=1e-6)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("weight", [1.0, "ramp"])
def test_rows_of_weight_zero_are_not_there(problem, weight, early_stopping, outputs):
    model, X, y = problem
    model.set_params(early_stopping=early_stopping, batch_size=32, max_iter=500)
    keep = np.random.default_rng(1).permutation(120) < 90
    weights = np.where(keep, np.linspace(1, 2, 120) if weight == "ramp" else weight, 0)
    without = clone(model).fit(X[keep], y[keep], weights[keep])
    assert_array_equal(outputs(clone(model).fit(X, y, weights), X), outputs(without, X))
    spoiled = clone(model).fit(np.where(keep[:, None], X, 9.0), y, weights)
    assert_array_equal(outputs(spoiled, X), outputs(without, X))


def test_whole_weights_are_repeated_rows(problem, outputs):
    model, X, y = problem
    model.set_params(solver="lbfgs", max_iter=20, tol=1.0, activation="tanh")
    times = np.random.default_rng(1).integers(1, 4, size=120)
    weighted = clone(model).fit(X, y, times)
    repeated = clone(model).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    assert_allclose(outputs(weighted, X), outputs(repeated, X), rtol=1e-6, atol=1e-8)


def test_weights_pull(problem):
    _, X, _ = problem
    y = np.where(X[:, 2] > 0, X[:, 0], -X[:, 0])
    weights = np.where(X[:, 2] > 0, 1e3, 1e-3)
    model = SpectralMLPRegressor(12, max_iter=500, random_state=0).fit(X[:, :2], y, weights)
    assert np.corrcoef(model.predict(X[:, :2]), X[:, 0])[0, 1] > 0.95


def test_the_validation_score_is_weighted(problem):
    model, X, y = problem
    model.set_params(early_stopping=True, validation_fraction=0.5)
    plain = clone(model).fit(X, y)
    weighted = clone(model).fit(X, y, np.linspace(0.1, 2, 120))
    assert weighted.validation_scores_[0] != plain.validation_scores_[0]
    assert weighted.best_validation_score_ == max(weighted.validation_scores_)


CLASSES = np.array(["low", "mid", "top"])


@pytest.fixture
def labelled():
    X = np.random.default_rng(0).normal(size=(120, 4))
    return X, np.digitize(X[:, 0] - 2 * X[:, 1], [-2, 1])


@pytest.mark.parametrize("labels", [np.arange(3), CLASSES, CLASSES.astype(object)])
@pytest.mark.parametrize("own", [None, np.linspace(0.5, 2, 120)], ids=["alone", "times"])
def test_class_weights_are_sample_weights(labelled, labels, own):
    X, y = labelled
    model = SpectralMLPClassifier(12, max_iter=300, random_state=0)
    base = np.ones(120) if own is None else own
    weights = {
        "balanced": base.sum() / (3 * np.bincount(y, weights=base)),
        "dict": np.array([1.0, 5.0, 0.5]),
    }
    for name, per_class in weights.items():
        class_weight = name if name == "balanced" else dict(zip(labels, per_class, strict=True))
        expected = clone(model).fit(X, labels[y], base * per_class[y])
        other = clone(model).set_params(class_weight=class_weight).fit(X, labels[y], own)
        assert_allclose(other.predict_proba(X), expected.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1, 1: 5}])
def test_weights_of_two_classes_are_sample_weights(classifier, data, class_weight):
    X, y = data
    c = (y > 1).astype(int)
    of_class = {0: 1, 1: 5} if class_weight != "balanced" else 120 / (2 * np.bincount(c))
    expected = clone(classifier).fit(X, c, np.where(c, of_class[1], of_class[0]))
    weighted = classifier.set_params(class_weight=class_weight).fit(X, c)
    assert_allclose(weighted.predict_proba(X), expected.predict_proba(X), rtol=1e-9)


def test_classes_that_a_dict_leaves_out_weigh_one(labelled):
    X, y = labelled
    model = SpectralMLPClassifier(12, max_iter=300, random_state=0)
    short = clone(model).set_params(class_weight={2: 4}).fit(X, y)
    full = clone(model).set_params(class_weight={0: 1, 1: 1, 2: 4}).fit(X, y)
    assert_array_equal(short.predict_proba(X), full.predict_proba(X))


@pytest.mark.parametrize("class_weight", [None, "balanced", {2: 0}])
def test_a_class_without_weight_is_never_predicted(labelled, class_weight):
    X, y = labelled
    model = SpectralMLPClassifier(12, max_iter=500, random_state=0, class_weight=class_weight)
    model.fit(X, y, np.where(y == 2, 0, 1))
    assert_array_equal(model.classes_, [0, 1, 2])
    assert set(model.predict(X)) == {0, 1}
    assert np.isfinite(model.predict_proba(X)).all()


def test_balanced_weights_help_the_rare_class():
    rng = np.random.default_rng(0)
    y = (np.arange(300) % 20 == 0).astype(int)
    X = rng.normal(size=(300, 2)) + y[:, None]
    model = SpectralMLPClassifier(12, max_iter=200, alpha=0.01, random_state=0)
    recall = [
        clone(model).set_params(class_weight=w).fit(X, y).predict(X)[y == 1].mean()
        for w in (None, "balanced")
    ]
    assert recall[1] > recall[0] + 0.3


def test_class_weights_need_one_class_a_row(labelled):
    X, y = labelled
    model = SpectralMLPClassifier(12, class_weight="balanced")
    with pytest.raises(ValueError, match="with multilabel y"):
        model.fit(X, np.eye(3, dtype=int)[y])


def test_partial_fit_takes_class_weights_as_a_dict(labelled):
    X, y = labelled
    model = SpectralMLPClassifier(12, random_state=0)
    weighted = clone(model).set_params(class_weight={0: 3}).partial_fit(X, y, classes=[0, 1, 2])
    expected = clone(model).partial_fit(X, y, np.where(y == 0, 3, 1), [0, 1, 2])
    assert_allclose(weighted.predict_proba(X), expected.predict_proba(X), rtol=1e-9)
    with pytest.raises(ValueError, match="not supported for partial_fit"):
        clone(model).set_params(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
