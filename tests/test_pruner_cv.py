"""SpectralPrunerCV: the number of nodes by cross-validation."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GroupKFold, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPrunerCV
from skspectral.core import top_masks
from skspectral.mlp.cut import cut


@pytest.fixture(scope="module")
def problem(teacher):
    return teacher[0][:1200], teacher[1][:1200]


@pytest.fixture(scope="module")
def fitted(problem):
    """Three folds on 1200 rows of the teacher with five nodes."""
    mlp = SpectralMLPRegressor(hidden_layer_sizes=50, random_state=0)
    return SpectralPrunerCV(mlp, cv=3, n_jobs=2).fit(*problem)


def test_curve_is_that_of_the_cut_networks(fitted, problem):
    X, y = problem
    results = fitted.cv_results_
    np.testing.assert_array_equal(results["n_nodes"][:40], np.arange(1, 41))
    assert results["n_nodes"][-1] == 50
    train, test = list(KFold(3).split(X))[1]
    mlp = clone(fitted.estimator).fit(X[train], y[train])
    for n in (1, 4, 50):
        small = cut(mlp, top_masks(mlp.node_importances_, n))
        column = results["split1_test_score"][results["n_nodes"] == n]
        np.testing.assert_allclose(column, small.score(X[test], y[test]), rtol=1e-10)
    splits = [results[f"split{k}_test_score"] for k in range(3)]
    np.testing.assert_allclose(results["mean_test_score"], np.mean(splits, axis=0))
    np.testing.assert_allclose(results["std_test_score"], np.std(splits, axis=0))


def test_smallest_size_as_good_as_the_best_is_kept(fitted, problem):
    results, (n,) = fitted.cv_results_, fitted.n_nodes_
    assert 5 <= n <= 8
    means = results["mean_test_score"]
    best = means.argmax()
    error = np.std([results[f"split{k}_test_score"][best] for k in range(3)], ddof=1) / np.sqrt(3)
    assert n == results["n_nodes"][means >= means[best] - error].min()
    assert fitted.pruned_estimator_.hidden_layer_sizes == n
    assert fitted.transform(problem[0]).shape == (1200, n)
    assert fitted.score(*problem) > 0.999


@pytest.mark.parametrize("rule", ["best", 0.0, 0.3, 10.0])
def test_rules(rule, fitted):
    # The curve is known: only the choice is looked at.
    results = fitted.cv_results_
    scores = np.column_stack([results[f"split{k}_test_score"] for k in range(3)])
    means = results["mean_test_score"]
    tolerance = 0.0 if rule == "best" else rule
    expected = results["n_nodes"][means >= means.max() * (1 - tolerance)].min()
    good = SpectralPrunerCV(rule=rule)._good(scores)
    assert results["n_nodes"][good.argmax()] == expected


def test_one_fit_for_each_fold(problem, monkeypatch):
    fits = []
    fit = SpectralMLPRegressor.fit
    monkeypatch.setattr(
        SpectralMLPRegressor, "fit", lambda self, *a, **k: fits.append(1) or fit(self, *a, **k)
    )
    mlp = SpectralMLPRegressor(hidden_layer_sizes=30, solver="lbfgs", random_state=0)
    SpectralPrunerCV(mlp, cv=4, refit=False).fit(*problem)
    assert len(fits) == 4 + 1


def test_classifier_in_a_pipeline_with_a_scorer():
    X, y = load_wine(return_X_y=True)
    mlp = SpectralMLPClassifier(30, max_iter=800, alpha=5e-3, random_state=0)
    pipe = make_pipeline(StandardScaler(), mlp)
    pruner = SpectralPrunerCV(pipe, layer=0, cv=3, scoring="neg_log_loss").fit(X, y)
    assert pruner.n_nodes_[0] <= 6
    assert (pruner.cv_results_["mean_test_score"] < 0).all()
    assert pruner.score(X, y) > 0.95
    assert pruner.transform(X).shape == (178, pruner.get_support().sum())


def test_weights_are_split_as_the_rows_are(problem):
    X, y = problem[0][:300], problem[1][:300]
    weights = np.random.default_rng(0).uniform(0, 3, size=300)
    mlp = SpectralMLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0)
    pruner = SpectralPrunerCV(make_pipeline("passthrough", mlp), cv=3, refit=False)
    pruner.fit(X, y, weights)
    train, test = list(KFold(3).split(X))[2]
    alone = clone(mlp).fit(X[train], y[train], weights[train])
    full = pruner.cv_results_["split2_test_score"][-1]
    assert full == pytest.approx(alone.score(X[test], y[test]), rel=1e-10)
    assert full != pytest.approx(mlp.fit(X[train], y[train]).score(X[test], y[test]), rel=1e-8)


def test_scores_have_the_weights_that_a_scorer_asks_for(problem):
    X, y = problem[0][:300], problem[1][:300]
    weights = np.random.default_rng(0).uniform(0, 3, size=300)
    train, test = list(KFold(3).split(X))[2]
    mlp = SpectralMLPRegressor(10, solver="lbfgs", tol=1e-2, random_state=0)
    alone = clone(mlp).fit(X[train], y[train])
    with config_context(enable_metadata_routing=True):
        mlp = mlp.set_fit_request(sample_weight=False).set_score_request(sample_weight=True)
        scorer = make_scorer(mean_absolute_error).set_score_request(sample_weight="w")
        own = SpectralPrunerCV(mlp, cv=3, refit=False).fit(X, y, sample_weight=weights)
        named = SpectralPrunerCV(mlp, cv=3, refit=False, scoring=scorer).fit(X, y, w=weights)
    for pruner, score in (
        (own, alone.score(X[test], y[test], weights[test])),
        (named, mean_absolute_error(y[test], alone.predict(X[test]), sample_weight=weights[test])),
    ):
        assert pruner.cv_results_["split2_test_score"][-1] == pytest.approx(score, rel=1e-10)


def test_groups_are_kept_together(problem):
    X, y = problem[0][:200], problem[1][:200]
    groups = np.repeat(np.arange(4), 50)
    mlp = SpectralMLPRegressor(10, solver="lbfgs", tol=1e-2, random_state=0)
    grouped = SpectralPrunerCV(mlp, cv=GroupKFold(4), refit=False).fit(X, y, groups=groups)
    splits = list(GroupKFold(4).split(X, y, groups))
    named = SpectralPrunerCV(mlp, cv=splits, refit=False).fit(X, y)
    np.testing.assert_array_equal(
        grouped.cv_results_["mean_test_score"], named.cv_results_["mean_test_score"]
    )
    with config_context(enable_metadata_routing=True):
        outer = cross_validate(
            SpectralPrunerCV(mlp, cv=GroupKFold(2), refit=False),
            X,
            y,
            cv=GroupKFold(2),
            params={"groups": groups},
            return_estimator=True,
        )
        mlp = clone(mlp).set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        made = SpectralPrunerCV(mlp, cv=iter(splits), refit=False)
        made.fit(X, y, sample_weight=np.ones(200))
    np.testing.assert_array_equal(
        made.cv_results_["mean_test_score"], named.cv_results_["mean_test_score"]
    )
    train, _ = next(GroupKFold(2).split(X, y, groups))
    inner = GroupKFold(2).split(X[train], y[train], groups[train])
    alone = SpectralPrunerCV(mlp, cv=list(inner), refit=False).fit(X[train], y[train])
    np.testing.assert_array_equal(
        outer["estimator"][0].cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize("cores", [[0] * 5, [2] * 5, [0, 4, 4, 4, 0], [5] * 5, [9] * 5])
def test_more_nodes_are_kept_of_a_core_larger_than_those_of_the_splits(cores, monkeypatch, problem):
    left = iter(cores)

    def score_split(*arguments):
        return np.minimum(arguments[-1], 4), next(left)  # four nodes are enough

    monkeypatch.setattr("skspectral.pruner.pruner_cv._score_split", score_split)
    network = SpectralMLPRegressor(hidden_layer_sizes=12, random_state=0)
    pruner = SpectralPrunerCV(network, refit=False).fit(*problem)
    (own,) = pruner.estimator_.core_sizes_
    assert 4 < own < 12
    core = max(cores)  # a split without a core knows nothing of it
    assert pruner.n_nodes_ == (min(12, max(4, round(4 * own / core))) if core else 4,)


def test_errors(data, regressor):
    X, y = data
    with pytest.raises(ValueError, match=r"or use SpectralPruner\(layer=0\)"):
        SpectralPrunerCV(clone(regressor).set_params(hidden_layer_sizes=())).fit(X, y)
    with pytest.raises(ValueError, match="no spectral network"):
        SpectralPrunerCV(StandardScaler()).fit(X, y)
    with pytest.raises(ValueError, match="'rule' parameter"):
        SpectralPrunerCV(regressor, rule="worst").fit(X, y)
    with pytest.raises(ValueError, match=r"cv=\[\] makes no split"):
        SpectralPrunerCV(regressor, cv=[]).fit(X, y)
    with pytest.raises(ValueError, match="n_splits=9999"):  # before a training that may take long
        SpectralPrunerCV(clone(regressor).set_params(max_iter=-1), cv=9999).fit(X, y)
    with pytest.raises(ValueError, match="finite score"):
        SpectralPrunerCV(regressor, cv=2, scoring=lambda *_: np.nan).fit(X, y)
