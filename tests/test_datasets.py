"""Teachers and their data."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skspectral.datasets import make_teacher_classification, make_teacher_regression


def test_regression_is_what_the_teacher_says():
    X, y, teacher = make_teacher_regression(
        500, 6, hidden_layer_sizes=(4, 3), activation="tanh", return_teacher=True, random_state=0
    )
    assert type(teacher) is MLPRegressor
    W, V, v = teacher.coefs_
    np.testing.assert_allclose(y, (np.tanh(np.tanh(X @ W) @ V) @ v).ravel(), rtol=1e-12)
    for weights in teacher.coefs_:
        assert np.abs(weights).max() <= np.sqrt(6 / sum(weights.shape))
    assert all((b == 0).all() for b in teacher.intercepts_)
    again = make_teacher_regression(
        500, 6, hidden_layer_sizes=(4, 3), activation="tanh", random_state=0
    )
    np.testing.assert_array_equal(again[1], y)


def test_several_targets():
    settings = {"n_targets": 3, "hidden_layer_sizes": 4, "random_state": 0}
    X, Y, teacher = make_teacher_regression(20_000, 5, return_teacher=True, **settings)
    W, V = teacher.coefs_
    np.testing.assert_allclose(Y, np.maximum(X @ W, 0) @ V, rtol=1e-12, atol=1e-12)
    _, noisy = make_teacher_regression(20_000, 5, noise=0.5, **settings)
    np.testing.assert_allclose(np.std(noisy - Y, axis=0), 0.5 * Y.std(axis=0), rtol=0.03)
    assert np.abs(np.corrcoef((noisy - Y).T) - np.eye(3)).max() < 0.04


def test_inputs_are_independent_and_normal():
    X, _ = make_teacher_regression(20_000, 5, random_state=0)
    np.testing.assert_allclose(np.cov(X.T), np.eye(5), atol=0.05)
    np.testing.assert_allclose((X**4).mean(axis=0), 3, atol=0.3)


def test_fresh_data_of_the_same_teacher():
    X, y, teacher = make_teacher_regression(100, 4, return_teacher=True, random_state=0)
    X_new, y_new = make_teacher_regression(50, 4, teacher=teacher, random_state=1)
    np.testing.assert_array_equal(teacher.predict(X_new), y_new)
    assert X_new.shape == (50, 4)
    assert not np.isin(X_new, X).any()
    with pytest.raises(ValueError, match="the teacher has 4; give n_features=4"):
        make_teacher_regression(50, 5, teacher=teacher)


def test_noise_is_a_share_of_the_scale_of_the_target():
    _, y = make_teacher_regression(20_000, 4, random_state=0)
    _, noisy = make_teacher_regression(20_000, 4, noise=0.3, random_state=0)
    assert (noisy - y).std() / y.std() == pytest.approx(0.3, rel=0.02)


@pytest.mark.parametrize("make", [make_teacher_regression, make_teacher_classification])
def test_irrelevant_columns_have_no_effect(make):
    X, y, teacher = make(
        200, 5, n_irrelevant=2, hidden_layer_sizes=3, return_teacher=True, random_state=0
    )
    other = X.copy()
    other[:, 3:] = 9.0
    np.testing.assert_array_equal(teacher.predict(other), y)
    assert (teacher.coefs_[0][:3] != 0).all()
    with pytest.raises(ValueError, match="n_irrelevant=5 of n_features=5"):
        make(10, 5, n_irrelevant=5)
    for sizes in ([[3, 2]], [3, 0], [2.5], [[1], [2, 3]]):
        with pytest.raises(ValueError, match="give a whole number of nodes, at least 1"):
            make(10, 5, hidden_layer_sizes=sizes)


@pytest.mark.parametrize("make", [make_teacher_regression, make_teacher_classification])
@pytest.mark.parametrize("sizes", [(), [], np.array([], int)])
def test_a_teacher_without_hidden_nodes_is_linear(make, sizes):
    X, y, teacher = make(
        300, 4, n_irrelevant=1, hidden_layer_sizes=sizes, return_teacher=True, random_state=0
    )
    assert teacher.hidden_layer_sizes == ()
    outputs = (X[:, :3] @ teacher.coefs_[0][:3] + teacher.intercepts_[0]).ravel()
    if make is make_teacher_classification:
        outputs = outputs > 0
    np.testing.assert_allclose(y, outputs, rtol=1e-12)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_classes(n_classes):
    X, y, teacher = make_teacher_classification(
        5000, 6, n_classes=n_classes, return_teacher=True, random_state=1
    )
    assert type(teacher) is MLPClassifier
    np.testing.assert_array_equal(teacher.predict(X), y)
    shares = np.bincount(y) / len(y)
    assert len(shares) == n_classes
    assert shares.min() > 0.3 / n_classes
    np.testing.assert_allclose(teacher.predict_proba(X).sum(axis=1), 1)
    _, flipped = make_teacher_classification(
        5000, 6, n_classes=n_classes, flip_y=0.4, random_state=1
    )
    assert (flipped != y).mean() == pytest.approx(0.4 * (1 - 1 / n_classes), abs=0.03)


@pytest.mark.parametrize("flip_y", [0.0, 0.2])
def test_the_teacher_of_classes_gives_each_row_one(flip_y):
    X = np.random.default_rng(0).normal(size=(50, 3))
    labels = MLPClassifier().partial_fit(X, (X > 0).astype(int), classes=[0, 1, 2])
    with pytest.raises(ValueError, match="gives a row 3 labels"):
        make_teacher_classification(10, 3, teacher=labels, flip_y=flip_y)
    numbers = MLPRegressor().partial_fit(X, X[:, 0])
    with pytest.raises(ValueError, match="has no classes_; give a fitted classifier"):
        make_teacher_classification(10, 3, teacher=numbers, flip_y=flip_y)
    classes = MLPClassifier().partial_fit(X, X[:, 0] > 0, classes=[False, True])
    with pytest.raises(ValueError, match="has classes_; give a fitted regressor"):
        make_teacher_regression(10, 3, teacher=classes, noise=flip_y)


@pytest.mark.parametrize("make", [make_teacher_regression, make_teacher_classification])
@pytest.mark.parametrize("options", [{}, {"early_stopping": True}])
def test_a_teacher_learns_on(make, options):
    X, y, teacher = make(300, 4, hidden_layer_sizes=3, return_teacher=True, random_state=0)
    weights = teacher.coefs_[0].copy()
    teacher.set_params(warm_start=True, max_iter=2, random_state=0, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        teacher.fit(X, y)
    assert teacher.score(X, y) > 0.95
    if not options:
        teacher.partial_fit(X, y)
        assert teacher.t_ == 3 * 300
    np.testing.assert_allclose(teacher.coefs_[0], weights, atol=0.05)


def test_bad_parameters():
    with pytest.raises(ValueError, match="'activation' parameter"):
        make_teacher_regression(activation="sine")
    with pytest.raises(ValueError, match="'noise' parameter"):
        make_teacher_regression(noise=-1)
    with pytest.raises(ValueError, match="'n_classes' parameter"):
        make_teacher_classification(n_classes=1)
