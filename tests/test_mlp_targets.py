"""Targets: units, several outputs, classes by any name, labels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.preprocessing import scale

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor
from skspectral.core import FLOOR, relevance
from skspectral.forward import forward
from skspectral.mlp.fit import _without_dust
from skspectral.spectral import Parameters


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_regression_is_equivariant_to_the_unit_of_y(solver, n_outputs):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 4))
    y = np.tanh(X @ rng.normal(size=(4, n_outputs))).squeeze()
    model = SpectralMLPRegressor(
        20, solver=solver, max_iter=600, tol=1e-5, alpha=0.01, random_state=0
    )
    plain = clone(model).fit(X, y)
    scaled = clone(model).fit(X, 1e6 * y + 1e6)
    assert_allclose(scaled.predict(X), 1e6 * plain.predict(X) + 1e6, rtol=1e-3, atol=1e3)
    assert_array_equal(scaled.core_masks_[0], plain.core_masks_[0])
    assert_allclose(scaled.feature_importances_, plain.feature_importances_, atol=1e-3)


def test_the_core_does_not_depend_on_the_unit_of_y(teacher, student):
    X, y = teacher
    other = clone(student).fit(X, 1e6 * y - 3e6)
    assert other.core_sizes_ == student.core_sizes_
    assert_allclose(other.predict(X), 1e6 * student.predict(X) - 3e6, rtol=1e-6)


@pytest.mark.parametrize("eigenvalues", ["in", "out"])
def test_the_relevance_does_not_depend_on_the_units_of_the_outputs(data, eigenvalues):
    X, y = data
    Y = np.column_stack([np.abs(X[:, 0]), np.abs(y)])
    model = SpectralMLPRegressor(12, eigenvalues=eigenvalues, max_iter=300, random_state=0)
    expected = model.fit(X, Y).node_importances_[0]
    for units in ([1, 1000], [1e-6, 1]):
        other = clone(model).fit(X, Y * units)
        assert_allclose(other.node_importances_[0], expected, rtol=1e-6, atol=1e-12)
        assert other.core_sizes_ == model.core_sizes_


@pytest.mark.parametrize("widths", [30, (30, 10)])
def test_outputs_of_different_units_are_all_learned(data, widths):
    X, y = data
    Y = np.column_stack([y, 1e6 * X[:, 0] + 1e7, 1e-6 * X[:, 3]])
    model = SpectralMLPRegressor(widths, max_iter=1500, random_state=0).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert model.n_outputs_ == 3
    errors = ((model.predict(X) - Y) ** 2).mean(axis=0) / Y.var(axis=0)
    assert errors.max() < 0.05


def test_a_column_of_y_is_one_dimensional(problem):
    model, X, y = problem
    expected = clone(model).fit(X, y).predict(X)
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model.fit(X, y[:, None])
    assert_array_equal(model.predict(X), expected)


def test_multilabel():
    X, Y = make_multilabel_classification(150, 8, n_classes=3, random_state=0)
    X = scale(X)
    model = SpectralMLPClassifier(30, alpha=1e-3, max_iter=1000, random_state=0).fit(X, Y)
    assert model.out_activation_ == "logistic"
    assert model.score(X, Y) > 0.9
    assert model.predict_proba(X).shape == Y.shape
    assert_array_equal(model.predict(X), model.predict_proba(X) > 0.5)
    assert_array_equal(model.classes_, [0, 1, 2])
    early = clone(model).set_params(early_stopping=True, max_iter=300).fit(X, Y)
    assert len(early.validation_scores_) == early.n_iter_


@pytest.mark.parametrize("convert", [np.asarray, csr_array])
def test_labels_are_zeros_and_ones(convert):
    X, Y = make_multilabel_classification(150, 8, n_classes=3, random_state=0)
    model = SpectralMLPClassifier(10, solver="lbfgs", tol=1e-2, random_state=0).fit(X, Y)
    before = model.predict_proba(X)
    for other in (255 * Y, -Y):
        with pytest.raises(ValueError, match="must hold zeros and ones, but it holds other numb"):
            model.fit(X, convert(other))
    assert_array_equal(model.predict_proba(X), before)
    for same in (Y.astype(bool), Y.astype(float)):
        assert_array_equal(clone(model).fit(X, convert(same)).predict_proba(X), before)


def test_iris_probabilities():
    X, y = load_iris(return_X_y=True)
    X = scale(X)
    for labels, activation, width in ((y, "softmax", 3), (y == 1, "logistic", 1)):
        model = SpectralMLPClassifier(20, max_iter=1000, random_state=0).fit(X, labels)
        probabilities = model.predict_proba(X)
        assert model.out_activation_ == activation
        assert model.n_outputs_ == width
        assert probabilities.shape == (150, len(model.classes_))
        assert_allclose(probabilities.sum(axis=1), 1)
        assert_allclose(model.predict_log_proba(X), np.log(probabilities))
        assert_array_equal(model.predict(X), model.classes_[probabilities.argmax(axis=1)])
        assert model.score(X, labels) > 0.93


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_names_of_the_classes_do_not_matter(n_classes, early_stopping):
    X, y = load_iris(return_X_y=True)
    X, y = scale(X)[: 50 * n_classes], y[: 50 * n_classes]
    model = SpectralMLPClassifier(12, max_iter=400, random_state=0)
    model.set_params(early_stopping=early_stopping, validation_fraction=0.3)
    expected = clone(model).fit(X, y)
    assert expected.score(X, y) > 0.9
    others = [np.array(list("abc")), np.array(list("abc"), object), np.array([-1, 5, 700])]
    for names in others if n_classes == 3 else [*others, np.array([False, True])]:
        other = clone(model).fit(X, names[y])
        assert_array_equal(other.predict_proba(X), expected.predict_proba(X))
        assert_array_equal(other.classes_, names[:n_classes])
        assert_array_equal(other.predict(X), names[expected.predict(X)])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("value", [0.0, 3.3])
def test_outputs_that_do_not_vary_change_nothing_for_the_others(solver, value):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 4))
    y = np.maximum(X[:, 0], 0) - np.maximum(X[:, 1], 0)
    Y = np.column_stack([y, np.full((400, 4), value)])
    weights = rng.uniform(0.5, 1.5, 400)
    model = SpectralMLPRegressor(20, alpha=0.02, solver=solver, tol=1e-6, random_state=0)
    model.set_params(max_iter=1500)
    one, five = clone(model).fit(X, y, weights), clone(model).fit(X, Y, weights)
    assert_array_equal(five.predict(X)[:, 1:], Y[:, 1:])
    assert not five.coefs_[-1][:, 1:].any()
    assert five.core_sizes_ == one.core_sizes_
    assert five.loss_ == pytest.approx(one.loss_, rel=1e-3)
    assert_allclose(five.predict(X)[:, 0], one.predict(X), atol=0.01)


def test_a_constant_output_has_no_say_in_scores_and_strengths():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 6))
    y = np.maximum(X @ rng.standard_normal((6, 3)), 0)
    Y, weights = np.column_stack([y, np.full(600, 7.3)]), rng.uniform(0.5, 1.5, 600)
    model = SpectralMLPRegressor(20, alpha="auto", max_iter=200, random_state=0)
    alphas = [clone(model).fit(X, targets, weights).alpha_ for targets in (Y, y)]
    assert alphas[0] == pytest.approx(alphas[1], rel=0.1)
    model.set_params(alpha=1e-3, early_stopping=True).fit(X, Y, weights)
    assert 0.9 < model.best_validation_score_ <= 1


@pytest.mark.parametrize("n_rows", [300, 500])
@pytest.mark.parametrize("widths", [50, (30, 20)])
def test_of_noise_alone_the_core_is_empty(n_rows, widths):
    """What enters the nodes vanishes, and what leaves them stays behind."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n_rows, 5)), 3 + rng.standard_normal(n_rows)
    with pytest.warns(ConvergenceWarning, match="is a constant"):
        model = SpectralMLPRegressor(widths, random_state=0).fit(X, y)
    assert not any(model.core_sizes_)
    assert_array_equal(model.feature_importances_, np.zeros(5))
    assert np.ptp(model.predict(X)) < 1e-5
    assert_allclose(model.predict(X).mean(), y.mean(), rtol=0.02)


@pytest.mark.parametrize("eigenvalues", ["in", "out", "both", None])
def test_dust_is_in_no_core(eigenvalues):
    """A constant goes into the last intercept; without one, it takes the nodes."""
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((50, 3)), [rng.standard_normal((3, 4)), np.ones((4, 1))]
    still = Parameters.from_weights(weights, [np.full(4, -99.0), np.full(1, 100.0)], eigenvalues)
    model = SpectralMLPRegressor(4)
    left = _without_dust(still, X, model)
    network = left.weights, left.intercepts, "relu", "identity"
    assert_array_equal(forward(X, *network), 100.0)
    assert all(nodes.max() < FLOOR for nodes in relevance(left.weights, eigenvalues))
    assert_array_equal(left.eigenvalues_in[1], still.eigenvalues_in[1])
    for others in ({"fit_intercept": False}, {"trainable": "eigenvalues"}):
        assert _without_dust(still, X, SpectralMLPRegressor(4, **others)) is still
    still.intercepts[0][:] = 0
    still.eigenvectors[1][:] *= 0.02
    assert _without_dust(still, X, model) is still


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # one iteration
def test_what_has_hardly_begun_is_no_dust():
    rng = np.random.default_rng(0)
    X = 1e-3 * rng.standard_normal((200, 3))
    model = SpectralMLPRegressor(10, max_iter=1, random_state=0)
    with pytest.warns(UserWarning, match="root mean square"):
        model.fit(X, X[:, 0])
    assert np.ptp(model.predict(X)) < 1e-2 * X[:, 0].std()
    assert model.core_sizes_[0] > 0


def test_of_a_constant_the_core_is_empty():
    X = np.random.default_rng(0).standard_normal((100, 3))
    with pytest.warns(ConvergenceWarning, match="is a constant"):
        model = SpectralMLPRegressor(10, random_state=0).fit(X, np.full(100, 0.3))
    assert model.core_sizes_ == (0,)
    assert_array_equal(model.predict(X), 0.3)
