"""scikit-learn's own checks of an estimator, all of them."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor

# scikit-learn gives its MLPs fewer iterations for all checks. For the one that compares weights
# with repeated rows to seven digits it gives them a solver that takes all rows at once, or a
# tolerance that ends the training early; so do we, before rounding grows.
ESTIMATORS = [
    SpectralMLPRegressor(max_iter=300, n_iter_no_change=300),
    SpectralMLPClassifier(max_iter=300, n_iter_no_change=300),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # few iterations
@pytest.mark.filterwarnings("ignore:The largest root mean square:UserWarning")  # unscaled checks
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn(estimator, check):
    if "sample_weight_equivalence" in str(check):
        estimator.set_params(solver="lbfgs", max_iter=5)
    check(estimator)
