"""alpha="auto": a strength that follows the noise."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import (
    load_diabetes,
    make_classification,
    make_friedman1,
    make_multilabel_classification,
)
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_classification, make_teacher_regression
from skspectral.mlp import fit, strength
from skspectral.mlp.copies import distinct_rows
from skspectral.mlp.early_stopping import held_out_rows
from skspectral.mlp.fit import Fit
from skspectral.mlp.strength import _n_labels, _pilot, _strength


def chosen(X, y, **parameters):
    settings = {"hidden_layer_sizes": 20, "random_state": 0, "alpha": "auto"}
    settings |= parameters
    mlp = SpectralMLPClassifier if y.dtype.kind in "iU" else SpectralMLPRegressor
    return mlp(**settings).fit(X, y)


def test_more_noise_asks_for_more():
    alphas = []
    for noise in (0.0, 0.3, 1.0):
        X, y = make_teacher_regression(2000, 6, hidden_layer_sizes=3, noise=noise, random_state=0)
        alphas.append(chosen(X, y).alpha_)
    # Without noise the weakest; then 0.1 * noise / sqrt(1 + noise^2) * sqrt(6 / 2000), or more.
    expected = [3e-4, 0.1 * 0.287 * np.sqrt(6 / 2000), 0.1 * 0.707 * np.sqrt(6 / 2000)]
    assert alphas[0] == pytest.approx(expected[0], rel=0.5)
    assert alphas[1] == pytest.approx(expected[1], rel=0.3)
    assert alphas[2] == pytest.approx(expected[2], rel=0.3)


@pytest.mark.parametrize("flip_y", [0.0, 0.4])
def test_classes(flip_y):
    X, y = make_teacher_classification(1500, 4, hidden_layer_sizes=3, flip_y=flip_y, random_state=0)
    alpha = chosen(X, y).alpha_
    share = (flip_y / 2 + 0.03) / (1 - np.bincount(y).max() / len(y))
    assert alpha == pytest.approx(0.05 * np.sqrt(share * 4 / 1500), rel=0.5)
    assert chosen(X, np.where(y, "yes", "no")).alpha_ == pytest.approx(alpha)


def test_rare_classes_hardly_count_as_inputs():
    rng = np.random.default_rng(0)
    classes = rng.integers(300, size=1600)
    X = np.column_stack([rng.standard_normal((1600, 2)), np.eye(300)[classes]])
    y = rng.standard_normal(300)[classes] + X[:, 0] + 0.3 * rng.standard_normal(1600)
    mlp = SpectralMLPRegressor(20, alpha="auto", max_iter=400, random_state=0)
    assert mlp.fit(X[:800], y[:800]).score(X[800:], y[800:]) > 0.85
    # Two columns, and a code whose squares add up to one; before it was 302.
    share = (mlp.alpha_ / 0.1) ** 2 * 800 / 3
    assert 0.04 < share < 0.3
    of_sparse = clone(mlp).fit(csr_array(X[:800]), y[:800])
    assert of_sparse.alpha_ == pytest.approx(mlp.alpha_, rel=0.1)


def test_however_small_the_inputs_one_counts():
    X, y = load_diabetes(return_X_y=True)  # of squares that add up to one over the rows
    mlp = SpectralMLPRegressor(20, alpha="auto", max_iter=400, random_state=0).fit(X, y)
    assert 0.3 < (mlp.alpha_ / 0.1) ** 2 * len(y) < 0.7


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


@pytest.mark.parametrize("seed", [0, None, np.random.RandomState(0)])
def test_pilots_are_judged_by_the_same_rows(seed, data, regressor, monkeypatch):
    parts = []

    def held_out(estimator, rows, y, rng):
        train, held_out = held_out_rows(estimator, rows, y, rng)
        parts.append(held_out.tolist())
        return train, held_out

    for module in (fit, strength):
        monkeypatch.setattr(module, "held_out_rows", held_out)
    regressor.set_params(alpha="auto", random_state=seed).fit(*data)
    assert len(parts) >= 3
    assert all(part == parts[0] for part in parts)


def test_rows_of_weight_zero_do_not_count(data, regressor):
    X, y = data
    regressor.set_params(alpha="auto")
    weights = np.r_[np.ones(90), np.zeros(30)]
    weighted = clone(regressor).fit(X, y, weights)
    assert weighted.alpha_ == clone(regressor).fit(X[:90], y[:90]).alpha_


@pytest.mark.parametrize("counts", [(4, 4), (60, 3)])
def test_too_little_to_tell_is_taken_for_noise(counts, classifier):
    X = StandardScaler().fit_transform(np.random.default_rng(0).normal(size=(sum(counts), 2)))
    y = np.repeat([0, 1], counts)
    alpha = classifier.set_params(alpha="auto").fit(X, y).alpha_
    spread = 4 * np.prod(counts) / len(y) ** 2
    assert alpha == pytest.approx(0.05 * np.sqrt(spread * 2 / len(y)))


# Of chance nothing may be left, which is right, and is said.
@pytest.mark.filterwarnings("ignore::skspectral.mlp.warnings.CollapseWarning")
def test_classes_of_chance_are_taken_for_noise():
    """The best of many epochs is often better than a constant by a standard error, by chance."""
    strengths = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((200, 3)), rng.integers(2, size=200)
        mlp = SpectralMLPClassifier(20, alpha="auto", max_iter=1000, random_state=seed)
        strengths.append(mlp.fit(X, y).alpha_)
    formula = 0.05 * np.sqrt(3 / 200)
    assert formula / 2 < min(strengths)
    assert max(strengths) < 1.5 * formula


@pytest.mark.parametrize("seed", range(3))
def test_a_few_rows_with_much_noise_are_penalised_as_the_formula_says(seed):
    """Up to 3e-2, where a pilot is better for it than at 1e-2."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((2400, 30))
    y = X[:, 0] + np.maximum(X[:, 1], 0) + rng.standard_normal(2400)
    networks = [
        SpectralMLPRegressor(20, alpha=alpha, random_state=seed).fit(X[:400], y[:400])
        for alpha in ("auto", 1e-2)
    ]
    assert 0.015 < networks[0].alpha_ < 0.025
    scores = [network.score(X[400:], y[400:]) for network in networks]
    assert scores[0] > scores[1] + 0.02


def test_what_is_next_to_noise_is_penalised_until_little_is_learnt_by_heart():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2200, 8))
    y = rng.normal(size=2200)
    network = SpectralMLPRegressor(alpha="auto", random_state=0).fit(X[:200], y[:200])
    assert network.alpha_ == pytest.approx(0.1 * np.sqrt(8 / 200), rel=0.1)
    assert network.score(X[200:], y[200:]) > -0.15


@pytest.mark.parametrize("seed", range(2))
def test_a_table_as_wide_as_long_is_penalised_more(seed):
    X, y = make_friedman1(1100, 100, noise=1.0, random_state=seed)
    X = (X - 0.5) * 12**0.5
    rows, fresh = (X[:100], y[:100]), (X[100:], y[100:])
    model = chosen(*rows, hidden_layer_sizes=50, random_state=seed)
    assert 3e-2 < model.alpha_ <= 6e-2
    weaker = clone(model).set_params(alpha=1e-2).fit(*rows)
    assert model.score(*fresh) > weaker.score(*fresh) + 0.05


def test_few_rows_are_not_penalised_beyond_the_limit_of_noise():
    rng = np.random.default_rng(0)
    assert chosen(rng.standard_normal((5, 5)), rng.standard_normal(5)).alpha_ == 3e-2


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ({1e-2: 0.9, 3e-2: 0.8, 0.05: 0.6}, 0.05),  # 1e-2 is too much, the formula is not
        ({1e-2: 0.9, 3e-2: 0.6, 0.05: 0.61}, 3e-2),
        ({1e-2: 0.6, 3e-2: 0.61}, 1e-2),
        ({1e-2: 0.9, 3e-2: 0.95, 3e-4: 0.7}, np.sqrt(1e-2 * 3e-4)),
        ({1e-2: 0.6, 3e-2: 0.5, 0.05: 0.51, 6e-2: 0.3}, 6e-2),
    ],
)
def test_from_one_strength_to_the_next(errors, expected, regressor, monkeypatch):
    """The formula says 0.05; what a pilot has wrong of the variance is given."""
    X, asked = np.random.default_rng(0).standard_normal((400, 143)), []

    def error_of_pilot(estimator, X, y, weights, length, alpha):
        asked.append(alpha)
        return next((e for a, e in errors.items() if np.isclose(a, alpha, rtol=0.05)), 0.7)

    monkeypatch.setattr(strength, "_errors_of_pilot", lambda *args: (0.7, 0.7))
    monkeypatch.setattr(strength, "_last_error_of_pilot", error_of_pilot)
    alpha = strength.automatic_strength(regressor, X, X[:, 0])
    assert alpha == pytest.approx(expected, rel=0.05)
    assert len(asked) == len(set(asked))  # none is trained twice


def test_of_uneven_weights_the_rows_held_out_tell_less(regressor, monkeypatch):
    X = np.random.default_rng(0).standard_normal((400, 5))
    monkeypatch.setattr(strength, "_errors_of_pilot", lambda *args: (0.5, 0.5))
    monkeypatch.setattr(
        strength, "_last_error_of_pilot", lambda *args: 0.6 if args[-1] > 1e-3 else 0.5
    )
    few = strength.automatic_strength(regressor, X, X[:, 0], np.r_[np.ones(20), np.full(380, 1e-9)])
    assert few > 1e-2  # an error of 0.5 may be chance on four rows, not on eighty
    assert strength.automatic_strength(regressor, X, X[:, 0]) < 2e-3


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_rows_count_by_what_their_weights_are_worth(kind, regressor, classifier):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2000, 5)), rng.standard_normal(2000)
    mlp, y = (regressor, y) if kind == "numbers" else (classifier, (y > 0).astype(int))
    mlp.fit(X[:100], y[:100])
    few = _strength(mlp, X[:100], y[:100], None, share=1.0)
    assert few == pytest.approx(_strength(mlp, X, y, np.r_[np.ones(100), np.full(1900, 1e-9)], 1.0))
    assert few > 3 * _strength(mlp, X, y, None, share=1.0)


def test_going_on_keeps_the_strength(data, regressor):
    X, y = data
    regressor.set_params(alpha="auto", warm_start=True).fit(X, y)
    alpha = regressor.alpha_
    regressor.fit(X[:50], y[:50] + np.arange(50) % 3)
    assert regressor.alpha_ == alpha
    assert regressor.partial_fit(X, y).alpha_ == alpha
    with pytest.raises(ValueError, match="give a number, or call fit first"):
        clone(regressor).partial_fit(X, y)


@pytest.mark.parametrize("threshold", ["auto", "gap"])
def test_what_is_pruned_goes_on_with_the_strength_of_the_network(data, regressor, threshold):
    pruner = SpectralPruner(regressor.set_params(alpha="auto"), threshold=threshold).fit(*data)
    small, alpha = pruner.pruned_estimator_, pruner.estimator_.alpha_
    assert small.partial_fit(*data).alpha_ == alpha > 0
    assert small.set_params(warm_start=True).fit(*data).alpha_ == alpha


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


def test_weights_count_in_the_error_of_a_constant(classifier):
    y = np.repeat([0, 1], [95, 5])
    error = classifier._error_of_constant(y, None)
    assert error == pytest.approx(0.05)
    balanced = np.where(y, 10.0, 10 / 19)
    assert classifier._error_of_constant(y, balanced) == pytest.approx(0.5)


def test_a_rare_class_is_not_silenced():
    X, y = make_classification(600, 12, n_informative=5, weights=[0.95], random_state=0)
    X = StandardScaler().fit_transform(X)
    model = chosen(X, y, hidden_layer_sizes=100)
    assert model.alpha_ < 0.05 * np.sqrt(12 / 600) / 2
    assert roc_auc_score(y, model.predict_proba(X)[:, 1]) > 0.9


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_spread_of_classes(classifier, n_classes):
    y = np.repeat(np.arange(n_classes), 20)
    classifier._fit_label_binarizer(y)
    assert classifier._spread(y, None) == pytest.approx(1)
    weights = np.where(y == 0, 1.0, 0.0)
    assert classifier._spread(y, weights) == 0
    classifier._fit_label_binarizer(np.eye(n_classes, dtype=int))
    half = np.column_stack([np.arange(40) % 2] * n_classes)
    assert classifier._spread(half, None) == pytest.approx(1)


def test_weighing_rows_is_repeating_them(classifier):
    y = np.array(["a", "a", "b"] * 10)
    repeated = np.r_[y, y[y == "b"], y[y == "b"]]
    weights = np.where(y == "b", 3.0, 1.0)
    assert classifier._error_of_constant(y, weights) == pytest.approx(
        classifier._error_of_constant(repeated, None)
    )


def test_a_sparse_matrix_of_labels(classifier):
    X = np.random.default_rng(0).normal(size=(80, 3))
    labels = (X[:, :2] > 0).astype(int)
    classifier.set_params(alpha="auto", max_iter=1000)
    dense, sparse = (clone(classifier).fit(X, y) for y in (labels, csr_array(labels)))
    assert sparse.alpha_ == dense.alpha_


def test_what_a_short_pilot_does_not_learn_is_not_noise():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6000, 10))
    y = np.abs(np.abs(X[:, 0]) - 1)
    mlp = SpectralMLPRegressor(activation="logistic", alpha="auto", random_state=0)
    mlp.fit(X[:4000], y[:4000])
    assert mlp.alpha_ < 1e-3
    assert mlp.score(X[4000:], y[4000:]) > 0.9


def test_a_pilot_learns_what_the_fit_learns():
    """A line beside a product of signs, which takes a long warm-up."""
    X = np.random.default_rng(0).standard_normal((9000, 8))
    y = np.sign(X[:, 0] * X[:, 1] * X[:, 2]) + X[:, 3]
    mlp = SpectralMLPRegressor(activation="logistic", alpha="auto", random_state=0)
    assert mlp.fit(X[:6000], y[:6000]).score(X[6000:], y[6000:]) > 0.8  # the line alone: 0.5


@pytest.mark.parametrize(
    "settings", [{}, {"max_iter": 4000}, {"solver": "lbfgs", "max_iter": 2000}, {"batch_size": 20}]
)
def test_the_warm_up_of_a_pilot_is_that_of_the_fit(settings):
    model = SpectralMLPRegressor(5, **settings)

    X = np.random.default_rng(0).standard_normal((300, 3))

    def warm_up(model):
        return Fit(model, X, X[:, 0]).training.options["n_warm_up"]

    pilot = _pilot(model, 375, 1e-3, 0.5, model.solver, early_stopping=False)
    assert pilot.max_iter == clone(model)._n_epochs(300, model._batch_size(300)) // 2
    assert warm_up(pilot) == pytest.approx(warm_up(model), abs=1)


def test_noise_of_a_few_rows_asks_for_more():
    """The formula knows how much noise there is, not that it is where an input is large."""
    errors = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((9000, 10))
        signal = np.sin(X[:, 0]) + X[:, 1]
        y = signal[:5000] + np.exp(X[:5000, 2]) * rng.standard_normal(5000)
        mlp = SpectralMLPRegressor(alpha="auto", random_state=0).fit(X[:5000], y)
        errors.append(np.mean((mlp.predict(X[5000:]) - signal[5000:]) ** 2) / signal.var())
    assert sorted(errors)[1] < 0.1  # two of three; with the formula alone one in six


def test_a_pilot_is_trained_as_the_network_is():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 10))
    y = np.sin(3 * X[:, 0]) + X[:, 1] + X[:, 2] * X[:, 3]
    noisy = y[:700] + 0.1 * y.std() * rng.standard_normal(700)
    for solver in ("adam", "lbfgs"):
        mlp = SpectralMLPRegressor(alpha="auto", solver=solver, random_state=0).fit(X[:700], noisy)
        assert mlp.score(X[700:], y[700:]) > 0.85


@pytest.mark.parametrize("is_sparse", [False, True])
def test_rows_that_are_written_twice_count_once(data, regressor, is_sparse):
    X, y = data
    twice = np.vstack([X, X])
    twice = csr_array(twice) if is_sparse else twice
    regressor.set_params(alpha="auto", max_iter=400)
    once = clone(regressor).fit(X, y).alpha_
    assert clone(regressor).fit(twice, np.r_[y, y]).alpha_ == pytest.approx(once, rel=1e-3)


def test_rare_rows_that_are_written_more_often_are_no_more_of_them():
    X, y = make_classification(500, 10, n_informative=5, weights=[0.9], random_state=0)
    X, y = StandardScaler().fit_transform(X), np.array(["no", "yes"], dtype=object)[y]
    rows = np.r_[np.arange(len(y)), np.repeat(np.flatnonzero(y == "yes"), 8)]
    mlp = SpectralMLPClassifier(20, alpha="auto", max_iter=400, random_state=0)
    weighted = clone(mlp).fit(X, y, np.where(y == "yes", 9.0, 1.0))
    assert mlp.fit(X[rows], y[rows]).alpha_ == pytest.approx(weighted.alpha_, rel=1e-3)


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


def test_labels_count_one_by_one(classifier):
    """Of a row with labels of chance never all are right: nothing that is learnt would show."""
    Y = np.column_stack([np.arange(100) < 70, np.arange(100) < 20, np.ones(100)]).astype(int)
    classifier._fit_label_binarizer(Y)
    assert classifier._error_of_constant(Y, None) == pytest.approx(0.5 / 3)
    assert classifier._score(np.array([[0.6, 0.4, 0.6]] * 100), Y, None) == pytest.approx(2.5 / 3)


def test_labels_that_go_together_are_one(classifier, regressor):
    rng = np.random.default_rng(0)
    Y = (rng.random((4000, 8)) < 0.2).astype(int)
    assert _n_labels(classifier, Y, None) == pytest.approx(8, rel=0.1)
    assert _n_labels(classifier, np.repeat(Y[:, :1], 8, axis=1), None) == pytest.approx(1)
    assert _n_labels(classifier, np.eye(8, dtype=int)[rng.integers(8, size=4000)], None) == 8
    assert _n_labels(classifier, Y[:, 0], None) == _n_labels(regressor, 1.0 * Y, None) == 1


def test_the_limits_fall_with_the_number_of_outputs_that_vary():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 6))
    Y = np.maximum(X @ rng.standard_normal((6, 3)), 0) @ rng.standard_normal((3, 4))
    for targets in (Y, np.hstack([Y, np.ones((2000, 5))])):
        assert chosen(X, targets).alpha_ == pytest.approx(3e-4 / 2)
