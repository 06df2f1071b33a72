"""Where in an estimator the network is."""

from sklearn.pipeline import Pipeline


def last_step(estimator):
    """The estimator itself, or the last step of a Pipeline that has any."""
    if isinstance(estimator, Pipeline) and estimator.steps:
        return estimator.steps[-1][1]
    return estimator


def first_step(estimator):
    """The estimator itself, or the first step of a Pipeline that does something, if any does."""
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            if not _passes_through(step):
                return first_step(step)
    return estimator


def steps_before(estimator):
    """The fitted steps before the network, as one Pipeline; None if none does anything."""
    return None if first_step(estimator) is last_step(estimator) else estimator[:-1]


def reaching(estimator, X):
    """What of X reaches the network of a fitted estimator."""
    steps = steps_before(estimator)
    return X if steps is None else steps.transform(X)


def _passes_through(step):
    if isinstance(step, Pipeline):
        return all(_passes_through(inner) for _, inner in step.steps)
    return step is None or step == "passthrough"
