"""Fits of a search that train together, and are scored as scikit-learn scores them."""

from copy import deepcopy
from functools import cache, partial

from sklearn.base import clone
from sklearn.model_selection._validation import _fit_and_score
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from skspectral.mlp.fit import Fit
from skspectral.mlp.state import pass_on_interruption
from skspectral.model_selection.groups import network_or_none, stops_for_training


def fit_and_score_together(estimator, X, y, tasks, *, n_all, verbose, fit_params, **options):
    """Fit and score a group of candidates.

    Parameters
    ----------
    estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline that ends in one
    X, y : array-like
        All the data.
    tasks : list of Task
    n_all : tuple of int
        Number of all candidates and of all splits.
    verbose : int
        How much to print.
    fit_params : dict
        For the method ``fit``, for all the data.
    **options
        Passed on to scikit-learn's own function.

    Returns
    -------
    results : list of dict
        As scikit-learn's own function returns them; the time of the training is shared alike.
    """
    fits = [_FitOfSearch(estimator, task) for task in tasks]
    train = cache(partial(_train, fits, X, y, fit_params))
    n_candidates, n_splits = n_all
    stacked = all(stops_for_training(network_or_none(fit.estimator)) for fit in fits)
    results = []
    for fit, task in zip(fits, tasks, strict=True):
        results.append(
            _fit_and_score(
                fit.stand_in(train) if stacked else fit.estimator,
                X,
                y,
                train=task.train,
                test=task.test,
                parameters=task.parameters,
                fit_params=fit_params,
                split_progress=(task.split, n_splits),
                candidate_progress=(task.candidate, n_candidates),
                verbose=verbose,
                **options,
            )
        )
        pass_on_interruption(network_or_none(fit.estimator))
        fit.estimator = None  # it has been scored
    if not stacked:
        return results
    share = sum(result["fit_time"] for result in results) / len(results)
    return [result | {"fit_time": share} for result in results]


class _FitOfSearch:
    """The fit of one candidate to one split, which stops for its training."""

    def __init__(self, estimator, task):
        self.task, self.error = task, None
        self.estimator = clone(estimator).set_params(**clone(task.parameters, safe=False))
        self._fit = self._names = self._traceback = None

    @property
    def training(self):
        """Of its network; None if it does not come to one, or has come to its end."""
        return None if self._fit is None else self._fit.training

    def prepare(self, X, y, fit_params, prepared):
        """Come to the training; `prepared` holds what goes into the networks of other fits."""
        try:
            network = network_or_none(self.estimator)
            network._validate_params()
            if self.task.preprocessing not in prepared:
                prepared[self.task.preprocessing] = self._preprocess(X, y, fit_params)
            X, y, self._names, network_params, steps = prepared[self.task.preprocessing]
            if isinstance(self.estimator, Pipeline):
                self.estimator.steps = [*steps, self.estimator.steps[-1]]
            self._fit = Fit(network, X, y, names=self._names, **network_params)
        except Exception as error:  # it is this candidate's alone
            self.fail(error)

    def finish(self, end):
        """Fit the estimator, given what the training came to."""
        try:
            self._fit.finish(*end)
            if self._names is not None:
                network_or_none(self.estimator).feature_names_in_ = self._names
        except Exception as error:
            self.fail(error)
        self._fit = None

    def fail(self, error):
        """Forget the training: what it came to is an error."""
        self.error, self._traceback = error, error.__traceback__
        self._fit = None

    def stand_in(self, train):
        """The estimator, whose own fit waits for those of the others."""

        def fit(*args, **params):
            train()
            del self.estimator.fit, self.estimator.set_params
            if isinstance(self.estimator, Pipeline):
                # The steps before are those of other candidates too: what changes one in its use,
                # such as a draw of its own, is not to reach them.
                *before, last = self.estimator.steps
                self.estimator.steps = [*deepcopy(before), last]
            if self.error is not None:
                # The traceback of where it was caught: it must not grow from fit to fit, or the
                # same error of several would be reported as many.
                raise self.error.with_traceback(self._traceback)
            return self.estimator

        # On this very object, which nobody else sees until then: scorers get the real thing.
        self.estimator.fit = fit
        self.estimator.set_params = lambda **parameters: self.estimator
        return self.estimator

    def _preprocess(self, X, y, fit_params):
        """What the network is to be fitted to, names of its columns, and the steps before it.

        X and y as the network would make them of what it gets: one copy for all candidates.
        """
        X_train, y_train = _safe_split(self.estimator, X, y, self.task.train)
        params = _check_method_params(X, params=fit_params, indices=self.task.train)
        network, steps = network_or_none(self.estimator), []
        if isinstance(self.estimator, Pipeline):
            received = []
            network.fit = lambda X, y=None, **params: received.append((X, y, params))
            try:
                Pipeline.fit(self.estimator, X_train, y_train, **params)
            finally:
                del network.fit
            X_train, y_train, params = received[0]
            steps = self.estimator.steps[:-1]
            for _, step in steps:  # a network in one of them keeps what an interruption leaves
                pass_on_interruption(network_or_none(getattr(step, "estimator_", step)))
        X_train, y_train = network._validated(X_train, y_train, reset=True)
        return X_train, y_train, getattr(network, "feature_names_in_", None), params, steps


def _train(fits, X, y, fit_params):
    """Train all, those that can together."""
    from skspectral.engine.together import run_together

    prepared, stacks = {}, {}
    for k, fit in enumerate(fits):
        fit.prepare(X, y, fit_params, prepared)
        if fit.training is not None:
            kind = fit.training.kind
            stacks.setdefault(k if kind is None else kind, []).append(fit)
    for stack in stacks.values():
        try:
            ends = run_together([fit.training for fit in stack])
        except Exception as error:  # such as too little memory
            for fit in stack:
                fit.fail(error)
            continue
        if any(outcome.interrupted for _, outcome, _ in ends):
            raise KeyboardInterrupt
        for fit, end in zip(stack, ends, strict=True):
            fit.finish(end)
