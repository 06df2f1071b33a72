"""A fit in steps: up to its training, and on from what the training came to."""


def run(steps):
    """The estimator of a fit in steps that trains alone."""
    return finish(steps, next(steps).run())


def finish(steps, trained):
    """The estimator of a fit in steps, given what its training came to."""
    try:
        steps.send(trained)
    except StopIteration as end:
        return end.value
