"""A fit that is interrupted keeps what it has; whoever fits several passes the interruption on."""

import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.feature_selection import SelectFromModel
from sklearn.pipeline import make_pipeline

from skspectral import (
    SpectralGridSearchCV,
    SpectralMLPRegressor,
    SpectralPruner,
    SpectralPrunerCV,
)
from skspectral.engine.objective import Objective

# Their fits are cut short to begin with, or by the interruption.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Training interrupted by user"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
QUICK = {"max_iter": 20, "random_state": 0}


@pytest.mark.parametrize("n", [3, 30, 70])
@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": "auto", "max_iter": 100},
        {"n_init": 2},
        {"n_init": 3, "solver": "lbfgs"},
    ],
)
def test_in_a_search(data, interrupt_at, settings, n):
    network = SpectralMLPRegressor(8, **QUICK | settings)
    interrupt_at(Objective, "evaluate", n)
    with pytest.raises(KeyboardInterrupt):
        SpectralGridSearchCV(network, {"alpha_w": [0.1, 0.2]}, cv=3, refit=False).fit(*data)


def test_nothing_half_trained_is_kept_by_a_search(data, interrupt_at, monkeypatch, tmp_path):
    network = SpectralMLPRegressor(8, n_init=2, **QUICK)
    search = SpectralGridSearchCV(network, {"alpha": [1e-3, 1.0]}, cv=2, refit=False)
    expected = clone(search).fit(*data).cv_results_["mean_test_score"]
    search.set_params(memory=str(tmp_path))
    interrupt_at(Objective, "evaluate", 30)
    with pytest.raises(KeyboardInterrupt):
        search.fit(*data)
    monkeypatch.undo()
    assert_allclose(search.fit(*data).cv_results_["mean_test_score"], expected)


def test_in_a_step_of_a_search(data, interrupt_at):
    selector = SelectFromModel(SpectralMLPRegressor(8, **QUICK), max_features=2)
    pipe = make_pipeline(selector, SpectralMLPRegressor(8, **QUICK))
    interrupt_at(Objective, "evaluate", 5)
    with pytest.raises(KeyboardInterrupt):
        SpectralGridSearchCV(pipe, {"spectralmlpregressor__alpha": [1e-3]}, cv=2).fit(*data)


@pytest.mark.parametrize("n", [10, 200, 330])
def test_in_a_pruner(data, interrupt_at, n):
    for pruner in (SpectralPruner, SpectralPrunerCV):
        calls = interrupt_at(Objective, "evaluate", n)
        with pytest.raises(KeyboardInterrupt):
            pruner(SpectralMLPRegressor(8, max_iter=100, random_state=0)).fit(*data)
        assert len(calls) == n


def test_in_the_search_for_the_size(data, interrupt_at):
    network = SpectralMLPRegressor(8, random_state=0).fit(*data)
    interrupt_at(Objective, "evaluate", 5)
    with pytest.raises(KeyboardInterrupt):
        SpectralPruner(network, prefit=True).fit(*data)


def test_no_start_follows_one_that_is_interrupted(data, interrupt_at):
    network = SpectralMLPRegressor(8, n_init=3, solver="lbfgs", random_state=0)
    calls = interrupt_at(Objective, "evaluate", 5)
    with pytest.warns(UserWarning, match="interrupted"):
        network.fit(*data)
    assert len(calls) == 5
    assert network.stability_.core_sizes.shape == (1, 1)


def test_what_goes_on_is_no_longer_interrupted(data, interrupt_at):
    network = SpectralMLPRegressor(8, warm_start=True, **QUICK)
    interrupt_at(Objective, "evaluate", 5)
    network.fit(*data).fit(*data)
    assert SpectralPruner(network, prefit=True).fit(*data).score(*data) > 0.5
