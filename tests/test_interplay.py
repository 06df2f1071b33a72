"""Callbacks, copies, pickles, reproducibility and scikit-learn's meta-estimators."""

import copy
import os
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingRegressor, StackingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - switches it on
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score
from threadpoolctl import threadpool_info, threadpool_limits

from skspectral import (
    SpectralGridSearchCV,
    SpectralMLPClassifier,
    SpectralMLPRegressor,
    SpectralPruner,
)
from skspectral.pruner.recovery import recover

PREDICT_WITHOUT_TORCH = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is blocked")

sys.meta_path.insert(0, Block())
import joblib
import numpy as np

model, X, y = joblib.load(sys.argv[1])
np.testing.assert_array_equal(model.predict(X), y)
print(model.core_sizes_)
"""

OVERLAPPING_TRAININGS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import torch
from skspectral.engine.threads import one_thread
from threadpoolctl import threadpool_info

def state():
    blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return torch.get_num_threads(), *blas

def first():
    with one_thread():
        begun[0].set()
        begun[1].wait()
    ended.set()
    return {1}

def second():
    begun[0].wait()
    with one_thread():
        begun[1].set()
        ended.wait()
        with one_thread():
            pass
        return set(state())

before, begun, ended = state(), (Event(), Event()), Event()
with ThreadPoolExecutor(2) as threads:
    within = list(threads.map(lambda training: training(), (first, second)))
    after = list(threads.map(lambda _: state(), range(2)))
print(within, before == state() and after == [before] * 2)
"""

FIRST_FIT_UNDER_A_DEFAULT_DEVICE = """
import numpy as np
import torch
from skspectral import SpectralMLPRegressor

X = np.random.default_rng(0).standard_normal((60, 3))
with torch.device("meta"):  # it has shapes, but no numbers
    for activation in "relu", "tanh":
        model = SpectralMLPRegressor(9, activation, max_iter=300, random_state=0)
        print(model.fit(X, X[:, 0]).score(X, X[:, 0]) > 0.9)
"""


def run(code, *arguments, **environment):
    """Standard output of a fresh interpreter."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = os.environ | environment
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout.strip()


class Narrow(SpectralMLPClassifier):
    """Most settings are its own."""

    def __init__(self, alpha="auto", random_state=0):
        super().__init__(12, alpha=alpha, max_iter=300, n_init=2, random_state=random_state)


class StopAfter:
    """Asks to stop after some epochs."""

    def __init__(self, n_epochs):
        self.n_epochs, self.seen = n_epochs, 0

    def setup(self, estimator, context):
        self.seen = 0

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.seen += context.parent is not None
        return self.seen == self.n_epochs

    def teardown(self, estimator, context):
        pass


def test_a_callback_stops_the_fit(regressor, data):
    callback = StopAfter(3)
    regressor.set_callbacks(callback).fit(*data)
    assert regressor.n_iter_ == callback.seen == 3


class Count:
    """Counts the tasks that begin and end, of copies as well."""

    def __init__(self):
        self.begun = self.ended = 0

    def __deepcopy__(self, memo):
        return self

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.begun += 1

    def on_fit_task_end(self, estimator, context):
        self.ended += 1

    def teardown(self, estimator, context):
        pass


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few epochs do
@pytest.mark.parametrize(
    "settings",
    [{"max_iter": 5}, {"solver": "lbfgs"}, {"early_stopping": True}, {"learning_rate": "constant"}],
)
def test_what_begins_ends(regressor, data, settings):
    callback = Count()
    regressor.set_params(**settings).set_callbacks(callback).fit(*data)
    assert callback.begun == callback.ended > regressor.n_iter_


def test_callbacks_and_messages_of_a_pruner_are_those_of_the_full_network(data, capsys):
    callback = Count()
    settings = {"solver": "lbfgs", "tol": 1e-2, "alpha": 1e-2, "random_state": 0}
    mlp = SpectralMLPRegressor(20, **settings, verbose=True).set_callbacks(callback)
    n_begun = mlp.fit(*data) and callback.begun
    capsys.readouterr()
    pruner = SpectralPruner(mlp, threshold="gap").fit(*data)
    assert pruner.refit_scores_
    assert callback.begun == 2 * n_begun
    assert capsys.readouterr().out.count("Iteration") == pruner.estimator_.n_iter_
    # What is left is asked to tell as much, when it is fitted again.
    assert pruner.pruned_estimator_.verbose
    pruner.pruned_estimator_.fit(*data)
    assert callback.begun > 2 * n_begun


def test_scoring_monitor_and_progress_bar(regressor, data):
    monitor = ScoringMonitor(scoring="r2")
    regressor.set_params(max_iter=300)
    regressor.set_callbacks(monitor, ProgressBar()).fit(*data)
    whole, *epochs = monitor.get_logs().data
    assert len(epochs) == regressor.n_iter_
    assert whole["r2"] == pytest.approx(regressor.score(*data))
    assert epochs[-1]["r2"] == pytest.approx(regressor.score(*data))
    assert epochs[0]["r2"] < epochs[-1]["r2"]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_may_train_a_network_of_torch(regressor, data, solver):
    class Trains(StopAfter):
        def on_fit_task_end(self, *args, **kwargs):
            loss = torch.nn.Linear(2, 1)(torch.ones(1, 2)).sum()
            loss.backward()
            return super().on_fit_task_end(*args, **kwargs)

    callback = Trains(3)
    regressor.set_params(solver=solver).set_callbacks(callback).fit(*data)
    assert callback.seen == 3


def test_callbacks_in_a_grid_search(regressor, data):
    monitor = ScoringMonitor(scoring="r2")
    search = GridSearchCV(regressor.set_callbacks(monitor), {"hidden_layer_sizes": [4, 12]}, cv=2)
    search.fit(*data)
    assert monitor.get_logs()
    assert search.best_score_ > 0.5


@pytest.mark.parametrize(
    "through", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model)), "joblib"]
)
def test_copies_predict_identically(regressor, data, tmp_path, through):
    model = regressor.fit(*data)
    if through == "joblib":
        joblib.dump(model, tmp_path / "model.joblib")
        other = joblib.load(tmp_path / "model.joblib")
    else:
        other = through(model)
    assert_array_equal(other.predict(data[0]), model.predict(data[0]))
    assert_array_equal(clone(model).fit(*data).predict(data[0]), model.predict(data[0]))


def test_partial_fit_goes_on_from_a_pickle(regressor, data):
    for _ in range(5):
        regressor.partial_fit(*data)
    other = pickle.loads(pickle.dumps(regressor))
    for model in (regressor, other):
        model.partial_fit(*data)
    assert_array_equal(other.predict(data[0]), regressor.predict(data[0]))


def test_partial_fit_goes_on_from_the_other_order_of_bytes(regressor, data):
    """Of a network that was fitted on another machine."""
    other = copy.deepcopy(regressor.partial_fit(*data))
    for name in "coefs", "intercepts", "eigenvectors", "eigenvalues_in", "eigenvalues_out":
        values = getattr(other, name + "_")
        setattr(other, name + "_", [value.astype(value.dtype.newbyteorder()) for value in values])
    assert other.coefs_[0].dtype.byteorder == ">" or sys.byteorder == "big"
    for model in (regressor, other):
        model.partial_fit(*data)
    assert_array_equal(other.predict(data[0]), regressor.predict(data[0]))


def test_pickles_are_small_and_predict_without_torch(student, teacher, tmp_path):
    X = teacher[0][:50]
    joblib.dump((student, X, student.predict(X)), tmp_path / "model.joblib")
    assert len(pickle.dumps(student)) < 50_000
    assert run(PREDICT_WITHOUT_TORCH, tmp_path / "model.joblib") == "(5,)"


def test_import_leaves_torch_alone():
    assert run("import sys, skspectral; print('torch' in sys.modules)") == "False"


def test_same_seed_same_network_for_any_number_of_jobs(regressor, data):
    X, y = data
    regressor.set_params(hidden_layer_sizes=100)
    searches = [
        GridSearchCV(regressor, {"alpha": [1e-3, 1e-2]}, cv=2, n_jobs=n_jobs).fit(X, y)
        for n_jobs in (1, 2, 1)
    ]
    for search in searches[1:]:
        assert_array_equal(search.predict(X), searches[0].predict(X))
        for name in ("split0_test_score", "split1_test_score"):
            assert_array_equal(search.cv_results_[name], searches[0].cv_results_[name])


def test_trainings_that_overlap_leave_the_number_of_threads_alone():
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "2")
    assert run(OVERLAPPING_TRAININGS, **threads) == "[{1}, {1}] True"


@pytest.mark.parametrize("activation", ["relu", "logistic"])
def test_the_default_device_of_torch_is_not_asked(regressor, data, activation):
    search = SpectralGridSearchCV(
        regressor.set_params(activation=activation, alpha="auto"), {"hidden_layer_sizes": [5, 12]}
    )
    expected = search.fit(*data).predict(data[0])
    torch.set_default_device("meta")  # it has shapes, but no numbers
    try:
        found = search.fit(*data).predict(data[0])
    finally:
        torch.set_default_device(None)
    np.testing.assert_array_equal(found, expected)


def test_nor_by_the_first_fit():
    assert run(FIRST_FIT_UNDER_A_DEFAULT_DEVICE) == "True\nTrue"


def test_numbers_that_vanish_raise_nothing():
    """Whatever NumPy is told to do where they underflow."""
    X, y = make_classification(300, 8, n_informative=5, n_classes=3, random_state=0)
    classifier = SpectralMLPClassifier(50, solver="lbfgs", random_state=0)
    expected = clone(classifier).fit(X, y).predict(X)
    with np.errstate(all="raise"):
        classifier.fit(X, y)
    assert_array_equal(classifier.predict(X), expected)
    X = np.random.default_rng(0).standard_normal((300, 4))
    X[:, 0] *= np.abs(X[:, 0])
    y = np.digitize(X[:, 0], [-0.25, 0.25])  # probabilities of zero and one
    classifier.set_params(solver="adam", max_iter=300).fit(X, y)
    with np.errstate(all="raise"):
        found, _ = recover(classifier, X, y)
    assert found.score(X, y) > 0.98


def test_subclasses_may_have_fewer_parameters(data):
    X, y = data
    labels = (y > 0).astype(int)
    classifier = Narrow().fit(X, labels)
    assert len(classifier.stability_.core_sizes) == 2
    assert classifier.get_params() == {"alpha": "auto", "random_state": 0}
    plain = SpectralMLPClassifier(12, max_iter=300, n_init=2, random_state=0)
    for settings in {}, {"strategy": "before"}, {"n_nodes_to_select": 2}:
        pruner = SpectralPruner(Narrow(), **settings).fit(X, labels)
        other = SpectralPruner(plain, **settings).fit(X, labels)
        assert_array_equal(pruner.estimator_.predict_proba(X), other.estimator_.predict_proba(X))
        assert_array_equal(pruner.predict_proba(X), other.predict_proba(X))
        small = pruner.pruned_estimator_
        assert (small.trainable, small.warm_start, small.alpha) == ("all", False, "auto")


@pytest.mark.parametrize("rate", [5e-3, 1e200])
def test_global_state_is_left_alone(regressor, data, rate):
    def state():
        tiny = torch.full((1,), 1e-310, dtype=torch.float64).mul_(1.0).item()
        return (
            str(np.random.get_state()),  # noqa: NPY002 - the global one is what is looked at
            torch.random.get_rng_state().sum().item(),
            torch.get_num_threads(),
            [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"],
            torch.is_inference_mode_enabled(),
            tiny,
        )

    with threadpool_limits(limits=2, user_api="blas"):  # to see a change on one core, too
        before = state()
        try:
            regressor.set_params(learning_rate_init=rate).fit(*data)
        except ValueError:
            assert rate > 1
        assert state() == before


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few epochs
def test_threads_leave_the_filters_of_warnings_alone(data):
    X, y = data
    fits = [
        SpectralMLPRegressor(5, alpha="auto", max_iter=8 + 4 * k, random_state=k) for k in range(8)
    ] + [
        SpectralPruner(SpectralMLPRegressor(5, max_iter=20), n_nodes_to_select=k) for k in (1, 2, 3)
    ]
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda estimator: estimator.fit(X, y), fits))
    assert list(warnings.filters) == before


def test_select_from_model(regressor, data):
    selector = SelectFromModel(regressor).fit(*data)
    assert_array_equal(selector.get_support(indices=True), [0, 1])


def test_rfe(regressor, data):
    assert_array_equal(RFE(regressor, n_features_to_select=2).fit(*data).support_[:2], True)


def test_permutation_importance(regressor, data):
    result = permutation_importance(regressor.fit(*data), *data, n_repeats=3, random_state=0)
    assert set(np.argsort(result.importances_mean)[-2:]) == {0, 1}


def test_cross_val_score(regressor, data):
    assert cross_val_score(regressor, *data, cv=3).min() > 0.9


@pytest.mark.filterwarnings("ignore:No node of hidden layer")  # an alpha too large is tried
def test_grid_search_over_width_and_strength(regressor, data):
    regressor.set_params(max_iter=2000)
    grid = {"hidden_layer_sizes": [3, 12], "alpha": [1e-3, 10.0]}
    search = GridSearchCV(regressor, grid, cv=2).fit(*data)
    assert search.best_params_["alpha"] == 1e-3
    assert search.best_estimator_.core_sizes_[0] <= search.best_params_["hidden_layer_sizes"]


@pytest.mark.filterwarnings("ignore:No node of hidden layer")  # an alpha too large is tried
def test_halving_grid_search(regressor, data):
    regressor.set_params(max_iter=2000)
    search = HalvingGridSearchCV(regressor, {"alpha": [1e-3, 10.0]}, cv=2, random_state=0)
    assert search.fit(*data).best_params_ == {"alpha": 1e-3}


def test_transformed_target(regressor, data):
    X, y = data
    model = TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)
    assert_allclose(model.fit(X, np.exp(y / 3)).score(X, np.exp(y / 3)), 1, atol=0.1)


def test_bagging(regressor, data):
    model = BaggingRegressor(regressor, n_estimators=3, random_state=0).fit(*data)
    assert model.score(*data) > 0.9


def test_calibration(classifier, data):
    X, y = data
    model = CalibratedClassifierCV(classifier, cv=3).fit(X, y > 0)
    assert model.score(X, y > 0) > 0.9


def test_stacking(regressor, data):
    model = StackingRegressor([("mlp", regressor), ("line", LinearRegression())], cv=3)
    assert model.fit(*data).score(*data) > 0.99
