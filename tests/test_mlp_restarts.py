"""n_init: several starts, the best is kept."""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.utils import check_random_state

from skspectral import SpectralGridSearchCV, SpectralMLPRegressor
from skspectral.mlp.checks import DivergenceError
from skspectral.mlp.fit import Fit

pytestmark = pytest.mark.filterwarnings(
    # A few epochs are enough to compare.
    "ignore::sklearn.exceptions.ConvergenceWarning"
)

N_INIT = 4


def alone(model, X, y, **params):
    """The fits from each start, one by one."""
    seeds = check_random_state(model.random_state).randint(np.iinfo(np.int32).max, size=N_INIT)
    return [clone(model).set_params(random_state=int(s), **params).fit(X, y) for s in seeds]


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, {"early_stopping": True}])
def test_the_best_start_is_kept(problem, outputs, settings):
    model, X, y = problem
    model.set_params(max_iter=40, **settings)
    starts = alone(model, X, y)
    if "early_stopping" in settings:
        best = max(starts, key=lambda start: start.best_validation_score_)
    else:
        best = min(starts, key=lambda start: start.loss_)
    kept = clone(model).set_params(n_init=N_INIT).fit(X, y)
    assert_allclose(outputs(kept, X), outputs(best, X), rtol=1e-6)
    assert kept.loss_ == pytest.approx(best.loss_)
    assert kept.n_iter_ == best.n_iter_
    assert kept.get_params()["random_state"] == model.random_state
    sizes = [start.core_sizes_ for start in starts]
    assert kept.stability_.core_sizes.tolist() == [list(size) for size in sizes]
    assert kept.stability_.core_size == sizes.count(kept.core_sizes_) / N_INIT
    assert kept.stability_.inputs.shape == (4,)


def test_stability_tells_which_inputs_come_back(data):
    X, y = data
    model = SpectralMLPRegressor(12, n_init=3, alpha=1e-2, max_iter=600, random_state=0).fit(X, y)
    # Two of the four count.
    assert model.stability_.inputs.tolist() == [1.0, 1.0, 0.0, 0.0]


def test_a_start_that_diverges_does_not_count(regressor, data, monkeypatch):
    regressor.set_params(n_init=3, max_iter=5)
    expected = clone(regressor).fit(*data).stability_.core_sizes
    begin, calls = Fit._start, []

    def start(self, *args):
        parameters = begin(self, *args)
        calls.append(self)
        if len(calls) in diverging:
            parameters.eigenvectors[0][:] = 1e200
        return parameters

    monkeypatch.setattr(Fit, "_start", start)
    diverging = {2}
    found = clone(regressor).fit(*data).stability_.core_sizes
    np.testing.assert_array_equal(found, expected[[0, 2]])
    calls.clear()
    diverging = {1, 2, 3}
    with pytest.raises(ValueError, match="non-finite"):
        regressor.fit(*data)
    assert not hasattr(regressor, "coefs_")


def test_each_start_follows_the_noise_for_itself(regressor, data):
    model = regressor.set_params(n_init=N_INIT, alpha="auto", max_iter=100).fit(*data)
    starts = alone(model, *data, n_init=1)
    best = min(starts, key=lambda start: start.loss_)
    assert model.alpha_ == pytest.approx(best.alpha_)
    assert len({start.alpha_ for start in starts}) > 1
    assert model.alpha == "auto"


def test_later_fits_know_nothing_of_earlier_ones(regressor, data):
    model = regressor.set_params(n_init=2, max_iter=5).fit(*data)
    assert hasattr(model, "stability_")
    again = deepcopy(model).set_params(warm_start=True).fit(*data)
    assert not hasattr(again, "stability_")
    model.set_params(n_init=1).fit(*data)
    assert not hasattr(model, "stability_")


class Tasks:
    """A callback that notes the tasks that end."""

    def __init__(self):
        self.ended, self.setups = [], 0

    def setup(self, estimator, context):
        self.setups += 1

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        self.ended.append((context.task_name, fitted_estimator is not None))

    def teardown(self, estimator, context):
        self.setups -= 1


def test_callbacks_are_told_of_every_start(regressor, data):
    callback = Tasks()
    regressor.set_params(n_init=3, max_iter=5).set_callbacks(callback).fit(*data)
    assert callback.ended == [("start", True)] * 3 + [("fit", True)]
    assert callback.setups == 0


@pytest.mark.parametrize("diverges", [False, True])
def test_scores_of_starts_are_monitored(regressor, data, diverges):
    monitor = ScoringMonitor(scoring="r2")
    regressor.set_params(n_init=2, max_iter=5).set_callbacks(monitor)
    if diverges:
        with pytest.raises(DivergenceError):
            regressor.set_params(learning_rate_init=1e200).fit(*data)
        return
    score = regressor.fit(*data).score(*data)
    # Of each start, and of the one that is kept.
    scores = monitor.get_logs().data_as_pandas["r2"]
    assert (scores == score).tolist().count(True) == 2
    assert len(scores) == 3


def test_a_fit_without_names_forgets_those_of_the_fit_before(regressor, data):
    X, y = data
    regressor.set_params(n_init=2, max_iter=5)
    frame = pd.DataFrame(X, columns=list("abcd"))
    assert regressor.fit(frame, y).feature_names_in_.tolist() == list("abcd")
    assert not hasattr(regressor.fit(X, y), "feature_names_in_")
    regressor.predict(X)


def test_a_search_tries_starts_as_well(regressor, data):
    grid = {"n_init": [1, 3], "alpha": [1e-3, 1e-2]}
    regressor.set_params(max_iter=10)
    stacked, plain = (
        search(regressor, grid, cv=3).fit(*data) for search in (SpectralGridSearchCV, GridSearchCV)
    )
    key = "mean_test_score"
    assert_allclose(stacked.cv_results_[key], plain.cv_results_[key], atol=1e-6)


def test_a_start_that_collapses_is_no_warning_if_another_is_kept(data, monkeypatch):
    X, y = data
    model = SpectralMLPRegressor(5, solver="lbfgs", n_init=3, random_state=0)
    begin, calls = Fit._start, []

    def start(self, *args):
        parameters = begin(self, *args)
        calls.append(self)
        if len(calls) != 2:
            for own in (*parameters.eigenvectors, *parameters.eigenvalues_in):
                own[:] = 0
        return parameters

    monkeypatch.setattr(Fit, "_start", start)
    assert model.fit(X, y).stability_.core_sizes.ravel()[[0, 2]].tolist() == [0, 0]
    assert model.core_sizes_[0] > 0
