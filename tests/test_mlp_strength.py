"""alpha="auto": a strength that follows the noise that is left."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import (
    load_diabetes,
    make_classification,
    make_moons,
    make_multilabel_classification,
)
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression
from skspectral.engine.strength import NoiseStrength
from skspectral.engine.together import run_together
from skspectral.mlp.copies import distinct_rows
from skspectral.mlp.fit import Fit
from skspectral.mlp.length import Length
from skspectral.mlp.strength import noise_strength
from skspectral.spectral import Parameters


def chosen(X, y, **parameters):
    settings = {"hidden_layer_sizes": 20, "random_state": 0, "alpha": "auto"}
    settings |= parameters
    mlp = SpectralMLPClassifier if y.dtype.kind in "iU" else SpectralMLPRegressor
    return mlp(**settings).fit(X, y)


WEAKEST, STRONGEST = 3e-4, 3e-2


def network(*widths, vanished=(), eigenvalues="in"):
    """Weights of one, but for the nodes (layer, node) that have vanished."""
    weights = [np.ones(shape) for shape in zip(widths[:-1], widths[1:], strict=True)]
    for layer, node in vanished:
        weights[layer][node] = 0
    intercepts = [np.zeros(n) for n in widths[1:]]
    return Parameters.from_weights(weights, intercepts, eigenvalues)


def noise(n_inputs=4, n_rows=400, **settings):
    defaults = {"n_targets": 1, "trainable": "all", "constant": 1.0, "least": WEAKEST, "rise": 1}
    defaults |= {"n_more": 0, "of_classes": False, "is_long": True}
    defaults["n_independent"] = settings.get("n_targets", 1)
    settings = defaults | {"factor": 0.1, "exponent": 0.5, "inputs": np.ones(n_inputs)} | settings
    return NoiseStrength(n_rows=n_rows, **settings)


def test_the_formula():
    alpha = noise(constant=2.0)(0.5, network(4, 1, 1), progress=0.5)
    price = np.exp(2 * (4 + 1 + 1) / 400)  # weights and the last intercept
    assert alpha == pytest.approx(0.1 * np.sqrt(0.25 * price * 4 / 400))


def test_parameters_count_ever_more_until_the_middle():
    follow, wide = noise(factor=0.03), network(4, 100, 1)
    alphas = [follow(0.2, wide, progress) for progress in (0.0, 0.2, 0.5, 1.0)]
    assert alphas[0] == WEAKEST
    assert alphas[0] < alphas[1] < alphas[2] < alphas[3]
    # Of more parameters than rows they say that it is worse than a constant, by twice at most.
    assert alphas[2] == pytest.approx(0.03 * np.sqrt(2 * 4 / 400))
    assert alphas[3] == pytest.approx(0.03 * np.sqrt(0.2 * np.exp(2 * 501 / 400) * 4 / 400))
    wider = follow(0.2, network(4, 1000, 1), 2.0)
    assert wider == pytest.approx(0.03 * np.sqrt(16 * 4 / 400))
    few = follow(0.2, network(4, 100, 1, vanished=[(1, k) for k in range(1, 100)]), 1.0)
    assert few == pytest.approx(0.03 * np.sqrt(0.2 * np.exp(12 / 400) * 4 / 400))


def test_of_classes_they_count_later():
    X = np.random.default_rng(0).standard_normal((100, 3))
    assert noise_strength(X, X[:, :1], "squared_error").rise == 1
    assert noise_strength(X, np.eye(2)[np.arange(100) % 2], "softmax").rise == 2
    even, late = noise(factor=0.01), noise(factor=0.01, rise=2)
    wide = network(4, 9, 1)
    assert late(0.2, wide, 0.25) == even(0.2, wide, 0.125) < even(0.2, wide, 0.25)
    assert late(0.2, wide, 0.5) == even(0.2, wide, 0.5)
    strong = noise(factor=9.0, rise=2)(1.0, wide, 0.25)
    assert strong == pytest.approx(WEAKEST * (STRONGEST / WEAKEST) ** 0.25)


def test_errors_in_common_are_learnt_for_all_outputs_at_once():
    follow = noise(5, factor=0.03, n_targets=4, n_independent=2.0)
    price = np.exp(2 * (5 * 3 / 2 + (3 * 4 + 4) / 4) / 400)  # hidden nodes, and outputs
    expected = 0.03 * np.sqrt(0.2 * price * 5 / 400) / 2
    assert follow(0.2, network(5, 3, 4), 1.0) == pytest.approx(expected)


def test_inputs_that_have_vanished_do_not_count():
    follow = noise(trainable=None)  # without a price
    whole, half = (
        follow(1.0, network(4, 1, 1, vanished=gone), 1.0) for gone in ([], [(0, 0), (0, 2)])
    )
    assert half == pytest.approx(whole / np.sqrt(2))
    small = noise(inputs=np.full(4, 1e-3), trainable=None)
    assert small(1.0, network(4, 1, 1), 1.0) == pytest.approx(0.1 / np.sqrt(400))  # of one at least


@pytest.mark.parametrize("progress", [0.0, 0.25, 1.0])
def test_the_limits(progress):
    strongest = WEAKEST * (STRONGEST / WEAKEST) ** min(1, 2 * progress)
    assert noise(factor=9.0)(0.9, network(4, 1, 1), progress) == pytest.approx(strongest)
    assert noise()(0.0, network(4, 1, 1), progress) == WEAKEST
    several = noise(factor=9.0, n_targets=4)
    assert several(0.9, network(4, 1, 4), progress) == pytest.approx(strongest / 2)


def test_what_is_learnt_by_heart_asks_for_more_than_the_strongest():
    """In the second half, by how many times as wrong as a constant the network is taken for."""
    follow, by_heart = noise(factor=9.0), network(4, 25, 1)
    share = 0.9 * np.exp(2 * (4 * 25 + 25 + 1) / 400)
    assert follow(0.9, by_heart, 0.5) == pytest.approx(STRONGEST)
    assert follow(0.9, by_heart, 0.9) == pytest.approx(STRONGEST * share**2)
    assert noise(factor=9.0, is_long=False)(0.9, by_heart, 0.9) == pytest.approx(STRONGEST)
    assert noise(factor=0.1)(0.9, by_heart, 0.9) == pytest.approx(0.1 * np.sqrt(share * 4 / 400))


@pytest.mark.parametrize(("max_iter", "is_long"), [(3999, False), (4000, True), ("auto", True)])
def test_how_long_a_training_is_counts(data, max_iter, is_long):
    fit = Fit(SpectralMLPRegressor(20, max_iter=max_iter), *data)
    assert fit.training.member.noise.is_long == is_long


@pytest.mark.filterwarnings("ignore::skspectral.mlp.warnings.CollapseWarning")  # of noise
@pytest.mark.parametrize("widths", [(50, 20), (50, 20, 10)])
def test_of_few_rows_deep_networks_do_not_learn_noise_by_heart(widths):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((4150, 10))
    signal = np.maximum(X[:, 0], 0) - X[:, 1]
    for share, worst in ((0.0, -0.05), (0.1, -0.15)):
        y = np.sqrt(share) * signal / signal.std() + rng.standard_normal(4150)
        model = SpectralMLPRegressor(widths, random_state=0).fit(X[:150], y[:150])
        assert model.score(X[150:], y[150:]) > worst


@pytest.mark.parametrize(("n_nodes", "most"), [(10, 1), (50, 1), (200, 0.95)])
def test_many_parameters_of_deep_networks_count_by_cross_validation_in_the_end(n_nodes, most):
    deep, shallow, by_heart = noise(n_more=1), noise(), network(4, n_nodes, 1)
    explained = (4 * n_nodes + n_nodes + 1) / 400
    larger = max(1, np.exp(-2 * explained) / (1 - min(explained, most)) ** 2)
    for progress, exponent in ((0.3, 0), (0.5, 0), (0.625, 0.5), (0.75, 1), (1.0, 1)):
        ratio = deep(1e-3, by_heart, progress) / shallow(1e-3, by_heart, progress)
        assert ratio == pytest.approx(larger ** (exponent / 2))
    assert deep.settled == 0.75


def test_each_layer_of_classes_asks_for_as_much_once_there_is_nothing_more_to_learn():
    deep, shallow = noise(factor=0.01, n_more=2, of_classes=True), noise(factor=0.01)

    def ratios(by_heart):
        progresses = (0.3, 0.5, 0.625, 0.75, 1.0)
        return [deep(0.2, by_heart, q) / shallow(0.2, by_heart, q) for q in progresses]

    assert ratios(network(4, 50, 1)) == pytest.approx([1, 1, 2, 3, 3])
    # Where parameters are few it asks for the less more.
    price = 2 * (4 * 10 + 10 + 1) / 400
    few = [1, 1, 1 + price, 1 + 2 * price, 1 + 2 * price]
    assert ratios(network(4, 10, 1)) == pytest.approx(few)
    assert (shallow.settled, deep.settled) == (0.5, 0.75)
    X = np.random.default_rng(0).standard_normal((100, 3))
    classes = np.eye(2)[np.arange(100) % 2]
    layers = range(4)
    assert [noise_strength(X, classes, "softmax", n_hidden=n).n_more for n in layers] == [
        0,
        0,
        1,
        2,
    ]
    assert noise_strength(X, X, "squared_error", n_hidden=3).n_more == 2
    assert noise_strength(X, classes, "softmax", trainable=None, n_hidden=3).n_more == 0


def test_further_layers_of_logistic_nodes_keep_a_weak_line():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4300, 10))
    y = X[:, 0] - X[:, 1] + 3 * rng.standard_normal(4300)
    factors = [
        noise_strength(X, y[:, None], "squared_error", activation=activation, n_hidden=n).factor
        for activation, n in (("logistic", 1), ("logistic", 2), ("logistic", 3), ("tanh", 3))
    ]
    assert factors == [0.15, 0.075, 0.075, 0.15]
    classes = np.eye(2)[(y > 0).astype(int)]
    settings = {"loss": "softmax", "activation": "logistic"}
    deep, shallow = (noise_strength(X, classes, n_hidden=n, **settings) for n in (2, 1))
    assert deep.factor == shallow.factor
    student = SpectralMLPRegressor((50, 20), activation="logistic", random_state=0)
    assert student.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.1  # 0.18 is what there is


@pytest.mark.parametrize("loss", ["squared_error", "softmax"])
def test_of_a_short_training_many_parameters_say_less(loss):
    X = np.random.default_rng(0).standard_normal((100, 3))
    targets = np.eye(2)[np.arange(100) % 2]
    short = noise_strength(X, targets, loss, n_hidden=3, is_long=False)
    assert (short.n_more, short.settled) == (0, 0.5)


@pytest.mark.filterwarnings("ignore::skspectral.mlp.warnings.CollapseWarning")  # of noise
@pytest.mark.parametrize("widths", [(50, 20), (50, 20, 10)])
def test_of_few_rows_deep_networks_do_not_learn_wrong_classes_by_heart(widths):
    """Classes that nothing tells, and such that two inputs tell for the most part."""
    rng = np.random.default_rng(3)
    X, chance = rng.standard_normal((4200, 10)), rng.random(4200)
    for slope, worst in ((0.0, 1.2), (3.0, 0.8)):
        y = (chance < expit(slope * X[:, 0] - slope / 2 * X[:, 1])).astype(int)
        model = SpectralMLPClassifier(widths, random_state=0).fit(X[:200], y[:200])
        assert log_loss(y[200:], model.predict_proba(X[200:])) < worst * np.log(2)


def test_no_plateau_waits_longer_than_the_strength_rises():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 3))
    y = (X[:, 0] > 0).astype(int)
    settings = {"learning_rate": "constant", "tol": 100.0, "n_iter_no_change": 1, "batch_size": 20}
    for widths, share in ((8, 0.5), ((8, 4), 0.75)):
        model = SpectralMLPClassifier(widths, random_state=0, **settings).fit(X, y)
        assert model.n_iter_ == pytest.approx(40 + share * 360, abs=3)


def test_weights_that_do_not_vanish_have_no_price():
    dense = network(4, 100, 1, eigenvalues=None)
    alpha = noise(factor=0.03, trainable=None)(0.2, dense, 1.0)
    assert alpha == pytest.approx(0.03 * np.sqrt(0.2 * 4 / 400))


def test_of_eigenvalues_alone_those_are_the_parameters():
    alpha = noise(factor=0.03, trainable="eigenvalues")(0.2, network(4, 100, 1), 1.0)
    assert alpha == pytest.approx(0.03 * np.sqrt(0.2 * np.exp(2 * 105 / 400) * 4 / 400))


def test_the_rows_of_a_fit():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 3)), rng.standard_normal((300, 2))
    X[:, 1:] *= [0.5, 3.0]
    found = noise_strength(X, y, "squared_error")
    assert found.inputs == pytest.approx(np.minimum((X**2).mean(axis=0), 1), rel=0.01)
    assert (found.n_rows, found.n_targets, found.constant) == (300, 2, 1.0)
    sparse = noise_strength(csr_array(X), y, "squared_error")
    assert sparse.inputs == pytest.approx(found.inputs)
    weights = np.r_[np.ones(50), np.full(250, 1e-9)]
    weighted = noise_strength(X, y, "squared_error", weights)
    assert weighted.n_rows == pytest.approx(50, rel=1e-6)
    few = noise_strength(X[:50], y[:50], "squared_error")
    assert weighted.inputs == pytest.approx(few.inputs, rel=0.01)


def test_correlated_targets_count_for_fewer():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((5000, 3)), rng.standard_normal((5000, 6))

    def n_independent(targets, weights=None, loss="squared_error"):
        return noise_strength(X, targets, loss, weights).n_independent

    assert n_independent(Y) == pytest.approx(6, rel=0.1)
    assert n_independent(Y[:, [0]]) == 1
    assert n_independent(Y[:, [0, 0, 0]]) == pytest.approx(1)
    # Variances of 2 and 1: two of three are the same, or are so where the weight is.
    assert n_independent(Y[:, [0, 0, 1]]) == pytest.approx(3**2 / 5, rel=0.05)
    Y[:1000, 2] = Y[:1000, 0]
    weights = np.r_[np.ones(1000), np.full(4000, 1e-9)]
    assert n_independent(Y[:, [0, 2, 1]], weights) == pytest.approx(3**2 / 5, rel=0.1)
    labels = (Y > 0).astype(float)
    assert n_independent(labels[:, [0, 1, 1]], loss="sigmoid") == pytest.approx(3**2 / 5, rel=0.05)
    # What they have in common through the inputs is no error.
    assert n_independent(Y[:, 3:] + 3 * X[:, :1]) == pytest.approx(3, rel=0.1)
    assert n_independent(np.eye(3)[rng.integers(3, size=5000)], loss="softmax") == 1
    assert n_independent(np.ones((5000, 2))) == 1


@pytest.mark.parametrize("n_rows", [50, 300, 3000])
def test_correlated_inputs_count_for_less(n_rows):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 60))
    y = rng.standard_normal((n_rows, 1))
    independent = noise_strength(X, y, "squared_error").inputs.sum()
    assert independent == pytest.approx(np.minimum((X**2).mean(axis=0), 1).sum(), rel=0.03)
    pixels = X @ rng.standard_normal((60, 3)) @ rng.standard_normal((3, 60)) / 13 + X / 100
    for matrix in (pixels, csr_array(pixels)):
        few = noise_strength(matrix, y, "squared_error").inputs.sum()
        assert 1 < few < 0.25 * np.minimum((pixels**2).mean(axis=0), 1).sum()


def test_the_rows_of_classes():
    X = np.random.default_rng(0).standard_normal((100, 3))
    rare = (np.arange(100) < 10).astype(float)[:, None]
    of_two = noise_strength(X, rare, "sigmoid")
    entropy = -0.1 * np.log(0.1) - 0.9 * np.log(0.9)
    assert of_two.constant == pytest.approx(entropy)
    # Its rows tell as much as 36 of classes of equal weight.
    assert of_two.n_rows == pytest.approx(36)
    assert of_two.factor / 36**0.5 == pytest.approx(0.045 * np.sqrt(4 * 0.1 * 0.9 / 100))
    balanced = noise_strength(X, rare, "sigmoid", np.where(rare[:, 0] > 0, 9.0, 1.0))
    assert balanced.constant == pytest.approx(np.log(2))
    assert balanced.factor == pytest.approx(0.045)
    of_three = noise_strength(X[:99], np.eye(3)[np.arange(99) % 3], "softmax")
    assert (of_three.constant, of_three.n_targets) == (pytest.approx(np.log(3)), 1)
    assert of_three.factor == pytest.approx(0.045)
    labels = noise_strength(X, np.hstack([rare, 1 - rare, rare]), "sigmoid")
    assert (labels.constant, labels.n_targets) == (pytest.approx(entropy), 3)


@pytest.mark.parametrize("is_sparse", [False, True])
def test_rows_that_are_written_twice_count_once(is_sparse):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 3)), rng.standard_normal((300, 1))
    twice = np.vstack([X, X])
    twice = csr_array(twice) if is_sparse else twice
    assert noise_strength(twice, np.vstack([y, y]), "squared_error").n_rows == 300
    X[:, 2] += X[:, 1] + (np.arange(300) < 20)
    rows = np.r_[np.arange(300), np.repeat(np.arange(20), 8)]
    weighted = noise_strength(X, y, "squared_error", np.where(np.arange(300) < 20, 9.0, 1.0))
    repeated = noise_strength(X[rows], y[rows], "squared_error")
    assert repeated.n_rows == weighted.n_rows < 150
    assert repeated.inputs == pytest.approx(weighted.inputs)


def test_more_noise_asks_for_more():
    alphas = []
    for spread in (0.0, 0.3, 1.0):
        X, y = make_teacher_regression(2000, 6, hidden_layer_sizes=3, noise=spread, random_state=0)
        alphas.append(chosen(X, y).alpha_)
    # Without noise the weakest; then by the share of the variance that it is.
    share = np.array([0.3**2 / (1 + 0.3**2), 0.5])
    assert alphas[0] == WEAKEST
    assert alphas[1:] == pytest.approx(0.15 * share ** (2 / 3) * np.sqrt(6 / 2000), rel=0.15)


def test_of_classes_without_noise_it_is_stronger(classifier):
    X, y = make_moons(300, noise=0.05, random_state=0)
    assert classifier.set_params(max_iter="auto").fit(X, y).alpha_ == 1e-3


# Of chance nothing may be left, which is right, and is said.
@pytest.mark.filterwarnings("ignore::skspectral.mlp.warnings.CollapseWarning")
@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_of_noise_alone_next_to_nothing_is_learnt(kind):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((2200, 8)), rng.standard_normal(2200)
        y = y if kind == "numbers" else (y > 0).astype(int)
        model = chosen(X[:200], y[:200], hidden_layer_sizes=100, random_state=seed)
        assert model.core_sizes_[0] <= 3
        assert model.score(X[200:], y[200:]) > (-0.15 if kind == "numbers" else 0.45)


def test_few_rows_that_a_network_could_learn_by_heart():
    """More parameters than rows: the strength of a number learns them, and is worse for it."""
    scores = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((2400, 8))
        signal = X[:, 0] * X[:, 1] + X[:, 2] + np.abs(X[:, 3])
        y = signal[:400] + signal.std() * rng.standard_normal(400)
        for alpha in ("auto", 1e-3):
            model = SpectralMLPRegressor(alpha=alpha, random_state=seed).fit(X[:400], y)
            scores.append(model.score(X[400:], signal[400:]))
    assert min(scores[::2]) > 0.75
    assert max(scores[1::2]) < 0.5


def test_errors_that_all_outputs_have_in_common_are_not_learnt_by_heart():
    for seed in range(3):
        X, Y, teacher = make_teacher_regression(
            1000, 20, hidden_layer_sizes=10, n_targets=10, return_teacher=True, random_state=seed
        )
        rng = np.random.default_rng(seed)
        Y += Y.std(axis=0) * rng.standard_normal((1000, 1))
        model = SpectralMLPRegressor(random_state=seed).fit(X, Y)
        fresh = rng.standard_normal((4000, 20))
        assert model.score(fresh, teacher.predict(fresh)) > 0.75
        assert model.core_sizes_[0] <= 20


def test_few_rows_without_noise_are_learnt():
    for seed in range(3):
        X, y = make_teacher_regression(2300, 20, hidden_layer_sizes=10, random_state=seed)
        model = SpectralMLPRegressor(alpha="auto", random_state=seed).fit(X[:300], y[:300])
        assert model.score(X[300:], y[300:]) > 0.95


def test_going_on_keeps_the_strength(data, regressor):
    X, y = data
    regressor.set_params(alpha="auto", warm_start=True, max_iter="auto").fit(X, y)
    alpha = regressor.alpha_
    regressor.fit(X[:50], y[:50] + np.arange(50) % 3)
    assert regressor.alpha_ == alpha
    assert regressor.partial_fit(X, y).alpha_ == alpha


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few epochs
def test_short_fits_that_go_on_follow_the_noise_anew(data):
    """At first what is to be learnt looks like noise."""
    model = SpectralMLPRegressor(12, warm_start=True, max_iter=20, random_state=0)
    first = model.fit(*data).alpha_
    for _ in range(20):
        model.fit(*data)
    assert model.alpha_ < first / 10
    assert model.score(*data) > 0.99


def test_pieces_of_a_stream_have_a_strength_of_their_own(data, problem):
    model, *known = problem
    classes = {"classes": np.unique(known[1])} if hasattr(model, "predict_proba") else {}
    number = clone(model).set_params(alpha=1e-3)
    for streamed in (model, number):
        for _ in range(3):
            streamed.partial_fit(*known, **classes)
    assert model.alpha_ == 1e-3
    np.testing.assert_array_equal(model.coefs_[0], number.coefs_[0])
    several = SpectralMLPRegressor(5).partial_fit(data[0], np.stack([data[1]] * 4, axis=1))
    assert several.alpha_ == 1e-3 / 2


def test_a_fit_after_a_stream_follows_the_noise(data, regressor):
    regressor.set_params(alpha="auto", warm_start=True).partial_fit(*data)
    assert regressor.fit(*data).alpha_ < 1e-3  # there is none


@pytest.mark.parametrize("max_iter", ["auto", 10**9])
@pytest.mark.parametrize(
    "settings",
    [{"learning_rate": "constant"}, {"learning_rate": "adaptive"}, {"solver": "lbfgs"}],
    ids=["constant", "adaptive", "lbfgs"],
)
def test_the_strength_settles_before_a_training_ends_however_long_it_might_be(settings, max_iter):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((3400, 30))
    signal = X[:, 0] + np.maximum(X[:, 1], 0)
    y = signal[:400] + rng.standard_normal(400)
    model = chosen(X[:400], y, max_iter=max_iter, n_iter_no_change=200, **settings)
    assert model.alpha_ > 0.01
    assert model.score(X[400:], signal[400:]) > 0.85
    assert model.n_iter_ < 5000  # 4000 by default


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few epochs
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_single_epoch_has_the_strength_of_a_piece_of_a_stream(solver, data):
    assert chosen(*data, solver=solver, max_iter=1).alpha_ == 1e-3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few epochs
def test_callbacks_see_a_number(data):
    seen = []

    class Spy:
        max_propagation_depth = 0

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context, **kwargs):
            pass

        def on_fit_task_end(self, estimator, context, **kwargs):
            seen.append(estimator.alpha_)

    SpectralMLPRegressor(5, alpha="auto", max_iter=3).set_callbacks(Spy()).fit(*data)
    assert all(isinstance(alpha, float) for alpha in seen)
    assert len(seen) >= 3


@pytest.mark.parametrize("threshold", ["auto", "gap"])
def test_what_is_pruned_goes_on_with_the_strength_of_the_network(data, regressor, threshold):
    regressor.set_params(alpha="auto", max_iter="auto")
    pruner = SpectralPruner(regressor, threshold=threshold).fit(*data)
    small, alpha = pruner.pruned_estimator_, pruner.estimator_.alpha_
    assert small.partial_fit(*data).alpha_ == alpha > 0
    assert small.set_params(warm_start=True).fit(*data).alpha_ == alpha


def test_strengths_that_are_given_do_not_follow(data, regressor):
    regressor.set_params(alpha="auto", alpha_lambda=0.5, alpha_phi=1e-9)
    fixed = clone(regressor).set_params(alpha=1e-3).fit(*data)
    np.testing.assert_array_equal(regressor.fit(*data).coefs_[0], fixed.coefs_[0])
    half = clone(regressor).set_params(alpha_phi=None).fit(*data)
    assert not np.array_equal(half.coefs_[0], fixed.coefs_[0])
    # And no plateau waits for a strength to settle.
    regressor.set_params(learning_rate="constant", tol=100.0, n_iter_no_change=1)
    assert regressor.fit(*data).n_iter_ < 40


@pytest.mark.parametrize("n_rows", [120, 6000, 8000])
def test_what_falls_with_the_strength_is_no_lack_of_convergence(n_rows):
    X = np.random.default_rng(0).normal(size=(n_rows, 2))
    fit = Fit(SpectralMLPRegressor(2), X, X[:, 0])
    n_epochs, n_warm_up = fit.training.options["n_epochs"], fit.training.options["n_warm_up"]
    looks = np.arange(0, n_epochs, n_epochs // 40)
    length = Length(SpectralMLPRegressor(2), n_rows, incremental=False, goes_on=False)
    assert length.n_epochs == n_epochs
    assert n_epochs - length.n_last(n_warm_up, settled=0.5) > looks[-1]


@pytest.mark.parametrize(
    ("max_iter", "settled", "n_last"),
    [(40, None, 10), (40, 0.5, 10), (40, 0.75, 8), (39, 0.5, np.inf), (39, None, 10)],
)
def test_a_short_training_is_looked_back_on_since_the_strength_has_risen(max_iter, settled, n_last):
    """Of twenty thousand rows forty epochs are half of what it takes."""
    mlp = SpectralMLPClassifier(max_iter=max_iter)
    length = Length(mlp, 20_000, incremental=False, goes_on=False)
    assert length.n_last(4, settled) == n_last


@pytest.mark.parametrize("settled", [None, 0.5])
def test_a_short_training_of_l_bfgs_has_not_converged(settled):
    length = Length(SpectralMLPRegressor(solver="lbfgs", max_iter=220), 120, False, False)
    assert length.n_last(22, settled) == np.inf


@pytest.mark.parametrize("n", [2, 5])
def test_an_interrupted_fit_has_not_settled(data, interrupt_at, n):
    model = SpectralMLPRegressor(12, solver="lbfgs", tol=0.1, warm_start=True, random_state=0)
    interrupt_at(NoiseStrength, "__call__", n)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        model.fit(*data)
    assert model._state.strength is None
    assert model.fit(*data)._state.strength == model.alpha_


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_loss_has_the_penalty_of_the_strength_it_ended_with(solver, data, regressor):
    X, y = data
    regressor.set_params(alpha="auto", solver=solver, batch_size=len(y), max_iter=1000).fit(X, y)
    losses = []
    for alpha in (regressor.alpha_, 2 * regressor.alpha_):
        strengths = {"eigenvectors": alpha, "eigenvalues": alpha}
        state = regressor._state
        phi = [*regressor.eigenvectors_[:-1], regressor.eigenvectors_[-1] / state.units.scale]
        parameters = Parameters(
            phi, regressor.intercepts_, regressor.eigenvalues_in_, regressor.eigenvalues_out_
        )
        error = np.mean((regressor.predict(X) - y) ** 2) / y.var()
        losses.append(error + parameters.penalty(strengths, "in"))
    assert regressor.loss_ == pytest.approx(losses[0], rel=1e-3)
    assert regressor.loss_ != pytest.approx(losses[1], rel=1e-3)


def test_networks_trained_together_follow_each_for_itself(data):
    X, y = data
    noisy = y + y.std() * np.random.default_rng(0).standard_normal(len(y))
    fits = [
        Fit(SpectralMLPRegressor(h, alpha=alpha, max_iter=300, random_state=0), X, target)
        for h, alpha, target in [(5, "auto", y), (30, "auto", noisy), (12, 1e-3, y)]
    ]
    ends = run_together([f.training for f in fits])
    together = [f.finish(*end) for f, end in zip(fits, ends, strict=True)]
    for network, target in zip(together, (y, noisy, y), strict=True):
        alone = clone(network).fit(X, target)
        assert network.alpha_ == pytest.approx(alone.alpha_, rel=1e-6)
        np.testing.assert_allclose(network.coefs_[0], alone.coefs_[0], atol=1e-6)
    assert together[1].alpha_ > together[0].alpha_


def test_rare_classes_hardly_count_as_inputs():
    rng = np.random.default_rng(0)
    classes = rng.integers(300, size=1600)
    X = np.column_stack([rng.standard_normal((1600, 2)), np.eye(300)[classes]])
    y = rng.standard_normal(300)[classes] + X[:, 0] + 0.3 * rng.standard_normal(1600)
    mlp = SpectralMLPRegressor(20, alpha="auto", max_iter=400, random_state=0)
    assert mlp.fit(X[:800], y[:800]).score(X[800:], y[800:]) > 0.85
    # Two columns, and a code whose squares add up to one.
    assert noise_strength(X, y[:, None], "squared_error").inputs.sum() == pytest.approx(3, rel=0.1)


def test_small_and_noisy_data():
    X, y = load_diabetes(return_X_y=True)
    mlp = SpectralMLPRegressor(max_iter=1500, random_state=1)
    scores = [
        cross_val_score(
            make_pipeline(StandardScaler(), mlp.set_params(alpha=alpha)),
            X,
            y,
            cv=KFold(3, shuffle=True, random_state=1),
        ).mean()
        for alpha in (1e-3, "auto")
    ]
    assert scores[1] > scores[0] + 0.1
    assert scores[1] > 0.35


def test_number_is_kept(data, regressor):
    assert regressor.set_params(alpha=0.02).fit(*data).alpha_ == 0.02


def test_same_seed_same_strength_and_no_trace(data, regressor, capsys):
    regressor.set_params(alpha="auto")
    first = clone(regressor).fit(*data)
    regressor.set_params(verbose=True).fit(*data)
    assert first.alpha_ == regressor.alpha_
    np.testing.assert_array_equal(first.coefs_[0], regressor.coefs_[0])
    assert capsys.readouterr().out.count("Iteration") == regressor.n_iter_
    assert regressor.alpha == "auto"


def test_rows_of_weight_zero_do_not_count(data, regressor):
    X, y = data
    regressor.set_params(alpha="auto")
    weights = np.r_[np.ones(90), np.zeros(30)]
    weighted = clone(regressor).fit(X, y, weights)
    assert weighted.alpha_ == clone(regressor).fit(X[:90], y[:90]).alpha_


@pytest.mark.filterwarnings("ignore:No node of hidden layer")  # an alpha too large is tried
def test_a_number_before_is_no_choice(data, regressor):
    regressor.set_params(alpha=0.5, warm_start=True).fit(*data)
    assert regressor.set_params(alpha="auto").fit(*data).alpha_ < 0.1


def test_class_weights_and_scalar_weights(data, classifier, regressor):
    X, y = data
    labels = np.where(y > 0, "a", "b")
    classifier.set_params(alpha="auto", class_weight={"a": 1.0, "b": 0.0}).fit(X, labels)
    classifier.set_params(class_weight={"a": 1.0, "b": 3.0})
    assert classifier.fit(X, labels, (labels == "a") * 1.0).alpha_ > 0
    assert regressor.set_params(alpha="auto").fit(X, y, 2.0).alpha_ > 0


def test_a_rare_class_is_not_silenced():
    X, y = make_classification(600, 12, n_informative=5, weights=[0.95], random_state=0)
    X = StandardScaler().fit_transform(X)
    model = chosen(X, y, hidden_layer_sizes=100)
    assert model.alpha_ < 0.05 * np.sqrt(12 / 600) / 2
    assert roc_auc_score(y, model.predict_proba(X)[:, 1]) > 0.9


def test_rare_classes_are_not_learnt_by_heart():
    losses = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((5300, 10))
        p = expit(1.5 * X[:, 0] - X[:, 1] + 0.7 * X[:, 2] - 4.1)  # one row in twenty
        y = (rng.random(len(X)) < p).astype(int)
        model = chosen(X[:300], y[:300], hidden_layer_sizes=100, random_state=seed)
        for q in (model.predict_proba(X[300:])[:, 1], np.full(5000, y[:300].mean())):
            losses.append(-np.mean(p[300:] * np.log(q) + (1 - p[300:]) * np.log(1 - q)))
    network, constant = np.reshape(losses, (-1, 2)).mean(axis=0)
    assert network < 1.1 * constant


@pytest.mark.parametrize("widths", [100, (50, 20)])
def test_weak_signals_of_classes_are_not_learnt_by_heart(widths):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6000, 10))
    p = expit(0.6 * X[:, 0] - 0.4 * X[:, 1])
    y = (rng.random(len(X)) < p).astype(int)
    q = chosen(X[:1000], y[:1000], hidden_layer_sizes=widths).predict_proba(X[1000:])[:, 1]
    loss = -np.mean(p[1000:] * np.log(q) + (1 - p[1000:]) * np.log(1 - q))
    assert loss < 0.98 * np.log(2)  # that of a constant


def test_a_sparse_matrix_of_labels(classifier):
    X = np.random.default_rng(0).normal(size=(80, 3))
    labels = (X[:, :2] > 0).astype(int)
    classifier.set_params(alpha="auto", max_iter=1000)
    dense, sparse = (clone(classifier).fit(X, y) for y in (labels, csr_array(labels)))
    assert sparse.alpha_ == dense.alpha_


def test_what_takes_long_to_learn_is_not_noise():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6000, 10))
    y = np.abs(np.abs(X[:, 0]) - 1)
    mlp = SpectralMLPRegressor(activation="logistic", alpha="auto", random_state=0)
    mlp.fit(X[:4000], y[:4000])
    assert mlp.alpha_ < 1e-3
    assert mlp.score(X[4000:], y[4000:]) > 0.9


def test_what_takes_a_long_warm_up_is_not_noise():
    """A line beside a product of signs, which takes a long warm-up."""
    X = np.random.default_rng(0).standard_normal((9000, 8))
    y = np.sign(X[:, 0] * X[:, 1] * X[:, 2]) + X[:, 3]
    mlp = SpectralMLPRegressor(activation="logistic", alpha="auto", random_state=0)
    assert mlp.fit(X[:6000], y[:6000]).score(X[6000:], y[6000:]) > 0.8  # the line alone: 0.5


def test_either_solver_learns_from_few_rows():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 10))
    y = np.sin(3 * X[:, 0]) + X[:, 1] + X[:, 2] * X[:, 3]
    noisy = y[:700] + 0.1 * y.std() * rng.standard_normal(700)
    for solver in ("adam", "lbfgs"):
        mlp = SpectralMLPRegressor(alpha="auto", solver=solver, random_state=0).fit(X[:700], noisy)
        assert mlp.score(X[700:], y[700:]) > 0.85


def test_strengths_that_double_from_look_to_look_leave_nothing():
    """A line that explains a fifth: deep networks are given up where L-BFGS looks too seldom."""
    scores = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((3300, 10))
        y = X[:, 0] + 2 * rng.standard_normal(3300)
        mlp = SpectralMLPRegressor((50, 20), solver="lbfgs", random_state=seed)
        scores.append(mlp.fit(X[:300], y[:300]).score(X[300:], y[300:]))
    assert np.mean(scores) > 0.1


@pytest.mark.parametrize("is_sparse", [False, True])
def test_classes_of_a_coarse_table_are_alike_by_chance(is_sparse):
    rng = np.random.default_rng(0)
    X = rng.integers(1, 300, size=(2000, 2)) / 100
    X[:, 1] = 0
    y = (X[:, 0] > 1).astype(int)
    X = csr_array(X) if is_sparse else X
    assert distinct_rows(X, y) == (None, None)
    X = rng.standard_normal((2000, 2))
    rows = np.r_[np.arange(2000), :500]
    y = (X[:, 0] > 1).astype(int)
    X = csr_array(X) if is_sparse else X
    assert len(distinct_rows(X[rows], y[rows])[0]) == 2000


def test_many_labels_ask_for_less():
    """The loss is the mean over the labels: what one of them is worth falls with their number."""
    X, Y = make_multilabel_classification(
        4500, n_features=20, n_classes=10, n_labels=1, random_state=0
    )
    X = StandardScaler().fit_transform(X)
    scores = []
    for alpha in ("auto", 1e-3, 3e-3):
        mlp = SpectralMLPClassifier(alpha=alpha, random_state=0).fit(X[:1500], Y[:1500])
        scores.append(mlp.score(X[1500:], Y[1500:]))
    assert scores[0] > max(scores[1] - 0.01, scores[2] + 0.02)
