"""Classifiers that are too sure of themselves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logit
from sklearn.metrics import log_loss

from skspectral import SpectralMLPClassifier, SpectralPruner
from skspectral.datasets import make_teacher_classification
from skspectral.pruner import trial
from skspectral.pruner.recovery import recover
from skspectral.pruner.sizes import widths_of
from skspectral.pruner.temperature import temperature_of, tempered
from skspectral.pruner.trial import winners


@pytest.fixture(scope="module")
def noisy():
    """Rows of three classes, and of two labels, and what has learnt them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 4))
    scores = X[:, :3] + rng.gumbel(size=(3000, 3))
    y, labels = scores.argmax(axis=1), (X[:, :2] + rng.logistic(size=(3000, 2)) > 0).astype(int)
    return {
        name: (SpectralMLPClassifier(10, random_state=0).fit(X[:2000], Y[:2000]), X, Y)
        for name, Y in (("classes", y), ("labels", labels))
    }


@pytest.mark.parametrize("name", ["classes", "labels"])
def test_the_temperature_undoes_what_is_too_sure(noisy, name):
    network, X, y = noisy[name]
    rows = X[2000:], y[2000:]
    weights = np.ones(1000)
    sure = tempered(network, 1 / 8)
    temperature = temperature_of(sure, *rows, weights)
    assert 6 < temperature < 10
    grid = [temperature * factor for factor in (0.9, 1.0, 1.1)]
    lost = [trial.losses(tempered(sure, one), *rows).mean() for one in grid]
    assert np.argmin(lost) == 1
    # What is not sure enough stays as it is, and the network that was given as well.
    assert temperature_of(tempered(network, 8), *rows, weights) == 1.0
    assert_allclose(sure.coefs_[-1], 8 * network.coefs_[-1], rtol=1e-6)


def test_the_temperature_is_that_of_rows_with_weight(noisy):
    network, X, y = noisy["classes"]
    sure, wrong = tempered(network, 1 / 8), (y + 1) % 3
    rows = np.vstack([X[2000:], X[2000:]]), np.r_[y[2000:], wrong[2000:]]
    expected = temperature_of(sure, X[2000:], y[2000:], np.ones(1000))
    assert_allclose(temperature_of(sure, *rows, np.repeat([1.0, 0.0], 1000)), expected)
    assert temperature_of(sure, *rows, np.ones(2000)) > 2 * expected


@pytest.mark.parametrize("name", ["classes", "labels"])
def test_a_tempered_network_predicts_the_same_classes(noisy, name):
    network, X, _ = noisy[name]
    cool = tempered(network, 3.0)
    assert_array_equal(cool.predict(X), network.predict(X))
    if name == "classes":
        odds = [np.diff(np.log(one.predict_proba(X)), axis=1) for one in (network, cool)]
    else:
        odds = [logit(one.predict_proba(X).astype(float)) for one in (network, cool)]
    assert_allclose(odds[1], odds[0] / 3, rtol=1e-3, atol=1e-4)
    assert_allclose(cool.to_sklearn().predict_proba(X), cool.predict_proba(X), rtol=1e-4)


@pytest.fixture(scope="module")
def deep():
    X, y = make_teacher_classification(
        6000, 10, n_classes=3, hidden_layer_sizes=(5, 3), random_state=0
    )
    X = X.astype(np.float32)
    return SpectralMLPClassifier((30, 15), random_state=0).fit(X[:4000], y[:4000]), X, y


def test_a_trial_does_not_ask_how_sure_a_network_is(deep, monkeypatch):
    network, X, y = deep
    part = X[:3000], y[:3000]
    found = recover(network, *part)
    temperatures = []
    for factor in (10, 50):
        sure = tempered(found[0], 1 / factor), found[1]
        monkeypatch.setattr(trial, "recover", lambda *_, sure=sure, **__: sure)
        ((_, _, temperature),) = winners(network, *part)
        temperatures.append(temperature)
    assert_allclose(temperatures[1], 5 * temperatures[0], rtol=1e-2)


def test_what_is_found_of_several_layers_is_kept_at_its_temperature(deep):
    network, X, y = deep
    rows, fresh = (X[:4000], y[:4000]), (X[4000:], y[4000:])
    ((_, _, temperature),) = winners(network, *rows)
    assert temperature > 1
    pruner = SpectralPruner(network, prefit=True).fit(*rows)
    assert set(pruner.refit_scores_) == {"full", "refit"}
    found, _ = recover(network, *rows)
    assert widths_of(found) == pruner.n_nodes_
    assert {w.dtype for w in pruner.pruned_estimator_.coefs_} == {network.coefs_[0].dtype}
    cool = tempered(found, temperature)
    assert_allclose(pruner.predict_proba(X), cool.predict_proba(X), rtol=1e-4, atol=1e-6)
    assert pruner.score(*fresh) > network.score(*fresh)
    lost = [log_loss(fresh[1], one.predict_proba(fresh[0])) for one in (pruner, network)]
    assert lost[0] < 0.7 * lost[1]
