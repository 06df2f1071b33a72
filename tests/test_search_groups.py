"""Which fits a search trains together."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPRegressor
from skspectral.model_selection.groups import groups_of

SPLITS = [(np.arange(k, 800 + k), np.arange(9)) for k in range(5)]


def groups(candidates, estimator=None, n_jobs=1, bytes_per_row=80, memory_limit=1e9):
    """Sorted pairs (candidate, split) of each group."""
    found = groups_of(
        estimator or SpectralMLPRegressor(),
        candidates,
        SPLITS,
        n_jobs=n_jobs,
        bytes_per_row=bytes_per_row,
        memory_limit=memory_limit,
    )
    pairs = [[(task.candidate, task.split) for task in group] for group in found]
    flat = sorted(pair for group in pairs for pair in group)
    assert flat == [(c, s) for c in range(len(candidates)) for s in range(5)]
    return pairs


def test_what_a_stack_can_vary_trains_together():
    candidates = [
        {"alpha": 1.0},
        {"alpha_phi": 1.0},
        {"random_state": 3},
        {"learning_rate_init": 1},
    ]
    assert len(groups(candidates, SpectralMLPRegressor(20))) == 1
    assert len(groups([{"activation": "relu"}, {"activation": "tanh"}])) == 2
    assert len(groups([{"hidden_layer_sizes": 5}, {"hidden_layer_sizes": (5, 5)}])) == 2


def test_wide_networks_come_first_and_not_with_narrow_ones():
    found = groups([{"hidden_layer_sizes": h} for h in (10, 200, 25, 190)])
    assert [{c for c, _ in group} for group in found] == [{1, 3}, {1, 3}, {0, 2}]


def test_groups_hold_what_fits_into_the_cache():
    sizes = [len(group) for group in groups([{"hidden_layer_sizes": h} for h in (4000, 100)])]
    assert sizes == [1] * 5 + [5]


def test_fits_on_the_same_data_stay_together():
    candidates = [{"alpha": alpha} for alpha in range(1, 7)]
    for group in groups(candidates):
        assert len({split for _, split in group}) <= len(group) / 6
    pipe = make_pipeline(StandardScaler(), SpectralMLPRegressor())
    candidates = [
        {"standardscaler__with_mean": mean, "spectralmlpregressor__alpha": alpha}
        for alpha in (1.0, 2.0)
        for mean in (True, False)
    ]
    own = groups(candidates, pipe, memory_limit=2 * 80 * 800 * 2)
    assert all({c % 2 for c, _ in group} in ({0}, {1}) for group in own)


def test_memory_and_jobs_limit_a_group():
    candidates = [{"alpha": alpha} for alpha in range(1, 7)]
    assert max(map(len, groups(candidates, memory_limit=2 * 80 * 800 * 3))) == 3
    assert max(map(len, groups(candidates, memory_limit=1.0))) == 1
    narrow = SpectralMLPRegressor(5)
    assert len(groups(candidates, narrow)) == 1
    assert len(groups(candidates, narrow, n_jobs=2)) >= 2


def test_bad_values_are_left_to_the_fit():
    assert len(groups([{"hidden_layer_sizes": "wide"}, {"batch_size": "big"}, {"alpha": 1}])) == 3
