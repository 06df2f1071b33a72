"""SpectralPruner(n_nodes_to_select="auto")."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression
from skspectral.mlp.cut import cut
from skspectral.pruner.elimination import _cheapest, _removed, _Stage, eliminate

STUDENT = SpectralMLPRegressor(30, alpha=3e-4, max_iter=300, random_state=0)


def pruned(X, y, student=STUDENT, **settings):
    return SpectralPruner(clone(student), n_nodes_to_select="auto", **settings).fit(X, y)


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
    assert pruner.n_nodes_ == (4,)
    assert pruner.pruned_estimator_.hidden_layer_sizes == 4
    # What is left besides the noise: that of fitting 4 * 10 weights to 2000 rows, or of L-BFGS.
    error = np.mean((pruner.predict(X) - clean) ** 2) / clean.var()
    assert error < 3 * 40 / 2000 * noise**2 + 1e-6


def test_masks_and_network_agree():
    X, y = make_teacher_regression(1000, 6, hidden_layer_sizes=3, random_state=1)
    full = clone(STUDENT).fit(X, y)
    pruner = SpectralPruner(full, prefit=True, n_nodes_to_select="auto").fit(X, y)
    assert pruner.masks_[0].all()
    assert [int(mask.sum()) for mask in pruner.masks_[1:]] == list(pruner.n_nodes_)
    assert pruner.transform(X).shape == (1000, pruner.n_nodes_[0])
    assert pruner.refit_scores_ == {}
    # Without refit: the kept nodes as the full network has them.
    plain = SpectralPruner(full, prefit=True, n_nodes_to_select="auto", refit=False).fit(X, y)
    assert_array_equal(plain.masks_[1], pruner.masks_[1])
    assert_allclose(plain.predict(X), cut(full, plain.masks_[1:]).predict(X))
    change = abs(plain.predict(X) - full.predict(X)).max()
    assert plain.largest_change_ == pruner.largest_change_ == pytest.approx(change)
    # Those who fit the network again get the settings that they gave.
    assert pruner.pruned_estimator_.get_params()["solver"] == "adam"
    assert pruner.pruned_estimator_.alpha == 3e-4


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_several_layers_and_outputs(activation):
    X, y = make_teacher_regression(600, 5, hidden_layer_sizes=(3, 2), random_state=0)
    y = np.column_stack([y, X[:, 0]])
    student = SpectralMLPRegressor((12, 8), activation=activation, alpha=1e-3, random_state=0)
    student.set_params(max_iter=300).fit(X, y)
    pruner = SpectralPruner(student, prefit=True, n_nodes_to_select="auto").fit(X, y)
    n_candidates = [int((2e-3 * R.max() < R).sum()) for R in student.node_importances_]
    assert all(n <= most for n, most in zip(pruner.n_nodes_, n_candidates, strict=True))
    assert sum(pruner.n_nodes_) < sum(n_candidates)
    assert pruner.score(X, y) > student.score(X, y) - 0.01
    shapes = [w.shape for w in pruner.pruned_estimator_.coefs_]
    n_first, n_second = pruner.n_nodes_
    assert shapes == [(5, n_first), (n_first, n_second), (n_second, 2)]


def test_weights_inputs_and_pipelines():
    X, y = make_teacher_regression(
        800, 7, hidden_layer_sizes=3, n_irrelevant=3, random_state=0, noise=0.05
    )
    rng = np.random.default_rng(0)
    spoiled = np.r_[y, rng.normal(size=200) * 5 * y.std()]
    weights = np.r_[np.ones(800), np.zeros(200)]
    X_spoiled = np.r_[X, rng.normal(size=(200, X.shape[1]))]
    pipe = make_pipeline(StandardScaler(), STUDENT)
    one = SpectralPruner(pipe[-1], n_nodes_to_select="auto", layer=0)
    two = clone(one).fit(X_spoiled, spoiled, sample_weight=weights)
    one.fit(X, y)
    assert one.n_nodes_ == two.n_nodes_
    assert_allclose(one.predict(X), two.predict(X), atol=0.05 * y.std())
    assert one.pruned_estimator_.n_features_in_ == one.masks_[0].sum() == 4
    assert SpectralPruner(pipe, n_nodes_to_select="auto").fit(X, y).score(X, y) > 0.99


def test_the_removed_node_is_the_one_that_is_missed_least():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    network = SpectralMLPRegressor(6, max_iter=300, random_state=0)
    network.fit(X, np.abs(X[:, 0]) + X[:, 1])
    weights = rng.uniform(size=500)
    cost, layer, node, readouts = _cheapest(network, X, weights, 0)
    # By brute force: leave each out, and fit new readouts to the outputs by least squares.
    hidden = np.maximum(X @ network.coefs_[0] + network.intercepts_[0], 0)
    outputs, root = network.predict(X), np.sqrt(weights)
    errors = []
    for k in range(6):
        others = np.column_stack([np.delete(hidden, k, axis=1), np.ones(500)])
        fitted = np.linalg.lstsq(others * root[:, None], outputs * root, rcond=None)[0]
        errors.append(np.average((others @ fitted - outputs) ** 2, weights=weights))
        if k == node:
            expected = others @ fitted
    mean = np.average(outputs, weights=weights)
    variance = np.average((outputs - mean) ** 2, weights=weights)
    assert layer == 0
    assert node == int(np.argmin(errors))
    assert cost == pytest.approx(min(errors) / variance, rel=1e-4)
    stage = _removed(_Stage(network, [np.ones(6, dtype=bool)]), 0, node, readouts)
    assert_allclose(stage.network.predict(X), expected, atol=1e-4)
    assert np.flatnonzero(~stage.masks[0]).tolist() == [node]


def test_what_says_nothing_is_reduced_to_next_to_nothing():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 3)), rng.normal(size=300)
    network = SpectralMLPRegressor(8, alpha=1e-3, max_iter=50, random_state=0).fit(X, y)
    small, masks = eliminate(network, X, y)
    assert masks[0].sum() <= 2
    assert small.coefs_[0].shape == (3, masks[0].sum())


def test_refusals(data):
    X, y = data
    labels = y > 0
    with pytest.raises(ValueError, match="n_nodes_to_select='auto' is for regressors"):
        pruned(X, labels, SpectralMLPClassifier(5))
    with pytest.raises(ValueError, match="n_nodes_to_select='auto' is for regressors"):
        SpectralPruner(n_nodes_to_select="auto").fit(X, labels)
    prefit = SpectralPruner(clone(STUDENT).fit(X, y), prefit=True, n_nodes_to_select="auto")
    with pytest.raises(NotFittedError, match="needs data with n_nodes_to_select='auto'; call fit"):
        prefit.pruned_estimator_  # noqa: B018, it is the access that raises
