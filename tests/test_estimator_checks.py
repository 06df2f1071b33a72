"""scikit-learn's own checks of an estimator, all of them."""

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skspectral import (
    SpectralMLPClassifier,
    SpectralMLPRegressor,
    SpectralPruner,
    SpectralPrunerCV,
)

NETWORKS = [
    SpectralMLPRegressor(max_iter=300, n_iter_no_change=300),
    SpectralMLPClassifier(max_iter=300, n_iter_no_change=300),
]
# Few nodes and few iterations: the checks are about the interface. A pruner has no random_state
# that the checks could fix, so its network has one.
SMALL = {"hidden_layer_sizes": 10, "max_iter": 50, "random_state": 0}
QUICK = {"hidden_layer_sizes": 8, "solver": "lbfgs", "max_iter": 30, "random_state": 0}
PRUNERS = [
    SpectralPruner(SpectralMLPRegressor(**SMALL)),
    SpectralPruner(SpectralMLPClassifier(**SMALL), layer=0),
    SpectralPruner(make_pipeline(StandardScaler(), SpectralMLPClassifier(**SMALL))),
    SpectralPrunerCV(SpectralMLPRegressor(**QUICK), cv=2),
    SpectralPrunerCV(SpectralMLPClassifier(**QUICK), cv=2),
]


def _fails(pruner):
    """Where a row twice is not a row of weight two, as for scikit-learn's own."""
    if isinstance(pruner, SpectralPrunerCV):
        reason = "the splits are of rows, whatever they weigh"
    elif hasattr(pruner.estimator, "steps"):
        reason = "the weights do not reach the StandardScaler"
    else:
        return {}
    kinds = "dense", "sparse"
    return {f"check_sample_weight_equivalence_on_{kind}_data": reason for kind in kinds}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few iterations
@pytest.mark.filterwarnings("ignore:The largest root mean square:UserWarning")  # unscaled checks
@pytest.mark.filterwarnings("ignore:The mean of column:UserWarning")  # not centred either
@parametrize_with_checks(NETWORKS)
def test_network(estimator, check):
    # scikit-learn gives its MLPs fewer iterations for all checks. For the one that compares weights
    # with repeated rows to seven digits it gives them a solver that takes all rows at once, or a
    # tolerance that ends the training early; so do we, before rounding grows.
    if "sample_weight_equivalence" in str(check):
        estimator.set_params(solver="lbfgs", max_iter=5)
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few iterations
@pytest.mark.filterwarnings("ignore:The largest root mean square:UserWarning")  # unscaled checks
@pytest.mark.filterwarnings("ignore:The mean of column:UserWarning")  # not centred either
@pytest.mark.filterwarnings("ignore:No node of a layer is relevant:UserWarning")  # random labels
# Not strict: so few rows may have the same labels in the end.
@parametrize_with_checks(PRUNERS, expected_failed_checks=_fails, xfail_strict=False)
def test_pruner(estimator, check):
    check(estimator)
