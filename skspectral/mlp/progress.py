"""What happens between two epochs: loss curve, early stopping, messages, callbacks."""

import numpy as np


class Progress:
    """The monitor of one fit.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
    describe : callable
        ``describe(parameters)`` is the dict of fitted attributes for the engine's parameters.
    validate : callable or None
        ``validate(attributes)`` is the validation score of a network; None without early stopping.
    context : sklearn callback context or None
        Where the epochs are reported to; None if nobody watches.
    data : dict
        ``X``, ``y`` and ``metadata`` that the callbacks are given.
    n_passed_over : int, default=0
        Epochs, the first, whose networks are not to be kept, however well they score.

    Attributes
    ----------
    losses : list of float
        Loss of each epoch.
    scores : list of float or None
        With early stopping, validation score of each epoch.
    best : Parameters or None
        With early stopping, those of the best score; of equal ones the latest, whose core is
        smaller.
    best_score : float
        Its score; of the last where none is kept, nan before there is one.
    kept_loss : float
        Loss of the network that is kept: the best by its score, else the last; nan before.
    """

    def __init__(
        self, estimator, describe, validate=None, context=None, data=None, n_passed_over=0
    ):
        self.losses, self.scores, self.best = [], None if validate is None else [], None
        self.best_score, self.kept_loss = np.nan, np.nan
        self._n_passed_over = n_passed_over
        self._estimator, self._describe, self._validate = estimator, describe, validate
        self._context, self._data, self._task = context, data, None
        self._begin()

    def __call__(self, loss, read):
        """Called after each epoch; see :class:`skspectral.engine.training.Member`."""
        if self._validate is None:
            progress, self.kept_loss = -loss, float(loss)
        else:
            parameters = read()
            progress = self._validate(self._describe(parameters))
            if self.best is None or progress >= self.best_score:
                self.best_score, self.kept_loss = progress, float(loss)
                self.best = parameters if len(self.scores) >= self._n_passed_over else None
            self.scores.append(progress)
        self.losses.append(float(loss))
        if self._estimator.verbose:
            print(f"Iteration {len(self.losses)}, loss = {self.losses[-1]:.8f}")
            if self._validate is not None:
                print(f"Validation score: {self.scores[-1]:f}")
        return progress, self._end(read)

    def close(self, parameters):
        """End the epoch that had begun when the solver was done, for callbacks that count both."""
        if self._task is not None:
            self._report(lambda: self._describe(parameters))

    def _begin(self):
        if self._context is not None:
            self._task = self._context.subcontext(task_name="fit iteration")
            self._task.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def _end(self, read):
        if self._context is None:
            return False
        stop = self._report(lambda: self._describe(read()))
        if not stop and len(self.losses) < self._context.max_subtasks:
            self._begin()
        return stop

    def _report(self, attributes):
        task, self._task = self._task, None
        return task.call_on_fit_task_end(
            estimator=self._estimator, **self._data, reconstruction_attributes=attributes
        )
