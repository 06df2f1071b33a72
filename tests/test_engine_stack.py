"""Stacks of networks, the rows they see and the solvers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from skspectral.engine import batches as batches_module
from skspectral.engine.adam import Plateau, denormals_flushed
from skspectral.engine.batches import Batches
from skspectral.engine.network import Architecture, Stack
from skspectral.engine.objective import Objective
from skspectral.engine.training import Member, train
from skspectral.forward import forward
from skspectral.spectral import Parameters, glorot_uniform

NAMES = "eigenvectors", "intercepts", "eigenvalues_in", "eigenvalues_out"
FREE = {"eigenvectors": 0.0, "eigenvalues": 0.0, "weights": 0.0}
# Every kind of transfer once.
MIXED = "in", None, "out", "both"


def random_start(widths, modes, activation="tanh", seed=0):
    """Random weights; random eigenvalues about the ones that training starts from."""
    rng = np.random.default_rng(seed)
    starts = []
    for n_in, n_out, mode in zip(widths[:-1], widths[1:], modes, strict=True):
        start = Parameters.from_weights(*glorot_uniform((n_in, n_out), activation, rng), mode)
        if mode in ("in", "both"):
            start.eigenvalues_in[0] *= rng.uniform(0.5, 1.5, n_in)
        if mode in ("out", "both"):
            start.eigenvalues_out[0] += rng.uniform(-0.5, 0.5, n_out)
        starts.append(start)
    return Parameters(*([getattr(start, name)[0] for start in starts] for name in NAMES))


def assert_equal_parameters(found, expected, rtol=0.0):
    for name in NAMES:
        for a, b in zip(getattr(found, name), getattr(expected, name), strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol, err_msg=name)


def moved(end, start, name):
    """For each transfer, whether any of its parameters of this name are not where they were."""
    pairs = zip(getattr(end, name), getattr(start, name), strict=True)
    return [not np.array_equal(a, b) for a, b in pairs]


def regression_data(n_samples=40, n_inputs=3, n_outputs=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_inputs))
    return X, np.sin(X @ rng.normal(size=(n_inputs, n_outputs)))


def flat(parameters):
    """All parameters in one row, in the order of a stack that trains them all."""
    eigenvalues = zip(parameters.eigenvalues_in, parameters.eigenvalues_out, strict=True)
    arrays = [
        *parameters.eigenvectors,
        *parameters.intercepts,
        *(v for own in eigenvalues for v in own),
    ]
    return np.concatenate([array.ravel() for array in arrays])


class Recorder:
    """A monitor that remembers where the parameters were, and decides how well it went."""

    def __init__(self, progress=None, stop_after=np.inf):
        self.thetas, self.losses = [], []
        self._progress, self._stop_after = progress, stop_after

    def __call__(self, losses, trained, active):
        self.thetas.append([flat(trained.read(k)) for k in range(len(losses))])
        self.losses.append(losses.copy())
        epoch = len(self.thetas)
        progress = -losses if self._progress is None else np.array(self._progress(epoch), float)
        return progress, epoch >= self._stop_after

    @property
    def steps(self):
        """Largest move of each member in each epoch but the first."""
        return np.abs(np.diff(self.thetas, axis=0)).max(axis=2)


def penalty_only(strength=0.5, n_members=1, learning_rate=1e-2):
    """Arguments of `train` whose loss is zero, so that nothing but the penalty pulls."""
    X, targets = regression_data(8)
    widths, modes = (3, 4, 2), ("both", "both")
    members = [
        Member(
            random_start(widths, modes, seed=k),
            targets,
            dict.fromkeys(FREE, strength),
            weights=np.zeros(len(X)),
            learning_rate=learning_rate,
        )
        for k in range(n_members)
    ]
    architecture = Architecture(widths, "tanh", modes)
    return {"X": X, "members": members, "architecture": architecture, "loss": "squared_error"}


def tanh_problem():
    X, targets = regression_data(50)
    widths, modes = (3, 4, 2), ("in", "in")
    member = Member(
        random_start(widths, modes), targets, dict.fromkeys(FREE, 3e-3), learning_rate=2e-2
    )
    return X, member, Architecture(widths, "tanh", modes)


def with_ones(X):
    """X as networks of three inputs take it: with a last column for the intercepts."""
    return np.append(X, np.ones((len(X), 1)), axis=1)


def repeated(array, n_members):
    return torch.tensor(array).expand(n_members, *array.shape)


@pytest.mark.parametrize("modes", [("in",) * 3, ("out",) * 3, ("both",) * 3, (None,) * 3])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_padding_is_exact(activation, modes):
    narrow, wide = (3, 4, 2, 2), (3, 6, 5, 2)
    members = [random_start(widths, modes, activation) for widths in (wide, narrow)]
    X, targets = regression_data()

    def outputs(stack):
        return stack.forward(repeated(with_ones(X), len(stack)))[:, 0].numpy().copy()

    with torch.inference_mode():
        stack = Stack(Architecture(wide, activation, modes), members)
        alone = Stack(Architecture(narrow, activation, modes), members[1:])
        np.testing.assert_allclose(outputs(stack)[1], outputs(alone)[0], rtol=1e-12, atol=1e-12)
    assert_equal_parameters(stack.read(1), members[1])

    stacks = []

    def trained(members, monitor=None):
        strengths = dict.fromkeys(FREE, 1e-3)
        return train(
            X,
            [Member(start, targets, strengths, learning_rate=1e-2) for start in members],
            architecture=Architecture(wide, activation, modes),
            loss="squared_error",
            n_epochs=50,
            monitor=monitor,
        )[0]

    def remember(losses, population, active):
        stacks[:] = population.stacks
        return -losses, False

    end = trained(members, remember)[1]
    assert_equal_parameters(end, trained(members[1:])[0], rtol=1e-12)
    # What is not the member's own has not left zero.
    (stack,) = stacks
    assert np.count_nonzero(stack.theta[1]) == np.count_nonzero(alone.theta)


@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(3, 2), (3, 1), (2, 1)])
@pytest.mark.parametrize("convert", [np.asarray, csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("schedule", ["cosine", "constant", "adaptive"])
@pytest.mark.parametrize("activation", ["relu", "logistic"])
@pytest.mark.parametrize("modes", [("in", "in"), ("out", None)])
def test_member_of_a_stack_equals_the_network_alone(
    modes, activation, schedule, convert, n_inputs, n_outputs
):
    X, Y = regression_data(60)
    X, Y = X[:, :n_inputs], Y[:, :n_outputs]
    rng = np.random.default_rng(0)
    widths = [(n_inputs, n_hidden, n_outputs) for n_hidden in (7, 4, 5)]
    rows = [np.sort(rng.permutation(60)[:n]) for n in (50, 47, 45)]
    weights = [None, rng.uniform(0.1, 2, 47), rng.uniform(0.1, 2, 45)]

    def member(k):
        return Member(
            random_start(widths[k], modes, activation, seed=k),
            Y[rows[k]],
            {"eigenvectors": 1e-3 * k, "eigenvalues": 2e-3, "weights": 1e-2 * k},
            rows=rows[k],
            weights=None if weights[k] is None else weights[k] / weights[k].mean(),
            learning_rate=[1e-2, 3e-2, 1e-3][k],
            generator=None if k == 2 else np.random.default_rng(k),
        )

    def trained(members, widths):
        return train(
            convert(X),
            members,
            architecture=Architecture(widths, activation, modes),
            loss="squared_error",
            batch_size=10,
            n_epochs=10,
            schedule=schedule,
        )

    ends, (outcome,), (_, _, n_steps) = trained([member(k) for k in range(3)], widths[0])
    assert n_steps == 50
    for k in range(3):
        (alone,), (outcome_alone,), _ = trained([member(k)], widths[k])
        assert_equal_parameters(ends[k], alone, rtol=1e-9)
        np.testing.assert_allclose(outcome.losses[k], outcome_alone.losses[0], rtol=1e-9)
        assert all(moved(alone, member(k).parameters, "eigenvectors"))


@pytest.mark.parametrize("loss", ["squared_error", "softmax", "sigmoid"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_stack_of_any_loss_equals_the_networks_alone(loss, solver):
    X, Y = regression_data()
    targets = Y if loss == "squared_error" else np.eye(2)[np.argmax(Y, axis=1)]
    widths, modes = (3, 4, 2), ("both", "in")
    members = [
        Member(random_start(widths, modes, seed=k), targets, dict.fromkeys(FREE, s))
        for k, s in enumerate([1e-3, 1e-2])
    ]

    def trained(members):
        architecture = Architecture(widths, "tanh", modes)
        return train(X, members, architecture=architecture, loss=loss, solver=solver, n_epochs=20)[
            0
        ]

    for together, member in zip(trained(members), members, strict=True):
        assert_equal_parameters(together, trained([member])[0], rtol=1e-9)


@pytest.mark.parametrize("kind", FREE)
def test_each_strength_pulls_exactly_what_it_names(kind):
    widths = (3, 4, 5, 3, 2)
    spectral = [mode is not None for mode in MIXED]
    named = {
        "eigenvectors": {"eigenvectors": spectral},
        "eigenvalues": {
            "eigenvalues_in": [mode in ("in", "both") for mode in MIXED],
            "eigenvalues_out": [mode in ("out", "both") for mode in MIXED],
        },
        "weights": {"eigenvectors": [not gated for gated in spectral]},
    }[kind]
    start, architecture = random_start(widths, MIXED), Architecture(widths, "tanh", MIXED)
    X, targets = regression_data()
    strengths = [FREE, FREE | {kind: 0.3}]
    with torch.inference_mode():
        stack = Stack(architecture, [start, start])
        objective = Objective(stack, "squared_error", strengths)
        objective.evaluate(repeated(with_ones(X), 2), repeated(targets, 2)[:, None])
        gradients, thetas = stack.views(stack.gradient), stack.views(stack.theta)
        penalties = objective.penalty()
    squares = 0.0
    for t, gradient in enumerate(gradients):
        for name, values in gradient.items():
            pull = (values[1] - values[0]).numpy()
            theta = thetas[t][name][0].numpy()
            expected = 0.6 * theta if named.get(name, [False] * 4)[t] else 0 * theta
            np.testing.assert_allclose(pull, expected, atol=1e-14)
            squares += 0.5 * (theta * expected).sum()
    np.testing.assert_allclose(penalties, [0, squares], rtol=1e-12)

    # Without a loss nothing else moves, to the last bit, and what moves shrinks.
    member = Member(start, targets, strengths[1], weights=np.zeros(len(X)), learning_rate=1e-3)
    (end,), _, _ = train(X, [member], architecture=architecture, loss="squared_error", n_epochs=20)
    for name in NAMES:
        assert moved(end, start, name) == named.get(name, [False] * 4)
        for a, b in zip(getattr(end, name), getattr(start, name), strict=True):
            assert np.all(np.abs(a) <= np.abs(b))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize(
    ("trainable", "trains"),
    [
        ("all", {"eigenvectors", "eigenvalues"}),
        ("eigenvectors", {"eigenvectors"}),
        ("eigenvalues", {"eigenvalues"}),
    ],
)
def test_trainable_leaves_the_others_at_their_start(trainable, trains, solver):
    widths = (3, 4, 5, 3, 2)
    start = random_start(widths, MIXED)
    X, targets = regression_data()
    (end,), _, _ = train(
        X,
        [Member(start, targets, dict.fromkeys(FREE, 1e-3))],
        architecture=Architecture(widths, "tanh", MIXED),
        loss="squared_error",
        solver=solver,
        trainable=trainable,
        n_epochs=20,
    )
    values = "eigenvalues" in trains
    assert moved(end, start, "eigenvectors") == ["eigenvectors" in trains] * 4
    assert moved(end, start, "intercepts") == [True] * 4
    assert moved(end, start, "eigenvalues_in") == [values, False, False, values]
    assert moved(end, start, "eigenvalues_out") == [False, False, values, values]


@pytest.mark.parametrize("cause", ["rate", "start", "target"])
@pytest.mark.parametrize("loss", ["squared_error", "softmax"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_diverging_member_leaves_the_others_alone(activation, loss, cause):
    X, Y = regression_data()
    targets = Y if loss == "squared_error" else np.eye(2)[np.argmax(Y, axis=1)]
    widths, modes = (3, 4, 2), ("in", "out")

    def member(k):
        return Member(
            random_start(widths, modes, activation, seed=k),
            targets,
            dict.fromkeys(FREE, 1e-3),
            learning_rate=1e-2,
            generator=np.random.default_rng(k),
        )

    def trained(members):
        architecture = Architecture(widths, activation, modes)
        ends, (outcome,), _ = train(
            X, members, architecture=architecture, loss=loss, batch_size=10, n_epochs=10
        )
        return ends, outcome

    members = [member(k) for k in range(3)]
    if cause == "rate":
        members[1].learning_rate = 1e300
    elif cause == "start":
        members[1].parameters.eigenvectors[0] *= np.inf
    else:
        members[1].targets = np.full_like(targets, np.inf)
    ends, outcome = trained(members)
    assert not np.isfinite(outcome.losses[1])
    assert outcome.n_epochs[1] < 10
    for k in (0, 2):
        (alone,), outcome_alone = trained([member(k)])
        assert_equal_parameters(ends[k], alone, rtol=1e-12)
        assert outcome.n_epochs[k] == 10
        np.testing.assert_allclose(outcome.losses[k], outcome_alone.losses[0], rtol=1e-12)


def test_written_parameters_are_read_back():
    widths = (3, 4, 5, 3, 2)
    first, second = (random_start(widths, MIXED, seed=k) for k in range(2))
    with torch.inference_mode():
        stack = Stack(Architecture(widths, "tanh", MIXED), [first, first])
        copied = stack.read(1)
        stack.write(1, second)
    assert_equal_parameters(stack.read(0), first)
    assert_equal_parameters(stack.read(1), second)
    assert_equal_parameters(copied, first)


def test_denormals_are_flushed_and_no_longer_than_that():
    def vanishes():
        return torch.full((1,), 1e-310, dtype=torch.float64).mul_(1.0).item() == 0

    if not torch.set_flush_denormal(False):
        pytest.skip("this processor does not flush denormal numbers")
    with denormals_flushed():
        assert vanishes()
        with denormals_flushed():
            assert vanishes()
        assert vanishes()
    assert not vanishes()


@pytest.mark.parametrize(
    ("patience", "expected"),
    [
        (0, [[False, False], [True, False], [True, False], [True, True], [False, True]]),
        (1, [[False, False], [False, False], [True, False], [False, False], [False, True]]),
        (np.inf, [[False, False]] * 5),
    ],
)
def test_plateau_counts_epochs_without_progress(patience, expected):
    plateau = Plateau(2, tol=0.1, patience=patience)
    progress = [[1.0, 1.0], [1.05, 1.2], [1.09, 1.4], [1.09, 1.4], [1.3, 1.45]]
    found = [plateau.update(np.array(values), waits=np.zeros(2, bool)) for values in progress]
    assert np.array(found).tolist() == expected


def test_a_plateau_begins_where_the_waiting_ends():
    plateau = Plateau(2, tol=0.1, patience=0)
    found = [
        plateau.update(np.array([value, value]), waits=np.array([k < 2, False]))
        for k, value in enumerate([3.0, 3.0, 1.0, 1.0])
    ]
    assert np.array(found).T.tolist() == [[False] * 3 + [True], [False, True, True, True]]


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_adam_equals_that_of_torch(schedule):
    n_steps, rates, alpha = 60, [1e-2, 5e-2], 0.5
    options = penalty_only(alpha, n_members=2)
    for member, rate in zip(options["members"], rates, strict=True):
        member.learning_rate = rate
    recorder = Recorder()
    train(**options, n_epochs=n_steps, schedule=schedule, monitor=recorder)
    for k, rate in enumerate(rates):
        with torch.inference_mode():
            stack = Stack(options["architecture"], [options["members"][k].parameters])
            section, theta = stack.sections["intercepts"], stack.theta[0].numpy().copy()
        theta[section] = 0
        theta = torch.tensor(theta, requires_grad=True)
        optimizer = torch.optim.Adam([theta], lr=rate)
        factor = 1.0 if schedule == "cosine" else 0.0
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, n_steps, eta_min=0.0 if factor else rate
        )
        for _ in range(n_steps):
            optimizer.zero_grad()
            (alpha * theta.square()).sum().backward()
            optimizer.step()
            decay.step()
        found = recorder.thetas[-1][k].copy()
        found[section] = 0
        # The two add epsilon before and after they correct the bias.
        np.testing.assert_allclose(found, theta.detach().numpy(), rtol=1e-5, atol=1e-5)


def test_cosine_ends_at_a_rate_of_almost_zero():
    last = {}
    for schedule in ("cosine", "constant"):
        recorder = Recorder()
        train(**penalty_only(), n_epochs=100, schedule=schedule, monitor=recorder)
        last[schedule] = recorder.steps[[0, -1], 0]
    assert last["cosine"][0] == pytest.approx(1e-2, rel=0.1)
    assert last["cosine"][1] < 1e-3 * last["cosine"][0]
    assert last["constant"][1] > 0.1 * last["constant"][0]


def test_adaptive_divides_the_rate_by_five_at_each_plateau():
    recorder = Recorder(progress=lambda epoch: [0.0])
    _, (outcome,), _ = train(
        **penalty_only(),
        n_epochs=100,
        schedule="adaptive",
        tol=1e-4,
        patience=0,
        monitor=recorder,
    )
    # The first epoch sets the mark, each later one is a plateau; 1e-2 / 5**6 < 1e-6.
    assert outcome.n_epochs.tolist() == [7]
    assert outcome.converged.tolist() == [True]
    np.testing.assert_allclose(recorder.steps[:, 0], 1e-2 / 5.0 ** np.arange(6), rtol=0.05)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_plateau_ends_the_training_of_one_member(schedule):
    recorder = Recorder(progress=lambda epoch: [0.0, epoch])
    options = penalty_only(n_members=2)
    ends, (outcome,), _ = train(
        **options, n_epochs=12, schedule=schedule, tol=1e-4, patience=3, monitor=recorder
    )
    assert outcome.n_epochs.tolist() == [5, 12]
    assert outcome.converged.tolist() == [True, False]
    assert np.all(recorder.steps[:4] > 0)
    assert np.all(recorder.steps[4:, 0] == 0)
    assert np.all(recorder.steps[4:, 1] > 0)
    assert outcome.losses[0] == recorder.losses[4][0]
    (alone,), _, _ = train(
        options["X"],
        options["members"][1:],
        architecture=options["architecture"],
        loss="squared_error",
        n_epochs=12,
        schedule=schedule,
    )
    assert_equal_parameters(ends[1], alone, rtol=1e-12)


def test_training_goes_on_from_the_moments():
    X, targets = regression_data()
    widths, modes = (3, 4, 2), ("in", "in")

    def trained(start, n_epochs, moments=None):
        (end,), _, moments = train(
            X,
            [Member(start, targets, dict.fromkeys(FREE, 1e-3), learning_rate=1e-2)],
            architecture=Architecture(widths, "tanh", modes),
            loss="squared_error",
            batch_size=10,
            n_epochs=n_epochs,
            schedule="constant",
            moments=moments,
        )
        return end, moments

    start = random_start(widths, modes)
    half, moments = trained(start, 5)
    resumed, (_, _, n_steps) = trained(half, 5, moments)
    assert n_steps == 40
    assert_equal_parameters(resumed, trained(start, 10)[0], rtol=1e-12)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_monitor_ends_the_training(solver):
    recorder = Recorder(stop_after=3)
    X, member, architecture = tanh_problem()
    options = {"architecture": architecture, "loss": "squared_error", "n_epochs": 50}
    (end,), (outcome,), _ = train(X, [member], **options, solver=solver, monitor=recorder)
    assert outcome.n_epochs.tolist() == [len(recorder.thetas)] == [3]
    assert not outcome.interrupted
    np.testing.assert_array_equal(flat(end), recorder.thetas[-1][0])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_each_member_has_a_monitor_of_its_own(solver):
    X, member, architecture = tanh_problem()
    calls = [0, 0]

    def count(k):
        def monitor(loss, read):
            calls[k] += 1
            return -loss, k == 1 and calls[k] == 3

        return monitor

    members = [replace(member, monitor=count(k)) for k in range(2)]
    options = {"architecture": architecture, "loss": "squared_error", "n_epochs": 5}
    train(X, members, **options, solver=solver, tol=0.0)
    assert calls == [5, 3]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_interruption_keeps_what_was_trained(solver):
    def interrupt(losses, stack, active):
        raise KeyboardInterrupt

    options = penalty_only()
    (end,), (outcome,), _ = train(**options, solver=solver, n_epochs=50, monitor=interrupt)
    assert outcome.interrupted
    assert outcome.n_epochs.tolist() == [1]
    assert not outcome.converged.any()
    assert all(moved(end, options["members"][0].parameters, "eigenvectors"))


def objective_and_slope(X, member, architecture, parameters):
    """What is minimised, from its definition, and the largest component of its gradient."""
    outputs = forward(X, parameters.weights, parameters.intercepts, "tanh", "identity")
    squares = sum((p**2).sum() for p in parameters.eigenvectors + parameters.eigenvalues_in)
    value = ((outputs - member.targets) ** 2).mean() + 3e-3 * squares
    with torch.inference_mode():
        stack = Stack(architecture, [parameters])
        objective = Objective(stack, "squared_error", [member.strengths])
        objective.evaluate(repeated(with_ones(X), 1), repeated(member.targets, 1)[:, None])
        return value, stack.gradient.abs().max().item()


def test_lbfgs_and_adam_cannot_improve_on_each_other():
    X, member, architecture = tanh_problem()
    options = {"architecture": architecture, "loss": "squared_error", "n_epochs": 3000}

    def trained(start, solver):
        ends, (outcome,), _ = train(
            X, [replace(member, parameters=start)], **options, solver=solver
        )
        value, slope = objective_and_slope(X, member, architecture, ends[0])
        if solver == "lbfgs":
            assert outcome.converged.all()
            np.testing.assert_allclose(outcome.losses[0], value, rtol=1e-10)
        assert slope < 1e-3
        return ends[0], value

    # From the same start they may end in different minima.
    for first, second in (("lbfgs", "adam"), ("adam", "lbfgs")):
        minimum, value = trained(member.parameters, first)
        _, continued = trained(minimum, second)
        assert value < 0.1
        assert continued == pytest.approx(value, abs=1e-6)


def test_lbfgs_warms_up_without_a_penalty_and_then_without_the_eigenvalues():
    X, member, architecture = tanh_problem()

    def path(strength):
        """Parameters after each of twelve iterations, eight of which are the warm-up."""
        seen = []
        strengths = dict.fromkeys(member.strengths, strength)
        watched = replace(
            member, strengths=strengths, monitor=lambda loss, read: (0.0, seen.append(read()))
        )
        options = {"n_epochs": 12, "n_warm_up": 8, "solver": "lbfgs", "tol": 0.0}
        train(X, [watched], architecture=architecture, loss="squared_error", **options)
        return seen

    weak, strong = path(1e-4), path(1e-2)
    assert len(weak) == len(strong) == 12
    for k, (own, other) in enumerate(zip(weak, strong, strict=True)):
        same = np.array_equal(own.eigenvectors[0], other.eigenvectors[0])
        assert same == (k < 4)
        stays = np.array_equal(other.eigenvalues_in[0], member.parameters.eigenvalues_in[0])
        assert stays == (k < 8)


@pytest.mark.parametrize("last", [2, 4, 7, 8, 10])
def test_lbfgs_stops_where_it_is_told_to(last):
    X, member, architecture = tanh_problem()
    seen = []

    def watch(loss, read):
        seen.append(read())
        return 0.0, len(seen) == last

    options = {"n_epochs": 12, "n_warm_up": 8, "solver": "lbfgs", "tol": 0.0}
    watched = replace(member, monitor=watch)
    (end,), *_ = train(X, [watched], architecture=architecture, loss="squared_error", **options)
    assert len(seen) == last
    np.testing.assert_array_equal(end.eigenvectors[0], seen[-1].eigenvectors[0])


@pytest.mark.parametrize("tol", [1e-4, 1e-5, 1e-7])
def test_lbfgs_ends_at_a_gradient_below_tol(tol):
    X, member, architecture = tanh_problem()
    (end,), (outcome,), _ = train(
        X,
        [member],
        architecture=architecture,
        loss="squared_error",
        solver="lbfgs",
        n_epochs=2000,
        tol=tol,
    )
    assert outcome.converged.all()
    assert objective_and_slope(X, member, architecture, end)[1] <= tol


SIZES = [(23, 23, 23), (23, 21, 20), (6, 5, 1)]


def numbered_batches(sizes, batch_size, **options):
    """Batches in which the single column of X and of the targets is the number of the row."""
    X = np.arange(30.0)[:, None]
    rows = [np.arange(n) + k for k, n in enumerate(sizes)]
    return Batches(X, [X[r] for r in rows], rows=rows, batch_size=batch_size, **options), rows


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4, 7, 23, 100, None])
@pytest.mark.parametrize("sizes", SIZES)
def test_each_row_is_seen_once_in_batches_of_even_size(sizes, batch_size, shuffle):
    generators = [np.random.default_rng(k) for k in range(3)] if shuffle else None
    batches, rows = numbered_batches(sizes, batch_size, generators=generators)
    assert len(batches) == -(-max(sizes) // (batch_size or max(sizes)))
    orders = []
    for _ in range(2):
        epoch = [
            [tensor if tensor is None else tensor.clone() for tensor in step]
            for step in batches.epoch()
        ]
        assert len(epoch) == len(batches)
        for k, own in enumerate(rows):
            seen, counts = [], []
            for X, targets, weights in epoch:
                if weights is None:
                    weights = torch.full_like(targets, 1 / X.shape[1])
                used = weights[k, 0, :, 0] > 0
                np.testing.assert_array_equal(X[k, used], targets[k, 0, used])
                np.testing.assert_allclose(weights[k, 0, used].numpy() * used.sum().item(), 1)
                seen.extend(X[k, used, 0].tolist())
                counts.append(used.sum().item())
            assert sorted(seen) == own.tolist()
            assert max(counts) <= (batch_size or max(sizes))
            assert max(counts) - min(counts) <= 1
            orders.append(seen)
    # All rows in one batch are the same in any order.
    assert (orders[0] != orders[3]) == (shuffle and len(batches) > 1)


def test_a_batch_of_all_rows_is_made_once():
    generators = [np.random.default_rng(k) for k in range(2)]
    batches, rows = numbered_batches([5, 7], None, generators=generators)
    own = [next(batches.epoch(sources=slice(k, k + 1))) for k in range(2)]
    for k, (X, targets, _) in enumerate(own):
        np.testing.assert_array_equal(X[0, : len(rows[k]), 0], rows[k])
        np.testing.assert_array_equal(targets[0, 0, : len(rows[k]), 0], rows[k])
        assert next(batches.epoch(sources=slice(k, k + 1)))[0] is X
    assert generators[0].random() == np.random.default_rng(0).random()


@pytest.mark.parametrize("gathered", [1, 2**18])
@pytest.mark.parametrize("weighted", [False, True])
def test_sparse_rows_equal_dense_rows(monkeypatch, weighted, gathered):
    monkeypatch.setattr(batches_module, "_GATHERED", gathered)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 5)) * (rng.uniform(size=(30, 5)) < 0.3)
    rows = [rng.permutation(30)[:n] for n in (20, 17)]
    targets = [rng.normal(size=(len(r), 2)) for r in rows]
    weights = [rng.uniform(0.5, 1.5, len(r)) for r in rows] if weighted else None

    def epoch(X):
        generators = [np.random.default_rng(k) for k in range(2)]
        options = {"rows": rows, "weights": weights, "batch_size": 6, "generators": generators}
        batches = Batches(X, targets, **options).epoch()
        return [[p if p is None else p.clone() for p in parts] for parts in batches]

    dense, sparse = epoch(X), epoch(csr_array(X))
    assert len(dense) == len(sparse) == 4
    places = [np.random.default_rng(k).permutation(len(r)) for k, r in enumerate(rows)]
    for t, (step, other) in enumerate(zip(dense, sparse, strict=True)):
        for a, b in zip(step, other, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)
        for k, place in enumerate(places):
            own = place[t * len(place) // 4 : (t + 1) * len(place) // 4]
            np.testing.assert_array_equal(step[0][k, : len(own)], X[rows[k][own]])
            np.testing.assert_array_equal(step[1][k, 0, : len(own)], targets[k][own])


def test_weights_of_mean_one_estimate_the_weighted_mean_without_bias():
    sizes = 24, 20
    rng = np.random.default_rng(0)
    weights = [rng.uniform(0, 3, n) for n in sizes]
    weights = [w / w.mean() for w in weights]
    batches, rows = numbered_batches(sizes, batch_size=6, weights=weights)
    # Both numbers of rows are multiples of the number of batches: the mean over an epoch is exact.
    estimates = [(weights[:, 0] * X).sum((1, 2)).numpy() for X, _, weights in batches.epoch()]
    expected = [np.average(own, weights=w) for own, w in zip(rows, weights, strict=True)]
    assert len(estimates) == 4
    np.testing.assert_allclose(np.mean(estimates, axis=0), expected, rtol=1e-12)


def test_read_only_data_are_left_as_they_are():
    X, targets = regression_data(20)
    weights = np.linspace(0.5, 1.5, 20)
    arrays = X, targets, weights
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    widths, modes = (3, 4, 2), ("in", "in")
    train(
        X,
        [Member(random_start(widths, modes), targets, FREE, weights=weights)],
        architecture=Architecture(widths, "tanh", modes),
        loss="squared_error",
        batch_size=6,
        n_epochs=2,
    )
    for array, copied in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copied)
