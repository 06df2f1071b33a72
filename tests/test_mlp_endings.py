"""How a training ends: early stopping, plateau, interruption, warnings, what it prints."""

import gc
import warnings
import weakref

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, hamming_loss

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor
from skspectral.engine.batches import Batches
from skspectral.engine.objective import Objective
from skspectral.engine.together import Training
from skspectral.mlp import fit, length
from skspectral.mlp.progress import Progress


@pytest.fixture
def noisy(problem):
    """A fifth of the targets belong to other rows: what a network learns of them does not help."""
    model, X, y = problem
    y[::5] = np.roll(y[::5], 1)
    return model, X, y


@pytest.mark.parametrize("learning_rate", ["cosine", "constant", "adaptive"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("alpha", "n_passed_over"), [(1e-3, 0), ("auto", 495)])
def test_early_stopping_restores_the_best_weights(
    noisy, monkeypatch, learning_rate, weighted, alpha, n_passed_over
):
    """While a strength rises, for half of what is not the warm-up, none are kept."""
    model, X, y = noisy
    monkeypatch.setattr(fit, "held_out_rows", lambda _, rows, *others: (rows[:90], rows[90:]))
    model.set_params(early_stopping=True, learning_rate=learning_rate, learning_rate_init=0.02)
    model.set_params(alpha=alpha)
    weights = np.linspace(1, 2, 120) if weighted else None
    model.set_params(n_iter_no_change=20, max_iter=900).fit(X, y, weights)
    held_out = None if weights is None else weights[90:]
    assert len(model.validation_scores_) == len(model.loss_curve_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_[n_passed_over:])
    assert model.score(X[90:], y[90:], held_out) == pytest.approx(model.best_validation_score_)
    assert model.best_loss_ is None


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_early_stopping_counts_labels(monkeypatch, container):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    Y = np.column_stack([X[:, :2] > 0, rng.random((400, 12)) < 0.4]).astype(int)
    monkeypatch.setattr(fit, "held_out_rows", lambda _, rows, *others: (rows[:300], rows[300:]))
    model = SpectralMLPClassifier(10, early_stopping=True, max_iter=200, random_state=0)
    model.fit(X, container(Y))
    predicted = (model.predict_proba(X[300:]) > 0.5).astype(int)
    right = 1 - hamming_loss(Y[300:], predicted)
    assert model.best_validation_score_ == pytest.approx(right)
    # Hardly a row has all of its labels right: counted so, an epoch is as good as another.
    assert accuracy_score(Y[300:], predicted) < 0.1
    assert accuracy_score(Y[300:, :2], predicted[:, :2]) > 0.85


def test_early_stopping_is_repeatable_and_stops(noisy, outputs):
    model, X, y = noisy
    model.set_params(early_stopping=True, n_iter_no_change=5, max_iter=2000)
    first, second = clone(model).fit(X, y), clone(model).fit(X, y)
    assert first.n_iter_ < 2000
    assert_array_equal(outputs(first, X), outputs(second, X))
    best = int(np.argmax(first.validation_scores_))
    assert best < first.n_iter_ - 1


@pytest.mark.parametrize("n_rows", [40_000, 100_000])
def test_a_schedule_that_has_come_to_its_end_is_no_limit(n_rows, recwarn):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 6))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * rng.standard_normal(n_rows)
    SpectralMLPRegressor(20, random_state=0).fit(X, y)
    assert not recwarn


def test_lbfgs_that_has_as_good_as_ended_is_no_limit(recwarn):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((500, 5))
    y = X[:, 0] ** 2 + X[:, 1] + 0.3 * rng.standard_normal(500)
    SpectralMLPRegressor(solver="lbfgs", random_state=0).fit(X, y)  # kinks keep it from the end
    assert not recwarn


@pytest.mark.parametrize(("n_rows", "max_iter"), [(120, 60), (500, 40)])
def test_a_schedule_that_was_cut_short_is_told(n_rows, max_iter):
    X = np.random.default_rng(0).standard_normal((n_rows, 6))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2]
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        SpectralMLPRegressor(30, max_iter=max_iter, random_state=0).fit(X, y)


def test_a_failure_is_held_against_a_constant_of_labels():
    rng = np.random.default_rng(0)
    X, Y = 1e4 * rng.normal(size=(300, 5)), rng.integers(2, size=(300, 20))
    model = SpectralMLPClassifier(20, learning_rate_init=1.0, max_iter=30, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, Y)
    assert "where that of a constant prediction is 0.69" in str(caught[-1].message)


def test_a_limit_that_is_never_reached_costs_nothing(noisy):
    model, X, y = noisy
    model.set_params(early_stopping=True, n_iter_no_change=5, max_iter=10**11).fit(X, y)
    assert model.n_iter_ < 10**5


def test_without_early_stopping_there_are_no_scores(problem):
    model, X, y = problem
    model.fit(X, y)
    assert model.validation_scores_ is None
    assert model.best_validation_score_ is None
    assert model.best_loss_ == min(model.loss_curve_)


@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_a_plateau_ends_the_training_in_silence(problem, learning_rate):
    model, X, y = problem
    model.set_params(learning_rate=learning_rate, learning_rate_init=0.02, max_iter=4000)
    model.set_params(n_iter_no_change=10, tol=1e-3, alpha=0.01).fit(X, y)
    assert model.n_iter_ < 4000
    patient = clone(model).set_params(n_iter_no_change=50).fit(X, y)
    assert patient.n_iter_ > model.n_iter_


def test_infinite_patience_never_ends(problem):
    model, X, y = problem
    model.set_params(learning_rate="constant", n_iter_no_change=np.inf, tol=1e3, max_iter=100)
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(100\) reached"):
        model.fit(X, y)
    assert model.n_iter_ == 100


def test_cosine_goes_to_its_end_and_settles(problem):
    model, X, y = problem
    model.set_params(max_iter=400, n_iter_no_change=2).fit(X, y)
    assert model.n_iter_ == 400
    model.set_params(n_iter_no_change=np.inf).fit(X, y)  # no effect, nor on what is warned of


def test_without_batches_none_is_too_large(problem):
    model, X, y = problem
    with pytest.warns(UserWarning, match="clipped"):
        model.set_params(batch_size=500).fit(X, y)
    model.set_params(solver="lbfgs", max_iter="auto").fit(X, y)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("learning_rate", ["cosine", "constant", "adaptive"])
def test_too_few_iterations_are_said(problem, solver, learning_rate):
    model, X, y = problem
    name = {"adam": "Stochastic Optimizer", "lbfgs": "L-BFGS"}[solver]
    model.set_params(solver=solver, learning_rate=learning_rate, max_iter=3)
    with pytest.warns(ConvergenceWarning, match=rf"{name}: Maximum iterations \(3\) reached"):
        model.fit(X, y)
    assert model.n_iter_ == 3


def test_lbfgs_converges_in_silence(problem):
    model, X, y = problem
    model.set_params(solver="lbfgs", tol=1e-3, alpha=0.01, max_iter="auto").fit(X, y)
    assert model.n_iter_ < 1000
    assert model.score(X, y) > 0.85


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_interrupted_fit_keeps_what_it_has(problem, interrupt_at, solver, early_stopping):
    model, X, y = problem
    model.set_params(solver=solver, early_stopping=early_stopping, n_iter_no_change=300)
    untouched = clone(model).set_params(max_iter=1, learning_rate_init=1e-300, solver="adam")
    with pytest.warns(ConvergenceWarning):
        untouched.fit(X, y)
    interrupt_at(Objective, "evaluate", 60)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        model.fit(X, y)
    assert 10 < model.n_iter_ == len(model.loss_curve_) < 60
    assert model.score(X, y) > untouched.score(X, y)
    assert model.loss_ == model.loss_curve_[-1]


@pytest.mark.parametrize("early_stopping", [False, True])
def test_interruption_before_the_first_epoch(problem, interrupt_at, early_stopping, outputs):
    model, X, y = problem
    interrupt_at(Batches, "epoch", 1)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        model.set_params(early_stopping=early_stopping).fit(X, y)
    assert np.isfinite(outputs(model, X)).all()
    assert model.loss_curve_ == []
    assert model.n_iter_ == model.t_ == 0
    assert np.isnan(model.loss_)
    assert model.best_loss_ is None if early_stopping else np.isnan(model.best_loss_)
    assert model.validation_scores_ == ([] if early_stopping else None)


def test_an_interrupted_line_search_is_as_if_it_had_not_begun(
    problem, interrupt_at, outputs, monkeypatch
):
    # The warm-up of fewer iterations is shorter, and a strength that follows the noise another.
    monkeypatch.setattr(length, "WARM_UP", 0.0)
    model, X, y = problem
    model.set_params(solver="lbfgs", alpha=1e-3)
    interrupt_at(Objective, "evaluate", 30)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        model.fit(X, y)
    whole = clone(model).set_params(max_iter=model.n_iter_)
    with pytest.warns(ConvergenceWarning):
        whole.fit(X, y)
    assert whole.loss_ == model.loss_
    assert_array_equal(outputs(model, X), outputs(whole, X))


@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_epoch_interrupted_at_its_end_does_not_count(problem, interrupt_at, early_stopping):
    model, X, y = problem
    method = (type(model), "_score") if early_stopping else (Progress, "__call__")
    interrupt_at(*method, 5)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        model.set_params(early_stopping=early_stopping).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 4
    assert not early_stopping or len(model.validation_scores_) == 4


def test_interruption_of_partial_fit_is_said(problem, interrupt_at, outputs):
    model, X, y = problem
    classes = {} if isinstance(model, SpectralMLPRegressor) else {"classes": np.unique(y)}
    model.partial_fit(X, y, **classes)
    before = outputs(model, X)
    interrupt_at(Batches, "epoch", 1)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        model.partial_fit(X, y)
    assert_array_equal(outputs(model, X), before)
    assert model.n_iter_ == 1
    assert model.loss_curve_ == [model.loss_]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_verbose_prints_each_epoch(problem, capsys, solver, early_stopping):
    model, X, y = problem
    model.set_params(tol=1e-2)
    clone(model).fit(X, y)
    assert capsys.readouterr().out == ""
    model.set_params(verbose=True, solver=solver, early_stopping=early_stopping).fit(X, y)
    expected = [f"Iteration {i}, loss = {x:.8f}" for i, x in enumerate(model.loss_curve_, 1)]
    scores = [f"Validation score: {score:f}" for score in model.validation_scores_ or []]
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line.startswith("Iteration")] == expected
    assert [line for line in printed if line.startswith("Validation")] == scores
    assert len(scores) == (model.n_iter_ if early_stopping and solver == "adam" else 0)


def test_the_loss_of_the_best_network_counts():
    progress = Progress(SpectralMLPRegressor(), lambda p: p, validate=lambda p: p["score"])
    assert np.isnan(progress.kept_loss)
    for loss, score in [(2.0, 0.1), (0.5, 0.9), (0.6, 0.9), (9.0, 0.2)]:
        progress(loss, lambda score=score: {"score": score})
    assert progress.kept_loss == 0.6  # of equals the latest
    assert progress.best == {"score": 0.9}
    plain = Progress(SpectralMLPRegressor(), lambda p: p)
    for loss in (2.0, 0.5):
        plain(loss, None)
    assert plain.kept_loss == 0.5


@pytest.mark.parametrize(
    "settings", [{}, {"early_stopping": True}, {"solver": "lbfgs", "max_iter": 5000}]
)
def test_data_are_let_go_when_a_fit_ends(problem, settings, monkeypatch):
    """At once: a cycle of references would keep them until the collector comes by."""
    model, X, y = problem
    model.set_params(**settings)
    held, init = [], Training.__init__

    def noted(training, *args, **kwargs):
        init(training, *args, **kwargs)
        held.extend(map(weakref.ref, (training, training.X, training.member.targets)))

    monkeypatch.setattr(Training, "__init__", noted)
    gc.disable()
    try:
        model.fit(X.tolist(), y)
        assert [reference() is None for reference in held] == [True] * 3
    finally:
        gc.enable()
