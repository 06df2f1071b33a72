"""SpectralGridSearchCV and SpectralRandomizedSearchCV."""

import time
import warnings
from collections import defaultdict
from functools import partial
from inspect import signature
from numbers import Real

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from scipy.sparse import issparse
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, check_cv
from sklearn.model_selection._validation import (
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils import indexable
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import (
    _check_method_params,
    _num_features,
    _num_samples,
)

from skspectral.model_selection.groups import groups_of, network_or_none
from skspectral.model_selection.kept import KeptGroups


class _StackedSearch:
    """What makes a search of scikit-learn train its candidates as stacks."""

    _stacking_constraints = {
        "memory": [str, HasMethods(["cache"]), None],
        "memory_limit": [Interval(Real, 0, None, closed="right")],
    }

    def fit(self, X, y=None, **params):
        """Fit all candidates on all splits, and the best one on all the data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        **params : dict
            As for the search of scikit-learn: passed to ``fit`` of the estimator, to the scorer and
            to the splitter; ``groups`` to the splitter, ``sample_weight`` split as X is.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        ValueError
            If a parameter is not valid, or all fits failed.
        TypeError
            If there is a `memory`, and a parameter that cannot be pickled, such as a lambda.
        """
        if not self._stacks():
            if self.memory is not None:
                warnings.warn(
                    f"memory={self.memory!r} is of no effect on {type(self.estimator).__name__}: "
                    "only networks without callbacks, and Pipelines that end in one, are not "
                    "searched by scikit-learn's own loop, which keeps nothing; set memory=None.",
                    UserWarning,
                    stacklevel=2,
                )
            return super().fit(X, y, **params)
        before = vars(self).copy()
        try:
            return self._fit(X, y, params)
        except BaseException:  # what it has found until then goes with no results
            vars(self).clear()
            vars(self).update(before)
            raise

    def _stacks(self):
        """Whether the fits can stop for their training. Callbacks of their own want them whole."""
        parts = [self.estimator, *(step for _, step in getattr(self.estimator, "steps", ()))]
        callbacks = any(getattr(part, "_skl_callbacks", None) for part in parts)
        return network_or_none(self.estimator) is not None and not callbacks

    @_fit_context(prefer_skip_nested_validation=False)
    def _fit(self, X, y, params):
        scorers, metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        weights = params.get("sample_weight")
        data = {
            "X": X,
            "y": y,
            "metadata": None if weights is None else {"sample_weight": weights},
        }
        context = self._init_callback_context(max_subtasks=1 + (self.refit is not False))
        context.call_on_fit_task_begin(estimator=self, **data)
        # By this name scikit-learn promises it to a `_run_search` of a subclass.
        self._checked_cv_orig = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self.n_splits_ = self._checked_cv_orig.get_n_splits(X, y, **routed.splitter.split)
        # Estimator, candidates, splits: a random state that they share is drawn from in that order.
        estimator = clone(self.estimator)
        tried, outcomes, more, results = [], [], defaultdict(list), {}

        def evaluate(candidates, cv=None, more_results=None, callback_ctx=None):
            nonlocal results
            candidates = list(candidates)
            splits = list((cv or self._checked_cv_orig).split(X, y, **routed.splitter.split))
            if len(splits) != self.n_splits_:
                raise ValueError(
                    "cv.split and cv.get_n_splits return inconsistent results. Expected "
                    f"{self.n_splits_} splits, got {len(splits)}"
                )
            outcomes.extend(
                self._evaluate(
                    *(estimator, X, y, candidates, splits),
                    scorers=scorers,
                    routed=routed,
                    context=callback_ctx,
                )
            )
            tried.extend(candidates)
            for name, values in (more_results or {}).items():
                more[name].extend(values)
            results = self._format_results(tried, len(splits), outcomes, more)
            return results

        # A subclass may not know of callbacks.
        knows = "callback_ctx" in signature(self._run_search).parameters
        self._run_search(evaluate, **({"callback_ctx": context} if knows else {}))
        first = outcomes[0]["test_scores"]
        self.multimetric_ = isinstance(first, dict)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(first)
            metric = self.refit
        self._choose(results, metric)
        if self.refit:
            self._refit(estimator, routed.estimator.fit, context, data)
        self.scorer_ = scorers._scorers if isinstance(scorers, _MultimetricScorer) else scorers
        self.cv_results_ = results
        context.call_on_fit_task_end(estimator=self, **data)
        return self

    def _evaluate(self, estimator, X, y, candidates, splits, *, scorers, routed, context):
        """What scikit-learn reports of a fit, for all candidates and their splits."""
        n_fits = len(candidates) * len(splits)
        if self.verbose > 0:
            print(
                f"Fitting {len(splits)} folds for each of {len(candidates)} candidates, totalling "
                f"{n_fits} fits"
            )
        if not n_fits:
            raise ValueError(
                f"There are {len(candidates)} candidates and {len(splits)} splits, so that there "
                "is nothing to fit; give at least one of each."
            )
        groups = groups_of(
            estimator,
            candidates,
            splits,
            n_jobs=effective_n_jobs(self.n_jobs),
            bytes_per_row=_bytes_per_row(X),
            memory_limit=self.memory_limit,
        )
        kept = KeptGroups(
            self.memory,
            messages={"n_all": (len(candidates), len(splits)), "verbose": self.verbose},
            estimator=estimator,
            X=X,
            y=y,
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            scorer=scorers,
            return_train_score=self.return_train_score,
            return_n_test_samples=True,
            return_times=True,
            error_score=self.error_score,
        )
        backend, _ = get_active_backend()
        parallel = Parallel(
            n_jobs=self.n_jobs,
            pre_dispatch=self.pre_dispatch,
            return_as="generator" if backend.supports_return_generator else "list",
        )
        runs = (kept.of(group) for group in groups)
        finished = parallel(delayed(function)(*arguments) for function, arguments in runs)
        outcomes = [None] * n_fits
        for group, results in zip(groups, finished, strict=True):
            for task, result in zip(group, results, strict=True):
                number = task.candidate * len(splits) + task.split
                outcomes[number] = result
                if context is not None:
                    self._report(context, number, task, X, y, routed.estimator.fit)
        _warn_or_raise_about_fit_failures(outcomes, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(outcomes, self.error_score)
        return outcomes

    def _report(self, context, number, task, X, y, fit_params):
        """Report a fit to the callbacks, with its data where they ask for them."""

        def part(k):
            return _safe_split(self.estimator, X, y, task.train)[k]

        def metadata():
            params = _check_method_params(X, params=fit_params, indices=task.train)
            weights = params.get("sample_weight")
            return None if weights is None else {"sample_weight": weights}

        data = {"X": partial(part, 0), "y": partial(part, 1), "metadata": metadata}
        subcontext = context.subcontext(task_name="candidate-split-evaluation", task_id=number)
        subcontext.call_on_fit_task_begin(estimator=self, **data)
        subcontext.call_on_fit_task_end(estimator=self, **data)

    def _choose(self, results, metric):
        if not self.refit and self.multimetric_:
            return
        self.best_index_ = self._select_best_index(self.refit, metric, results)
        vars(self).pop("best_score_", None)
        if not callable(self.refit):
            self.best_score_ = results[f"mean_test_{metric}"][self.best_index_]
        self.best_params_ = results["params"][self.best_index_]

    def _refit(self, estimator, fit_params, context, data):
        best = clone(estimator).set_params(**clone(self.best_params_, safe=False))
        subcontext = context.subcontext(task_name="refit-with-best-params")
        with subcontext.propagate_callback_context(best):
            subcontext.call_on_fit_task_begin(estimator=self, **data)
            start = time.perf_counter()
            best.fit(data["X"], data["y"], **fit_params)
            self.refit_time_ = time.perf_counter() - start
        self.best_estimator_ = best
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        subcontext.call_on_fit_task_end(estimator=self, **data)


class SpectralGridSearchCV(_StackedSearch, GridSearchCV):
    """Exhaustive search that trains its candidates together.

    What :class:`~sklearn.model_selection.GridSearchCV` does and reports up to rounding, faster:
    networks that differ only in their widths (of equal depth), strengths, learning rate, class
    weights or random state are trained, with the splits, as stacks, many small matrix products in
    one call. That is for ``solver="adam"`` and ``n_init=1``; others are fitted one after the other.

    Parameters
    ----------
    estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline that ends in one
        Any other estimator, or one with callbacks or a ``fit`` of its own, is searched as
        scikit-learn does. Steps before the network are fitted once in a group for each split and
        setting of theirs.
    param_grid : dict or list of dict
        Names of parameters and the values to try.
    scoring : str, callable, list, tuple or dict, default=None
        How to score; None is the score of the estimator.
    n_jobs : int, default=None
        Groups of fits that run at the same time, through joblib and whatever backend
        :func:`joblib.parallel_config` sets.
    refit : bool, str or callable, default=True
        Whether, and by which score, to fit the best candidate on all the data; a callable, such as
        :func:`skspectral.model_selection.smallest_core`, chooses it from ``cv_results_``.
    cv : int, cross-validation generator or iterable, default=None
        How to split; None is five folds.
    verbose : int, default=0
        How much to print.
    pre_dispatch : int or str, default="2*n_jobs"
        Groups that are dispatched ahead.
    error_score : "raise" or float, default=nan
        Score of a fit that fails; the rest of its stack goes on.
    return_train_score : bool, default=False
        Whether to score the rows that were trained on, too.
    memory : str or object with the interface of joblib.Memory, default=None
        Where finished groups are kept, but those with a fit that failed: the same search, run again
        with as many jobs after an interruption, does only what is missing. Give the estimator an
        int as random state. Functions and classes are known by their names: empty the folder when
        their code has changed, or a package.
    memory_limit : float, default=1e9
        Bytes that the data of one group may take, estimated from X; each worker has one group.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        As of scikit-learn. The fit time of a candidate is its share of the time of its group.
    best_estimator_, best_score_, best_params_, best_index_, scorer_, n_splits_, refit_time_, \
multimetric_, classes_, n_features_in_, feature_names_in_
        As of scikit-learn; there is no ``best_score_`` where `refit` is a callable.

    See Also
    --------
    SpectralRandomizedSearchCV : Candidates drawn at random.
    skspectral.model_selection.smallest_core : A `refit` for the smallest core of those good enough.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skspectral import SpectralMLPClassifier
    >>> from skspectral.model_selection import SpectralGridSearchCV
    >>> X, y = load_wine(return_X_y=True)
    >>> pipe = make_pipeline(StandardScaler(), SpectralMLPClassifier(max_iter=200, random_state=0))
    >>> grid = {
    ...     "spectralmlpclassifier__hidden_layer_sizes": [10, 50],
    ...     "spectralmlpclassifier__alpha": [1e-3, 1e-2],
    ... }
    >>> search = SpectralGridSearchCV(pipe, grid, cv=3).fit(X, y)
    >>> bool(search.best_score_ > 0.95)
    True
    """

    _parameter_constraints = (
        GridSearchCV._parameter_constraints | _StackedSearch._stacking_constraints
    )

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        error_score=np.nan,
        return_train_score=False,
        memory=None,
        memory_limit=1e9,
    ):
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.memory = memory
        self.memory_limit = memory_limit


class SpectralRandomizedSearchCV(_StackedSearch, RandomizedSearchCV):
    """Random search that trains its candidates together.

    What :class:`~sklearn.model_selection.RandomizedSearchCV` does and reports, with candidates
    that train as stacks. The attributes are those of :class:`SpectralGridSearchCV`.

    Parameters
    ----------
    estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline that ends in one
        Any other estimator is searched as scikit-learn does.
    param_distributions : dict or list of dict
        Names of parameters and the lists or distributions, with a method ``rvs``, to draw from.
    n_iter : int, default=10
        Candidates to draw.
    scoring : str, callable, list, tuple or dict, default=None
        How to score; None is the score of the estimator.
    n_jobs : int, default=None
        Groups of fits that run at the same time.
    refit : bool, str or callable, default=True
        Whether, and by which score, to fit the best candidate on all the data.
    cv : int, cross-validation generator or iterable, default=None
        How to split; None is five folds.
    verbose : int, default=0
        How much to print.
    pre_dispatch : int or str, default="2*n_jobs"
        Groups that are dispatched ahead.
    random_state : int, RandomState instance or None, default=None
        Of the draws.
    error_score : "raise" or float, default=nan
        Score of a fit that fails.
    return_train_score : bool, default=False
        Whether to score the rows that were trained on, too.
    memory : str or object with the interface of joblib.Memory, default=None
        Where finished groups are kept. Needs an int as random state, here and in the estimator.
    memory_limit : float, default=1e9
        Bytes that the data of one group may take.

    See Also
    --------
    SpectralGridSearchCV : All combinations of the given values.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import scale
    >>> from skspectral import SpectralMLPClassifier
    >>> from skspectral.model_selection import SpectralRandomizedSearchCV
    >>> X, y = load_wine(return_X_y=True)
    >>> search = SpectralRandomizedSearchCV(
    ...     SpectralMLPClassifier(max_iter=200, random_state=0),
    ...     {"alpha": loguniform(1e-4, 1e-1)},
    ...     n_iter=4,
    ...     random_state=0,
    ... ).fit(scale(X), y)
    >>> bool(search.best_score_ > 0.95)
    True
    """

    _parameter_constraints = (
        RandomizedSearchCV._parameter_constraints | _StackedSearch._stacking_constraints
    )

    def __init__(
        self,
        estimator,
        param_distributions,
        *,
        n_iter=10,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        random_state=None,
        error_score=np.nan,
        return_train_score=False,
        memory=None,
        memory_limit=1e9,
    ):
        super().__init__(
            estimator,
            param_distributions,
            n_iter=n_iter,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.memory = memory
        self.memory_limit = memory_limit


def _bytes_per_row(X):
    """Of X as double precision, or as the sparse matrix that it is."""
    if issparse(X):
        return max(8.0, 12.0 * X.nnz / max(1, X.shape[0]))
    try:
        return 8.0 * _num_features(X) if _num_samples(X) else 8.0
    except TypeError:
        return 8.0  # rows that are no numbers: the steps before the network know
