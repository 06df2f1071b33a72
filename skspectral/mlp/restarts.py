"""Several random starts, trained together; the best is kept."""

import numpy as np
from sklearn.base import clone
from sklearn.utils import Bunch, check_random_state

from skspectral.core import core_mask
from skspectral.mlp.checks import DivergenceError
from skspectral.mlp.fit import Fit
from skspectral.mlp.warnings import CollapseWarning, silence, warn_of_collapse


def fit_restarts(estimator, X, y, sample_weight):
    """Fit from as many random starts as `n_init` says.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
        Stays as it is, but for its callbacks: a task of theirs is one start.
    X, y, sample_weight
        As for its ``fit``.

    Returns
    -------
    best : estimator of the same class
        Of the best validation score with early stopping, else of the smallest objective.
    stability : Bunch
        See ``stability_``.
    """
    from skspectral.engine.together import run_together

    context = estimator._init_callback_context(max_subtasks=estimator.n_init)
    data = {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
    context.call_on_fit_task_begin(estimator=estimator, **data)
    rng = check_random_state(estimator.random_state)
    seeds = rng.randint(np.iinfo(np.int32).max, size=estimator.n_init)
    starts = [_start(estimator, int(seed)) for seed in seeds]
    fits = []
    X, y = starts[0]._validated(X, y, reset=True)  # one copy for all
    names = getattr(starts[0], "feature_names_in_", None)
    for start in starts:
        start.set_callbacks()
        fits.append(Fit(start, X, y, sample_weight, names=names))
    fitted, errors = [], []
    # Fewer come to an end, if they run one by one and are interrupted.
    ends = run_together([fit.training for fit in fits])
    for start, fit, end in zip(starts, fits, ends, strict=False):
        task = context.subcontext(task_name="start")
        task.call_on_fit_task_begin(estimator=estimator, **data)
        learned = None
        try:
            # Only the start that is kept counts: it is asked below.
            with silence(CollapseWarning):
                fitted.append(fit.finish(*end))
            if names is not None:
                start.feature_names_in_ = names
            learned = start._learned
        except DivergenceError as error:  # the others may do better
            errors.append(error)
        task.call_on_fit_task_end(estimator=estimator, **data, reconstruction_attributes=learned)
    if not fitted:
        raise errors[0]
    best = max(fitted, key=_quality)
    best._state.interrupted = any(network._state.interrupted for network in fitted)
    warn_of_collapse(best)
    context.call_on_fit_task_end(
        estimator=estimator, **data, reconstruction_attributes=best._learned
    )
    return best, _stability(fitted, best)


def _start(estimator, seed):
    start = clone(estimator)
    # A class derived from it need not take all that has been set.
    vars(start).update({name: getattr(estimator, name) for name in start._parameter_constraints})
    start.random_state = seed
    return start


def _quality(network):
    """What is to be large."""
    score = network.best_validation_score_
    return -network.loss_ if score is None else score


def _stability(fitted, best):
    sizes = np.array([network.core_sizes_ for network in fitted])
    inputs = [core_mask(network.feature_importances_) for network in fitted]
    return Bunch(
        core_sizes=sizes,
        core_size=float((sizes == best.core_sizes_).all(axis=1).mean()),
        inputs=np.mean(inputs, axis=0),
    )
