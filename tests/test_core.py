"""Relevance, the core and pruning, and the numpy forward pass."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skspectral.core import core_mask, gap_threshold, prune, relevance, top_masks
from skspectral.forward import forward
from skspectral.spectral import Parameters, initial_eigenvalues

HIDDEN_ACTIVATIONS = ["relu", "tanh", "logistic", "identity"]
WIDTHS = (4, 6, 5, 3)


def random_network(rng):
    shapes = list(zip(WIDTHS[:-1], WIDTHS[1:], strict=True))
    return [rng.normal(size=s) for s in shapes], [rng.normal(size=s[1]) for s in shapes]


def random_parameters(rng, eigenvalues):
    phis, intercepts = random_network(rng)
    pairs = [list(initial_eigenvalues(*phi.shape, eigenvalues)) for phi in phis]
    for pair in pairs:
        if eigenvalues in ("in", "both"):
            pair[0] = rng.normal(size=len(pair[0]))
        if eigenvalues in ("out", "both"):
            pair[1] = rng.normal(size=len(pair[1]))
    return Parameters(phis, intercepts, [p[0] for p in pairs], [p[1] for p in pairs])


def gated_norms(parameters, eigenvalues):
    """abs(lambda) * norm(phi) of hidden and input nodes, where one eigenvalue gates a norm."""
    phis, weights = parameters.eigenvectors, parameters.weights
    inputs = np.sqrt((weights[0] ** 2).sum(1))
    if eigenvalues == "in":
        return [
            np.abs(value) * np.sqrt((phi**2).sum(1))
            for value, phi in zip(parameters.eigenvalues_in, phis, strict=True)
        ]
    if eigenvalues == "out":
        pairs = zip(parameters.eigenvalues_out[:-1], phis[:-1], strict=True)
        return [inputs, *(np.abs(value) * np.sqrt((phi**2).sum(0)) for value, phi in pairs)]
    return [inputs, *(np.sqrt((w**2).sum(0)) for w in weights[:-1])]


@pytest.mark.parametrize("eigenvalues", ["in", "out", "both", None])
def test_relevance_is_the_norm_that_the_eigenvalue_gates(eigenvalues):
    parameters = random_parameters(np.random.default_rng(0), eigenvalues)
    found = relevance(parameters.weights, eigenvalues)
    expected = gated_norms(parameters, eigenvalues)
    assert [len(nodes) for nodes in found] == list(WIDTHS[:-1])
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_relevance_wants_a_mode_that_there_is():
    with pytest.raises(ValueError, match="eigenvalues='inn' is none of 'out', 'in', 'both'"):
        relevance([np.ones((2, 2))], "inn")


@pytest.mark.parametrize(
    ("nodes", "options", "expected"),
    [
        ([1.0, 0.05, 0.050001], {}, [True, False, True]),
        ([2.0, 1.0, 1.5], {"threshold": 0.5}, [True, False, True]),
        ([1.0, 0.0, 1e-300], {"threshold": 0.0}, [True, False, True]),
        ([0.2, 0.1], {"floor": 0.2}, [False, False]),
        ([0.2, 0.1], {"floor": 0.19}, [True, True]),
        ([0.0, 0.0], {}, [False, False]),
        ([0.0, 0.0], {"threshold": 0.0}, [False, False]),
        ([], {}, []),
    ],
)
def test_core_mask(nodes, options, expected):
    mask = core_mask(np.array(nodes), **options)
    np.testing.assert_array_equal(mask, np.array(expected, dtype=bool), strict=True)


@pytest.mark.parametrize("out_activation", ["identity", "logistic", "softmax"])
@pytest.mark.parametrize("activation", HIDDEN_ACTIVATIONS)
@pytest.mark.parametrize("eigenvalues", ["in", "out"])
@pytest.mark.parametrize("cut", [((1, 4), (0, 3)), ((), (2,)), (range(6), range(5))])
def test_pruning_nodes_without_relevance_keeps_the_outputs(
    cut, eigenvalues, activation, out_activation
):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, WIDTHS[0]))
    weights, intercepts = random_network(rng)
    for layer, nodes in enumerate(cut):
        if eigenvalues == "in":
            weights[layer + 1][list(nodes)] = 0
        else:
            weights[layer][:, list(nodes)] = 0
    masks = [nodes > 0 for nodes in relevance(weights, eigenvalues)[1:]]
    before = copy.deepcopy((weights, intercepts, masks))
    small_weights, small_intercepts = prune(weights, intercepts, masks, activation)

    kept = [WIDTHS[1] - len(cut[0]), WIDTHS[2] - len(cut[1])]
    assert [mask.sum() for mask in masks] == kept
    widths = (WIDTHS[0], *kept, WIDTHS[3])
    assert [w.shape for w in small_weights] == list(zip(widths[:-1], widths[1:], strict=True))
    assert [len(b) for b in small_intercepts] == list(widths[1:])
    np.testing.assert_allclose(
        forward(X, small_weights, small_intercepts, activation, out_activation),
        forward(X, weights, intercepts, activation, out_activation),
        rtol=1e-12,
        atol=1e-12,
    )
    for now, then in zip((weights, intercepts, masks), before, strict=True):
        for a, b in zip(now, then, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n_masks", [0, 1, 3])
def test_prune_wants_one_mask_for_each_hidden_layer(n_masks):
    weights, intercepts = random_network(np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"Got {n_masks} masks for 2 hidden layers"):
        prune(weights, intercepts, [np.ones(6, dtype=bool)] * n_masks, "relu")


@pytest.mark.parametrize("mask", [[1, 0, 1, 1, 0, 1], [True] * 5, [[True]] * 6, [0, 2]])
def test_prune_wants_a_boolean_for_each_node(mask):
    weights, intercepts = random_network(np.random.default_rng(0))
    with pytest.raises(ValueError, match="hidden layer 1 .* give a boolean for each of its 6"):
        prune(weights, intercepts, [np.array(mask), np.ones(5, dtype=bool)], "relu")


def test_prune_takes_lists_and_whole_numbers():
    weights, intercepts = [[[2, 0]], [[1], [3]]], [[0, 1], [5]]
    small = prune(weights, intercepts, [[True, False]], "tanh")
    assert small[0][0].tolist() == [[2]]
    np.testing.assert_allclose(small[1][1], [5 + 3 * np.tanh(1)], rtol=1e-12)
    with pytest.raises(ValueError, match="activation='sine' is none of 'relu', 'tanh'"):
        prune(weights, intercepts, [[True, False]], "sine")


@pytest.mark.parametrize(
    ("nodes", "kept"),
    [
        ([1.0, 0.6, 0.4, 0.001, 0.0005], 3),
        ([1.0, 0.2, 0.19, 0.18, 0.01, 0.009], 4),  # not the ratio of 5, but that of 18
        ([1.0, 0.2, 0.19, 0.18, 0.06, 0.06], 6),  # the paper's, for what is there has not vanished
        ([1.0, 0.2, 0.19, 0.06, 0.045], 4),
        ([1.0, 0.03, 0.02, 1e-5], 1),
        ([1.0], 1),
    ],
)
def test_a_gap_is_above_what_has_vanished(nodes, kept):
    mask = core_mask(nodes, gap_threshold(nodes))
    assert mask.tolist() == [True] * kept + [False] * (len(nodes) - kept)
    scaled = gap_threshold(1e6 * np.array(nodes[::-1]))
    assert scaled == pytest.approx(gap_threshold(nodes), rel=1e-12)


def test_top_masks_leave_every_layer_a_node():
    spectra = [[0.0, 0.0, 0.0], np.array([3.0, 2.0])]
    for n_nodes in range(2, 6):
        masks = top_masks(spectra, n_nodes)
        assert sum(mask.sum() for mask in masks) == n_nodes
        assert all(mask.any() for mask in masks)
    for n_nodes in (-1, 0, 1, 6, 2.0):
        with pytest.raises(ValueError, match=f"n_nodes={n_nodes} of 5 nodes in 2 layers"):
            top_masks(spectra, n_nodes)
    with pytest.raises(ValueError, match="must be finite"):
        top_masks([np.array([np.nan, 1.0, 0.5])], 2)


def test_forward_takes_whole_numbers_and_refuses_what_it_does_not_know():
    X, network = np.array([[1, 2]]), ([np.array([[1], [1]]), [[2]]], [[0.5], [1]])
    assert forward(X, *network, "relu", "identity").tolist() == [[8.0]]
    assert forward(X, *network, "relu", "logistic") == pytest.approx(1 / (1 + np.exp(-8)))
    with pytest.raises(ValueError, match="the activation 'gelu'; give one of 'identity', 'relu'"):
        forward(X, *network, "gelu", "identity")


def regression(rng, X):
    return MLPRegressor, rng.normal(size=len(X))


def several_outputs(rng, X):
    return MLPRegressor, rng.normal(size=(len(X), 2))


def binary(rng, X):
    return MLPClassifier, rng.integers(2, size=len(X))


def multiclass(rng, X):
    return MLPClassifier, rng.integers(3, size=len(X))


def multilabel(rng, X):
    return MLPClassifier, rng.integers(2, size=(len(X), 3))


@pytest.mark.parametrize("convert", [np.asarray, csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("activation", HIDDEN_ACTIVATIONS)
@pytest.mark.parametrize("problem", [regression, several_outputs, binary, multiclass, multilabel])
def test_forward_equals_scikit_learn(problem, activation, convert):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    kind, y = problem(rng, X)
    is_classifier = kind is MLPClassifier
    model = kind(hidden_layer_sizes=(6, 5), activation=activation, random_state=0)
    # One epoch, without a word about convergence. Labels of multilabel y are numbered.
    classes = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
    model.partial_fit(X, y, **({"classes": classes} if is_classifier else {}))
    out = forward(convert(X), model.coefs_, model.intercepts_, activation, model.out_activation_)
    expected = model.predict_proba(X) if is_classifier else model.predict(X)
    if problem is binary:
        expected = expected[:, 1]
    np.testing.assert_allclose(out, expected.reshape(out.shape), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bad", [[1.0, np.nan], [1.0, np.inf]])
def test_relevances_are_finite(bad):
    for function in (core_mask, gap_threshold):
        with pytest.raises(ValueError, match="finite numbers"):
            function(bad)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, np.nan])
def test_a_threshold_is_a_share(threshold):
    with pytest.raises(ValueError, match="from 0 to 1"):
        core_mask([1.0, 0.5], threshold)


def test_many_rows_are_taken_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(50, 3)), [rng.normal(size=(3, 7)), rng.normal(size=(7, 2))]
    network = weights, [np.ones(7), np.ones(2)], "relu", "softmax"
    whole = forward(X, *network)
    monkeypatch.setattr("skspectral.forward._MOST_VALUES", 30)  # four rows of seven nodes
    assert_allclose(forward(X, *network), whole, rtol=1e-14)
    assert_allclose(forward(csr_array(X), *network), whole, rtol=1e-14)
