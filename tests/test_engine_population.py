"""Nodes that vanish during the training, and the division of networks into stacks."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from skspectral.engine import population as population_module
from skspectral.engine.batches import Batches
from skspectral.engine.division import ON_CPU, ON_GPU, divide
from skspectral.engine.network import Architecture, Stack
from skspectral.engine.population import Population
from skspectral.engine.training import Member, train
from skspectral.forward import forward
from skspectral.spectral import Parameters, glorot_uniform

MODES = ("in", "in", "in")
# Strengths that leave a few of thirty nodes.
STRONG = {"relu": 1e-2, "tanh": 1e-2, "logistic": 3e-3}


def member(width, alpha, seed=0, activation="relu", mode="in", n_inputs=2):
    """A network of two hidden layers for a target that needs one input and one node."""
    rng = np.random.default_rng(seed)
    X = np.random.default_rng(1).normal(size=(60, n_inputs))
    widths = n_inputs, width, 5, 1
    start = Parameters.from_weights(*glorot_uniform(widths, activation, rng), mode)
    strengths = dict.fromkeys(("eigenvectors", "eigenvalues", "weights"), alpha)
    return X, Member(start, np.maximum(X[:, :1], 0), strengths, learning_rate=2e-2)


def trained(X, members, modes=MODES, activation="relu", **options):
    """Where the members ended, and the widths of the stacks after each epoch."""
    widths = []

    def watch(losses, population, active):
        widths.append([stack.architecture.widths for stack in population.stacks])
        return -losses, False

    ends, _, moments = train(
        X,
        members,
        architecture=Architecture((X.shape[1], None, 5, 1), activation, modes),
        loss="squared_error",
        monitor=watch,
        **{"n_epochs": 600, "n_sharing": len(members)} | options,
    )
    return ends, widths, moments


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_vanished_nodes_leave_the_stack_and_come_back_next_to_zero(activation):
    X, one = member(30, STRONG[activation], activation=activation)
    (end,), widths, (means, _, n_steps) = trained(X, [one], activation=activation)
    ((_, first, second, _),) = widths[-1]
    assert first < 15
    assert n_steps == 600
    moved = [np.flatnonzero(values) for values in means[0].eigenvalues_in[1:]]
    assert [len(nodes) for nodes in moved] == [first, second]
    assert means[0].widths == end.widths == (2, 30, 5, 1)
    gone = np.setdiff1d(np.arange(30), moved[0])
    gates = np.abs(end.eigenvalues_in[1])
    assert (gates[gone] < 1e-4 * gates.max()).all()
    assert gates[gone].all()
    assert np.abs(end.eigenvectors[0][:, gone]).max() < 1e-2


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_the_outputs_hardly_move_when_nodes_are_dropped(activation, monkeypatch):
    X, one = member(30, STRONG[activation], activation=activation)
    dropped = trained(X, [one], activation=activation)
    monkeypatch.setattr(population_module, "_VANISHED", 0.0)
    kept = trained(X, [one], activation=activation)
    assert dropped[1][-1] < kept[1][-1] == [(2, 30, 5, 1)]
    outputs = [
        forward(X, end.weights, end.intercepts, activation, "identity")
        for (end,), *_ in (dropped, kept)
    ]
    np.testing.assert_allclose(*outputs, atol=1e-2)


@pytest.mark.parametrize("n_inputs", [6, 8])
@pytest.mark.parametrize("batch_size", [None, 20])
def test_vanished_inputs_leave_the_batches_and_come_back_next_to_zero(
    n_inputs, batch_size, monkeypatch
):
    X, one = member(30, 1e-2, n_inputs=n_inputs)
    (end,), widths, (means, *_) = trained(X, [one], batch_size=batch_size)
    left = np.flatnonzero(means[0].eigenvalues_in[0])
    assert left[0] == 0
    assert len(left) == widths[-1][0][0] < n_inputs
    gates = np.abs(end.eigenvalues_in[0])
    gone = np.setdiff1d(np.arange(n_inputs), left)
    assert (gates[gone] < 1e-4 * gates.max()).all()
    assert gates[gone].all()
    # The same of rows that become dense a batch at a time.
    (sparse,), *_ = trained(csr_array(X), [one], batch_size=batch_size)
    np.testing.assert_array_equal(sparse.eigenvectors[0], end.eigenvectors[0])
    monkeypatch.setattr(population_module, "_VANISHED", 0.0)
    (kept,), widths, _ = trained(X, [one], batch_size=batch_size)
    assert widths[-1] == [(n_inputs, 30, 5, 1)]
    outputs = [forward(X, p.weights, p.intercepts, "relu", "identity") for p in (end, kept)]
    np.testing.assert_allclose(*outputs, atol=1e-2)


@pytest.mark.parametrize("strengths", [(1e-2, 1e-2, 3e-2), (1e-2, 3e-2, 1e-5)])
def test_members_that_lose_different_inputs_end_as_they_do_alone(strengths):
    X, own = member(12, 1e-2, n_inputs=8)
    members = [
        replace(
            own,
            targets=np.maximum(X[:, [column]], 0),
            strengths=dict.fromkeys(own.strengths, alpha),
            rows=np.arange(60),
        )
        for column, alpha in zip((0, 3, 6), strengths, strict=True)
    ]
    ends, widths, _ = trained(X, members, n_sharing=1)
    left = []
    for end, one in zip(ends, members, strict=True):
        (alone,), _, (means, *_) = trained(X, [one])
        left.append(np.flatnonzero(means[0].eigenvalues_in[0]))
        for found, expected in zip(end.weights, alone.weights, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
    # All stacks have the inputs that any member has.
    n_left = len(np.unique(np.concatenate(left)))
    assert {stack[0] for stack in widths[-1]} == {n_left}
    assert len(left[0]) < n_left
    assert (n_left < 8) == (min(strengths) > 1e-5)


def test_members_that_shrink_differently_end_as_they_do_alone(monkeypatch):
    each_width = replace(ON_CPU, step=1.0)
    monkeypatch.setattr(population_module, "ON_CPU", each_width)
    strengths = 1e-4, 1e-2, 1e-1
    members = [
        member(w, a, seed=k) for k, (w, a) in enumerate(itertools.product((8, 40), strengths))
    ]
    X = members[0][0]
    members = [own for _, own in members]
    ends, widths, _ = trained(X, members)
    assert len(widths[0]) == 2 < len(widths[-1])
    for end, own in zip(ends, members, strict=True):
        ((alone,), *_) = trained(X, [own])
        for found, expected in zip(end.weights, alone.weights, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("batch_size", [20, 60])
def test_nothing_is_kept_for_stacks_that_are_no_more(batch_size, monkeypatch):
    monkeypatch.setattr(population_module, "ON_CPU", replace(ON_CPU, step=1.0))
    kept = []

    def counting(batches, order, sources, epoch=Batches.epoch):
        yield from epoch(batches, order, sources)
        kept.append({*batches._picked, *batches._whole})

    monkeypatch.setattr(Batches, "epoch", counting)
    X, own = member(40, 1e-2)
    members = [
        replace(own, strengths=dict.fromkeys(own.strengths, alpha), rows=np.arange(60))
        for alpha in (1e-2, 1e-1, 1e-5)
    ]
    trained(X, members, n_sharing=1, batch_size=batch_size)
    assert len(set().union(*kept)) > 2
    assert max(sum(stop - start for start, stop in keys) for keys in kept) == 3


def test_an_eigenvalue_that_passes_zero_has_not_vanished():
    _, own = member(4, 1e-2)
    eigenvalues, phi = own.parameters.eigenvalues_in[1], own.parameters.eigenvectors[1]
    eigenvalues[:] = 1, 1e-4, 1e-2, 0.1
    phi[:] = phi[:1] * np.array([[1.0], [0.5], [0.05], [0.05]])
    stack = Stack(Architecture((2, 4, 5, 1), "relu", MODES), [own.parameters])
    assert population_module._vanished(stack)[1].tolist() == [[False, False, True, False]]


@pytest.mark.parametrize(
    ("mode", "change", "options"),
    [
        (None, {}, {}),
        ("out", {}, {}),
        ("in", {}, {"trainable": "eigenvalues"}),
        ("in", {"eigenvectors": 0.0}, {}),
        ("in", {"eigenvalues": 0.0}, {}),
    ],
)
def test_nodes_that_could_come_back_stay(mode, change, options, monkeypatch):
    monkeypatch.setattr(population_module, "_VANISHED", 2.0)
    X, own = member(12, 1e-2, mode=mode)
    own = replace(own, strengths=own.strengths | change)
    _, widths, _ = trained(X, [own], modes=(mode,) * 3, n_epochs=100, **options)
    assert widths[-1] == [(2, 12, 5, 1)]


def test_what_was_dropped_has_a_gradient_when_training_goes_on():
    X, own = member(30, 3e-2)
    (end,), widths, moments = trained(X, [own])
    again = replace(own, parameters=end, strengths=dict.fromkeys(own.strengths, 1e-5))
    assert widths[-1][0][1] < 15
    (further,), _, _ = trained(X, [again], n_epochs=1, moments=moments, schedule="constant")
    assert not np.array_equal(further.eigenvectors[0], end.eigenvectors[0])
    harder = replace(again, targets=np.sin(3 * X[:, :1]) * X[:, 1:])
    (grown,), _, _ = trained(X, [harder], n_epochs=600)
    gates = np.abs(grown.eigenvalues_in[1])
    assert (gates > 0.1 * gates.max()).sum() > 2 * widths[-1][0][1]


def test_members_that_have_ended_stay_as_they_are():
    X, own = member(30, 3e-2)
    read = []

    def end_one(losses, population, active):
        if active[0]:
            read.append(population.read(0))
        return -losses, np.array([len(read) == 100, False])

    (first, _), _, _ = train(
        X,
        [own, own],
        architecture=Architecture((2, None, 5, 1), "relu", MODES),
        loss="squared_error",
        monitor=end_one,
        n_epochs=600,
        n_sharing=2,
    )
    assert len(read) == 100
    for found, expected in zip(first.eigenvectors, read[-1].eigenvectors, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("trainable", ["eigenvectors", "eigenvalues"])
def test_members_of_a_stack_train_what_is_trainable(trainable):
    members = [member(6, 1e-3, seed=k)[1] for k in range(2)]
    X = member(6, 1e-3)[0]
    together, *_ = trained(X, members, n_epochs=20, trainable=trainable)
    for found, own in zip(together, members, strict=True):
        ((alone,), *_) = trained(X, [own], n_epochs=20, trainable=trainable)
        for a, b in zip(found.weights, alone.weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9)


def test_a_population_reads_members_in_the_order_given():
    sizes = [3, 90, 40, 7]
    members = [member(n, 1e-3, seed=n)[1] for n in sizes]
    with torch.inference_mode():
        population = Population(
            members,
            Architecture((2, None, 5, 1), "relu", MODES),
            "squared_error",
            batch_size=60,
            n_sharing=4,
            dtype=torch.float64,
            device="cpu",
        )
        for k, own in enumerate(members):
            found = population.read(k)
            assert found.widths == (2, sizes[k], 5, 1)
            np.testing.assert_array_equal(found.eigenvectors[0], own.parameters.eigenvectors[0])


def stacks_of(hidden, batch_size=200, n_inputs=10, costs=ON_CPU):
    """Hidden widths of the members of each stack, given those of each source."""
    widths = [[(n_inputs, n, 1) for n in own] for own in hidden]
    found = []
    for sources, members in divide(widths, batch_size, costs):
        numbers = range(len(hidden))[sources]
        assert len(numbers) == len(members)
        found.append([[hidden[s][k] for k in own] for s, own in zip(numbers, members, strict=True)])
    flat = sorted(n for stack in found for own in stack for n in own)
    assert flat == sorted(n for own in hidden for n in own)
    return found


def test_small_networks_share_a_stack_and_wide_ones_do_not_take_them_along():
    assert stacks_of([[5, 12, 20, 7]]) == [[[20, 12, 7, 5]]]
    assert stacks_of([[400, 5, 390, 7]]) == [[[400, 390]], [[7, 5]]]
    # With more inputs a padded node costs more than a stack of its own.
    assert len(stacks_of([[60, 20]])) == 1
    assert len(stacks_of([[60, 20]], n_inputs=500)) == 2


def test_a_stack_stays_within_the_cache():
    for stack in stacks_of([[100] * 40]):
        assert len(stack[0]) * 100 * 200 <= 2**18
    assert stacks_of([[4000], [4000]]) == [[[4000]], [[4000]]]


def test_a_gpu_takes_all_that_find_a_place():
    hidden = [[200, 20, 100] * 10] * 5
    assert len(stacks_of(hidden, costs=ON_GPU)) == 1 < len(stacks_of(hidden))
    assert len(stacks_of([[4000] * 40], costs=ON_GPU)) == 2


def test_sources_share_a_stack_rank_by_rank():
    hidden = [[300, 10, 310], [8, 305, 290], [295, 300, 12]]
    wide, narrow = [[310, 300], [305, 290], [300, 295]], [[10], [8], [12]]
    assert stacks_of(hidden, batch_size=100) == [wide, narrow]
    # More sources than a stack may hold are trained one by one.
    assert stacks_of([[2000, 2000]] * 3) == [[[2000]]] * 6


@pytest.mark.parametrize("width", [8, (8, 12)])
def test_in_a_warm_up_eigenvalues_stay_and_nothing_is_penalised(width):
    X, one = member(8, 1e-3)
    others = [member(w, 1e-3)[1] for w in np.atleast_1d(width)[1:]]
    start = one.parameters
    (end, *_), *_ = trained(X, [one, *others], n_epochs=20, n_warm_up=20)
    for own, before in zip(end.eigenvalues_in, start.eigenvalues_in, strict=True):
        np.testing.assert_array_equal(own, before)
    assert not np.array_equal(end.eigenvectors[0], start.eigenvectors[0])
    strong = [replace(m, strengths=dict.fromkeys(m.strengths, 1.0)) for m in (one, *others)]
    (same, *_), *_ = trained(X, strong, n_epochs=20, n_warm_up=20)
    for own, other in zip(end.eigenvectors, same.eigenvectors, strict=True):
        np.testing.assert_array_equal(own, other)
    (other, *_), *_ = trained(X, [one, *others], n_epochs=20, n_warm_up=10)
    assert not np.array_equal(other.eigenvalues_in[0], start.eigenvalues_in[0])
