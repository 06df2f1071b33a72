"""The closed-form gradients against torch.autograd."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from skspectral.engine.network import Architecture, Stack
from skspectral.engine.objective import Objective
from skspectral.spectral import Parameters, initial_eigenvalues

ACTIVATIONS = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
    "identity": lambda z: z,
}
MODES = {
    "in": ("in",) * 3,
    "out": ("out",) * 3,
    "both": ("both",) * 3,
    "dense": (None,) * 3,
    "mixed": ("out", None, "in"),
}
TRAINED = {"in": {"in"}, "out": {"out"}, "both": {"in", "out"}, None: set()}
STRENGTHS = [
    {"eigenvectors": 0.3, "eigenvalues": 0.2, "weights": 0.1},
    {"eigenvectors": 0.0, "eigenvalues": 0.7, "weights": 0.5},
]
N_SAMPLES, N_INPUTS, HIDDEN = 7, 3, (5, 4)


def random_parameters(rng, widths, modes, fit_intercept):
    """Random values of all that is trained."""
    lists = [], [], [], []
    for n_in, n_out, mode in zip(widths[:-1], widths[1:], modes, strict=True):
        eigenvalues_in, eigenvalues_out = initial_eigenvalues(n_in, n_out, mode)
        if "in" in TRAINED[mode]:
            eigenvalues_in = rng.normal(size=n_in)
        if "out" in TRAINED[mode]:
            eigenvalues_out = rng.normal(size=n_out)
        intercepts = rng.normal(size=n_out) * fit_intercept
        values = rng.normal(size=(n_in, n_out)), intercepts, eigenvalues_in, eigenvalues_out
        for parameters, value in zip(lists, values, strict=True):
            parameters.append(value)
    return Parameters(*lists)


def random_targets(rng, loss, n_outputs):
    if loss == "squared_error":
        return rng.normal(size=(N_SAMPLES, n_outputs))
    if loss == "softmax":
        return np.eye(n_outputs)[rng.integers(n_outputs, size=N_SAMPLES)]
    return rng.integers(2, size=(N_SAMPLES, n_outputs)).astype(float)


def reference(parameters, strengths, X, targets, weights, activation, loss, modes):
    """Loss, penalty and gradients of one network, by autograd."""
    names = "eigenvectors", "intercepts", "eigenvalues_in", "eigenvalues_out"
    leaves = [
        {name: torch.tensor(getattr(parameters, name)[t], requires_grad=True) for name in names}
        for t in range(len(modes))
    ]
    values, penalty = torch.tensor(X), torch.zeros(())
    for t, (leaf, mode) in enumerate(zip(leaves, modes, strict=True)):
        phi, b, eigenvalues_in, eigenvalues_out = leaf.values()
        values = values @ (phi * (eigenvalues_in[:, None] - eigenvalues_out)) + b
        if t < len(modes) - 1:
            values = ACTIVATIONS[activation](values)
        penalty = (
            penalty + strengths["weights" if mode is None else "eigenvectors"] * (phi**2).sum()
        )
        for side in TRAINED[mode]:
            penalty = penalty + strengths["eigenvalues"] * (leaf[f"eigenvalues_{side}"] ** 2).sum()
    targets = torch.tensor(targets)
    if loss == "squared_error":
        per_sample = F.mse_loss(values, targets, reduction="none").mean(1)
    elif loss == "softmax":
        per_sample = F.cross_entropy(values, targets.argmax(1), reduction="none")
    else:
        per_sample = F.binary_cross_entropy_with_logits(values, targets, reduction="none").mean(1)
    mean_loss = (per_sample if weights is None else per_sample * torch.tensor(weights)).mean()
    (mean_loss + penalty).backward()
    gradients = [{name: value.grad.numpy() for name, value in leaf.items()} for leaf in leaves]
    return mean_loss.item(), penalty.item(), gradients


def check(
    activation,
    loss,
    n_outputs,
    modes,
    weighted,
    fit_intercept=True,
    hidden=HIDDEN,
    n_inputs=N_INPUTS,
    n_sources=2,
):
    rng = np.random.default_rng(0)
    widths = (n_inputs, *hidden, n_outputs)
    members = [random_parameters(rng, widths, modes, fit_intercept) for _ in STRENGTHS]
    X = rng.normal(size=(n_sources, N_SAMPLES, n_inputs))
    targets = np.stack([random_targets(rng, loss, n_outputs) for _ in range(n_sources)])
    weights = rng.uniform(0.1, 3, size=(n_sources, N_SAMPLES)) if weighted else None
    architecture = Architecture(widths, activation, modes, fit_intercept)
    constants = np.broadcast_to(architecture.constants, (*X.shape[:2], len(architecture.constants)))
    with torch.inference_mode():
        stack = Stack(architecture, members)
        # The slopes of the first layer come in factors, by an outer product, or by a product.
        assert stack._in_factors == (len(hidden) == n_outputs == 1 and n_inputs < hidden[0])
        objective = Objective(stack, loss, STRENGTHS)
        losses = objective.evaluate(
            torch.tensor(np.concatenate([X, constants], axis=2)),
            torch.tensor(targets)[:, None],
            None if weights is None else torch.tensor(weights / N_SAMPLES)[:, None, :, None],
        )
        penalties = objective.penalty()
        gradients = [
            {name: view.numpy() for name, view in transfer.items()}
            for transfer in stack.views(stack.gradient)
        ]
    for k, member in enumerate(members):
        loss_k, penalty, expected = reference(
            member,
            STRENGTHS[k],
            X[k % n_sources],
            targets[k % n_sources],
            None if weights is None else weights[k % n_sources],
            activation,
            loss,
            modes,
        )
        np.testing.assert_allclose(losses[k].item(), loss_k, rtol=1e-10)
        np.testing.assert_allclose(penalties[k], penalty, rtol=1e-10)
        for t, mode in enumerate(modes):
            trained = {"eigenvectors"} | {f"eigenvalues_{side}" for side in TRAINED[mode]}
            assert set(gradients[t]) == trained | ({"intercepts"} if fit_intercept else set())
            for name, values in gradients[t].items():
                wanted = expected[t][name].reshape(values[k].shape)
                scale = np.abs(wanted).max()
                np.testing.assert_allclose(values[k], wanted, rtol=1e-10, atol=1e-10 * scale)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("modes", MODES.values(), ids=MODES)
@pytest.mark.parametrize(
    ("loss", "n_outputs"), [("squared_error", 2), ("softmax", 3), ("sigmoid", 1), ("sigmoid", 2)]
)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_equals_autograd(activation, loss, n_outputs, modes, weighted):
    check(activation, loss, n_outputs, modes, weighted)


@pytest.mark.parametrize("modes", MODES.values(), ids=MODES)
def test_gradient_without_intercepts_equals_autograd(modes):
    check("tanh", "squared_error", 2, modes, weighted=False, fit_intercept=False)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("n_sources", [1, 2])
@pytest.mark.parametrize("n_inputs", [2, 3, 6])
@pytest.mark.parametrize("modes", [("in", "in"), ("out", "out"), ("both", None), (None, "both")])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_of_one_layer_and_output_equals_autograd(
    activation, modes, n_inputs, n_sources, fit_intercept
):
    settings = {"hidden": (5,), "n_inputs": n_inputs, "n_sources": n_sources}
    check(activation, "squared_error", 1, modes, True, fit_intercept, **settings)


def test_columns_of_a_batch():
    for n_inputs, constants in (1, (1,)), (2, (1, 0)), (3, (1,)), (4, (1,)), (10, (1, 0)):
        assert Architecture((n_inputs, 3, 1), "relu", ("in", "in")).constants == constants
    assert Architecture((2, 3, 1), "relu", ("in", "in"), fit_intercept=False).constants == ()


@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_cross_entropy_of_large_outputs_is_finite(loss):
    with torch.inference_mode():
        parameters = Parameters.from_weights([np.full((1, 2), [1e3, -1e3])], [np.zeros(2)], None)
        stack = Stack(Architecture((1, 2), "relu", (None,)), [parameters])
        targets = torch.tensor([[[[0.0, 1.0]]]], dtype=torch.float64)
        strengths = {"eigenvectors": 0.0, "eigenvalues": 0.0, "weights": 0.0}
        X = torch.ones(1, 1, 2, dtype=torch.float64)
        value = Objective(stack, loss, [strengths]).evaluate(X, targets)
    assert value.item() == pytest.approx(2000 if loss == "softmax" else 1000)
    assert stack.gradient.isfinite().all()
