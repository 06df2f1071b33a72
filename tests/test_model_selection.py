"""The smallest core as good as the best, by plain GridSearchCV."""

import pickle

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skspectral import SpectralGridSearchCV, SpectralMLPRegressor, SpectralPruner
from skspectral.model_selection import core_size, smallest_core
from skspectral.model_selection.smallest_core import one_standard_error


def results(scores, sizes, name="score"):
    """As cv_results_ of a search, from scores and sizes of shape (n_candidates, n_splits)."""
    columns = {f"split{k}_test_{name}": column for k, column in enumerate(np.transpose(scores))}
    return columns | {f"split{k}_test_core_size": c for k, c in enumerate(np.transpose(sizes))}


# Best mean 0.8 with standard error 0.1 / sqrt(3) = 0.0577: the second and third are as good.
SCORES = np.array([[0.6, 0.7, 0.75], [0.7, 0.8, 0.9], [0.72, 0.75, 0.8], [0.1, 0.1, 0.1]])
SIZES = np.array([[9, 9, 9], [30, 31, 32], [12, 10, 11], [0, 0, 0]])


def test_one_standard_error():
    assert one_standard_error(SCORES).tolist() == [False, True, True, False]
    spoilt = np.where(SCORES == 0.9, np.nan, SCORES)
    assert one_standard_error(spoilt).tolist() == [False, False, True, False]
    assert one_standard_error(SCORES[:, :1]).tolist() == [False, False, True, False]


def test_smallest_core_is_chosen_among_the_good():
    refit = pickle.loads(pickle.dumps(smallest_core()))
    assert refit(results(SCORES, SIZES)) == 2
    # Of equal cores the better score.
    assert refit(results(SCORES, np.full((4, 3), 7))) == 1
    assert smallest_core("r2")(results(SCORES, SIZES, "r2")) == 2
    # What has no core is not chosen, nor what is worse in its place.
    assert refit(results(SCORES, np.where(SIZES == 10, np.nan, SIZES))) == 1


def test_errors_of_smallest_core():
    with pytest.raises(ValueError, match="no test score 'r2'"):
        smallest_core("r2")(results(SCORES, SIZES))
    with pytest.raises(ValueError, match="no test score 'core_size'"):
        smallest_core()({"split0_test_score": np.ones(2)})
    with pytest.raises(ValueError, match="No candidate"):
        smallest_core()(results(SCORES * np.nan, SIZES))
    good = np.array([[False], [True], [True], [False]])
    with pytest.raises(ValueError, match="None of the candidates with the best test scores"):
        smallest_core()(results(SCORES, np.where(good, np.nan, SIZES)))


def test_core_size(student):
    assert core_size(student) == sum(student.core_sizes_)
    assert core_size(make_pipeline(student)) == core_size(student)
    around = TransformedTargetRegressor()
    around.regressor_ = make_pipeline(student)  # as its fit leaves it
    assert core_size(around) == core_size(student)
    assert core_size(SpectralPruner(student, n_nodes_to_select=3, prefit=True)) == 3
    with pytest.raises(ValueError, match="LinearRegression has no core"):
        core_size(LinearRegression())


@pytest.mark.filterwarnings("ignore:No node of hidden layer")  # an alpha too large is tried
def test_in_a_search(teacher):
    X, y = teacher[0][:1000], teacher[1][:1000]
    mlp = SpectralMLPRegressor(40, solver="lbfgs", random_state=0)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), mlp),
        {"spectralmlpregressor__alpha": [1e-6, 1e-3, 1.0]},
        scoring={"score": "r2", "core_size": core_size},
        refit=smallest_core(),
        cv=3,
    ).fit(X, y)
    chosen = search.best_index_
    assert search.best_params_["spectralmlpregressor__alpha"] < 1.0
    means = search.cv_results_["mean_test_score"]
    sizes = search.cv_results_["mean_test_core_size"]
    good = one_standard_error(
        np.column_stack([search.cv_results_[f"split{k}_test_score"] for k in range(3)])
    )
    assert good[chosen]
    assert sizes[chosen] == sizes[good].min()
    assert means[chosen] > 0.9


@pytest.mark.parametrize("search", [GridSearchCV, SpectralGridSearchCV])
def test_a_search_for_the_smallest_core_can_be_scored(search, teacher):
    X, y = teacher[0][:300], teacher[1][:300]
    found = search(
        SpectralMLPRegressor(10, solver="lbfgs", tol=1e-2, random_state=0),
        {"alpha": [1e-3, 1e-2]},
        scoring={"fit": "r2", "core_size": core_size},
        refit=smallest_core("fit"),
        cv=3,
    )
    scores = cross_validate(found, X, y, cv=3)["test_score"]
    assert np.isfinite(scores).all()
    found.fit(X, y)
    assert found.score(X, y) == pytest.approx(found.best_estimator_.score(X, y))
    assert "refit=smallest_core('fit')" in repr(found)
