"""Trainings in one stack against the same trainings alone."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from skspectral.engine.network import Architecture
from skspectral.engine.together import Training, run_together
from skspectral.engine.training import Member
from skspectral.spectral import Parameters, glorot_uniform

N_INPUTS = 3


def training(X, width=6, seed=0, rate=1e-2, alpha=1e-3, rows=None, order=0, **settings):
    """A training on some rows of X."""
    rng = np.random.default_rng(seed)
    widths = (N_INPUTS, width, 1)
    rows = np.arange(X.shape[0]) if rows is None else rows
    dense = X.toarray() if hasattr(X, "toarray") else X
    member = Member(
        Parameters.from_weights(*glorot_uniform(widths, "tanh", rng), "in"),
        np.sin(dense[rows, :1]),
        dict.fromkeys(("eigenvectors", "eigenvalues", "weights"), alpha),
        rows=rows,
        weights=settings.pop("weights", None),
        learning_rate=rate,
        generator=np.random.default_rng(order),
        monitor=settings.pop("monitor", None),
    )
    options = {"n_epochs": 8} | settings.pop("options", {})
    defaults = {"loss": "squared_error", "solver": "adam", "batch_size": 10, "dtype": "float64"}
    return Training(
        X,
        member,
        architecture=Architecture(widths, "tanh", ("in", "in")),
        device="cpu",
        moments=None,
        options=options,
        **defaults | settings,
    )


def assert_same_ends(trainings):
    """Each ends as it does alone."""
    alone = [one.run() for one in deepcopy(trainings)]
    copies = [replace(one, member=deepcopy(one.member)) for one in trainings]
    for (parameters, outcome, _), (expected, reference, _) in zip(
        run_together(copies), alone, strict=True
    ):
        for found, value in zip(parameters.weights, expected.weights, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12)
        for found, value in zip(parameters.intercepts, expected.intercepts, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12)
        assert outcome.n_epochs.tolist() == reference.n_epochs.tolist()
        assert outcome.converged.tolist() == reference.converged.tolist()
        np.testing.assert_allclose(outcome.losses, reference.losses)


@pytest.fixture
def X():
    return np.random.default_rng(5).normal(size=(43, N_INPUTS))


def test_members_of_one_source(X):
    assert_same_ends(
        [training(X, width, seed=width, alpha=a) for width in (4, 9) for a in (1e-3, 1e-1)]
    )


def test_members_of_all_rows(X):
    trainings = [training(X, width) for width in (4, 9)]
    whole = [replace(one, member=replace(one.member, rows=None)) for one in trainings]
    assert_same_ends(whole)


def test_members_of_several_sources(X):
    halves = np.arange(20), np.arange(20, 40)
    # Of the first half two, of the second four, in no order.
    assert_same_ends(
        [training(X, seed=k, rows=halves[k % 3 > 0], rate=1e-2 * (1 + k)) for k in range(6)]
    )


@pytest.mark.parametrize("convert", [np.asarray, csr_array])
def test_members_with_data_of_their_own(X, convert):
    first, second = convert(X), convert(2 * X[:41])
    assert_same_ends([training(first), training(second), training(first, seed=1)])


def test_other_orders_and_weights_are_other_sources(X):
    weights = np.linspace(0.5, 1.5, len(X))
    assert_same_ends(
        [training(X, order=0), training(X, order=1), training(X, weights=weights), training(X)]
    )


class StopAfter:
    """A monitor that ends the training after some epochs."""

    def __init__(self, n_epochs):
        self.n_left = n_epochs

    def __call__(self, loss, read):
        assert read().weights[0].shape == (N_INPUTS, 6)
        self.n_left -= 1
        assert self.n_left >= 0
        return -loss, self.n_left == 0


def test_members_that_stop_on_their_own(X):
    assert_same_ends([training(X, monitor=StopAfter(n)) for n in (2, 5, 99)])
    plateau = {"tol": 0.02, "patience": 1, "schedule": "constant", "n_epochs": 30}
    trainings = [
        training(X, seed=k, rate=rate, options=plateau) for k, rate in enumerate((1e-3, 0.1))
    ]
    assert_same_ends(trainings)
    ends = [outcome.n_epochs[0] for _, outcome, _ in run_together(deepcopy(trainings))]
    assert min(ends) < max(ends)


def test_kinds(X):
    same = [
        training(X),
        training(X, width=50, seed=4, rate=1.0, alpha=3.0, order=2),
        training(2 * X),
    ]
    assert len({one.kind for one in same}) == 1
    other = [
        training(X, batch_size=20),
        training(X, dtype="float32"),
        training(csr_array(X)),
        training(X, options={"n_epochs": 9}),
        training(X, loss="sigmoid"),
    ]
    kinds = {one.kind for one in [*same, *other]}
    assert len(kinds) == 1 + len(other)
    assert training(X, solver="lbfgs").kind is None
    # All rows in one batch, whatever their number.
    whole = [training(X, batch_size=43), training(X[:40], batch_size=40)]
    assert len({one.kind for one in whole}) == 1
    assert_same_ends(whole)
