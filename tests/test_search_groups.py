"""Which fits a search trains together."""

import numpy as np
import pytest
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
    assert len(groups(candidates[:3], SpectralMLPRegressor(20))) == 1
    assert len(groups([{"activation": "relu"}, {"activation": "tanh"}])) == 2
    assert len(groups([{"hidden_layer_sizes": 5}, {"hidden_layer_sizes": (5, 5)}])) == 2


def test_the_widest_networks_come_first():
    h = 10, 200, 25, 190
    found = groups([{"hidden_layer_sizes": width} for width in h * 8])
    widths = [[h[c % 4] for c, _ in group] for group in found]
    assert [max(own) for own in widths] == sorted((max(own) for own in widths), reverse=True)
    for own in widths:
        assert own == sorted(own, reverse=True)


@pytest.mark.parametrize("n_jobs", [1, 2, 8])
def test_each_worker_has_groups_of_a_size_that_pays(n_jobs):
    sizes = [len(group) for group in groups([{"alpha": a} for a in range(96)], n_jobs=n_jobs)]
    assert len(sizes) >= 3 * n_jobs
    assert max(sizes) <= 64
    assert min(sizes) >= 10


def test_a_gpu_takes_all_fits_of_a_worker():
    candidates = [{"alpha": a} for a in range(96)]
    assert len(groups(candidates, SpectralMLPRegressor(device="cuda"))) == 1
    assert (
        len(groups(candidates, SpectralMLPRegressor(device="cuda"), n_jobs=2)) == 3
    )  # whole folds
    assert len(groups(candidates, SpectralMLPRegressor(device="cuda"), memory_limit=3e7)) > 4
    assert len(groups(candidates, SpectralMLPRegressor(device="cpu:0"))) > 4


def test_fits_on_the_same_data_stay_together():
    for n_candidates in (10, 40):
        for group in groups([{"alpha": alpha} for alpha in range(n_candidates)]):
            assert len({split for _, split in group}) == 1
    pipe = make_pipeline(StandardScaler(), SpectralMLPRegressor())
    candidates = [
        {"standardscaler__with_mean": mean, "spectralmlpregressor__alpha": alpha}
        for alpha in (1.0, 2.0)
        for mean in (True, False)
    ]
    own = groups(candidates, pipe, memory_limit=4e6)
    assert all({c % 2 for c, _ in group} in ({0}, {1}) for group in own)


def test_memory_and_jobs_limit_a_group():
    candidates = [{"alpha": alpha} for alpha in range(1, 7)]
    narrow = SpectralMLPRegressor(5)
    largest = [
        max(map(len, groups(candidates, narrow, memory_limit=limit))) for limit in (1.0, 1e6, 1e7)
    ]
    assert largest[0] == 1 < largest[1] < largest[2]
    # A network of 10 inputs takes more than its data where it is wide.
    assert max(map(len, groups(candidates, SpectralMLPRegressor(5000), memory_limit=1e6))) == 1
    assert len(groups(candidates, narrow, n_jobs=2)) >= 2


def test_bad_values_are_left_to_the_fit():
    assert len(groups([{"hidden_layer_sizes": "wide"}, {"batch_size": "big"}, {"alpha": 1}])) == 3
