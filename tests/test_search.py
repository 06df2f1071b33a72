"""The searches that train in stacks, against those of scikit-learn."""

import copy
import os
import re

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from scipy.stats import loguniform, randint
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_digits, load_wine, make_friedman1, make_multilabel_classification
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer, make_scorer, r2_score
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler, scale

from skspectral import (
    SpectralGridSearchCV,
    SpectralMLPClassifier,
    SpectralMLPRegressor,
    SpectralRandomizedSearchCV,
)
from skspectral.engine import together
from skspectral.model_selection import core_size, smallest_core

pytestmark = pytest.mark.filterwarnings(
    # A few epochs are enough to compare.
    "ignore::sklearn.exceptions.ConvergenceWarning"
)

REGRESSOR = SpectralMLPRegressor(max_iter=20, random_state=0)
CLASSIFIER = SpectralMLPClassifier(max_iter=20, random_state=0)
GRID = {"hidden_layer_sizes": [5, 8, 40], "alpha": [1e-3, 1e-2]}


def friedman(n_samples=300, dtype=np.float64):
    X, y = make_friedman1(n_samples, 6, random_state=0)
    return scale(X).astype(dtype), y


def in_pipeline(grid, name="spectralmlpregressor"):
    return {f"{name}__{key}": values for key, values in grid.items()}


def both(estimator, grid, X, y, fit_params=None, **options):
    """The same search in stacks and by scikit-learn."""
    options = {"cv": KFold(3)} | options
    searches = [
        search(clone(estimator), grid, **options).fit(X, y, **fit_params or {})
        for search in (SpectralGridSearchCV, GridSearchCV)
    ]
    assert_same_results(*searches)
    return searches


def assert_same_results(stacked, plain):
    assert list(stacked.cv_results_) == list(plain.cv_results_)
    for key, values in plain.cv_results_.items():
        own = stacked.cv_results_[key]
        if key.endswith("_time"):
            assert np.all(own > 0) or key.startswith("std")
        elif key.startswith("param"):
            assert list(own) == list(values)
        elif not key.startswith("rank"):
            assert_allclose(own, values, rtol=1e-6, atol=1e-6, err_msg=key)
    if stacked.refit and not callable(stacked.refit):
        assert stacked.best_params_ == plain.best_params_
        assert stacked.best_score_ == pytest.approx(plain.best_score_, abs=1e-6)
    if stacked.refit:
        assert stacked.best_estimator_.core_sizes_ == plain.best_estimator_.core_sizes_


VARIED = {
    "widths and strengths": GRID,
    "rates": {"learning_rate_init": [1e-3, 1e-2]},
    "seeds": {"random_state": [0, 1, 2]},
    "ratios": {"alpha_phi": [1e-3, None], "alpha_lambda": [1e-4]},
    "two hidden layers": {"hidden_layer_sizes": [(6, 4), (5, 30), 7]},
    "what no stack can vary": {"activation": ["tanh", "relu"], "eigenvalues": ["in", "out"]},
    "batches": {"batch_size": [50, 1000], "hidden_layer_sizes": [5, 6]},
    "early stopping": {"early_stopping": [True], "n_iter_no_change": [1], **GRID},
    "plateaus": {"learning_rate": ["adaptive", "constant"], "tol": [0.05], **GRID},
    "solvers": {"solver": ["lbfgs", "adam"]},
    "dense": {"parametrization": ["dense"], **GRID},
    "automatic strength": {"alpha": ["auto", 1e-3]},
    "no intercepts": {"fit_intercept": [False], **GRID},
    "order": {"shuffle": [False], **GRID},
}


@pytest.mark.filterwarnings("ignore:Got `batch_size` less than 1:UserWarning")  # it is varied
@pytest.mark.parametrize("grid", VARIED.values(), ids=VARIED)
def test_agrees_with_grid_search(grid):
    both(REGRESSOR, grid, *friedman())


@pytest.mark.parametrize("names", ["numbers", "strings"])
def test_agrees_for_a_classifier(names):
    X, y = load_wine(return_X_y=True)
    if names == "strings":
        y = np.array(["red", "white", "rose"])[y]
    grid = GRID | {"class_weight": [None, "balanced"]}
    search, _ = both(CLASSIFIER, grid, scale(X), y, cv=3, return_train_score=True)
    assert search.classes_.tolist() == np.unique(y).tolist()
    assert search.predict_proba(scale(X)).shape == (178, 3)


def test_agrees_for_several_outputs_and_labels():
    X, y = friedman()
    both(REGRESSOR, GRID, X, np.column_stack([y, -y, y**2]))
    X, y = make_multilabel_classification(150, 6, random_state=0)
    both(CLASSIFIER, GRID, scale(X), y)


@pytest.mark.parametrize("convert", ["frame", "csr", "float32", "int", "list", "fortran"])
def test_agrees_for_all_kinds_of_input(convert):
    X, y = friedman(120)
    if convert == "frame":
        X = pd.DataFrame(X, columns=list("abcdef"))
    else:
        X = {
            "csr": csr_array,
            "float32": np.float32,
            "int": lambda X: (10 * X).astype(int),
            "list": lambda X: X.tolist(),
            "fortran": np.asfortranarray,
        }[convert](X)
    search, _ = both(REGRESSOR, GRID, X, y)
    if convert == "frame":
        assert search.feature_names_in_.tolist() == list("abcdef")


def test_agrees_in_a_pipeline_whose_steps_are_searched():
    X, y = friedman()
    pipe = make_pipeline(StandardScaler(), FunctionTransformer(), REGRESSOR)
    grid = in_pipeline(GRID) | {
        "standardscaler": [StandardScaler(), "passthrough"],
        "functiontransformer__func": [None, np.tanh],
    }
    stacked, plain = (
        search(pipe, grid, cv=3).fit(X, y) for search in (SpectralGridSearchCV, GridSearchCV)
    )
    for k in range(3):
        key = f"split{k}_test_score"
        assert_allclose(stacked.cv_results_[key], plain.cv_results_[key], atol=1e-6)
    assert_allclose(stacked.predict(X), plain.predict(X), atol=1e-6)


def test_random_search_agrees():
    X, y = friedman()
    draws = {"hidden_layer_sizes": randint(3, 90), "alpha": loguniform(1e-4, 1e-1)}
    assert_same_results(
        *(
            search(REGRESSOR, draws, n_iter=7, random_state=3, cv=3).fit(X, y)
            for search in (SpectralRandomizedSearchCV, RandomizedSearchCV)
        )
    )


def refits(estimator, X, y):
    """A scorer that fits what it is given anew."""
    return copy.deepcopy(estimator).set_params(max_iter=3).fit(X, y).n_iter_


def test_scorers_get_an_estimator_like_any_other():
    both(REGRESSOR, GRID, *friedman(), scoring=refits, refit=False)


class Seeing(SpectralMLPRegressor):
    """Fits its own way."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, -y, sample_weight)


class Capped(Pipeline):
    """Predicts nothing that it has not seen."""

    def fit(self, X, y, **params):
        self.seen_ = y.min(), y.max()
        self[-1].set_params(max_iter=self[-1].max_iter + 1)
        return super().fit(X, y, **params)

    def predict(self, X):
        return np.clip(super().predict(X), *self.seen_)


def test_a_fit_of_its_own_is_respected():
    both(Seeing(max_iter=20, random_state=0), GRID, *friedman())
    pipe = Capped([("scale", StandardScaler()), ("spectralmlpregressor", REGRESSOR)])
    both(pipe, in_pipeline(GRID), *friedman(), scoring="r2", refit=False)


def test_fits_are_told_as_by_scikit_learn(capsys):
    for kind in (SpectralGridSearchCV, GridSearchCV):
        kind(REGRESSOR, {"alpha": [1e-3, 1e-2]}, cv=3, verbose=10).fit(*friedman(60))
    lines = re.sub("total time=.*", "", capsys.readouterr().out).splitlines()
    assert sorted(lines[: len(lines) // 2]) == sorted(lines[len(lines) // 2 :])
    assert any(line.startswith("[CV 3/3; 2/2] START alpha=0.01") for line in lines)


def test_scorers_see_the_names_of_the_columns():
    X, y = friedman()
    names = [f"column {k}" for k in range(X.shape[1])]
    seen = []

    def score(estimator, X, y):
        seen.append(list(estimator.feature_names_in_))
        return estimator.score(X, y)

    both(REGRESSOR, GRID, pd.DataFrame(X, columns=names), y, scoring=score)
    assert seen == [names] * 2 * 18


@pytest.mark.parametrize("convert", [pd.DataFrame, np.ndarray.tolist])
def test_candidates_share_their_rows_in_any_container(convert, monkeypatch):
    calls = []

    def train(X, members, **options):
        calls.append((len(X), options["n_sharing"]))
        return engine_train(X, members, **options)

    engine_train = together.train
    monkeypatch.setattr(together, "train", train)
    X, y = friedman()
    grid = {"alpha": [1e-3, 1e-2]}
    SpectralGridSearchCV(REGRESSOR, grid, cv=KFold(3), refit=False).fit(convert(X), y)
    assert calls == [(600, 2)]  # the training rows of three splits, once
    restarts = clone(REGRESSOR).set_params(n_init=4).fit(convert(X), y)
    assert calls[1:] == [(300, 1)]  # each start has an order of its own
    assert len(restarts.stability_.core_sizes) == 4


def undefined(X):
    return X / nothing  # noqa: F821 - the NameError is what is looked for


def test_an_error_tells_where_it_came_from():
    pipe = make_pipeline(FunctionTransformer(undefined), REGRESSOR)
    search = SpectralGridSearchCV(pipe, in_pipeline(GRID), cv=KFold(3), error_score="raise")
    with pytest.raises(NameError) as caught:
        search.fit(*friedman())
    assert "undefined" in [entry.name for entry in caught.traceback]


def test_an_error_of_the_engine_is_that_of_all_it_concerns(monkeypatch):
    def train(*args, **options):
        raise MemoryError("too little")

    monkeypatch.setattr(together, "train", train)
    search = SpectralGridSearchCV(REGRESSOR, GRID, cv=KFold(3), error_score="raise")
    with pytest.raises(MemoryError, match="too little"):
        search.fit(*friedman())
    with pytest.raises(ValueError, match="(?s)All the 18 fits failed.*18 fits failed with"):
        search.set_params(error_score=np.nan).fit(*friedman())


def test_several_scores_and_the_smallest_core():
    X, y = friedman()
    scoring = {"score": "r2", "core_size": core_size}
    both(REGRESSOR, GRID, X, y, scoring=scoring, refit=smallest_core(), return_train_score=True)
    both(REGRESSOR, GRID, X, y, scoring=scoring, refit=False)
    by_callable, _ = both(
        REGRESSOR, GRID, X, y, scoring=lambda m, X, y: {"r2": m.score(X, y)}, refit="r2"
    )
    assert by_callable.multimetric_
    with pytest.raises(ValueError, match="For multi-metric scoring"):
        SpectralGridSearchCV(REGRESSOR, GRID, scoring=scoring).fit(X, y)


def test_weights_and_groups_go_where_they_should():
    X, y = friedman()
    rng = np.random.default_rng(0)
    params = {"sample_weight": rng.uniform(0.1, 3, 300), "groups": rng.integers(9, size=300)}
    both(REGRESSOR, GRID, X, y, fit_params=params, cv=GroupKFold(3))
    pipe = make_pipeline(StandardScaler(), REGRESSOR)
    own = {"spectralmlpregressor__sample_weight": params["sample_weight"]}
    stacked, plain = (
        search(pipe, in_pipeline(GRID), cv=3).fit(X, y, **own)
        for search in (SpectralGridSearchCV, GridSearchCV)
    )
    assert_allclose(stacked.predict(X), plain.predict(X), atol=1e-6)
    unweighted = SpectralGridSearchCV(pipe, in_pipeline(GRID), cv=3).fit(X, y)
    assert abs(unweighted.predict(X) - plain.predict(X)).max() > 1e-3


def test_metadata_is_routed():
    X, y = friedman()
    params = {"sample_weight": np.random.default_rng(0).uniform(0.1, 3, 300)}
    with config_context(enable_metadata_routing=True):
        network = clone(REGRESSOR).set_fit_request(sample_weight=True)
        scorer = make_scorer(r2_score).set_score_request(sample_weight=True)
        both(network, GRID, X, y, fit_params=params, scoring=scorer)


def test_candidates_get_what_they_ask_for():
    X, y = friedman()
    params = {"sample_weight": np.random.default_rng(0).uniform(0, 3, 300)}
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        asking, ignoring = (
            clone(REGRESSOR).set_fit_request(sample_weight=asks) for asks in (True, False)
        )
        pipe = make_pipeline(scaler, ignoring)
        scorer = make_scorer(r2_score).set_score_request(sample_weight=False)
        grid = {"spectralmlpregressor": [asking, ignoring]}
        both_ways = both(pipe, grid, X, y, params, scoring=scorer, refit=False)
    first, second = both_ways[0].cv_results_["mean_test_score"]
    assert abs(first - second) > 1e-4


class Jitter(TransformerMixin, BaseEstimator):
    """Draws anew whenever it transforms."""

    def fit(self, X, y=None):
        self.rng_ = np.random.default_rng(0)
        return self

    def transform(self, X):
        return X + self.rng_.normal(size=X.shape)


def test_what_a_step_does_in_one_candidate_does_not_reach_the_next():
    grid = {"spectralmlpregressor__alpha": [1e-3, 1e-3, 1e-3]}
    pipe = make_pipeline(Jitter(), REGRESSOR)
    stacked, _ = both(pipe, grid, *friedman(), refit=False)
    assert np.ptp(stacked.cv_results_["mean_test_score"]) < 1e-12


def test_functions_without_a_name_are_told_apart():
    grid = {"step__func": [lambda X: X + 1, lambda X: X[:, ::-1] ** 2]}
    pipe = Pipeline([("step", FunctionTransformer()), ("mlp", REGRESSOR)])
    stacked, _ = both(pipe, grid, *friedman(), refit=False)
    assert np.ptp(stacked.cv_results_["mean_test_score"]) > 1e-3


def test_a_shared_random_state_is_drawn_from_in_order():
    X, y = friedman()
    results = []
    for search in (SpectralRandomizedSearchCV, RandomizedSearchCV):
        rng = np.random.RandomState(0)
        mlp = clone(REGRESSOR).set_params(random_state=rng)
        cv = KFold(3, shuffle=True, random_state=rng)
        own = search(mlp, {"alpha": loguniform(1e-4, 1)}, n_iter=3, cv=cv, random_state=rng)
        results.append(own.fit(X, y))
    assert_same_results(*results)
    assert results[0].best_estimator_.loss_ == pytest.approx(results[1].best_estimator_.loss_)


def test_splits_may_be_ranges_and_processes_plain():
    splits = [(range(0, 300, 2), range(1, 300, 2))]
    both(REGRESSOR, GRID, *friedman(), cv=splits, refit=False)
    with parallel_config("multiprocessing", n_jobs=2):
        both(REGRESSOR, {"alpha": [1e-3, 1e-2]}, *friedman(), refit=False)


def test_other_estimators_are_searched_as_by_scikit_learn():
    X, y = friedman()
    search = SpectralGridSearchCV(Ridge(), {"alpha": [1.0, 10.0]}, cv=3).fit(X, y)
    plain = GridSearchCV(Ridge(), {"alpha": [1.0, 10.0]}, cv=3).fit(X, y)
    assert_allclose(search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    pipe = make_pipeline(StandardScaler(), REGRESSOR)
    grid = {"spectralmlpregressor": [Ridge(), REGRESSOR, clone(REGRESSOR).set_params(alpha=0.1)]}
    stacked, plain = (
        search(pipe, grid, cv=3).fit(X, y) for search in (SpectralGridSearchCV, GridSearchCV)
    )
    key = "mean_test_score"
    assert_allclose(stacked.cv_results_[key], plain.cv_results_[key], atol=1e-6)


@pytest.mark.parametrize(
    "failure",
    [
        {"learning_rate_init": 1e200},
        {"hidden_layer_sizes": -3},
        {"batch_size": np.inf},
        {"n_init": np.array([1, 2])},
        *({name: object()} for name in REGRESSOR.get_params()),
    ],
    ids=lambda failure: f"{next(iter(failure))}",
)
def test_a_failure_takes_only_itself_down(failure):
    X, y = friedman()
    good = {"alpha": [1e-3, 1e-2], "hidden_layer_sizes": [8]}
    grid = [good, {key: [value] for key, value in failure.items()}]
    with (
        pytest.warns(FitFailedWarning, match="3 fits failed out of a total of 9"),
        pytest.warns(UserWarning, match="test scores are non-finite"),
        np.errstate(over="ignore", invalid="ignore"),
    ):
        search = SpectralGridSearchCV(REGRESSOR, grid, cv=KFold(3)).fit(X, y)
    alone = SpectralGridSearchCV(REGRESSOR, good, cv=KFold(3)).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isnan(scores[2])
    assert_allclose(scores[:2], alone.cv_results_["mean_test_score"], atol=1e-6)
    assert search.best_params_ == alone.best_params_
    with pytest.raises(ValueError, match=next(iter(failure))):
        SpectralGridSearchCV(REGRESSOR, grid, cv=3, error_score="raise").fit(X, y)


def test_bad_settings_are_refused():
    X, y = friedman()
    with pytest.raises(ValueError, match="All the 3 fits failed"):
        SpectralGridSearchCV(REGRESSOR, {"alpha": [-1.0]}, cv=3).fit(X, y)
    with pytest.raises(ValueError, match="Invalid parameter 'width'"):
        SpectralGridSearchCV(REGRESSOR, {"width": [1]}, cv=3).fit(X, y)
    with pytest.raises(ValueError, match="'memory_limit' parameter"):
        SpectralGridSearchCV(REGRESSOR, GRID, memory_limit=0).fit(X, y)
    with pytest.raises(TypeError, match="Pipeline"):
        SpectralGridSearchCV(Pipeline([]), {"a": [1]}, cv=3).fit(X, y)
    with pytest.raises(ValueError, match="1 candidates and 0 splits"):
        SpectralGridSearchCV(REGRESSOR, {"alpha": [1.0]}, cv=[]).fit(X, y)


def test_the_number_of_jobs_changes_nothing():
    X, y = friedman()
    one, two = (
        SpectralGridSearchCV(REGRESSOR, GRID, cv=3, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2)
    )
    for k in range(3):
        key = f"split{k}_test_score"
        assert_allclose(one.cv_results_[key], two.cv_results_[key], rtol=1e-12)


class CountingScaler(TransformerMixin, BaseEstimator):
    """Notes each fit in a file."""

    def __init__(self, path):
        self.path = path

    def fit(self, X, y=None):
        with open(self.path, "a") as file:
            file.write("x")
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X


def test_steps_are_fitted_once_for_each_split(tmp_path):
    X, y = friedman()
    path = tmp_path / "fits"
    pipe = make_pipeline(CountingScaler(str(path)), REGRESSOR)
    SpectralGridSearchCV(pipe, in_pipeline(GRID), cv=3, refit=False).fit(X, y)
    assert len(path.read_text()) == 3


class Interruptible:
    """A scorer that notes each call in a file, and interrupts the first search at one of them."""

    def __init__(self, folder, at):
        self.folder, self.at = folder, at

    def __call__(self, estimator, X, y):
        path = self.folder / "calls"
        calls = len(path.read_text()) if path.exists() else 0
        if calls == self.at and not (self.folder / "interrupted").exists():
            (self.folder / "interrupted").touch()
            raise KeyboardInterrupt
        path.write_text("x" * (calls + 1))
        return get_scorer("r2")(estimator, X, y)


def test_an_interrupted_search_goes_on(tmp_path):
    X, y = friedman()
    grid = {"hidden_layer_sizes": [5, 60, 200]}
    options = {"cv": 3, "refit": False}
    scorer = Interruptible(tmp_path, at=7)

    def search():
        return SpectralGridSearchCV(
            REGRESSOR,
            grid,
            scoring=scorer,
            memory=str(tmp_path / "cache"),
            memory_limit=1.0,  # each fit is a group
            **options,
        ).fit(X, y)

    with pytest.raises(KeyboardInterrupt):
        search()
    found = search()
    # Nothing that was scored before is scored again.
    assert len((tmp_path / "calls").read_text()) == 3 * 3
    plain = GridSearchCV(REGRESSOR, grid, **options).fit(X, y)
    key = "mean_test_score"
    assert_allclose(found.cv_results_[key], plain.cv_results_[key], atol=1e-6)
    grid["hidden_layer_sizes"].append(8)
    search()
    assert len((tmp_path / "calls").read_text()) == 4 * 3


class Scaler(TransformerMixin, BaseEstimator):
    """Its scale is in a file."""

    def __init__(self, path):
        self.path = path

    def fit(self, X, y=None):
        self.scale_ = float(self.path.read_text())
        return self

    def transform(self, X):
        return X / self.scale_


def test_what_failed_is_not_kept(tmp_path):
    X, y = friedman()
    pipe = make_pipeline(Scaler(tmp_path / "scale"), REGRESSOR)
    grid = {"spectralmlpregressor__alpha": [1e-3, 1e-2]}
    search = SpectralGridSearchCV(pipe, grid, cv=3, memory=str(tmp_path / "cache"))
    with pytest.raises(ValueError, match="All the 6 fits failed"):
        search.fit(X, y)
    (tmp_path / "scale").write_text("2.0")
    plain = GridSearchCV(pipe, grid, cv=3).fit(X, y)
    assert search.fit(X, y).best_score_ == pytest.approx(plain.best_score_, abs=1e-6)


def test_what_cannot_be_kept_is_told(tmp_path):
    X, y = friedman()
    options = {"cv": 2, "memory": str(tmp_path)}
    with pytest.raises(TypeError, match="top of a module, or set memory=None"):
        SpectralGridSearchCV(REGRESSOR, GRID, scoring=lambda *_: 0.0, **options).fit(X, y)
    with pytest.warns(UserWarning, match="is of no effect on Ridge"):
        SpectralGridSearchCV(Ridge(), {"alpha": [1.0]}, **options).fit(X, y)


class Killer:
    """A scorer that ends the worker it runs in."""

    def __init__(self, parent):
        self.parent = parent

    def __call__(self, estimator, X, y):
        if os.getpid() != self.parent:
            os._exit(1)
        return 0.0


# loky says so of its own accord, in whatever process notices.
@pytest.mark.filterwarnings("ignore:A worker stopped while some jobs were given:UserWarning")
def test_a_killed_worker_is_an_error():
    X, y = friedman()
    search = SpectralGridSearchCV(REGRESSOR, GRID, cv=3, n_jobs=2, scoring=Killer(os.getpid()))
    with pytest.raises(TerminatedWorkerError):
        search.fit(X, y)
    assert not hasattr(search, "cv_results_")


def test_dask_carries_the_groups():
    distributed = pytest.importorskip("distributed", reason="needs dask[distributed]")
    X, y = friedman()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        parallel_config(backend="dask"),
    ):
        scorer = make_scorer(r2_score)
        search = SpectralGridSearchCV(REGRESSOR, GRID, cv=KFold(3), scoring=scorer).fit(X, y)
    plain = GridSearchCV(REGRESSOR, GRID, cv=KFold(3)).fit(X, y)
    key = "mean_test_score"
    assert_allclose(search.cv_results_[key], plain.cv_results_[key], atol=1e-6)


class Tasks:
    """A callback that counts the tasks that end."""

    def __init__(self):
        self.ended = {}

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        key = context.estimator_name, context.task_name
        self.ended[key] = self.ended.get(key, 0) + 1

    def teardown(self, estimator, context):
        pass


def test_progress_is_counted_in_fits():
    X, y = friedman()
    callback = Tasks()
    search = SpectralGridSearchCV(REGRESSOR, GRID, cv=3).set_callbacks(callback)
    search.fit(X, y)
    own = {task: n for (name, task), n in callback.ended.items() if name == type(search).__name__}
    assert own["candidate-split-evaluation"] == 18
    assert own["refit-with-best-params"] == own["search"] == own["fit"] == 1


def test_callbacks_of_the_estimator_see_every_epoch():
    X, y = friedman()
    callback = Tasks()
    search = SpectralGridSearchCV(clone(REGRESSOR).set_callbacks(callback), {"alpha": [0.1]}, cv=3)
    search.fit(X, y)
    assert callback.ended["SpectralMLPRegressor", "fit iteration"] == 4 * 20


def test_float32_finds_the_same_or_one_as_good():
    X, y = load_digits(return_X_y=True)
    network = SpectralMLPClassifier(random_state=0, max_iter=60)
    grid = {"hidden_layer_sizes": [10, 30], "alpha": [3e-4, 1e-2]}
    double, single = (
        SpectralGridSearchCV(network, grid, cv=KFold(3), refit=False).fit((X / 16).astype(dtype), y)
        for dtype in (np.float64, np.float32)
    )
    scores = np.column_stack([double.cv_results_[f"split{k}_test_score"] for k in range(3)])
    best = scores[double.best_index_]
    error = best.std(ddof=1) / np.sqrt(3)
    assert scores[single.best_index_].mean() >= best.mean() - error


def test_a_search_that_fails_leaves_a_fitted_one_as_it_was():
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60.0)
    mlp = SpectralMLPRegressor(5, max_iter=30, n_iter_no_change=30, random_state=0)
    search = SpectralGridSearchCV(mlp, {"alpha": [1e-3, 1e-2]}, cv=4).fit(X, y)
    before = vars(search).copy()
    search.set_params(cv=2)
    with pytest.raises(ValueError, match="All the 4 fits failed"):
        search.fit(X * np.nan, y)
    assert vars(search) == before | {"cv": 2}
    search.set_params(refit=lambda results: 1).fit(X, y)
    assert search.best_index_ == 1
    assert not hasattr(search, "best_score_")


class Disagreeing:
    """Splits that are not as many as it says."""

    def split(self, X, y=None, groups=None):
        yield from KFold(3).split(X)

    def get_n_splits(self, X=None, y=None, groups=None):
        return 5


def test_splits_are_as_many_as_they_say():
    with pytest.raises(ValueError, match="Expected 5 splits, got 3"):
        SpectralGridSearchCV(REGRESSOR, GRID, cv=Disagreeing()).fit(*friedman())


def in_two_steps(kind, knows):
    """A search that tries more where it pays, in the way that scikit-learn documents."""

    class Search(kind):
        def _run_search(self, evaluate_candidates):
            results = evaluate_candidates([{"alpha": 1e-3}, {"alpha": 1.0}])
            assert results["mean_test_score"][0] > results["mean_test_score"][1]
            evaluate_candidates(
                [{"alpha": 1e-2}], KFold(3, shuffle=True, random_state=0), {"n": [7]}
            )

    class KnowingSearch(Search):
        def _run_search(self, evaluate_candidates, callback_ctx=None):
            super()._run_search(evaluate_candidates)

    return KnowingSearch if knows else Search


@pytest.mark.parametrize("knows", [False, True])
def test_subclasses_try_candidates_step_by_step(knows):
    X, y = friedman()
    stacked, plain = (
        in_two_steps(kind, knows)(REGRESSOR, {}, cv=KFold(3)).fit(X, y)
        for kind in (SpectralGridSearchCV, GridSearchCV)
    )
    assert_same_results(stacked, plain)
    assert len(stacked.cv_results_["params"]) == 3


class Shapes(Tasks):
    """A callback that looks at the data of the fits."""

    def on_fit_task_end(self, estimator, context, *, X, y, metadata):
        super().on_fit_task_end(estimator, context)
        weights = None if metadata is None else metadata["sample_weight"].tolist()
        own = context.task_name, context.task_id, np.shape(X), np.shape(y), weights
        self.ended.setdefault("data", []).append(own)


def test_callbacks_get_the_data_of_each_fit():
    X, y = friedman()
    seen = []
    for kind in (SpectralGridSearchCV, GridSearchCV):
        callback = Shapes()
        search = kind(REGRESSOR, {"alpha": [1e-3, 1e-2]}, cv=KFold(3)).set_callbacks(callback)
        search.fit(X, y, sample_weight=np.linspace(1, 2, len(y)))
        own = [data for data in callback.ended["data"] if data[0] != "fit iteration"]
        seen.append(sorted(own, key=repr))
    assert ("candidate-split-evaluation", 0, (200, 6), (200,)) in [own[:4] for own in seen[0]]
    assert seen[0] == seen[1]


def test_memory_may_be_without_a_limit():
    X, y = friedman()
    limits = [SpectralGridSearchCV(REGRESSOR, GRID, memory_limit=m).fit(X, y) for m in (1, np.inf)]
    assert_same_results(*limits)
