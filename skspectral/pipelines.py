"""Where in an estimator the network is."""

from sklearn.pipeline import Pipeline


def last_step(estimator):
    """The estimator itself, or the last step of a Pipeline that has any."""
    if isinstance(estimator, Pipeline) and estimator.steps:
        return estimator.steps[-1][1]
    return estimator
