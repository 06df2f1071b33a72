"""Rows in groups: what judges a pruner has seen nothing of them."""

from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import (
    SpectralMLPClassifier,
    SpectralMLPRegressor,
    SpectralPruner,
    SpectralPrunerCV,
)
from skspectral.pruner.comparison import mean_and_error
from skspectral.pruner.parts import parts_in_turn
from skspectral.pruner.refit import refit
from skspectral.pruner.trial import winners


def table(n_groups, n_rows, seed):
    """Rows of a group have nearly the same inputs, and a part of y of their own."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), n_rows)
    X = rng.standard_normal((n_groups, 6))[groups] + 0.05 * rng.standard_normal((len(groups), 6))
    y = X[:, 0] + np.maximum(X[:, 1], 0) + rng.standard_normal(n_groups)[groups]
    return X, y + 0.3 * rng.standard_normal(len(groups)), groups


@pytest.fixture(scope="module")
def rows():
    return table(100, 10, seed=0)


@pytest.fixture(scope="module")
def student(rows):
    X, y, _ = rows
    return SpectralMLPRegressor(50, alpha=0.01, max_iter=600, random_state=0).fit(X, y)


def test_groups_are_not_learnt_by_heart(rows, student):
    fresh = table(500, 2, seed=1)[:2]
    full = student.score(*fresh)
    alone = SpectralPruner(student, prefit=True).fit(*rows[:2])
    assert alone.score(*fresh) < full - 0.2  # what it does not know of is judged by its neighbours
    own = SpectralPruner(student, prefit=True).fit(*rows[:2], groups=rows[2])
    assert own.score(*fresh) > full - 0.02
    named = np.char.add("group ", rows[2].astype(str))
    again = SpectralPruner(student, prefit=True).fit(*rows[:2], groups=named.tolist())
    assert_array_equal(again.predict(fresh[0]), own.predict(fresh[0]))


def test_what_is_true_of_all_groups_is_found_in_the_data():
    rng = np.random.default_rng(0)
    X, groups = rng.standard_normal((1600, 5)), rng.integers(40, size=1600)
    y = np.maximum(X @ rng.standard_normal((5, 3)), 0).sum(axis=1)
    student = SpectralMLPRegressor(30, max_iter=300, random_state=0)
    pruner = SpectralPruner(student).fit(X, y, groups=groups)
    assert "full" in pruner.refit_scores_
    assert pruner.n_nodes_ == (3,)


@pytest.mark.parametrize("of_classes", [False, True])
def test_parts_have_whole_groups_and_all_classes(rows, student, of_classes):
    X, y, groups = rows
    network = student
    if of_classes:
        y = np.digitize(y, [-1, 1])
        network = SpectralMLPClassifier(5, max_iter=200, random_state=0).fit(X, y)
    own = np.arange(0, 1000, 3)
    parts = list(parts_in_turn(network, y, own, 3, groups))
    assert_array_equal(np.sort(np.concatenate([held_out for _, held_out in parts])), own)
    for train, held_out in parts:
        assert_array_equal(np.sort(np.r_[train, held_out]), own)
        assert not np.intersect1d(groups[train], groups[held_out]).size
        if of_classes:
            assert len(np.unique(y[held_out])) == 3


def test_the_refit_is_judged_on_whole_groups(rows, student, monkeypatch):
    X, y, groups = rows
    seen = []
    monkeypatch.setattr(
        SpectralMLPRegressor, "score", lambda self, X, y, w=None: seen.append(len(y)) or 0.0
    )
    weights = np.where(groups < 20, 0.0, 1.0)
    assert list(refit(student, X, y, weights, groups)[1]) == ["cut", "refit"]
    assert seen == [80, 80]  # a tenth of the rows that count: eight groups
    assert refit(student, X, y, groups=np.zeros(1000, dtype=int)) == (student, {})


def test_rows_of_a_group_count_once_in_the_standard_error():
    rng = np.random.default_rng(0)
    means, weights = rng.standard_normal(8), np.repeat(rng.uniform(1, 2, 8), 25)
    mean, error = mean_and_error(np.repeat(means, 25), weights, np.repeat(np.arange(8), 25))
    once = mean_and_error(means, weights[::25])
    assert (mean, error) == pytest.approx(once)
    assert mean_and_error(np.repeat(means, 25), weights)[1] == pytest.approx(error / 5)
    assert once[0] == pytest.approx(np.average(means, weights=weights[::25]))


def test_fewer_groups_than_parts_leave_it_to_the_spectrum(rows, student):
    pruner = SpectralPruner(student, prefit=True).fit(*rows[:2], groups=rows[2] % 2)
    assert pruner.n_nodes_ == student.core_sizes_
    assert pruner.refit_scores_ == {}


@pytest.mark.parametrize("groups", [np.arange(1000) == 0, np.maximum(np.arange(1000) - 990, 0)])
def test_groups_of_uneven_size_leave_enough_rows(rows, student, groups, recwarn):
    pruner = SpectralPruner(student, prefit=True).fit(*rows[:2], groups=groups)
    assert pruner.n_nodes_ == student.core_sizes_
    assert np.isfinite(list(pruner.refit_scores_.values())).all()
    assert not recwarn


def test_a_rare_class_is_in_both_parts(rows, recwarn):
    X, y, groups = rows
    y = np.where(np.isin(np.arange(1000), [7, 257, 507, 757]), 2, y > 0)
    network = SpectralMLPClassifier(20, max_iter=200, random_state=0).fit(X, y)
    assert list(refit(network, X, y, groups=groups)[1]) == ["cut", "refit"]
    assert not recwarn


def test_a_class_that_one_group_has_to_itself_leaves_it_to_the_spectrum(rows):
    X, y, groups = rows
    y = np.where(groups == 3, 2, y > 0)
    network = SpectralMLPClassifier(20, max_iter=200, random_state=0).fit(X, y)
    assert not winners(network, X, y, groups=groups)


@pytest.mark.parametrize("pruner", [SpectralPruner, SpectralPrunerCV])
def test_groups_are_to_be_as_many_as_rows(rows, pruner):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        pruner(SpectralMLPRegressor(5)).fit(*rows[:2], groups=rows[2][:-1])
    with pytest.raises(ValueError, match="Got groups of shape"):
        pruner(SpectralMLPRegressor(5)).fit(*rows[:2], groups=rows[0])
    mixed = np.where(rows[2] < 50, None, "other")
    with pytest.raises(ValueError, match="Got groups of several kinds, or a missing one"):
        pruner(SpectralMLPRegressor(5)).fit(*rows[:2], groups=mixed)


def test_groups_reach_pruners_and_splitters_alike(rows, monkeypatch):
    X, y, groups = rows
    seen = []
    monkeypatch.setattr(
        "skspectral.pruner.pruner.found_in_data",
        lambda network, X, y, weights, groups, *_, **__: seen.append(len(np.unique(groups))),
    )
    student = SpectralMLPRegressor(10, max_iter=200, random_state=0)
    pipe = make_pipeline(StandardScaler(), SpectralPruner(student))
    with config_context(enable_metadata_routing=True):
        cross_validate(pipe, X, y, cv=GroupKFold(4), params={"groups": groups})
        assert seen == [75] * 4
        pruner = SpectralPrunerCV(student, cv=GroupKFold(4)).fit(X, y, groups=groups)
        assert len(pruner.cv_results_) == 7
        SpectralPrunerCV(student, cv=4).fit(X, y, groups=groups)  # for the refit alone
    again = SpectralPrunerCV(student, cv=GroupKFold(4)).fit(X, y, groups=groups[:, None])
    assert_array_equal(again.predict(X), pruner.predict(X))


def test_who_has_no_use_for_groups_is_not_told_of_them(rows, recwarn):
    class Halves:
        def split(self, X, y, groups):
            assert groups is None
            yield np.arange(500), np.arange(500, 1000)

        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

    X, y, groups = rows
    student = SpectralMLPRegressor(10, max_iter=200, random_state=0)
    SpectralPrunerCV(student, cv=Halves()).fit(X, y)
    SpectralPrunerCV(student, cv=3).fit(X, y, groups=groups)
    assert not recwarn


def test_half_of_the_groups_are_held_out_where_more_are_asked_for(rows, student):
    X, y, groups = rows
    network = deepcopy(student).set_params(validation_fraction=0.8)
    assert set(refit(network, X, y, groups=groups)[1]) == {"cut", "refit"}
