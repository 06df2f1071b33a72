"""SpectralLinear."""

import numpy as np
import pytest
import torch

from skspectral.core import relevance
from skspectral.nn import SpectralLinear
from skspectral.spectral import transfer_weights


def layer_of(eigenvalues, bias=True):
    """A layer with random values for all that it trains."""
    torch.manual_seed(0)
    layer = SpectralLinear(3, 4, bias=bias, eigenvalues=eigenvalues, dtype=torch.float64)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_()
    return layer


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("eigenvalues", ["in", "out", "both"])
def test_weights_and_output_are_those_of_the_formula(eigenvalues, bias):
    layer = layer_of(eigenvalues, bias)
    values = [layer.eigenvectors.T, layer.eigenvalues_in, layer.eigenvalues_out]
    weights = transfer_weights(*(value.detach().numpy() for value in values))
    np.testing.assert_allclose(layer.weight.detach().numpy(), weights.T)
    X = np.random.default_rng(0).normal(size=(2, 5, 3))
    expected = X @ weights + (layer.bias.detach().numpy() if bias else 0)
    np.testing.assert_allclose(layer(torch.tensor(X)).detach().numpy(), expected)
    side = 0 if eigenvalues == "in" else 1
    expected = relevance([weights, np.ones((4, 1))], eigenvalues)[side]
    if side == 1:
        expected = np.linalg.norm(weights, axis=0)
    np.testing.assert_allclose(layer.relevance().numpy(), expected)


@pytest.mark.parametrize(
    ("eigenvalues", "trained"),
    [
        ("in", {"eigenvectors", "eigenvalues_in", "bias"}),
        ("out", {"eigenvectors", "eigenvalues_out", "bias"}),
        ("both", {"eigenvectors", "eigenvalues_in", "eigenvalues_out", "bias"}),
    ],
)
def test_what_is_trained_penalised_and_saved(eigenvalues, trained):
    layer = layer_of(eigenvalues)
    assert {name for name, _ in layer.named_parameters()} == trained
    values = {name: value.detach().numpy() for name, value in layer.state_dict().items()}
    squares = {name: (value**2).sum() for name, value in values.items()}
    own = squares["eigenvalues_in"] + squares["eigenvalues_out"]
    expected = 0.3 * squares["eigenvectors"] + 0.2 * own
    assert layer.penalty(0.3, 0.2).item() == pytest.approx(expected)
    assert layer.penalty(0.3).item() == pytest.approx(0.3 * (squares["eigenvectors"] + own))
    other = SpectralLinear(3, 4, eigenvalues=eigenvalues, dtype=torch.float64)
    other.load_state_dict(layer.state_dict())
    X = torch.ones(1, 3, dtype=torch.float64)
    assert torch.equal(other(X), layer(X))


def test_the_penalty_empties_nodes_that_a_task_does_not_need():
    torch.manual_seed(0)
    X = torch.randn(200, 6)
    y = torch.relu(X[:, :1])
    model = torch.nn.Sequential(SpectralLinear(6, 20), torch.nn.ReLU(), SpectralLinear(20, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 600)
    for _ in range(600):
        optimizer.zero_grad()
        loss = (model(X) - y).square().mean()
        (loss + model[0].penalty(3e-3) + model[2].penalty(3e-3)).backward()
        optimizer.step()
        decay.step()
    assert loss.item() < 1e-2
    nodes, inputs = model[2].relevance(), model[0].relevance()
    assert (nodes > 0.05 * nodes.max()).sum() <= 4
    assert (inputs > 0.05 * inputs.max()).tolist() == [True] + [False] * 5


@pytest.mark.parametrize(("own", "other"), [("in", "out"), ("out", "in"), ("in", "both")])
def test_weights_of_a_layer_that_trains_other_eigenvalues_are_refused(own, other):
    source = SpectralLinear(4, 3, eigenvalues=other)
    with torch.no_grad():
        for parameter in source.parameters():
            parameter.add_(0.1)
    layer = SpectralLinear(4, 3, eigenvalues=own)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    with pytest.raises(RuntimeError, match="give a SpectralLinear of the same eigenvalues"):
        torch.nn.Sequential(layer).load_state_dict(torch.nn.Sequential(source).state_dict())
    for name, value in layer.state_dict().items():
        assert torch.equal(value, before[name])
    shapes = {name: value.to("meta") for name, value in layer.state_dict().items()}
    SpectralLinear(4, 3, eigenvalues=own, device="meta").load_state_dict(shapes, assign=True)
    again = SpectralLinear(4, 3, eigenvalues=other)
    again.load_state_dict(source.state_dict())
    assert torch.equal(again.weight, source.weight)


def test_start_repr_and_bad_settings():
    layer = SpectralLinear(300, 200, eigenvalues="out")
    bound = np.sqrt(6 / 500)
    assert 0.95 * bound < layer.weight.abs().max() <= bound
    assert layer.weight.std().item() == pytest.approx(bound / np.sqrt(3), rel=0.02)
    assert repr(layer) == (
        "SpectralLinear(in_features=300, out_features=200, bias=True, eigenvalues='out')"
    )
    with pytest.raises(ValueError, match="eigenvalues='up' is none of 'out', 'in', 'both'"):
        SpectralLinear(2, 2, eigenvalues="up")
