"""The curves against direct computation, and what the displays draw."""

import subprocess
import sys
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, get_scorer, mean_squared_error
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.utils import Bunch

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.core import core_mask, prune
from skspectral.forward import forward
from skspectral.inspection import (
    CoreSizeDisplay,
    PathDisplay,
    PruningCurveDisplay,
    RelevanceDisplay,
    core_size_curve,
    path_distribution,
    pruning_curve,
)

matplotlib.use("agg")
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgba

LBFGS = SpectralMLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0)


@pytest.fixture(autouse=True)
def _closed_figures():
    plt.close("all")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def small():
    """200 rows of |x_0|: a teacher of two ReLU nodes."""
    X = np.random.default_rng(0).normal(size=(200, 3))
    return X, np.abs(X[:, 0])


@pytest.fixture(scope="module")
def networks(small):
    """A spectral network with a core of 2, and its dense twin."""
    dense = SpectralMLPRegressor(
        hidden_layer_sizes=20, solver="lbfgs", parametrization="dense", random_state=0
    )
    return LBFGS.fit(*small), dense.fit(*small)


@pytest.fixture(scope="module")
def pipe(small):
    X, y = small
    scaled = X * np.array([1.0, 30.0, 0.1]) + 5
    mlp = SpectralMLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0)
    return make_pipeline(StandardScaler(), mlp).fit(scaled, y), scaled, y


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# Relevance


def test_spectrum_draws_the_sorted_shares_and_counts_the_core(student, networks):
    display = RelevanceDisplay.from_estimator([student, *networks])
    assert len(display.lines_) == 3
    for line, network in zip(display.lines_, [student, *networks], strict=True):
        relevance = network.node_importances_[0]
        shares = np.sort(relevance / relevance.max())[::-1]
        np.testing.assert_allclose(line.get_ydata(), np.maximum(shares, 1e-6))
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, len(relevance) + 1))
    dense = networks[1].core_sizes_[0]
    assert legend_texts(display.ax_) == [
        "threshold 0.05",
        f"h = 60: core {student.core_sizes_[0]}",
        "h = 20: core 2",
        f"h = 20, dense: core {dense}",
    ]
    assert display.ax_.get_yscale() == "log"
    assert r"$R_i / \max R$ (at least $10^{-6}$)" in display.ax_.get_ylabel()
    assert display.threshold_line_.get_ydata() == [0.05, 0.05]


def test_histogram_counts_every_node_once(student, networks):
    display = RelevanceDisplay.from_estimator([student, networks[1]], kind="histogram")
    for line, network in zip(display.lines_, [student, networks[1]], strict=True):
        relevance = network.node_importances_[0]
        assert line.get_ydata().sum() == len(relevance)
        # The first bin ends at the default threshold.
        assert line.get_ydata()[0] == len(relevance) - core_mask(relevance).sum()
    assert display.threshold_line_.get_xdata() == [0.05, 0.05]
    assert display.ax_.get_xlabel() == r"$R_i / \max R$"
    assert display.ax_.get_yscale() == "log"


def test_curves_differ_in_colour_line_and_marker(networks):
    display = RelevanceDisplay.from_estimator([*networks, networks[0]])
    for feature in ("get_color", "get_linestyle", "get_marker"):
        assert len({getattr(line, feature)() for line in display.lines_}) == 3


def test_more_networks_than_styles_are_drawn(networks):
    assert len(RelevanceDisplay.from_estimator([networks[0]] * 9).lines_) == 9


def test_relevance_of_the_inputs_and_of_each_hidden_layer(small):
    mlp = SpectralMLPRegressor([12, 8], solver="lbfgs", random_state=0).fit(*small)
    inputs = RelevanceDisplay.from_estimator(mlp, layer=0)
    shares = np.sort(mlp.feature_importances_ / mlp.feature_importances_.max())[::-1]
    np.testing.assert_allclose(inputs.lines_[0].get_ydata(), np.maximum(shares, 1e-6))
    assert inputs.lines_[0].get_label() == "3 inputs: core 1"
    for layer, label in [
        (1, "h = 12 in layer 1"),
        (2, "h = 8 in layer 2"),
        (-1, "h = 8 in layer 2"),
    ]:
        display = RelevanceDisplay.from_estimator(mlp, layer=layer)
        assert display.lines_[0].get_label() == f"{label}: core {mlp.core_sizes_[layer % 3 - 1]}"


def test_the_inputs_of_one_network_are_named(small, networks):
    def names(estimator):
        ax = RelevanceDisplay.from_estimator(estimator, layer=0).ax_
        return [label.get_text() for label in ax.get_xticklabels()]

    X, y = small
    order = np.argsort(-networks[0].feature_importances_)
    assert names(networks[0]) == [f"x{k}" for k in order]
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    mlp = clone(networks[0]).fit(frame, y)
    assert names(mlp) == ["abc"[k] for k in order]
    pipe = make_pipeline(StandardScaler(), clone(networks[0])).fit(frame, y)
    assert set(names(pipe)) == {"a", "b", "c"}
    pipe = make_pipeline(FunctionTransformer(), clone(networks[0])).fit(X, y)
    assert set(names(pipe)) == {"x0", "x1", "x2"}
    assert not set(names([mlp, mlp])) & {"a", "b", "c"}
    with pytest.raises(ValueError, match="Got 2 node_names for 3 nodes; give one for each"):
        RelevanceDisplay(relevances=[np.ones(3)], names=["h"], node_names=["a", "b"]).plot()


@pytest.mark.filterwarnings("ignore:No node of hidden layer")  # an alpha too large is tried
def test_collapsed_network_has_no_core(small):
    mlp = SpectralMLPRegressor(10, solver="lbfgs", alpha=100, random_state=0).fit(*small)
    assert mlp.core_sizes_ == (0,)
    (line,) = RelevanceDisplay.from_estimator(mlp).lines_
    assert line.get_label() == "h = 10: core 0"
    assert (line.get_ydata() == 1e-6).all()


def test_threshold_names_axes_and_line_keywords(networks):
    _, ax = plt.subplots()
    relevance = networks[1].node_importances_[0]
    display = RelevanceDisplay.from_estimator(
        networks[1], threshold=0.5, names=["twin"], ax=ax, lw=3, c="red"
    )
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    (line,) = display.lines_
    assert line.get_label() == f"twin: core {core_mask(relevance, 0.5).sum()}"
    assert (line.get_linewidth(), line.get_color()) == (3, "red")


def test_what_is_frozen_stays_as_it_is(networks, small):
    student, dense = networks
    frozen = FrozenEstimator(student)
    curve = pruning_curve(frozen, *small)
    np.testing.assert_array_equal(curve.scores, pruning_curve(student, *small).scores)
    assert frozen.coefs_[0].shape == (3, 20)
    paths = path_distribution(frozen)
    np.testing.assert_array_equal(paths, path_distribution(student))
    in_pipe = RelevanceDisplay.from_estimator([make_pipeline(frozen), FrozenEstimator(dense)])
    assert [line.get_label().split(":")[0] for line in in_pipe.lines_] == [
        "h = 20",
        "h = 20, dense",
    ]


def test_pipeline_stands_for_its_network(pipe):
    a = RelevanceDisplay.from_estimator(pipe[0])
    b = RelevanceDisplay.from_estimator(pipe[0][-1])
    np.testing.assert_array_equal(a.lines_[0].get_ydata(), b.lines_[0].get_ydata())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": 2}, "layer=2 is no layer of a network with 1 hidden layers; give 0"),
        ({"layer": -2}, "layer=-2 is no layer"),
        ({"kind": "bars"}, "kind='bars' is not known; give 'spectrum' or 'histogram'"),
        ({"threshold": 0}, "threshold must be a share of the largest relevance.* got 0"),
        ({"threshold": "gap"}, "threshold must be a share of the largest relevance.* got 'gap'"),
        ({"names": ["a", "b"]}, "Got 2 names for 1 networks; give one for each"),
    ],
)
def test_relevance_refuses(networks, options, message):
    with pytest.raises(ValueError, match=message):
        RelevanceDisplay.from_estimator(networks[0], **options)


def test_estimators_that_will_not_do(small):
    X, y = small
    with pytest.raises(NotFittedError):
        RelevanceDisplay.from_estimator(SpectralMLPRegressor())
    with pytest.raises(NotFittedError):
        pruning_curve(make_pipeline(StandardScaler(), SpectralMLPRegressor()), X, y)
    with pytest.raises(NotFittedError):
        path_distribution(MLPRegressor())
    for around in (SpectralPruner(), GridSearchCV(SpectralMLPRegressor(), {"alpha": [1e-3]})):
        with pytest.raises(NotFittedError):
            RelevanceDisplay.from_estimator(around)
    for other in (StandardScaler(), StandardScaler().fit(X)):
        with pytest.raises(ValueError, match="Got StandardScaler, which has no attribute coefs_"):
            RelevanceDisplay.from_estimator(other)
    with pytest.raises(ValueError, match="Got an empty list of estimators; give at least one"):
        RelevanceDisplay.from_estimator([])
    ridge = Ridge().fit(X, y)
    with pytest.raises(ValueError, match="Got Ridge, which has no attribute coefs_; give a fitted"):
        pruning_curve(ridge, X, y)
    with pytest.raises(ValueError, match="MLPRegressor, which has no attribute node_importances_"):
        pruning_curve(MLPRegressor(solver="lbfgs", tol=1.0).fit(X, y), X, y)
    with pytest.raises(ValueError, match="Got Ridge, which has no attribute coefs_; give a fitted"):
        path_distribution(ridge)
    with pytest.raises(ValueError, match="Got Ridge, which has no parameter parametrization"):
        core_size_curve(ridge, X, y, widths=10)


# Pruning


def test_pruning_curve_is_the_score_of_the_cut_network(student, teacher):
    X, y = (array[:500] for array in teacher)
    relevance = student.node_importances_[0]
    curve = pruning_curve(student, X, y, scoring="neg_mean_squared_error", sizes=[3, 4, 30])
    assert curve.n_nodes.tolist() == [3, 4, 30]
    for n, score in zip(curve.n_nodes, curve.scores, strict=True):
        mask = relevance >= np.sort(relevance)[-n]
        weights, intercepts = prune(student.coefs_, student.intercepts_, [mask], "relu")
        outputs = forward(X, weights, intercepts, "relu", "identity")
        assert score == pytest.approx(-mean_squared_error(y, outputs))
    assert curve.score_full == pytest.approx(-mean_squared_error(y, student.predict(X)))


def test_pruning_curve_is_flat_down_to_the_core_and_falls_below(student, teacher):
    X, y = (array[:500] for array in teacher)
    curve = pruning_curve(student, X, y)
    size = student.core_sizes_[0]
    change = np.abs(curve.scores - curve.score_full)
    assert change[curve.n_nodes >= size].max() < 1e-3
    assert change[curve.n_nodes < size].min() > 10 * change[curve.n_nodes >= size].max()
    assert curve.scores[-1] == pytest.approx(curve.score_full, abs=1e-12)
    assert curve.score_full == student.score(X, y)


@pytest.mark.parametrize(("hidden", "first", "every"), [([100], 1, 40), ([30, 40], 2, 40)])
def test_default_sizes_are_all_small_ones_and_some_40_more(small, hidden, first, every):
    X, y = small
    mlp = SpectralMLPRegressor(hidden, solver="lbfgs", max_iter=1500, random_state=0).fit(X, y)
    n_nodes = pruning_curve(mlp, X, y).n_nodes
    assert n_nodes[: every - first + 1].tolist() == list(range(first, every + 1))
    assert n_nodes[-1] == sum(hidden)
    assert 20 < (n_nodes > every).sum() <= 40
    assert (np.diff(n_nodes) > 0).all()


def test_pruning_curve_of_a_narrow_network_has_every_size(small, networks):
    assert pruning_curve(networks[0], *small).n_nodes.tolist() == list(range(1, 21))


def test_pipeline_transforms_once(pipe):
    estimator, X, y = pipe
    curve = pruning_curve(estimator, X, y)
    assert curve.score_full == pytest.approx(estimator.score(X, y))
    inner = pruning_curve(estimator[-1], estimator[0].transform(X), y)
    np.testing.assert_array_equal(curve.scores, inner.scores)
    alone = make_pipeline(estimator[-1])
    np.testing.assert_array_equal(
        pruning_curve(alone, estimator[0].transform(X), y).scores, inner.scores
    )


def test_pruning_leaves_the_estimator_as_it_is(small, networks):
    before = [w.copy() for w in networks[1].coefs_]
    pruning_curve(networks[1], *small, sizes=3)
    for w, v in zip(before, networks[1].coefs_, strict=True):
        np.testing.assert_array_equal(w, v)


def test_classifier_with_callable_and_named_scorer():
    X, y = make_classification(200, 5, n_informative=4, n_redundant=0, n_classes=3, random_state=0)
    mlp = SpectralMLPClassifier(15, solver="lbfgs", alpha=1e-2, random_state=0)
    mlp.fit(X, y.astype(str))
    curve = pruning_curve(mlp, X, y.astype(str), scoring=get_scorer("accuracy"), sizes=[1, 15])
    assert curve.score_full == accuracy_score(y.astype(str), mlp.predict(X))
    losses = pruning_curve(mlp, X, y.astype(str), scoring="neg_log_loss", sizes=[1, 15])
    assert losses.scores[0] < losses.scores[1] < 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sizes": [0, 3]}, r"sizes must be integers from 1 to 20, one or more, got \[0, 3\]"),
        ({"sizes": [21]}, "sizes must be integers from 1 to 20"),
        ({"sizes": [2.5]}, "sizes must be integers from 1 to 20"),
        ({"sizes": []}, "sizes must be integers from 1 to 20"),
        ({"scoring": ["r2", "neg_log_loss"]}, "is not one scorer; give a name, a callable or"),
    ],
)
def test_pruning_curve_refuses(small, networks, options, message):
    with pytest.raises(ValueError, match=message):
        pruning_curve(networks[0], *small, **options)


def test_pruning_curve_needs_a_hidden_layer(small):
    mlp = SpectralMLPRegressor([], solver="lbfgs", max_iter=20, tol=1).fit(*small)
    with pytest.raises(ValueError, match="The network has no hidden layer"):
        pruning_curve(mlp, *small)


@pytest.mark.parametrize(
    ("options", "label", "shift"),
    [
        ({}, "nodes kept, $n$", lambda n: n),
        ({"teacher_size": 2}, "nodes kept, $n - h_T$", lambda n: n - 2),
        ({"teacher_size": [2, 2]}, "nodes kept, $n - h_T$", lambda n: n - 2),
        ({"teacher_size": 2, "align": "ratio"}, "nodes kept, $n / h_T - 1$", lambda n: n / 2 - 1),
    ],
)
def test_pruning_display_draws_the_change_of_the_score(small, networks, options, label, shift):
    X, y = small
    display = PruningCurveDisplay.from_estimator(
        list(networks), X, y, scoring="neg_mean_squared_error", **options
    )
    curves = [pruning_curve(n, X, y, scoring="neg_mean_squared_error") for n in networks]
    changes = [np.abs(curve.scores - curve.score_full) for curve in curves]
    floor = 1e-6 * max(change.max() for change in changes)
    for line, curve, change in zip(display.lines_, curves, changes, strict=True):
        np.testing.assert_allclose(line.get_xdata(), shift(curve.n_nodes))
        np.testing.assert_allclose(line.get_ydata(), np.maximum(change, floor))
    assert display.ax_.get_xlabel() == label
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_ylabel().startswith("|change of the mean squared error|")
    teacher = ["size of the teacher"] if options else []
    assert legend_texts(display.ax_) == ["h = 20", "h = 20, dense", *teacher]


def test_pruning_display_of_pipelines_and_sizes(pipe):
    estimator, X, y = pipe
    display = PruningCurveDisplay.from_estimator(estimator, X, y, sizes=[1, 2, 5], names=["pipe"])
    assert display.lines_[0].get_xdata().tolist() == [1, 2, 5]
    assert legend_texts(display.ax_) == ["pipe"]
    assert display.ax_.get_ylabel().startswith("|change of the score|")


def test_pruning_display_names_all_hidden_layers(small):
    mlp = SpectralMLPRegressor([6, 4], solver="lbfgs", max_iter=1500, random_state=0).fit(*small)
    display = PruningCurveDisplay.from_estimator(mlp, *small)
    assert legend_texts(display.ax_) == ["h = 6 + 4"]


def test_pruning_display_without_any_change():
    arrays = {"n_nodes": [np.array([1, 2])], "scores": [np.ones(2)], "scores_full": [1.0]}
    display = PruningCurveDisplay(**arrays, names=["a"]).plot()
    assert (display.lines_[0].get_ydata() > 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"teacher_size": [2, 3]}, "Got 2 sizes of the teacher for 1 networks; give one for each"),
        ({"teacher_size": 0}, "teacher_size must be integers of at least 1, one or more, got 0"),
        ({"align": "shift"}, "align='shift' is not known; give 'difference' or 'ratio'"),
        ({"names": ["a", "b"]}, "Got 2 names for 1 networks"),
    ],
)
def test_pruning_display_refuses(small, networks, options, message):
    with pytest.raises(ValueError, match=message):
        PruningCurveDisplay.from_estimator(networks[0], *small, **options)


@pytest.mark.parametrize("missing", ["scores", "scores_full", "names"])
def test_pruning_display_wants_as_many_of_each(missing):
    parts = {"n_nodes": [np.arange(1, 4)] * 2, "scores": [np.arange(3)] * 2}
    parts |= {"scores_full": [1.0, 1.0], "names": ["a", "b"]}
    parts[missing] = parts[missing][:1]
    with pytest.raises(ValueError, match=f"Got 1 {missing} for 2 networks; give one for each"):
        PruningCurveDisplay(**parts).plot()


# Core size


@pytest.fixture(scope="module")
def curve(small):
    return core_size_curve(LBFGS, *small, widths=[24, 8], n_repeats=2, random_state=3)


def test_core_size_curve_levels_off_at_the_teacher(curve):
    assert curve.widths.tolist() == [8, 24]
    assert curve.kinds == ("spectral", "dense")
    assert curve.core_sizes.shape == curve.scores.shape == (2, 2, 2)
    # Of eighty such networks one to three keep a third node.
    assert (curve.core_sizes[0] == 2).sum() >= 3
    assert curve.core_sizes[0].max() <= 3
    assert (curve.core_sizes[1] > 2).all()
    assert (curve.scores > 0.95).all()


def test_core_size_curve_is_the_same_again_and_splits_differ(small, curve):
    again = core_size_curve(LBFGS, *small, widths=[8, 24], n_repeats=2, random_state=3)
    np.testing.assert_array_equal(again.scores, curve.scores)
    assert (curve.scores[..., 0] != curve.scores[..., 1]).all()


def test_core_size_curve_in_several_workers_is_the_same(small, curve):
    options = {"widths": [8, 24], "n_repeats": 2, "random_state": 3}
    with parallel_config("threading"):
        found = core_size_curve(LBFGS, *small, n_jobs=2, **options)
    np.testing.assert_array_equal(found.scores, curve.scores)


def test_core_size_curve_against_a_fit_by_hand(small):
    X, y = small
    found = core_size_curve(LBFGS, X, y, widths=9, n_repeats=1, dense=False, random_state=5)
    split, seed = np.random.RandomState(5).randint(np.iinfo(np.int32).max, size=2)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=split)
    mlp = SpectralMLPRegressor(9, solver="lbfgs", random_state=seed).fit(X, y)
    assert found.kinds == ("spectral",)
    assert found.core_sizes.tolist() == [[[mlp.core_sizes_[0]]]]
    assert found.scores.tolist() == [[[mlp.score(X_test, y_test)]]]


def test_core_size_curve_scales_on_the_training_rows_of_a_pipeline(small):
    X, y = small
    pipe = make_pipeline(StandardScaler(), LBFGS)
    options = {"widths": [9], "n_repeats": 1, "dense": False, "random_state": 5}
    moved = core_size_curve(pipe, 1e4 * X + 7, y, **options)
    expected = core_size_curve(pipe, X, y, **options).scores
    np.testing.assert_allclose(moved.scores, expected, atol=1e-4)
    assert moved.core_sizes.item() == 2


class Recording(SpectralMLPClassifier):
    shares = set()

    def fit(self, X, y):
        self.shares.add(np.mean(y == "rare"))
        return super().fit(X, y)


def test_core_size_curve_of_a_classifier_is_stratified_and_widens_the_first_layer():
    X = np.random.default_rng(0).normal(size=(120, 3))
    y = np.where(np.argsort(np.argsort(X[:, 0])) < 12, "rare", "common")
    mlp = Recording([10, 5], solver="lbfgs", alpha=1e-4)
    found = core_size_curve(mlp, X, y, widths=[8], n_repeats=3, dense=False, random_state=0)
    assert (found.core_sizes <= 8).all()
    assert (found.scores > 0.9).all()
    assert mlp.shares == {0.1}
    assert mlp.hidden_layer_sizes == [10, 5]
    assert not hasattr(mlp, "coefs_")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": [0, 5]}, r"widths must be integers of at least 1, one or more, got \[0, 5\]"),
        ({"widths": []}, "widths must be integers of at least 1"),
        ({"widths": [5], "n_repeats": 0}, "n_repeats must be integers of at least 1"),
        ({"widths": [5], "n_repeats": [2, 3]}, "n_repeats must be one integer of at least 1"),
    ],
)
def test_core_size_curve_refuses(small, options, message):
    with pytest.raises(ValueError, match=message):
        core_size_curve(LBFGS, *small, **options)


def test_core_size_curve_without_dense_twins(small):
    half = clone(LBFGS).set_params(trainable="eigenvalues")
    with pytest.raises(ValueError, match="give dense=False"):
        core_size_curve(half, *small, widths=[5])
    curve = core_size_curve(half, *small, widths=[5], n_repeats=1, dense=False, random_state=0)
    assert curve.core_sizes.shape == (1, 1, 1)


def test_core_size_display_draws_means_and_spreads():
    rng = np.random.default_rng(0)
    curve = Bunch(
        widths=np.array([8, 24]),
        kinds=("spectral", "dense"),
        core_sizes=rng.integers(1, 9, size=(2, 2, 3)),
        scores=rng.random(size=(2, 2, 3)),
    )
    display = CoreSizeDisplay(**curve, teacher_size=2).plot()
    assert display.lines_.shape == display.bands_.shape == (2, 2)
    for panel, values in enumerate([curve.core_sizes, curve.scores]):
        for k in range(2):
            line, band = display.lines_[panel, k], display.bands_[panel, k]
            np.testing.assert_allclose(line.get_ydata(), values[k].mean(axis=1))
            np.testing.assert_array_equal(line.get_xdata(), curve.widths)
            low, high = band.get_datalim(display.axes_[panel].transData).intervaly
            assert low == pytest.approx((values[k].mean(1) - values[k].std(1)).min())
            assert high == pytest.approx((values[k].mean(1) + values[k].std(1)).max())
    assert legend_texts(display.axes_[0]) == ["spectral", "dense", "core = $h$", "$h_T$ = 2"]
    assert legend_texts(display.axes_[1]) == ["spectral", "dense"]
    assert [ax.get_xlabel() for ax in display.axes_] == ["width $h$"] * 2
    assert [ax.get_ylabel() for ax in display.axes_] == ["nodes in the core", "test score"]
    diagonal, level = display.axes_[0].get_lines()[2:]
    np.testing.assert_array_equal(diagonal.get_xydata(), [[8, 8], [24, 24]])
    assert level.get_ydata() == [2, 2]


def test_core_size_display_from_estimator_on_given_axes(small):
    _, axes = plt.subplots(2, 1)
    options = {"widths": [8], "n_repeats": 1, "random_state": 0}
    display = CoreSizeDisplay.from_estimator(LBFGS, *small, dense=False, ax=axes, **options)
    assert list(display.axes_) == list(axes)
    expected = core_size_curve(LBFGS, *small, dense=False, **options)
    np.testing.assert_array_equal(display.core_sizes, expected.core_sizes)
    assert legend_texts(axes[0]) == ["spectral", "core = $h$"]


def test_core_size_display_refuses_before_it_fits(monkeypatch):
    monkeypatch.setattr(SpectralMLPRegressor, "fit", lambda *_: pytest.fail("fitted"))
    with pytest.raises(ValueError, match="teacher_size must be one integer of at least 1"):
        CoreSizeDisplay.from_estimator(LBFGS, [[0]], [0], widths=5, teacher_size=[3, 4])


def test_core_size_display_refuses(curve):
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match=r"ax must hold two Axes, got 1; plt.subplots\(1, 2\)"):
        CoreSizeDisplay(**curve).plot(ax)
    with pytest.raises(ValueError, match="teacher_size must be integers of at least 1"):
        CoreSizeDisplay(**curve, teacher_size=-1).plot()


# Paths


def test_paths_are_the_products_of_the_weights_through_the_core(networks):
    mlp = networks[0]
    w1, w2 = mlp.coefs_
    core = np.flatnonzero(mlp.core_masks_[0])
    expected = sorted(w1[i, j] * w2[j, 0] for i in range(3) for j in core)
    np.testing.assert_allclose(path_distribution(mlp), expected)
    assert path_distribution(mlp, core_only=False).shape == (60,)


def test_paths_pass_through_the_cores_of_the_layers_beside():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    y = np.abs(X[:, 0]) + np.maximum(X[:, 1] + X[:, 2], 0)
    mlp = SpectralMLPRegressor((20, 20), solver="lbfgs", random_state=0).fit(X, y)
    first, second = mlp.core_sizes_
    assert first < 20 > second
    core = SpectralPruner(mlp, prefit=True, threshold=0.05).pruned_estimator_
    for layer, n_paths in ((1, 4 * first * second), (2, first * second)):
        own = path_distribution(mlp, layer=layer)
        assert len(own) == n_paths
        np.testing.assert_allclose(own, path_distribution(core, layer=layer))
    assert len(path_distribution(mlp, core_only=False)) == 400


def test_names_are_not_formulas(small):
    X, y = small
    names = [f"${k} in $" for k in range(X.shape[1])]
    mlp = SpectralMLPRegressor(5, random_state=0).fit(pd.DataFrame(X, columns=names), y)
    display = RelevanceDisplay.from_estimator(mlp, layer=0)
    display.figure_.canvas.draw()
    assert sorted(t.get_text() for t in display.ax_.get_xticklabels()) == names


def test_paths_do_not_depend_on_order_and_scale_of_the_nodes():
    rng = np.random.default_rng(1)
    w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    scale, order = np.array([0.5, 2.0, 3.0]), [2, 0, 1]
    same = SimpleNamespace(coefs_=[(w1 * scale)[:, order], (w2 / scale[:, None])[order]])
    paths = path_distribution(SimpleNamespace(coefs_=[w1, w2]))
    assert paths.shape == (24,)
    np.testing.assert_allclose(paths, path_distribution(same))


def test_student_has_the_paths_of_its_teacher(student):
    rng = np.random.default_rng(7)
    rng.normal(size=(8000, 8))
    W = np.vstack([rng.normal(size=(6, 5)), np.zeros((2, 5))])
    teacher = SimpleNamespace(coefs_=[W, np.array([[1.0], [-1.0], [1.0], [-1.0], [1.5]])])
    assert student.core_sizes_ == (5,)
    np.testing.assert_allclose(path_distribution(student), path_distribution(teacher), atol=0.1)
    display = PathDisplay.from_estimator([teacher, student])
    assert legend_texts(display.ax_) == ["h = 5: 40 paths", "h = 60: 40 paths"]
    for line, network in zip(display.lines_, [teacher, student], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), path_distribution(network))
        np.testing.assert_allclose(line.get_xdata(), np.arange(1, 41) / 40)
    assert display.ax_.get_xlabel() == "rank / number of paths"


def test_layer_of_a_deeper_network_of_scikit_learn(small, pipe):
    plain = MLPRegressor(hidden_layer_sizes=(6, 4), solver="lbfgs", random_state=0, tol=1e9)
    plain.fit(*small)
    assert path_distribution(plain, layer=1).shape == (3 * 6 * 4,)
    assert path_distribution(plain).shape == path_distribution(plain, layer=2).shape == (6 * 4,)
    display = PathDisplay.from_estimator(
        [plain, pipe[0]], names=["plain", "pipe"], core_only=False, color="black"
    )
    assert legend_texts(display.ax_) == ["plain: 24 paths", "pipe: 60 paths"]
    assert {line.get_color() for line in display.lines_} == {"black"}


@pytest.mark.parametrize("layer", [0, 2])
def test_paths_pass_a_hidden_layer(networks, layer):
    with pytest.raises(ValueError, match=f"layer={layer} is no layer.* give 1 for the first"):
        path_distribution(networks[0], layer=layer)


def test_path_display_wants_one_name_each(networks):
    with pytest.raises(ValueError, match="Got 1 names for 2 networks"):
        PathDisplay.from_estimator(list(networks), names=["a"])


# All displays


def test_import_does_not_need_matplotlib():
    code = "import sys, skspectral.inspection; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_single_point_is_seen(small):
    X, y = small
    mlp = clone(LBFGS).set_params(hidden_layer_sizes=1).fit(X[:, :1], y)
    displays = [
        RelevanceDisplay.from_estimator(mlp),
        PruningCurveDisplay.from_estimator(mlp, X[:, :1], y, sizes=1),
        PathDisplay.from_estimator(mlp),
        CoreSizeDisplay.from_estimator(LBFGS, X, y, widths=8, n_repeats=1, dense=False),
    ]
    sizes, names = [np.arange(1, 4)] * 2, ["one", "none"]
    scores = [np.array([np.nan, 0.5, np.nan]), np.full(3, np.nan)]
    missing = {"n_nodes": sizes, "scores": scores, "scores_full": [1.0, 1.0], "names": names}
    displays.append(PruningCurveDisplay(**missing).plot())
    displays[-1].figure_.canvas.draw()
    displays[-1].lines_ = displays[-1].lines_[:1]
    for display in displays:
        for line in np.ravel(display.lines_):
            figure, color = line.figure, to_rgba(line.get_color())
            figure.canvas.draw()
            pixels = np.asarray(figure.canvas.buffer_rgba()) / 255
            before = np.isclose(pixels, color, atol=0.02).all(axis=-1).sum()
            line.remove()
            figure.canvas.draw()
            pixels = np.asarray(figure.canvas.buffer_rgba()) / 255
            assert np.isclose(pixels, color, atol=0.02).all(axis=-1).sum() < before


def test_nodes_are_counted_in_whole_numbers(small):
    mlp = clone(LBFGS).set_params(hidden_layer_sizes=3).fit(*small)
    for display in (
        RelevanceDisplay.from_estimator(mlp),
        PruningCurveDisplay.from_estimator(mlp, *small),
    ):
        ticks = display.ax_.get_xticks()
        np.testing.assert_array_equal(ticks, np.round(ticks))


def test_missing_matplotlib_is_named(networks, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"RelevanceDisplay.plot requires matplotlib"):
        RelevanceDisplay.from_estimator(networks[0])


def test_searches_and_pruners_stand_for_their_networks(pipe):
    pipe, *data = pipe
    search = GridSearchCV(pipe, {}, cv=2).fit(*data)
    expected = search.best_estimator_[-1].node_importances_[0]
    for given in (search, SpectralPruner(search.best_estimator_, prefit=True)):
        display = RelevanceDisplay.from_estimator(given)
        np.testing.assert_array_equal(display.relevances[0], expected)
        curve = PruningCurveDisplay.from_estimator(given, *data)
        assert curve.scores_full[0] == pytest.approx(search.score(*data))


def test_a_pruner_of_a_pipeline_at_the_end_of_another(pipe):
    pipe, X, y = pipe
    outer = make_pipeline(MinMaxScaler(), SpectralPruner(pipe, refit=False)).fit(X, y)
    inner, scaled = outer[-1].estimator_, outer[0].transform(X)
    np.testing.assert_array_equal(path_distribution(outer), path_distribution(inner))
    found, expected = pruning_curve(outer, X, y), pruning_curve(inner, scaled, y)
    np.testing.assert_array_equal(found.n_nodes, expected.n_nodes)
    np.testing.assert_allclose(found.scores, expected.scores)
    alone = Pipeline([("pruner", SpectralPruner(pipe, refit=False))]).fit(X, y)
    expected = pruning_curve(alone[-1].estimator_, X, y)
    np.testing.assert_allclose(pruning_curve(alone, X, y).scores, expected.scores)


@pytest.mark.parametrize("kind", ["spectrum", "histogram"])
def test_a_label_of_your_own(networks, kind):
    display = RelevanceDisplay.from_estimator(networks[0], kind=kind, label="mine")
    assert display.lines_[0].get_label() == "mine"


def test_a_score_that_is_missing_hides_no_curve():
    display = PruningCurveDisplay(
        n_nodes=[np.arange(1, 4)] * 2,
        scores=[np.array([0.1, np.nan, 0.9]), np.array([0.2, 0.5, 0.9])],
        scores_full=[0.9, 0.9],
        names=["a", "b"],
    ).plot(label="c")
    assert np.isfinite(display.lines_[1].get_ydata()).all()
    assert np.isfinite(display.lines_[0].get_ydata()[[0, 2]]).all()
