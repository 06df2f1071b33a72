"""SpectralPruner(threshold="auto") on inputs: noise leaves, and what was lost returns."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.pruner import inputs as inputs_module
from skspectral.pruner.comparison import loses_much
from skspectral.pruner.elimination import eliminate
from skspectral.pruner.free import FreeNetwork
from skspectral.pruner.inputs import _without_weakest, drop_inputs, return_inputs
from skspectral.pruner.loss import SquaredError
from skspectral.pruner.lost_inputs import lost_inputs
from skspectral.pruner.network import cut_network
from skspectral.pruner.recovery import recover
from skspectral.pruner.refit import refit
from skspectral.pruner.table import Choice, Table
from skspectral.pruner.trust import is_recoverable


def hinges(n_rows=600, n_inputs=12, noise=0.1, seed=0):
    """The first two of the inputs matter, by a hinge each."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, n_inputs))
    y = np.maximum(X[:, 0], 0) - np.maximum(-X[:, 1], 0)
    y = y + noise * rng.standard_normal(n_rows)
    return X, (y - y.mean()) / y.std()


def table_of(X, y, weights=None):
    return Table(
        X,
        np.arange(X.shape[0]),
        selects_inputs=True,
        targets=y[:, None],
        weights=weights,
        activation="relu",
        fit_intercept=True,
        loss=SquaredError(),
    )


def network_for(inputs, n_nodes=4, seed=0):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((len(inputs), n_nodes)), rng.standard_normal((n_nodes, 1))]
    return FreeNetwork(weights, [np.zeros(n_nodes), np.zeros(1)], [np.arange(n_nodes)])


def fitted(table, inputs):
    """A network without penalty on some columns."""
    problem = table.problem(inputs)
    return Choice(problem, problem.train(network_for(inputs)), inputs)


@pytest.mark.parametrize("seed", range(3))
def test_noise_leaves_and_what_matters_stays(seed):
    X, y = hinges(seed=seed)
    table = table_of(X, y)
    problem, network, inputs = drop_inputs(table, fitted(table, np.arange(12)))
    assert inputs.tolist() == [0, 1]
    assert network.weights[0].shape[0] == 2
    np.testing.assert_array_equal(problem.X, X[:, :2])
    assert problem.losses(network)[0] < 0.1


@pytest.mark.parametrize("weighted", [False, True])
def test_of_inputs_that_say_the_same_one_leaves(weighted):
    X, y = hinges(n_inputs=3)
    weights = np.linspace(0.5, 1.5, len(y)) if weighted else None
    # A multiple of the first with another origin, and two that make up the second.
    part = np.random.default_rng(1).standard_normal(len(X))
    X = np.column_stack([X, 3 - 2 * X[:, 0], part, X[:, 1] - part])
    table = table_of(X, y, weights)
    _, network, inputs = drop_inputs(table, fitted(table, np.arange(6)))
    assert len(inputs) == 2
    assert len(set(inputs) & {0, 3}) == len(set(inputs) & {1}) == 1
    assert np.abs(network.weights[0]).max() < 10


@pytest.mark.parametrize("n_most", [1, 2])
def test_the_others_say_in_its_place_what_they_can(n_most):
    X, y = hinges(n_inputs=3, noise=0.0)
    y = y + np.maximum(X[:, 2], 0)  # or the third would be free to leave as well
    X = np.column_stack([X[:, 0] - X[:, 2], X[:, 1] + 1, X[:, 2], X[:, 0]])
    table = table_of(X, y)
    choice = fitted(table, np.arange(4))
    smaller, left = _without_weakest(choice, n_most, bearable=1.0)
    # Three are one too many, and any of them can go; a second cannot.
    assert len(left) == 3
    assert 1 in left
    assert smaller.weights[0].shape == (3, 4)
    before, after = (
        table.problem(k).layers(n)[-1] for k, n in ((range(4), choice.network), (left, smaller))
    )
    np.testing.assert_allclose(after, before, atol=1e-6)


@pytest.mark.parametrize("convert", [np.asarray, csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("column", [0, 1])
def test_a_lost_input_returns(column, convert):
    X, y = hinges()
    table = table_of(convert(X), y)
    left = fitted(table, np.array([1 - column]))
    rng = np.random.default_rng(0)
    problem, network, inputs = return_inputs(table, left, rng)
    assert sorted(inputs) == [0, 1]
    network, _ = eliminate(problem, network)
    assert problem.losses(network)[0] < 0.05 < left.problem.losses(left.network)[0]


@pytest.mark.parametrize(
    "shape",
    [lambda x, z: x, lambda x, z: x**2, lambda x, z: x * z, lambda x, z: np.abs(x) - z],
    ids=["line", "square", "product", "bend"],
)
def test_the_error_tells_of_a_line_a_bend_and_a_product(shape):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((1000, 300))
    y = shape(X[:, 7], X[:, 3]) + 2 * X[:, 3]
    y = (y - y.mean()) / y.std()
    table = table_of(X, y)
    own = fitted(table, np.array([3]))
    assert lost_inputs(table, own).tolist() == [7]
    nothing = table_of(X, (X[:, 3] + rng.standard_normal(1000)) / np.sqrt(2))
    assert lost_inputs(nothing, fitted(nothing, np.array([3]))).tolist() == []


def test_the_error_tells_of_two_that_are_lost_together():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((1000, 200))
    y = X[:, 7] * X[:, 150] + X[:, 3] + rng.standard_normal(1000)
    table = table_of(X, (y - y.mean()) / y.std())
    assert sorted(lost_inputs(table, fitted(table, np.array([3])))) == [7, 150]


def test_two_rare_events_in_one_row_are_no_product():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal(1000), rng.random((1000, 100)) < 0.005])
    y = X[:, 0] + rng.standard_normal(1000)
    table = table_of(X, (y - y.mean()) / y.std())
    assert len(lost_inputs(table, fitted(table, np.array([0])))) == 0


def test_what_was_learnt_by_heart_hides_nothing_in_the_end():
    """It leaves no error that could show an input that is missing, until the search has ended."""
    n_right = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((300, 20))
        y = (X[:, 0] + 0.5 * rng.logistic(size=300) > 0).astype(int)
        without = X * (np.arange(20) > 0)
        student = SpectralMLPClassifier((30, 15), alpha=1e-3, random_state=seed).fit(without, y)
        assert student.score(without, y) == 1
        found, masks = recover(student, X, y, select=True, few=True)
        n_right += masks[0].nonzero()[0].tolist() == [0] and found.score(X, y) > 0.7
    # By the rounding of a processor one in twenty ends at an input of noise.
    assert n_right >= 2


def test_inputs_leave_whatever_the_layer_but_sooner_where_they_are_chosen():
    """Many rows for each column, and networks that have learnt some noise of each."""
    n_left = []
    for seed in range(3):
        X, y = hinges(300, n_inputs=8, noise=1.0, seed=seed)
        student = SpectralMLPRegressor(30, random_state=seed).fit(X, y)
        assert (student.feature_importances_ > 0).all()
        pruner = SpectralPruner(student, prefit=True).fit(X, y)
        assert pruner.masks_[0].all()
        assert (pruner.pruned_estimator_.feature_importances_[:2] > 0).all()
        n_left.append((pruner.pruned_estimator_.feature_importances_ > 0).sum())
        chosen = SpectralPruner(student, layer=0, prefit=True).fit(X, y)
        assert chosen.get_support(indices=True).tolist() == [0, 1]
    # Akaike's price of a parameter leaves one input of noise in six, or so.
    assert sum(n_left) < 3 * 5


def test_the_summary_names_inputs_without_a_say(capsys):
    X, y = hinges(300, n_inputs=8, noise=1.0)
    student = SpectralMLPRegressor(30, random_state=0).fit(X, y)
    pruner = SpectralPruner(student, prefit=True).fit(X, y)
    idle = (pruner.pruned_estimator_.feature_importances_ == 0).sum()
    assert idle > 0
    pruner.summary()
    assert f"inputs whose weights are zero: {idle} of 8" in capsys.readouterr().out
    SpectralPruner(student, layer=0, prefit=True).fit(X, y).summary()
    assert "weights are zero" not in capsys.readouterr().out


def test_nothing_leaves_in_place_of_nothing(monkeypatch):
    """Where no input returns after all, those of little use stay: they are not asked here."""
    X, y = hinges()
    table = table_of(X, y)
    own = fitted(table, np.array([0, 1, 5]))
    monkeypatch.setattr(inputs_module, "lost_inputs", lambda *_: np.array([7]))
    assert return_inputs(table, own, np.random.default_rng(0)) is own


def test_rows_without_weight_tell_nothing():
    X, y = hinges(noise=0.0)
    rng = np.random.default_rng(0)
    spoiled = np.r_[y, 10 * rng.standard_normal(300)], np.r_[X, rng.standard_normal((300, 12))]
    weights = np.r_[np.ones(600), np.zeros(300)] * 900 / 600
    table = table_of(spoiled[1], spoiled[0], weights)
    own = return_inputs(table, fitted(table, np.array([0])), rng)
    assert sorted(own.inputs) == [0, 1]


@pytest.mark.parametrize("layer", [0, 1])
def test_the_pruner_finds_the_inputs_among_many(layer):
    X, y = hinges(400, 60, seed=4)
    student = SpectralMLPRegressor(20, alpha=5e-3, max_iter=300, random_state=0)
    pruner = SpectralPruner(student, layer=layer).fit(X, y)
    relevant = np.flatnonzero(pruner.pruned_estimator_.feature_importances_)
    assert len(relevant) == 2
    if layer == 0:
        assert pruner.get_support(indices=True).tolist() == [0, 1]
        assert pruner.transform(X).shape == (400, 2)
    else:
        assert relevant.tolist() == [0, 1]
        assert pruner.pruned_estimator_.n_features_in_ == 60
    X_new, y_new = hinges(1000, 60, seed=5)
    assert pruner.score(X_new, y_new) > pruner.estimator_.score(X_new, y_new) > 0.9


def test_many_equal_inputs_are_too_many_for_few_rows():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 60))
    y = X @ rng.choice([-1.0, 1.0], 60)
    network = SpectralMLPRegressor(10, max_iter=200, alpha=1e-4, random_state=0).fit(X, y)
    assert not is_recoverable(network, 400)
    few = np.arange(60) < 4
    assert is_recoverable(network, 400, few)


def test_weak_inputs_beside_a_strong_one_may_add_up():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 120))
    y = X @ np.r_[4, 0.3 * rng.standard_normal(119)] + rng.standard_normal(2000)
    (X, X_new), (y, y_new) = np.split(X, 2), np.split(y, 2)
    network = SpectralMLPRegressor(20, alpha=5e-3, max_iter=400, random_state=0).fit(X, y)
    assert is_recoverable(network, 1000)
    assert recover(network, X, y)[0].score(X_new, y_new) < 0.9
    pruner = SpectralPruner(network, prefit=True).fit(X, y)
    assert set(pruner.refit_scores_) == {"cut", "refit"}
    assert pruner.score(X_new, y_new) > network.score(X_new, y_new) - 0.01 > 0.93


@pytest.mark.parametrize("n_inputs", [8, 30, 60])
def test_noise_is_no_input_however_many_rows_there_are(n_inputs):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, n_inputs))
    y = X[:, 0] + np.abs(X[:, 1]) + 0.7 * X[:, 2] * X[:, 3]
    y += 0.3 * y.std() * rng.standard_normal(1000)
    pruner = SpectralPruner(SpectralMLPRegressor(random_state=0), layer=0).fit(X, y)
    assert pruner.get_support(indices=True).tolist() == [0, 1, 2, 3]


def test_a_copy_and_a_one_hot_code_are_no_inputs():
    rng = np.random.default_rng(0)
    h, w, kind = rng.normal(size=1500), rng.normal(size=1500), rng.integers(3, size=1500)
    y = np.abs(h) + w + 0.5 * (kind == 1) + 0.1 * rng.normal(size=1500)
    X = np.column_stack([h, h, w, np.eye(3)[kind]])
    pruner = SpectralPruner(SpectralMLPRegressor(random_state=0), layer=0).fit(X, y)
    kept = set(pruner.get_support(indices=True).tolist())
    assert kept in ({0, 2, 4}, {1, 2, 4})
    assert pruner.score(X, y) > 0.985


def spectra(seed):
    """Three peaks in 100 columns that overlap, rows to learn from and fresh ones."""
    rng = np.random.default_rng(seed)
    place = np.linspace(0, 1, 100)
    peaks = [np.exp(-200 * (place - c) ** 2) for c in (0.2, 0.3, 0.45)]
    shares = rng.uniform(size=(600, 3))
    X = shares @ peaks + 0.01 * rng.standard_normal((600, 100))
    y = shares[:, 0] + 0.5 * shares[:, 0] ** 2
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X[:100], y[:100] + 0.05 * rng.standard_normal(100), X[100:], y[100:]


def test_many_weak_inputs_are_made_up_for_by_those_that_stay():
    errors = []
    for seed in range(4):
        X, y, X_fresh, y_fresh = spectra(seed)
        mlp = SpectralMLPRegressor(50, random_state=seed).fit(X, y)
        pruner = SpectralPruner(mlp, prefit=True, layer=0, n_nodes_to_select=10)
        kept = pruner.masks_[0]
        alone = refit(pruner.pruned_estimator_, X[:, kept], y)[0]
        pruner.fit(X, y)
        assert np.array_equal(pruner.masks_[0], kept)
        errors.append(
            (1 - alone.score(X_fresh[:, kept], y_fresh), 1 - pruner.score(X_fresh, y_fresh))
        )
    alone, made_up_for = np.mean(errors, axis=0)
    assert made_up_for < 0.8 * alone


@pytest.mark.parametrize("number", [3, (3, None), (3, 15)])
def test_nodes_that_were_for_the_others_leave_with_them(number):
    X, y, *_ = spectra(0)
    mlp = SpectralMLPRegressor(20, alpha=3e-4, max_iter=600, random_state=0).fit(X, y)
    pruner = SpectralPruner(mlp, prefit=True, layer=0, n_nodes_to_select=number)
    (before,) = pruner.n_nodes_
    (after,) = pruner.fit(X, y).n_nodes_
    assert (after == 15) if number == (3, 15) else (after < before)
    assert pruner.pruned_estimator_.hidden_layer_sizes == after
    change = mlp.predict(X) - cut_network(mlp, pruner.masks_).predict(X[:, pruner.masks_[0]])
    assert pruner.largest_change_ == pytest.approx(np.abs(change).max())


@pytest.mark.parametrize("kind", ["few rows", "a stream", "no class", "a class of no weight"])
def test_what_the_rows_do_not_tell_is_kept(monkeypatch, kind):
    monkeypatch.setattr("skspectral.pruner.base.refit", lambda network, *_: (network, {}))
    rng = np.random.default_rng(0)
    X = rng.standard_normal((800, 8))
    y = X @ np.linspace(1, 0.3, 8)
    settings = {"hidden_layer_sizes": 10, "max_iter": 100, "random_state": 0}
    rows, weights = slice(None), None
    if "class" in kind:
        y = np.digitize(y, [-1, 1])
        network = SpectralMLPClassifier(**settings).fit(X[:300], y[:300])
        rows, weights = (y < 2, None) if kind == "no class" else (rows, (y < 2).astype(float))
    else:
        network = SpectralMLPRegressor(**settings).fit(X, y)
    if kind == "a stream":
        network = clone(network)
        for start in 20 * [0, 400]:
            network.partial_fit(X[start : start + 400], y[start : start + 400])
    if kind == "few rows":
        rows = slice(40)
    pruner = SpectralPruner(network, prefit=True, layer=0, n_nodes_to_select=4)
    cut = pruner.pruned_estimator_
    pruner.fit(X[rows], y[rows], sample_weight=weights)
    assert_array_equal(pruner.pruned_estimator_.coefs_[0], cut.coefs_[0])


def test_a_network_without_hidden_layers_loses_no_input_twice():
    X = np.random.default_rng(0).standard_normal((300, 8))
    y = X @ np.linspace(1, 0.2, 8)
    mlp = SpectralMLPRegressor((), max_iter=200, random_state=0)
    pruner = SpectralPruner(mlp, layer=0, n_nodes_to_select=5, threshold=0.5).fit(X, y)
    assert pruner.masks_[0].sum() == pruner.pruned_estimator_.n_features_in_ == 5


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_an_input_is_missed_by_a_tenth_of_the_loss(share):
    """Of two independent inputs one adds so much to the loss where it is left out."""
    rng = np.random.default_rng(0)
    X = np.sign(rng.standard_normal((4000, 2)))
    y = X @ [1.0, np.sqrt(share) * 0.5] + 0.5 * rng.standard_normal(4000)
    mlp = SpectralMLPRegressor((), alpha=1e-6, max_iter=20, random_state=0).fit(X, y)
    assert loses_much(mlp, np.array([True, False]), X, y) == (share > 0.1)
