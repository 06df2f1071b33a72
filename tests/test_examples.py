"""The examples of the gallery run, and show what their texts say."""

import runpy
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("agg")
from matplotlib import pyplot as plt

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(monkeypatch):
    """The names of an example after it has run; its figures are shown to nobody."""
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda name: runpy.run_path(f"{EXAMPLES}/plot_{name}.py")
    plt.close("all")


def test_students_of_every_width_are_cut_to_the_teacher(run):
    names = run("teacher")
    assert [pruner.n_nodes_ for pruner in names["pruners"]] == [(10,)] * 3
    assert names["of_pruner"] < 1e-6 < names["of_student"] < 1e-2
    assert len(plt.get_fignums()) == 4


def test_edges_of_a_surface_are_the_nodes(run):
    small = run("plane")["small"]
    assert small.core_sizes_ == (3,)
    slopes = small.coefs_[0] / abs(small.coefs_[0]).max(axis=0)
    edges = {tuple(abs(slope).round(1)) for slope in slopes.T}
    assert edges == {(0.0, 1.0), (1.0, 0.5)}


def test_the_five_inputs_are_kept_and_serve_another_model(run):
    names = run("inputs")
    assert names["chosen"][-1].get_support(indices=True).tolist() == [0, 1, 2, 3, 4]
    assert names["importances"][:5].min() > 3 * names["importances"][5:].max()
    assert names["score"] > 0.85


def test_search_prefers_few_nodes_within_one_standard_error(run):
    names = run("search")
    scores, errors = (names["results"][f"{k}_test_score"] for k in ("mean", "std"))
    top = scores.argmax()
    assert scores[names["chosen"]] >= scores[top] - errors[top] / names["n_splits"] ** 0.5
    assert names["best"].core_sizes_[0] < 6


def test_small_network_is_shipped_without_a_change(run):
    names = run("deploy")
    assert names["pruner"].n_nodes_[0] < 30
    assert names["same"] > 0.99
    assert type(names["shipped"][-1]).__module__.startswith("sklearn.")
