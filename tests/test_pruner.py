"""SpectralPruner: what it keeps, the network it leaves, and the transformer it is."""

import pickle
from copy import deepcopy

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array, issparse
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import AdaBoostRegressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skspectral import (
    SpectralMLPClassifier,
    SpectralMLPRegressor,
    SpectralPruner,
    SpectralPrunerCV,
)
from skspectral.core import gap_threshold, relevance
from skspectral.datasets import make_teacher_regression
from skspectral.mlp.cut import cut
from skspectral.pruner import refit
from skspectral.pruner.network import network_for

N_TEACHER = 5  # hidden nodes of the teacher in conftest.py


@pytest.fixture(scope="module")
def pruner(teacher):
    """Fitted with the defaults on 2000 rows of the teacher."""
    X, y = teacher
    mlp = SpectralMLPRegressor(hidden_layer_sizes=40, random_state=0)
    return SpectralPruner(mlp).fit(X[:2000], y[:2000])


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True, as_frame=True)
    return X, y


@pytest.fixture(scope="module")
def wine_pipe(wine):
    mlp = SpectralMLPClassifier(hidden_layer_sizes=30, max_iter=1000, alpha=5e-3, random_state=0)
    return make_pipeline(StandardScaler(), mlp).fit(*wine)


def parameters_of(network):
    names = ["coefs_", "intercepts_", "eigenvectors_", "eigenvalues_in_", "eigenvalues_out_"]
    return [array.copy() for name in names for array in getattr(network, name)]


def with_zeroed_nodes(mode, activation):
    """A fitted network of 12 nodes, of which the first 7 have no relevance, and data."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    mlp = SpectralMLPRegressor(
        hidden_layer_sizes=(12, 4), eigenvalues=mode, activation=activation, max_iter=5
    )
    with pytest.warns(match="converged"):
        mlp.fit(X, X[:, 0])
    for k in range(7):
        if mode == "in":
            mlp.eigenvalues_in_[1][k] = 0
            mlp.coefs_[1][k] = 0
        else:
            mlp.eigenvalues_out_[0][k] = 0
            mlp.coefs_[0][:, k] = 0
    return mlp, X


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("mode", ["in", "out"])
def test_nodes_without_relevance_go_without_a_trace(mode, activation):
    mlp, X = with_zeroed_nodes(mode, activation)
    small = SpectralPruner(mlp, prefit=True, threshold=0.0).pruned_estimator_
    assert [w.shape for w in small.coefs_] == [(3, 5), (5, 4), (4, 1)]
    np.testing.assert_allclose(small.predict(X), mlp.predict(X), rtol=1e-12, atol=1e-15)


def test_the_core_of_the_teacher_is_left(pruner, teacher):
    X, y = teacher
    fresh = X[4000:], y[4000:]
    assert pruner.n_nodes_ == (N_TEACHER,)
    assert pruner.score(*fresh) > pruner.estimator_.score(*fresh)
    assert 1 - pruner.score(*fresh) < 1e-4


def test_pruned_network_is_small_and_consistent(pruner):
    small, full = pruner.pruned_estimator_, pruner.estimator_
    assert type(small) is type(full)
    assert small.hidden_layer_sizes == N_TEACHER
    assert [w.shape for w in small.coefs_] == [(8, N_TEACHER), (N_TEACHER, 1)]
    assert [b.shape for b in small.intercepts_] == [(N_TEACHER,), (1,)]
    for k in range(2):
        gate = small.eigenvalues_in_[k][:, None] - small.eigenvalues_out_[k]
        np.testing.assert_allclose(small.eigenvectors_[k] * gate, small.coefs_[k], rtol=1e-12)
    assert len(pickle.dumps(small.to_sklearn())) < len(pickle.dumps(full)) / 2


def test_everything_that_works_on_a_network_works_on_the_pruned_one(pruner, teacher):
    X, y = teacher[0][:500], teacher[1][:500]
    small = pruner.pruned_estimator_
    assert small.core_sizes_ == (N_TEACHER,)
    assert small.feature_importances_.sum() == pytest.approx(1)
    np.testing.assert_array_equal(small.to_sklearn().predict(X), small.predict(X))
    assert clone(small).fit(X, y).score(X, y) > 0.9
    before = small.score(X, y)
    going_on = pickle.loads(pickle.dumps(small)).partial_fit(X, y)
    assert going_on.score(X, y) > before - 0.1


def test_prefit_is_ready_without_fit_and_never_changed(student, teacher):
    X, y = teacher[0][:1000], teacher[1][:1000]
    before = parameters_of(student)
    pruner = SpectralPruner(student, prefit=True)
    assert pruner.n_nodes_ == student.core_sizes_
    np.testing.assert_allclose(pruner.predict(X), student.predict(X), atol=0.05 * y.std())
    assert pruner.transform(X).shape == (1000, student.core_sizes_[0])
    pruner.fit(X, y)
    assert pruner.score(X, y) >= student.score(X, y)
    assert pruner.estimator_ is not student
    for array, unchanged in zip(parameters_of(student), before, strict=True):
        np.testing.assert_array_equal(array, unchanged)


def test_refit_is_taken_back_where_it_overfits():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 5)), rng.normal(size=80)
    mlp = SpectralMLPRegressor(hidden_layer_sizes=30, max_iter=400, random_state=0)
    pruner = SpectralPruner(mlp, threshold="gap").fit(X, y)
    assert pruner.refit_scores_["refit"] < pruner.refit_scores_["cut"]
    plain = SpectralPruner(mlp, refit=False).fit(X, y)
    assert plain.refit_scores_ == {}
    np.testing.assert_array_equal(pruner.predict(X), plain.predict(X))


def test_summary_says_whether_the_refit_was_kept(monkeypatch, capsys, data):
    X, y = data
    pruner = SpectralPruner(SpectralMLPRegressor(12, max_iter=300, random_state=0), threshold=0.1)
    for kept in (True, False):

        def refit(network, *_, kept=kept):
            # A better score alone does not tell.
            return (deepcopy(network) if kept else network), {"cut": 0.5, "refit": 0.6}

        monkeypatch.setattr("skspectral.pruner.base.refit", refit)
        pruner.fit(X, y).summary()
        printed = capsys.readouterr().out
        assert f"refitted ({'kept' if kept else 'taken back'})" in printed
        assert ("on the training data, before it was trained on: " in printed) is kept


def test_summary_says_where_the_width_may_be_the_limit(capsys):
    X, y = make_teacher_regression(1000, 6, hidden_layer_sizes=4, random_state=0)
    for width, line in ((2, True), (20, False)):
        SpectralPruner(SpectralMLPRegressor(width, random_state=0)).fit(X, y).summary()
        printed = capsys.readouterr().out
        assert (
            "hidden layer 1 keeps all its nodes: a wider network may have more" in printed
        ) is line


@pytest.mark.parametrize("n_rows", [8, 15])
def test_too_few_rows_are_not_refitted(n_rows):
    X = np.random.default_rng(0).normal(size=(n_rows, 2))
    y = np.arange(n_rows) % 3
    mlp = SpectralMLPClassifier(hidden_layer_sizes=5, max_iter=300, random_state=0)
    assert SpectralPruner(mlp).fit(X, y).refit_scores_ == {}


def test_thresholds(student):
    def kept(threshold):
        return SpectralPruner(student, prefit=True, threshold=threshold).get_support()

    spectrum = student.node_importances_[0]
    np.testing.assert_array_equal(kept(0.05), student.core_masks_[0])
    np.testing.assert_array_equal(kept(0.7), spectrum > 0.7 * spectrum.max())
    np.testing.assert_array_equal(kept(gap_threshold), kept("auto"))
    np.testing.assert_array_equal(kept(lambda r: 0.7), kept(0.7))
    assert kept("auto").sum() == N_TEACHER


@pytest.mark.parametrize(
    ("layer", "wanted", "sizes"),
    [
        (-1, 3, (8, 5, 3)),
        (1, 3, (8, 3, 4)),
        (1, 0.5, (8, 6, 4)),
        (-1, (2, 1), (8, 2, 1)),
        (-1, (None, 1), (8, 5, 1)),
        (0, 2, (2, 5, 4)),
        (0, (3, 2, 1), (3, 2, 1)),
    ],
)
def test_numbers_of_nodes(layer, wanted, sizes):
    rng = np.random.default_rng(0)
    mlp = SpectralMLPRegressor(hidden_layer_sizes=(12, 4), max_iter=5, random_state=0)
    X = rng.normal(size=(60, 8))
    with pytest.warns(match="converged"):
        mlp.fit(X, X[:, 0])
    # Seven nodes of the first layer are far below the others.
    mlp.coefs_[1][:7] *= 1e-5
    pruner = SpectralPruner(mlp, prefit=True, layer=layer, n_nodes_to_select=wanted)
    small = pruner.pruned_estimator_
    assert (small.n_features_in_, *(len(b) for b in small.intercepts_[:-1])) == sizes
    spectra = relevance(mlp.coefs_)
    for mask, spectrum in zip(pruner.masks_, spectra, strict=True):
        assert spectrum[mask].min() >= spectrum[~mask].max(initial=0)


def test_inputs_are_selected(pruner, teacher):
    X, y = teacher[0][:2000].astype(np.float32), teacher[1][:2000]
    mlp = SpectralMLPRegressor(hidden_layer_sizes=40, random_state=0)
    selector = SpectralPruner(mlp, layer=0).fit(X, y)
    # The last two of the eight inputs have no effect.
    np.testing.assert_array_equal(selector.get_support(indices=True), np.arange(6))
    kept = selector.transform(X)
    assert kept.dtype == np.float32
    np.testing.assert_array_equal(kept, X[:, :6])
    np.testing.assert_array_equal(selector.inverse_transform(kept)[:, 6:], 0)
    np.testing.assert_array_equal(selector.inverse_transform(kept)[:, :6], kept)
    assert selector.get_feature_names_out().tolist() == [f"x{k}" for k in range(6)]
    small = selector.pruned_estimator_
    assert small.n_features_in_ == 6
    np.testing.assert_array_equal(small.predict(kept), selector.predict(X))
    assert selector.score(X, y) > 0.99
    assert selector.feature_importances_.shape == (8,)
    assert pruner.feature_importances_.shape == (40,)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_keep_their_columns(frame, wine, wine_pipe):
    kind = frame.__module__.partition(".")[0]
    scaled = StandardScaler().set_output(transform=kind).fit_transform(wine[0])
    mlp = clone(wine_pipe[-1])
    selector = SpectralPruner(mlp, layer=0, n_nodes_to_select=4).fit(scaled, wine[1])
    selector.set_output(transform=kind)
    kept = selector.transform(scaled)
    assert isinstance(kept, frame)
    assert list(kept.columns) == list(selector.get_feature_names_out())
    assert set(kept.columns) < set(wine[0].columns)
    assert selector.predict(scaled).shape == (178,)
    hidden = clone(selector).set_params(layer=-1, n_nodes_to_select=2).fit(scaled, wine[1])
    columns = list(hidden.set_output(transform=kind).transform(scaled).columns)
    assert columns == ["spectralpruner0", "spectralpruner1"]


def test_sparse_stays_sparse(teacher):
    X, y = csr_array(np.maximum(teacher[0][:300], 0)), teacher[1][:300]
    mlp = SpectralMLPRegressor(hidden_layer_sizes=10, max_iter=300, random_state=0)
    selector = SpectralPruner(mlp, layer=0, n_nodes_to_select=3).fit(X, y)
    kept = selector.transform(X)
    assert issparse(kept)
    np.testing.assert_array_equal(kept.toarray(), X.toarray()[:, selector.get_support()])
    assert issparse(selector.inverse_transform(kept))
    np.testing.assert_allclose(selector.predict(X), selector.predict(X.toarray()), rtol=1e-10)


def test_hidden_activations_are_those_of_the_pruned_network(pruner, teacher):
    X = teacher[0][:100]
    activations = pruner.transform(X)
    small = pruner.pruned_estimator_
    outputs = activations @ small.coefs_[1] + small.intercepts_[1]
    np.testing.assert_allclose(outputs.ravel(), pruner.predict(X), rtol=1e-10)
    assert pruner.get_support().sum() == activations.shape[1] == N_TEACHER
    with pytest.raises(AttributeError, match="inverse_transform"):
        pruner.inverse_transform(activations)


def test_pipeline_inside(wine, wine_pipe):
    X, y = wine
    selector = SpectralPruner(wine_pipe, layer=0, n_nodes_to_select=5, prefit=True)
    kept = selector.set_output(transform="pandas").transform(X)
    # A scaler leaves the columns what they are: they come back as they were.
    pd.testing.assert_frame_equal(kept, X[selector.get_feature_names_out()])
    scaled = wine_pipe[0].transform(X)[:, selector.get_support()]
    np.testing.assert_array_equal(selector.predict(X), selector.pruned_estimator_.predict(scaled))
    assert selector.score(X, y) > 0.8
    rotated = make_pipeline(StandardScaler(), PCA(6), clone(wine_pipe[-1])).fit(X, y)
    selector = SpectralPruner(rotated, layer=0, n_nodes_to_select=2, prefit=True)
    assert set(selector.get_feature_names_out()) < {f"pca{k}" for k in range(6)}
    expected = rotated[:-1].transform(X)[:, selector.get_support()]
    np.testing.assert_array_equal(selector.transform(X), expected)


def test_steps_that_leave_columns_out_leave_the_others_what_they_are(data):
    """Whether a column is constant in some fold must not decide what is returned."""
    X = pd.DataFrame(data[0], columns=list("abcd")).assign(e=1.0)[list("eabcd")]
    mlp = SpectralMLPRegressor(8, solver="lbfgs", random_state=0)
    pipe = make_pipeline(VarianceThreshold(), StandardScaler(), mlp)
    selector = SpectralPruner(pipe, layer=0).set_output(transform="pandas").fit(X, data[1])
    assert selector.get_support().tolist() == [False, True, True, False, False]
    assert (selector.feature_importances_ > 0).tolist() == selector.get_support().tolist()
    kept = selector.transform(X)
    pd.testing.assert_frame_equal(kept, X[["a", "b"]])
    assert list(selector.get_feature_names_out()) == ["a", "b"]
    back = selector.inverse_transform(kept)
    np.testing.assert_array_equal(back, X * [0, 1, 1, 0, 0])


def test_columns_that_steps_leave_out_may_be_of_any_kind(data):
    X = pd.DataFrame(data[0], columns=list("abcd")).assign(kind="x", gap=np.nan)
    numbers = make_column_transformer(
        (StandardScaler(), list("abcd")), verbose_feature_names_out=False
    )
    mlp = SpectralMLPRegressor(8, solver="lbfgs", random_state=0)
    selector = SpectralPruner(make_pipeline(numbers, mlp), layer=0).fit(X, data[1])
    kept = selector.transform(X)
    assert kept.dtype == float
    np.testing.assert_array_equal(kept, data[0][:, :2])
    assert selector.get_support().tolist() == [True, True, False, False, False, False]


def test_steps_whose_names_are_not_the_columns_pass_on_what_they_make(data):
    steps = FunctionTransformer(lambda X: X[:, :2], feature_names_out="one-to-one")
    mlp = SpectralMLPRegressor(8, solver="lbfgs", random_state=0)
    selector = SpectralPruner(make_pipeline(steps, mlp), layer=0).fit(*data)
    assert selector.get_support().tolist() == [True, True]
    assert (selector.feature_importances_ > 0).all()


def test_steps_that_reorder_columns_pass_on_what_they_make(data):
    X = pd.DataFrame(data[0], columns=list("abcd"))
    order = make_column_transformer(
        (StandardScaler(), ["d", "c", "b", "a"]), verbose_feature_names_out=False
    )
    mlp = SpectralMLPRegressor(8, solver="lbfgs", random_state=0)
    selector = SpectralPruner(make_pipeline(order, mlp), layer=0).fit(X, data[1])
    assert list(selector.get_feature_names_out()) == ["b", "a"]
    scaled = StandardScaler().fit_transform(X[["b", "a"]])
    np.testing.assert_allclose(selector.transform(X), scaled)


@pytest.mark.parametrize("threshold", ["auto", "gap"])
@pytest.mark.parametrize("layer", [0, 1])
def test_relevance_agrees_with_the_choice(layer, threshold, data):
    mlp = SpectralMLPRegressor(8, solver="lbfgs", random_state=0)
    pruner = SpectralPruner(mlp, layer=layer, threshold=threshold).fit(*data)
    relevance = pruner.feature_importances_
    np.testing.assert_array_equal(relevance > 0, pruner.get_support())
    small = pruner.pruned_estimator_
    kept = small.feature_importances_ if layer == 0 else small.node_importances_[0]
    shares = relevance[relevance > 0] / relevance.sum()
    np.testing.assert_allclose(shares, kept / kept.sum(), rtol=1e-6)


@pytest.mark.parametrize(
    "steps",
    [
        [("nothing", "passthrough")],
        [("nothing", None), ("within", Pipeline([("nothing", "passthrough")]))],
        [("nothing", "passthrough"), ("scale", StandardScaler())],
        [("within", Pipeline([("nothing", "passthrough"), ("scale", StandardScaler())]))],
    ],
    ids=["passthrough", "nested", "scaler", "nested scaler"],
)
@pytest.mark.parametrize("kind", [SpectralPruner, SpectralPrunerCV])
def test_steps_that_do_nothing_change_nothing(kind, steps, data):
    X, y = pd.DataFrame(data[0], columns=list("abcd")), data[1]
    mlp = SpectralMLPRegressor(8, solver="lbfgs", random_state=0)
    selector = kind(Pipeline([*steps, ("mlp", mlp)]), layer=0).fit(X, y)
    names = selector.get_feature_names_out()
    assert list(names) == ["a", "b"]
    assert selector.n_features_in_ == 4
    assert list(selector.feature_names_in_) == list("abcd")
    pd.testing.assert_frame_equal(selector.set_output(transform="pandas").transform(X), X[names])
    with pytest.raises(ValueError, match="feature names should match"):
        selector.transform(X[list("dcba")])
    unnamed = kind(selector.estimator, layer=0).fit(*data)
    assert list(unnamed.get_feature_names_out()) == ["x0", "x1"]
    assert list(unnamed.get_feature_names_out(list("pqrs"))) == ["p", "q"]
    assert not hasattr(unnamed, "feature_names_in_")
    with pytest.raises(ValueError, match="X has 3 features"):
        unnamed.transform(data[0][:, :3])


def test_pipelines_whose_steps_know_no_columns(data):
    X, y = data
    mlp = SpectralMLPRegressor(8, solver="lbfgs", tol=0.1, random_state=0)
    X = np.where(np.abs(X) > 2, np.nan, X)
    imputed = make_pipeline(SimpleImputer(), StandardScaler(), mlp)
    selector = SpectralPruner(imputed, layer=0, n_nodes_to_select=2).fit(X, y)
    np.testing.assert_array_equal(selector.transform(X), X[:, selector.get_support()])
    texts, labels = ["red fox", "red hen", "grey hen", "grey owl"] * 10, [0, 0, 1, 1] * 10
    words = make_pipeline(TfidfVectorizer(), SpectralMLPClassifier(8, solver="lbfgs", tol=0.1))
    selector = SpectralPruner(words, layer=0, n_nodes_to_select=2).fit(texts, labels)
    assert selector.transform(texts).shape == (40, 2)
    assert set(selector.get_feature_names_out()) < {"red", "grey", "fox", "hen", "owl"}


def test_sparse_labels(data):
    X, y = data
    labels = csr_array(np.column_stack([y > 0, X[:, 0] > 0]).astype(int))
    mlp = SpectralMLPClassifier(8, solver="lbfgs", tol=1e-2, random_state=0)
    pruner = SpectralPruner(mlp).fit(X, labels)
    assert pruner.score(X, labels.toarray()) > 0.9


def test_refit_leaves_the_parameters_as_they_were(student, teacher):
    X, y = teacher[0][:2000], teacher[1][:2000]
    pruner = SpectralPruner(student, prefit=True, threshold=0.05).fit(X, y)
    small = pruner.pruned_estimator_
    assert pruner.refit_scores_["refit"] > pruner.refit_scores_["cut"]
    assert small.alpha_ == 0
    expected = student.get_params() | {"hidden_layer_sizes": N_TEACHER}
    assert small.get_params() == expected


def test_large_held_out_share(data):
    X, y = data
    mlp = SpectralMLPRegressor(8, solver="lbfgs", tol=1e-2, validation_fraction=0.999)
    assert SpectralPruner(mlp, threshold="gap").fit(X, y).refit_scores_ == {}


def test_step_of_a_pipeline_and_of_a_search(teacher):
    X, y = teacher[0][:400], teacher[1][:400]
    mlp = SpectralMLPRegressor(max_iter=300, random_state=0)
    pipe = make_pipeline(SpectralPruner(mlp), Ridge())
    grid = {
        "spectralpruner__estimator__hidden_layer_sizes": [1, 20],
        "spectralpruner__estimator__alpha": [1e-3, 1e-1],
        "spectralpruner__threshold": [0.05, "gap"],
    }
    search = GridSearchCV(pipe, grid, cv=2, n_jobs=2).fit(X, y)
    best = search.best_params_
    assert best["spectralpruner__estimator__hidden_layer_sizes"] == 20
    assert best["spectralpruner__estimator__alpha"] == 1e-3
    assert search.best_score_ > 0.9


def test_pruning_before_training(teacher):
    X, y = teacher[0][:2000], teacher[1][:2000]
    mlp = SpectralMLPRegressor(hidden_layer_sizes=200, alpha=3e-3, random_state=0)
    pruner = SpectralPruner(mlp, strategy="before").fit(X, y)
    full, small = pruner.estimator_, pruner.pruned_estimator_
    start = SpectralMLPRegressor(hidden_layer_sizes=200, max_iter=1, random_state=0)
    with pytest.warns(match="converged"):
        start.set_params(trainable="eigenvalues").fit(X, y)
    for phi, other in zip(full.eigenvectors_, start.eigenvectors_, strict=True):
        np.testing.assert_array_equal(phi, other)
    assert pruner.n_nodes_[0] < 200
    assert small.trainable == "all"
    assert pruner.estimator_.trainable == "all"  # as asked: it may be fitted again
    assert small.score(X, y) > full.score(X, y)
    with pytest.raises(ValueError, match="no eigenvalues to train"):
        SpectralPruner(mlp.set_params(parametrization="dense"), strategy="before").fit(X, y)
    mlp.set_params(parametrization="spectral", trainable="eigenvectors")
    with pytest.raises(ValueError, match="has trainable='eigenvectors'; use strategy='after'"):
        SpectralPruner(mlp, strategy="before").fit(X, y)


def test_dense_networks_are_cut_by_the_norm_of_their_weights(data):
    mlp = SpectralMLPRegressor(10, parametrization="dense", max_iter=300, random_state=0)
    pruner = SpectralPruner(mlp, n_nodes_to_select=4).fit(*data)
    norms = np.linalg.norm(pruner.estimator_.coefs_[0], axis=0)
    np.testing.assert_array_equal(pruner.get_support(), norms >= np.sort(norms)[-4])


def test_classifier(wine, wine_pipe):
    X, y = wine
    pruner = SpectralPruner(wine_pipe, prefit=True)
    assert is_classifier(pruner)
    assert not is_regressor(pruner)
    np.testing.assert_array_equal(pruner.classes_, [0, 1, 2])
    np.testing.assert_allclose(pruner.predict_proba(X).sum(axis=1), 1)
    np.testing.assert_allclose(pruner.predict_proba(X), wine_pipe.predict_proba(X), atol=0.02)
    np.testing.assert_allclose(np.exp(pruner.predict_log_proba(X)), pruner.predict_proba(X))
    assert pruner.n_nodes_[0] <= 4


@pytest.mark.filterwarnings("ignore:No node of:UserWarning")  # y has nothing to do with X
@pytest.mark.parametrize(
    ("y", "kind"),
    [([0.5, 1.5, 0.0], "Regressor"), ([4.0, 1.0, 2.0], "Regressor"), ([0, 1, 2], "Classifier")],
)
@pytest.mark.parametrize("container", [np.asarray, pl.Series])
def test_default_estimator_is_what_y_calls_for(y, kind, container):
    X = np.random.default_rng(0).normal(size=(30, 2))
    pruner = SpectralPruner(refit=False).fit(X, container(np.repeat(y, 10)))
    assert type(pruner.estimator_).__name__ == f"SpectralMLP{kind}"
    assert hasattr(pruner, "predict_proba") == is_classifier(pruner) == (kind == "Classifier")
    assert is_regressor(pruner) == (kind == "Regressor")


def test_numbers_among_objects_are_numbers():
    X = np.random.default_rng(0).normal(size=(30, 2))
    pruner = SpectralPruner(refit=False).fit(X, X[:, 0].astype(object))
    assert isinstance(pruner.estimator_, SpectralMLPRegressor)
    assert isinstance(network_for(pd.Series([True, "b"])), SpectralMLPClassifier)


def test_summary_counts(pruner, capsys):
    pruner.summary()
    rows = dict(
        line.rsplit(None, 2)[0:1] + [tuple(map(int, line.split()[-2:]))]
        for line in capsys.readouterr().out.splitlines()[1:7]
    )
    assert rows["inputs"] == (8, 8)
    assert rows["hidden layer 1"] == (40, N_TEACHER)
    assert rows["parameters"] == (8 * 40 + 40 + 40 + 1, 8 * N_TEACHER + 2 * N_TEACHER + 1)
    assert rows["multiply-adds"] == (360, 9 * N_TEACHER)
    assert rows["bytes"][0] == 8 * rows["parameters"][0]


def test_an_input_that_outweighs_the_others_does_not_drive_them_out():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3300, 8))
    logits = 8 * X[:, 0] + X[:, 1] + X[:, 2] - X[:, 3] + X[:, 4]
    y = logits + 0.3 * rng.logistic(size=len(X)) > 0
    mlp = SpectralMLPClassifier(50, random_state=0)
    pruner = SpectralPruner(mlp, layer=0, threshold="gap").fit(X[:300], y[:300])
    assert pruner.get_support()[:5].all()
    assert pruner.score(X[300:], y[300:]) > pruner.estimator_.score(X[300:], y[300:]) - 0.01


def test_largest_change_is_that_of_the_rows_that_count(data):
    X, y = np.vstack([data[0], 1000 * data[0]]), np.tile(data[1], 2)
    weights = np.repeat([1.0, 0.0], 120)
    mlp = SpectralMLPRegressor(12, alpha=1e-2, solver="lbfgs", random_state=0)
    changes = [
        SpectralPruner(mlp, threshold=0.3, refit=False).fit(*own, **params).largest_change_
        for own, params in (((X, y), {"sample_weight": weights}), (data, {}))
    ]
    assert changes[0] == pytest.approx(changes[1], rel=1e-4)


def test_largest_change_before_training_is_that_of_the_cut(data):
    X, y = data
    mlp = SpectralMLPRegressor(12, max_iter=300, random_state=0)
    pruner = SpectralPruner(mlp, strategy="before", n_nodes_to_select=6).fit(X, y)
    small = cut(pruner.estimator_, pruner.masks_[1:])
    change = np.abs(pruner.estimator_.predict(X) - small.predict(X)).max()
    assert pruner.largest_change_ == pytest.approx(change, rel=1e-10)


def test_largest_change_is_that_of_the_cut(teacher):
    X, y = teacher[0][:300], teacher[1][:300]
    mlp = SpectralMLPRegressor(hidden_layer_sizes=20, max_iter=300, random_state=0)
    pruner = SpectralPruner(mlp, n_nodes_to_select=2, refit=False).fit(X, y)
    change = np.abs(pruner.estimator_.predict(X) - pruner.predict(X)).max()
    assert change > 0.1
    assert pruner.largest_change_ == pytest.approx(change)


def test_representations(pruner):
    assert "SpectralMLPRegressor(hidden_layer_sizes=40" in repr(pruner)
    assert "SpectralMLPRegressor" in pruner._repr_html_()
    assert "SpectralMLPRegressor" in SpectralPruner(SpectralMLPRegressor())._repr_html_()


def test_pickle_and_clone(pruner, teacher):
    X = teacher[0][:50]
    other = pickle.loads(pickle.dumps(pruner))
    np.testing.assert_array_equal(other.predict(X), pruner.predict(X))
    with pytest.raises(NotFittedError):
        clone(pruner).predict(X)


def test_sample_weights_reach_the_network(data):
    X, y = data
    weights = np.r_[np.ones(60), np.zeros(60)]
    mlp = SpectralMLPRegressor(hidden_layer_sizes=8, max_iter=300, random_state=0)
    weighted = SpectralPruner(mlp, refit=False).fit(X, y, sample_weight=weights)
    half = SpectralPruner(mlp, refit=False).fit(X[:60], y[:60])
    np.testing.assert_allclose(weighted.predict(X), half.predict(X), rtol=1e-8)
    pipe = make_pipeline(StandardScaler(with_mean=False, with_std=False), mlp)
    in_pipe = SpectralPruner(pipe, refit=False)
    for given, by_name in (
        ((weights,), {}),
        ((), {"sample_weight": list(weights)}),
        ((), {"spectralmlpregressor__sample_weight": weights}),
    ):
        in_pipe.fit(X, y, *given, **by_name)
        np.testing.assert_allclose(in_pipe.predict(X), half.predict(X), rtol=1e-8)
    with pytest.raises(TypeError, match="and 'spectralmlpregressor__sample_weight', .* give one"):
        in_pipe.fit(X, y, weights, spectralmlpregressor__sample_weight=weights)
    with config_context(enable_metadata_routing=True):
        asked = SpectralPruner(clone(mlp).set_fit_request(sample_weight=True), refit=False)
        asked.fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(asked.predict(X), weighted.predict(X))


def test_weights_from_meta_estimators(data):
    X, y = data
    weights = np.r_[np.ones(60), np.zeros(60)]
    mlp = SpectralMLPRegressor(hidden_layer_sizes=8, max_iter=300, random_state=0)
    pruner = SpectralPruner(make_pipeline("passthrough", mlp), refit=False)
    alone = clone(pruner).fit(X[:60], y[:60])
    both = MultiOutputRegressor(pruner).fit(X, np.c_[y, -y], sample_weight=weights)
    np.testing.assert_allclose(both.predict(X)[:, 0], alone.predict(X), rtol=1e-8)
    boosted = AdaBoostRegressor(pruner, n_estimators=2, random_state=0)
    assert boosted.fit(X, y, sample_weight=weights).score(X[:60], y[:60]) > 0.95


def test_rows_without_weight_are_no_rows_of_the_refit(data):
    X, y = data
    weights = np.arange(len(y)) % 3
    mlp = SpectralMLPRegressor(8, solver="lbfgs", tol=1e-3, random_state=0)
    pruner = SpectralPruner(mlp, n_nodes_to_select=3)
    weighted = clone(pruner).fit(X, y, sample_weight=weights)
    rows = weights > 0
    fewer = clone(pruner).fit(X[rows], y[rows], sample_weight=weights[rows])
    assert weighted.refit_scores_ == pytest.approx(fewer.refit_scores_)
    np.testing.assert_allclose(weighted.predict(X), fewer.predict(X), rtol=1e-6)


def test_routed_weights_reach_what_asks_for_them(data, monkeypatch):
    X, y = data
    w = np.random.default_rng(0).uniform(0.5, 2, size=len(y))
    mlp = SpectralMLPRegressor(hidden_layer_sizes=8, max_iter=300, random_state=0)
    refitted = []
    train_on = refit.train_on

    def noted(network, X, y, sample_weight, **parameters):
        refitted.append(sample_weight)
        return train_on(network, X, y, sample_weight, **parameters)

    monkeypatch.setattr(refit, "train_on", noted)
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        without = make_pipeline(scaler, clone(mlp).set_fit_request(sample_weight=False))
        SpectralPruner(without, threshold=0.05).fit(X, y, sample_weight=w)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        named = make_pipeline(scaler, clone(mlp).set_fit_request(sample_weight="w"))
        SpectralPruner(named, threshold=0.05).fit(X, y, w=w)
        SpectralPruner(named[-1], threshold=0.05).fit(X, y, w=w)
        asked = SpectralPruner(mlp.set_fit_request(sample_weight=True), refit=False)
        scores = [
            cross_validate(
                clone(asked).set_score_request(sample_weight=weighted),
                X,
                y,
                cv=KFold(2),
                params={"sample_weight": w},
            )["test_score"]
            for weighted in (True, False)
        ]
    assert refitted[0] is None
    assert len(refitted[1]) == len(refitted[2]) == len(y) - len(y) // 10
    (train, test), _ = KFold(2).split(X)
    alone = clone(mlp).fit(X[train], y[train], w[train])
    alone = SpectralPruner(alone, prefit=True)
    assert scores[0][0] == pytest.approx(alone.score(X[test], y[test], w[test]))
    assert scores[1][0] == pytest.approx(alone.score(X[test], y[test]))


def test_constant_network_keeps_one_node_and_says_so(data):
    X, y = data
    mlp = SpectralMLPRegressor(hidden_layer_sizes=8, alpha=100.0, random_state=0)
    with pytest.warns(UserWarning, match="the network is a constant"):
        pruner = SpectralPruner(mlp, refit=False).fit(X, y)
    assert pruner.n_nodes_ == (1,)
    np.testing.assert_allclose(pruner.predict(X), y.mean(), atol=1e-3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"estimator": LinearRegression()}, "no spectral network to prune in LinearRegression"),
        ({"layer": 2}, "layer=2 does not exist"),
        ({"layer": -2}, "layer=-2 does not exist"),
        ({"n_nodes_to_select": 13}, "13 of 12 nodes"),
        ({"n_nodes_to_select": (3, 4)}, "2 entries for 1 layers"),
        ({"n_nodes_to_select": (0,)}, "0 of 12 nodes"),
        ({"n_nodes_to_select": ("a",)}, "a of 12 nodes"),
        ({"threshold": lambda r: np.nan}, "threshold returned nan"),
        ({"threshold": lambda r: r}, "threshold returned array"),
        ({"threshold": lambda r: None}, "threshold returned None"),
        ({"threshold": lambda r: np.array([0.1])}, "threshold returned array"),
        ({"estimator": Pipeline([])}, "no spectral network to prune in Pipeline"),
        ({"threshold": 1.5}, "'threshold' parameter"),
        ({"prefit": True}, "SpectralMLPRegressor is not fitted"),
        ({"prefit": True, "strategy": "before"}, "has been trained already; use strategy='after'"),
        ({"strategy": "never"}, "'strategy' parameter"),
    ],
)
def test_errors_leave_a_fitted_pruner_as_it_was(parameters, message, data, regressor):
    X, y = data
    pruner = SpectralPruner(regressor).fit(X, y)
    before = pruner.predict(X)
    pruner.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        pruner.fit(X, y)
    pruner.set_params(estimator=regressor, layer=-1, n_nodes_to_select=None, prefit=False)
    pruner.set_params(strategy="after")
    np.testing.assert_array_equal(pruner.predict(X), before)


@pytest.mark.parametrize(
    ("pruner", "message"),
    [
        (SpectralPruner(Ridge()), "no spectral network"),
        (SpectralPrunerCV(Ridge()), "no spectral network"),
        (SpectralPruner(SpectralMLPRegressor(), layer=2), "layer=2"),
        (SpectralPrunerCV(SpectralMLPRegressor(), layer=2), "layer=2"),
        (SpectralPrunerCV(SpectralMLPRegressor([]), layer=0), "no hidden layer"),
        (SpectralPruner(SpectralMLPRegressor(), n_nodes_to_select=101), "101 of 100 nodes"),
        (
            SpectralPruner(SpectralMLPRegressor(), n_nodes_to_select=(3, 4)),
            "2 entries for 1 layers",
        ),
    ],
)
def test_what_cannot_be_pruned_is_not_fitted_first(pruner, message, data, monkeypatch):
    for kind in (Ridge, SpectralMLPRegressor):
        monkeypatch.setattr(kind, "fit", lambda *_: pytest.fail("fitted"))
    with pytest.raises(ValueError, match=message):
        pruner.fit(*data)


def test_rows_pass_the_steps_before_a_prefit_network_once(data, regressor):
    X, y = data
    pipe = make_pipeline(FunctionTransformer(), regressor).fit(X, y)
    seen = []
    pipe[0].func = lambda X: seen.append(len(X)) or X
    SpectralPruner(pipe, prefit=True).fit(X, y)
    assert seen == [len(X)]


def test_unfitted():
    pruner = SpectralPruner(SpectralMLPRegressor(), prefit=True)
    for use in (lambda: pruner.predict([[0.0]]), lambda: pruner.transform([[0.0]])):
        with pytest.raises(NotFittedError, match="prefit=True, but this SpectralMLPRegressor"):
            use()
    assert not hasattr(pruner, "pruned_estimator_")
    assert not hasattr(SpectralPruner(), "masks_")
    assert "SpectralPruner" in pruner._repr_html_()
    with pytest.raises(NotFittedError):
        SpectralPruner().transform([[0.0]])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"estimator": Ridge()}, "no spectral network"),
        ({"layer": 7}, "layer=7"),
        ({"layer": "all"}, "'layer' parameter"),
        ({"n_nodes_to_select": 99}, "99 of"),
        ({"threshold": 5}, "'threshold' parameter"),
        ({"threshold": "mean"}, "'threshold' parameter"),
        ({"strategy": "before"}, "has been trained already"),
    ],
)
def test_what_cannot_be_pruned_has_no_attributes_and_says_why(
    parameters, message, student, teacher
):
    pruner = SpectralPruner(student, prefit=True).set_params(**parameters)
    assert not hasattr(pruner, "masks_")
    assert "SpectralPruner" in pruner._repr_html_()
    for attribute in ("masks_", "n_nodes_", "pruned_estimator_"):
        with pytest.raises(ValueError, match=message):
            getattr(pruner, attribute)
    with pytest.raises(ValueError, match=message):
        pruner.predict(teacher[0])


def test_a_frozen_network_is_not_lost_where_pruners_are_cloned(student, teacher):
    X, y = teacher
    frozen = FrozenEstimator(student)
    pruner = SpectralPruner(frozen, prefit=True)
    assert clone(pruner).n_nodes_ == (5,)
    columns = ColumnTransformer([("core", pruner, slice(0, 8))]).fit(X[:100], y[:100])
    expected = SpectralPruner(student, prefit=True).fit(X[:100], y[:100]).transform(X)
    np.testing.assert_array_equal(columns.transform(X), expected)
    for strategy in ("before", "after"):
        with pytest.raises(ValueError, match="fitted for good; set prefit=True"):
            SpectralPruner(frozen, strategy=strategy).fit(X, y)
    assert student.trainable == "all"


def test_a_target_is_required(student, teacher):
    for pruner in (SpectralPruner(student, prefit=True), SpectralPrunerCV(student)):
        with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
            pruner.fit(teacher[0], None)


def test_a_prefit_network_takes_weights_as_one_that_is_fitted(data, regressor):
    X, y = data
    pipe = make_pipeline(StandardScaler(), regressor)
    for estimator, name in (
        (regressor, "sample_weight"),
        (pipe, "spectralmlpregressor__sample_weight"),
    ):
        pruner = SpectralPruner(estimator.fit(X, y), prefit=True)
        for other in ("sample_wieght", "nobody__sample_weight"):
            with pytest.raises(TypeError, match=f"got '{other}'; .* it takes sample_weight only"):
                pruner.fit(X, y, **{other: np.ones(120)})
        with pytest.raises(ValueError, match="Negative values"):
            pruner.fit(X, y, **{name: -np.ones(120)})
        with pytest.raises(ValueError, match="at least one"):
            pruner.fit(X, y, **{name: np.zeros(120)})
        with pytest.raises(ValueError, match="inconsistent|shape"):
            pruner.fit(X, y, **{name: np.ones(7)})
        for number in (0, -2.0):
            with pytest.raises(ValueError, match="is the weight of each row; give more than 0"):
                pruner.fit(X, y, **{name: number})
        equal = pruner.fit(X, y, **{name: 3.0}).predict(X)
        np.testing.assert_array_equal(equal, pruner.fit(X, y).predict(X))
        assert pruner.fit(X, y, **{name: np.repeat([1.0, 0.0], 60)}).score(X[:60], y[:60]) > 0.95


def test_a_prefit_network_is_routed_its_weights(data, regressor):
    X, y = data
    w = np.repeat([1.0, 0.0], 60)
    alone = SpectralPruner(regressor.fit(X, y), prefit=True).fit(X, y, sample_weight=w)
    with config_context(enable_metadata_routing=True):
        asked = clone(regressor).set_fit_request(sample_weight="w").fit(X, y)
        pruner = SpectralPruner(asked, prefit=True).fit(X, y, w=w)
        with pytest.raises(TypeError, match="unexpected argument"):
            pruner.fit(X, y, sample_wieght=w)
    np.testing.assert_array_equal(pruner.predict(X), alone.predict(X))


@pytest.mark.parametrize("threshold", ["auto", "gap", 0.05])
@pytest.mark.parametrize(("gap", "name"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_gaps_in_the_target_of_a_prefit_network(data, regressor, threshold, gap, name):
    X, y = data
    pruner = SpectralPruner(regressor.fit(X, y), prefit=True, threshold=threshold, refit=False)
    before = pruner.predict(X)
    y = y.copy()
    y[3] = gap
    with pytest.raises(ValueError, match=f"y contains {name}"):
        pruner.fit(X, y)
    np.testing.assert_array_equal(pruner.predict(X), before)


def test_a_prefit_classifier_need_not_see_all_its_classes(wine):
    X, y = StandardScaler().fit_transform(wine[0]), wine[1]
    mlp = SpectralMLPClassifier(8, class_weight="balanced", max_iter=500, random_state=0).fit(X, y)
    rows = y != 2
    pruner = SpectralPruner(mlp, prefit=True).fit(X[rows], y[rows], sample_weight=1.0 + y[rows])
    assert pruner.score(X, y) > 0.9


def test_a_pipeline_without_a_network_is_shown():
    for steps in ([], [("nothing", "passthrough")]):
        pruner = SpectralPruner(Pipeline(steps))
        assert "Pipeline" in pruner._repr_html_()
        assert not is_classifier(pruner)
        with pytest.raises(ValueError, match="no spectral network"):
            pruner.fit([[0.0]], [0.0])


def test_without_hidden_layers_only_inputs_can_be_cut(data):
    linear = SpectralMLPRegressor((), max_iter=300, random_state=0).fit(*data)
    with pytest.raises(ValueError, match="has no hidden layer; give 0, the inputs"):
        SpectralPruner(linear, prefit=True).fit(*data)
    assert SpectralPruner(linear, prefit=True, layer=0).fit(*data).get_support().sum() == 2


def test_wrong_columns(pruner):
    with pytest.raises(ValueError, match="8 features"):
        pruner.predict(np.zeros((2, 7)))
    with pytest.raises(ValueError, match="NaN"):
        pruner.transform(np.full((2, 8), np.nan))
