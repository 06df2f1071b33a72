"""Training on a GPU ends where it ends on the CPU."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skspectral import (
    SpectralGridSearchCV,
    SpectralMLPClassifier,
    SpectralMLPRegressor,
    SpectralPruner,
)
from skspectral.datasets import make_teacher_regression
from skspectral.engine import population as population_module
from skspectral.engine.adam import Steps
from skspectral.engine.captured import CapturedSteps
from skspectral.engine.network import Architecture
from skspectral.engine.training import Member, train
from skspectral.spectral import Parameters, glorot_uniform

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU of CUDA")


def unlike_members(n_rows=41):
    """Three networks that differ in width, strength and rate; the last starts at infinity."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 3))
    members = []
    for h, alpha, rate in ((4, 1e-3, 1e-2), (9, 1e-1, 1e-2), (9, 1e-3, 3e-2), (4, 1e-3, 1e-2)):
        start = Parameters.from_weights(*glorot_uniform((3, h, 2), "relu", rng), "in")
        strengths = dict.fromkeys(("eigenvectors", "eigenvalues", "weights"), alpha)
        generator = np.random.default_rng(1)
        members.append(
            Member(start, np.sin(X[:, :2]), strengths, learning_rate=rate, generator=generator)
        )
    members[-1].parameters.eigenvectors[0][0, 0] = np.inf
    return X, members


class StepsOnCPU(CapturedSteps):
    """A CPU has no graphs: what one would replay is run as it is."""

    def __init__(self, objective, moments):
        super().__init__(objective, moments)
        evaluate = objective.evaluate
        objective.evaluate = lambda *batch: torch.as_tensor(evaluate(*batch))

    def run(self, *arguments):
        return super().run(*arguments).numpy()

    def _capture(self, *batch):
        return SimpleNamespace(replay=lambda: self._advance(*batch))


@pytest.mark.parametrize("trainable", ["all", "eigenvalues"])
def test_captured_steps_are_those_of_adam(trainable, monkeypatch):
    settings = {
        "architecture": Architecture((3, None, 2), "relu", ("in", "in")),
        "loss": "squared_error",
        "batch_size": 14,  # 13, 14 and 14 rows
        "n_epochs": 5,
        "n_sharing": 4,
        "trainable": trainable,
    }
    trained = []
    for kind in (Steps, StepsOnCPU):
        monkeypatch.setattr(population_module, "Steps", kind)
        X, members = unlike_members()
        trained.append(train(X, members, **settings))
    (ends, (outcome,), moments), (own_ends, (own_outcome,), own_moments) = trained
    for a, b in zip(ends, own_ends, strict=True):
        pairs = zip(a.eigenvectors + a.intercepts, b.eigenvectors + b.intercepts, strict=True)
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(outcome.losses, own_outcome.losses, rtol=1e-9)
    assert np.isnan(own_outcome.losses).tolist() == [False] * 3 + [True]
    assert own_outcome.n_epochs.tolist() == outcome.n_epochs.tolist() == [5, 5, 5, 1]
    assert own_moments[2] == moments[2] == 15


def test_an_interrupted_epoch_counts_the_steps_it_has_taken(interrupt_at, monkeypatch):
    monkeypatch.setattr(population_module, "Steps", StepsOnCPU)
    X, members = unlike_members()
    interrupt_at(StepsOnCPU, "_step", 3)
    *_, moments = train(
        X,
        members[:1],
        architecture=Architecture((3, 4, 2), "relu", ("in", "in")),
        loss="squared_error",
        batch_size=5,
        n_epochs=1,
    )
    assert moments[2] == 2


@gpu
@pytest.mark.parametrize("eigenvalues", ["in", "out", "both"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("kind", ["regressor", "outputs", "classes", "labels", "sparse", "weights"])
def test_a_fit(kind, activation, eigenvalues):
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(450, 6)), None
    y = np.column_stack([X[:, 0] * X[:, 1], np.sin(X[:, 2])])
    if kind not in ("outputs", "labels"):
        y = y[:, 0]
    estimator = SpectralMLPRegressor
    if kind in ("classes", "labels"):
        y, estimator = (y > 0).astype(int), SpectralMLPClassifier
    if kind == "sparse":
        X = csr_array(np.maximum(X, 0))
    if kind == "weights":
        weights = rng.uniform(size=450)
    fits = [
        estimator(
            (20, 8),
            activation=activation,
            eigenvalues=eigenvalues,
            max_iter=40,
            learning_rate_init=1e-2,
            alpha=1e-2,
            random_state=0,
            device=device,
        ).fit(X, y, weights)
        for device in ("cpu", "cuda")
    ]
    outputs = [fit._outputs(X) for fit in fits]
    np.testing.assert_allclose(*outputs, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(*[fit.loss_curve_ for fit in fits], rtol=1e-6)


@gpu
def test_a_search():
    X, y = load_digits(return_X_y=True)
    grid = {"hidden_layer_sizes": [10, 40], "alpha": [1e-3, 1e-1], "learning_rate_init": [1e-3, 5]}
    scores = []
    for device in ("cpu", "cuda"):
        network = SpectralMLPClassifier(max_iter=30, random_state=0, device=device)
        for kind in (SpectralGridSearchCV, GridSearchCV):
            search = kind(network, grid, cv=3, refit=False).fit(X / 16, y)
            scores.append(search.cv_results_["mean_test_score"])
    for other in scores[1:]:
        np.testing.assert_allclose(scores[0], other, atol=2e-3)


@gpu
def test_partial_fit_and_restarts():
    X, y = make_teacher_regression(500, 5, hidden_layer_sizes=3, random_state=0)
    own = []
    for device in ("cpu", "cuda"):
        network = SpectralMLPRegressor(30, n_init=3, random_state=0, max_iter=50, device=device)
        network.fit(X, y)
        assert network.stability_.core_sizes.shape == (3, 1)
        for _ in range(3):
            network.partial_fit(X, y)
        own.append(network.predict(X))
    np.testing.assert_allclose(*own, rtol=1e-6, atol=1e-8)


@gpu
def test_the_teacher_is_found():
    X, y = make_teacher_regression(4000, 10, hidden_layer_sizes=5, random_state=0)
    network = SpectralMLPRegressor(100, random_state=0, device="cuda").fit(X, y)
    assert network.core_sizes_ == (5,)
    pruner = SpectralPruner(network, prefit=True).fit(X, y)
    assert pruner.pruned_estimator_.core_sizes_ == (5,)


@gpu
def test_lbfgs():
    X, y = make_teacher_regression(300, 4, hidden_layer_sizes=3, random_state=0)
    fits = [
        SpectralMLPRegressor(8, solver="lbfgs", max_iter=30, random_state=0, device=device)
        for device in ("cpu", "cuda")
    ]
    losses = [fit.fit(X, y).loss_curve_[:10] for fit in fits]
    np.testing.assert_allclose(*losses, rtol=1e-6)
