"""Errors on rows that a network has not seen, and what the pruner makes of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralMLPRegressor, SpectralPruner
from skspectral.datasets import make_teacher_regression
from skspectral.pruner.comparison import losses_of_outputs, n_telling
from skspectral.pruner.left_out import left_out_errors
from skspectral.pruner.network import cut_network
from skspectral.pruner.recovery import recover
from skspectral.pruner.refit import refit
from skspectral.pruner.selection import sparing_masks


class Network:
    """Weights, as a fitted network has them."""

    def __init__(self, coefs, intercepts, activation="relu"):
        self.coefs_, self.intercepts_, self.activation = coefs, intercepts, activation


def test_as_if_each_row_had_been_left_out():
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((40, 3)), rng.uniform(0.5, 2, 40)
    Y = X @ rng.standard_normal((3, 2)) + rng.standard_normal((40, 2))
    line = LinearRegression().fit(X, Y, weights)
    network = Network([line.coef_.T], [line.intercept_])
    own = left_out_errors(
        network, np.ones(3, bool), X, line.predict(X) - Y, -Y, np.column_stack([weights] * 2)
    )
    for row in range(40):
        rest = np.arange(40) != row
        other = LinearRegression().fit(X[rest], Y[rest], weights[rest])
        assert_allclose(own[row], other.predict(X[[row]])[0] - Y[row], rtol=1e-6)


def test_a_row_that_is_alone_in_a_column_is_told_by_nothing():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal(30), np.arange(30) == 7])
    y = X[:, :1] + rng.standard_normal((30, 1))
    line = LinearRegression().fit(X, y)
    network = Network([line.coef_.T], [line.intercept_])
    errors = line.predict(X) - y
    assert abs(errors[7, 0]) < 1e-12
    own = left_out_errors(
        network, np.ones(2, bool), X, errors, np.full((30, 1), 5.0), np.ones((30, 1))
    )
    assert own[7, 0] == pytest.approx(5.0)
    # The column is nothing to a network that does not look at it.
    without = left_out_errors(
        network, np.array([True, False]), X, errors, np.full((30, 1), 5.0), np.ones((30, 1))
    )
    assert abs(without[7, 0]) < 1e-12


def test_nearer_to_the_errors_on_other_rows():
    nearer, further = [], []
    for seed in range(4):
        X, y, teacher = make_teacher_regression(
            1000, 8, hidden_layer_sizes=4, return_teacher=True, random_state=seed
        )
        rng = np.random.default_rng(seed)
        X_other = rng.standard_normal((20_000, 8))
        noise, other_noise = (0.3 * y.std() * rng.standard_normal(n) for n in (1000, 20_000))
        y = y + noise
        found, masks = recover(SpectralMLPRegressor(30, random_state=0).fit(X, y), X, y)
        errors = (found.predict(X) - y)[:, None]
        own = left_out_errors(found, masks[0], X, errors, -y[:, None], np.ones((1000, 1)))
        others = found.predict(X_other) - teacher.predict(X_other) - other_noise
        # Over the noise, which is not the same here and there.
        seen, unseen = (np.mean(e**2) / np.mean(noise**2) for e in (errors, own))
        expected = np.mean(others**2) / np.mean(other_noise**2)
        assert seen < 1 < unseen
        nearer.append(abs(unseen - expected))
        further.append(abs(seen - expected))
    assert np.mean(nearer) < np.mean(further) / 2


# A thousand iterations do not bring the largest component of the gradient below 1e-5.
@pytest.mark.filterwarnings(
    "ignore:L-BFGS. Maximum iterations:sklearn.exceptions.ConvergenceWarning"
)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("n_rows", [399, 400, 500])
def test_what_is_kept_is_what_has_won_the_trial(n_rows, seed):
    # Two thirds of these rows are few for twenty columns, all of them are not, or hardly.
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((4600, 20))
    y = np.abs(X[:, :10]) @ np.linspace(1, 0.1, 10) + 0.3 * rng.standard_normal(4600)
    pruner = SpectralPruner(SpectralMLPRegressor(solver="lbfgs", random_state=seed))
    pruner.fit(X[:n_rows], y[:n_rows])
    assert pruner.score(X[600:], y[600:]) > pruner.estimator_.score(X[600:], y[600:]) - 0.03


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rows_that_nothing_explains_are_not_learnt_by_heart(seed):
    # A fiftieth of the values are missing, and columns that say so let single rows be told apart.
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((4000, 8))
    y = np.maximum(X[:, 0] + X[:, 1], 0) - X[:, 2]
    X[rng.uniform(size=X.shape) < 0.02] = np.nan
    mlp = SpectralMLPRegressor(random_state=seed)
    pipe = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), mlp)
    pruner = SpectralPruner(pipe).fit(X[:800], y[:800])
    assert pruner.score(X[800:], y[800:]) > pruner.estimator_.score(X[800:], y[800:]) - 0.01


def test_rare_events_are_not_learnt_by_heart():
    # About ten ones in a thousand zeros: few nodes tell them apart exactly.
    rng = np.random.default_rng(3)
    X = rng.standard_normal((5000, 10))
    y = (X[:, 6] + 0.3 * rng.standard_normal(5000) > 2.2) * 1.0
    pruner = SpectralPruner(SpectralMLPRegressor(30, random_state=0)).fit(X[:1000], y[:1000])
    assert pruner.score(X[1000:], y[1000:]) > pruner.estimator_.score(X[1000:], y[1000:]) - 0.2


def with_a_rare_event(seed):
    """800 rows to train on, and others: a smooth target, and ones in about a row of seventy."""
    rng, data = np.random.default_rng(seed), []
    for n_rows in (800, 5000):
        X = rng.standard_normal((n_rows, 8))
        smooth = np.sin(1.5 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.3 * rng.standard_normal(n_rows)
        data += [X, np.column_stack([smooth, X[:, 5] > 2.2])]
    return data


def scores(estimator, X, Y):
    return r2_score(Y, estimator.predict(X), multioutput="raw_values")


@pytest.mark.parametrize("seed", [101, 106])
def test_a_rare_event_does_not_hide_what_another_output_needs(seed):
    X, Y, *fresh = with_a_rare_event(seed)
    full = SpectralMLPRegressor(80, random_state=seed - 100).fit(X, Y)
    pruner = SpectralPruner(full, prefit=True).fit(X, Y)
    assert "full" not in pruner.refit_scores_
    assert (scores(pruner, *fresh) > scores(full, *fresh) - 0.03).all()
    assert 5 < pruner.n_nodes_[0] < 60


def test_cuts_that_cost_an_output_much_are_weakened():
    X, Y, *_ = with_a_rare_event(106)
    full = SpectralMLPRegressor(80, random_state=6).fit(X, Y)
    hard = [np.ones(8, bool), np.arange(80) == full.node_importances_[0].argmax()]
    before, after = (
        losses_of_outputs(cut_network(full, masks), X, Y)
        for masks in ([hard[0], np.ones(80, bool)], sparing_masks(full, hard, X, Y))
    )
    assert (after <= 1.1 * before + 0.01).all()
    assert (losses_of_outputs(cut_network(full, hard), X, Y) > 1.1 * before + 0.01).any()


def test_a_refit_is_not_judged_by_an_event_or_two():
    X, Y, *_ = with_a_rare_event(0)
    full = SpectralMLPRegressor(30, random_state=0).fit(X, Y)
    assert refit(full, X, Y) == (full, {})
    _, scores = refit(SpectralMLPRegressor(30, random_state=0).fit(X, Y[:, 0]), X, Y[:, 0])
    assert set(scores) == {"cut", "refit"}


def test_rows_count_by_what_they_tell():
    rng = np.random.default_rng(0)
    normal, rare = rng.standard_normal((4000, 1)), np.zeros((4000, 1))
    rare[:10] = 1
    assert n_telling(normal, None) == pytest.approx(4000, rel=0.1)
    assert n_telling(np.hstack([normal, rare]), None) == pytest.approx(30, rel=0.01)
    assert n_telling(np.hstack([normal, 0 * rare]), None) == pytest.approx(4000, rel=0.1)
    weights = np.repeat([2.0, 0.0], 2000)
    assert n_telling(normal, weights) == pytest.approx(2000, rel=0.1)


def test_what_a_few_rows_decide_is_tried():
    """Claims: one row in fifty, of uneven size; the network explains a tenth of the variance."""
    as_good = []
    for seed in range(1, 5):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((15_000, 10))
        often = 1 / (1 + np.exp(3 - X[:, 0]))
        mean = often * np.exp(0.5 * X[:, 1] + 0.245)
        size = np.exp(0.5 * X[:5000, 1] + 0.7 * rng.standard_normal(5000))
        y = (rng.random(5000) < often[:5000]) * size
        student = SpectralMLPRegressor(alpha=5e-3, random_state=0)
        pruner = SpectralPruner(student).fit(X[:5000], y)
        full, pruned = (
            np.mean((one.predict(X[5000:]) - mean[5000:]) ** 2) / mean[5000:].var()
            for one in (pruner.estimator_, pruner)
        )
        as_good.append(pruned < full + 0.1)
    assert sum(as_good) >= 3


@pytest.mark.parametrize(("spread", "is_kept"), [(0.1, True), (3.0, False)])
def test_a_refit_is_kept_if_the_rows_held_out_agree(monkeypatch, spread, is_kept):
    X = np.random.default_rng(0).standard_normal((400, 3))
    network = SpectralMLPRegressor(5, max_iter=100, random_state=0).fit(X, np.abs(X[:, 0]))
    # Lower by 0.2 on average, with a standard error of 0.01 and of 0.28.
    lost = iter([np.ones(40), 0.8 + np.linspace(-spread, spread, 40)])
    monkeypatch.setattr("skspectral.pruner.refit.losses", lambda *_: next(lost))
    monkeypatch.setattr(SpectralMLPRegressor, "score", lambda *_: 0.5)
    small, scores = refit(network, X, np.abs(X[:, 0]))
    assert scores == {"cut": 0.5, "refit": 0.5}
    assert (small is not network) == is_kept
