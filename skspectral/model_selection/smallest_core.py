"""Searches that look for a small core, not for the best score alone."""

import numpy as np

from skspectral.pipelines import last_step


def core_size(estimator, X=None, y=None):
    """Hidden nodes that a fitted network needs: a scorer for GridSearchCV.

    Parameters
    ----------
    estimator : SpectralMLPRegressor, SpectralMLPClassifier, SpectralPruner or Pipeline
        Fitted; a Pipeline ends in one of the others. Or a TransformedTargetRegressor around one.
    X, y : ignored
        As every scorer has them.

    Returns
    -------
    n_nodes : int
        Sum of the core sizes of the hidden layers; of a pruner, of the nodes that it keeps.

    Raises
    ------
    ValueError
        If the estimator has no core.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import scale
    >>> from skspectral import SpectralMLPClassifier
    >>> from skspectral.model_selection import core_size
    >>> X, y = load_wine(return_X_y=True)
    >>> mlp = SpectralMLPClassifier(max_iter=500, random_state=0).fit(scale(X), y)
    >>> core_size(mlp) == mlp.core_sizes_[0]
    True
    """
    network = last_step(estimator)
    network = last_step(getattr(network, "regressor_", network))
    for name in ("n_nodes_", "core_sizes_"):
        if hasattr(network, name):
            return sum(getattr(network, name))
    raise ValueError(
        f"{type(network).__name__} has no core to count; give a fitted SpectralMLPRegressor, "
        "SpectralMLPClassifier or SpectralPruner, or a Pipeline that ends in one."
    )


def smallest_core(score="score"):
    """A `refit` for GridSearchCV: the smallest core that is as good as the best.

    Of the candidates whose mean test score is within one standard error (over the splits) of the
    best, the one with the smallest mean core is chosen; of equal ones the one with the better
    score.

    Parameters
    ----------
    score : str, default="score"
        Name of the score in the `scoring` of the search. Another entry, ``"core_size"``, is to be
        :func:`core_size`.

    Returns
    -------
    refit : callable
        ``refit(cv_results) -> best_index``; it can be pickled, and it is the name of the score as
        well, so that ``score`` of the search knows by what.

    Raises
    ------
    ValueError
        When called, if the search has no such scores, or none of the best candidates has a core.

    References
    ----------
    Breiman, Friedman, Olshen, Stone, "Classification and Regression Trees" (1984), section 3.4.3,
    for the rule of one standard error.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.preprocessing import scale
    >>> from skspectral import SpectralMLPClassifier
    >>> from skspectral.model_selection import core_size, smallest_core
    >>> X, y = load_wine(return_X_y=True)
    >>> search = GridSearchCV(
    ...     SpectralMLPClassifier(max_iter=500, random_state=0),
    ...     {"alpha": [1e-3, 1e-2]},
    ...     scoring={"score": "accuracy", "core_size": core_size},
    ...     refit=smallest_core(),
    ...     cv=3,
    ... ).fit(scale(X), y)
    >>> search.best_params_
    {'alpha': 0.01}
    """
    return _SmallestCore(score)


class _SmallestCore(str):
    """A name of a score, by which scikit-learn finds it, that chooses a candidate when called."""

    __slots__ = ()

    def __call__(self, cv_results):
        return _index_of_smallest_core(cv_results, str(self))

    def __repr__(self):
        return f"smallest_core({str(self)!r})"


def one_standard_error(scores):
    """Candidates within one standard error of the best.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates, n_splits)
        Test scores, larger is better; a candidate with NaN is not good enough.

    Returns
    -------
    good : ndarray of shape (n_candidates,), bool
    """
    means = scores.mean(axis=1)
    if np.isnan(means).all():
        return np.zeros(len(means), dtype=bool)
    best = np.nanargmax(means)
    n_splits = scores.shape[1]
    error = scores[best].std(ddof=1) / np.sqrt(n_splits) if n_splits > 1 else 0.0
    return means >= means[best] - error


def _index_of_smallest_core(cv_results, score):
    sizes = _splits(cv_results, "core_size").mean(axis=1)
    scores = _splits(cv_results, score)
    good = one_standard_error(scores)
    if not good.any():
        raise ValueError(
            f"No candidate has a test score {score!r} in every split; look at what made the fits "
            "fail (error_score='raise')."
        )
    good &= ~np.isnan(sizes)
    if not good.any():
        raise ValueError(
            f"None of the candidates with the best test scores {score!r} has a core size; search "
            "networks only, or choose by another rule."
        )
    means = np.where(good, scores.mean(axis=1), -np.inf)
    return int(np.lexsort((-means, np.where(good, sizes, np.inf)))[0])


def _splits(cv_results, score):
    columns = []
    while (name := f"split{len(columns)}_test_{score}") in cv_results:
        columns.append(cv_results[name])
    if not columns:
        raise ValueError(
            f"The search has no test score {score!r}; give it as an entry of scoring, such as "
            f"scoring={{'score': 'r2', 'core_size': core_size}}."
        )
    return np.column_stack(columns)
