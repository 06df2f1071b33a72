"""SpectralPrunerCV."""

from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils._metadata_requests import _routing_enabled
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metadata_routing import MethodMapping
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from skspectral.core import top_masks
from skspectral.mlp import SpectralMLPRegressor
from skspectral.mlp.state import pass_on_interruption
from skspectral.model_selection.smallest_core import one_standard_error
from skspectral.pipelines import reaching
from skspectral.pruner.base import BasePruner
from skspectral.pruner.curve import curve_sizes, scores_of_sizes
from skspectral.pruner.network import (
    as_vector,
    network_for,
    network_of,
    network_weights,
    with_weights,
)
from skspectral.pruner.selection import select_masks


class SpectralPrunerCV(BasePruner):
    """Cut a network to the number of hidden nodes that cross-validation asks for.

    In each split the network is fitted once on the training rows, and scored on the test rows at
    every number of nodes up to 40 and some forty larger ones, the most relevant nodes first: the
    pruning curve. The smallest number that is as good as the best, by `rule`, is what the network
    fitted on all rows is cut to; if its core is larger than those of the splits are on average, it
    is scaled up by the ratio.

    Parameters
    ----------
    estimator : estimator, default=None
        A SpectralMLPRegressor, a SpectralMLPClassifier or a Pipeline that ends in one; None is as
        for :class:`SpectralPruner`.
    layer : int, default=-1
        The layer that :meth:`transform` returns: 0 is the inputs, k hidden layer k, -1 the last
        hidden layer. With 0 the inputs are cut too, by the gap in their relevances and not by
        cross-validation.
    cv : int, cross-validation generator or iterable, default=5
        How to split, as in :func:`sklearn.model_selection.cross_val_score`.
    scoring : str or callable, default=None
        What a split is scored by; None is the estimator's own score.
    rule : {"one_se", "best"} or float, default="one_se"
        Which size is as good as the best: within one standard error of it over the splits, equal to
        it, or within this share of it.
    refit : bool, default=True
        Whether the pruned network is trained on, as by :class:`SpectralPruner`, with as many nodes
        as cross-validation has chosen.
    n_jobs : int, default=None
        Splits that are fitted at a time.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray of shape (n_sizes,)
        ``"n_nodes"``, hidden nodes kept in all, ascending; ``"split0_test_score"``, ...;
        ``"mean_test_score"``, ``"std_test_score"``.
    n_nodes_ : tuple of int
        Nodes kept of each hidden layer: in all the number chosen from ``cv_results_``, or as many
        times more as the core of the full network is larger than those of the splits, rounded.
    estimator_ : estimator
        The full estimator, fitted on all rows.
    pruned_estimator_ : SpectralMLPRegressor or SpectralMLPClassifier
        The pruned network, fitted; without the steps of a Pipeline before it, and with ``layer=0``
        of the kept inputs only.
    masks_ : list of ndarray of shape (n_nodes,), bool
        The kept nodes of each layer, inputs first.
    feature_importances_ : ndarray of shape (n_nodes,)
        Relevance R of all nodes of `layer` in the pruned network, zeros for those that are cut;
        with ``layer=0`` of the columns that ``get_support()`` speaks of.
    refit_scores_ : dict
        As for :class:`SpectralPruner`.
    largest_change_ : float
        Largest change of an output on the training data that the cut made, before any training.
        Rows of weight zero do not count.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of X, if it had any that are all strings.
    classes_ : ndarray of shape (n_classes,)
        Class labels of a classifier.

    See Also
    --------
    SpectralPruner : As many nodes as the data tell apart, from one fit.

    References
    ----------
    Giambagli, Buffoni, Chicchi, Fanelli, "How a student becomes a teacher: learning and forgetting
    through spectral methods", NeurIPS 2023, arXiv:2310.12612, for pruning curves.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import scale
    >>> from skspectral import SpectralMLPClassifier, SpectralPrunerCV
    >>> X, y = load_wine(return_X_y=True)
    >>> mlp = SpectralMLPClassifier(50, max_iter=1000, random_state=0)
    >>> pruner = SpectralPrunerCV(mlp, cv=3).fit(scale(X), y)
    >>> pruner.n_nodes_[0] < 6
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit"]), None],
        "layer": [Integral],
        "cv": ["cv_object"],
        "scoring": [str, callable, None],
        "rule": [StrOptions({"one_se", "best"}), Interval(Real, 0, None, closed="left")],
        "refit": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator=None,
        *,
        layer=-1,
        cv=5,
        scoring=None,
        rule="one_se",
        refit=True,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.layer = layer
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.refit = refit
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, groups=None, **params):
        """Fit the network in each split and on all rows, and cut it to the size chosen.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, for the fits of the network, the last step of a Pipeline, but not
            for the scores; with metadata routing enabled for what asks for them.
        groups : array-like of shape (n_samples,), default=None
            What each row belongs to, for a `cv` that splits by it, and for the refit, which is
            judged on whole groups.
        **params : dict
            Passed to `fit` of the estimator, or with metadata routing enabled to where it, `cv` and
            the scorer ask for them. Arrays with one entry for each row are split as the rows are.

        Returns
        -------
        self : object
            The fitted pruner.

        Raises
        ------
        ValueError
            If the estimator is or ends in no spectral network, has no hidden layer, the layer does
            not exist, y is None, `cv` makes no split, or no size has a finite score in every split.
        TypeError
            If weights are given twice.
        """
        X, y, groups, codes = self._indexable(X, y, groups)
        base = network_for(y) if self.estimator is None else clone(self.estimator)
        params, split_params, score_params = self._routed_to_three(
            base, sample_weight, groups, params
        )
        if not network_of(base)._hidden_layer_sizes():
            raise ValueError(
                "The network has no hidden layer, so there are no nodes to choose from; set "
                "hidden_layer_sizes, or use SpectralPruner(layer=0) for the inputs."
            )
        layer = self._layer_of(base)
        scorer = check_scoring(base, self.scoring)
        check_array(y, accept_sparse=True, ensure_2d=False, dtype=None, input_name="y")
        cv = check_cv(self.cv, y, classifier=is_classifier(base))
        splits = list(cv.split(X, y, **split_params))
        if not splits:
            raise ValueError(f"cv={self.cv!r} makes no split; give at least one.")
        estimator = clone(base).fit(X, y, **params)
        network = network_of(estimator)
        pass_on_interruption(network)
        sizes = curve_sizes(network)
        results = Parallel(n_jobs=self.n_jobs)(
            delayed(_score_split)(clone(base), X, y, params, *rows, scorer, score_params, sizes)
            for rows in splits
        )
        scores, cores = map(np.column_stack, zip(*results, strict=True))
        chosen = sizes[self._good(scores).argmax()]
        # With more rows more nodes pay, and as many as a core had would cut into a larger one.
        cores = cores[cores > 0]
        if cores.size:
            chosen *= max(1, sum(network.core_sizes_) / cores.mean())
        masks = select_masks(network, layer, "auto", None)[:1]
        masks += top_masks(network.node_importances_, min(round(chosen), sizes[-1]))
        weights = network_weights(estimator, params)
        self._cut(estimator, masks, reaching(estimator, X), as_vector(y), weights, codes)
        self.cv_results_ = _results(sizes, scores)
        return self

    def get_metadata_routing(self):
        """Where metadata go: those of `fit` to the estimator, the scorer and, such as groups, `cv`.

        Returns
        -------
        routing : MetadataRouter
        """
        router = super().get_metadata_routing()
        estimator = SpectralMLPRegressor() if self.estimator is None else self.estimator
        mapping = MethodMapping().add(caller="fit", callee="score")
        router.add(scorer=check_scoring(estimator, self.scoring), method_mapping=mapping)
        if not hasattr(self.cv, "split"):  # a number, or splits that are made already
            return router
        mapping = MethodMapping().add(caller="fit", callee="split")
        return router.add(splitter=self.cv, method_mapping=mapping)

    def _routed_to_three(self, estimator, sample_weight, groups, params):
        """The parameters of `fit` for that of the estimator, for the splitter and the scorer."""
        if _routing_enabled():
            routed = self._routed(sample_weight, groups, params)
            split_params = routed.get("splitter", {"split": {}})["split"]
            return routed.estimator.fit, split_params, routed.scorer.score
        params = with_weights(estimator, sample_weight, params)
        # A number, or splits that are made already, have no use for groups.
        return params, {"groups": groups} if hasattr(self.cv, "split") else {}, {}

    def _good(self, scores):
        """Sizes as good as the best; the first is the smallest."""
        means = scores.mean(axis=1)
        if not np.isfinite(means).any():
            raise ValueError(
                "No size has a finite score in every split; look at what made the scores fail."
            )
        if self.rule == "one_se":
            return one_standard_error(scores)
        tolerance = 0.0 if self.rule == "best" else self.rule
        best = np.nanmax(means)
        return means >= best - tolerance * abs(best)


def _score_split(estimator, X, y, params, train, test, scorer, score_params, sizes):
    """Score of each size on the test rows, and the size of the core."""
    params = _check_method_params(X, params, indices=train)
    scorer = partial(scorer, **_check_method_params(X, score_params, indices=test))
    estimator.fit(_safe_indexing(X, train), _safe_indexing(y, train), **params)
    network = network_of(estimator)
    pass_on_interruption(network)
    X_test, y_test = reaching(estimator, _safe_indexing(X, test)), _safe_indexing(y, test)
    return scores_of_sizes(network, X_test, y_test, scorer, sizes), sum(network.core_sizes_)


def _results(sizes, scores):
    results = {"n_nodes": sizes}
    results |= {f"split{k}_test_score": column for k, column in enumerate(scores.T)}
    return results | {"mean_test_score": scores.mean(axis=1), "std_test_score": scores.std(axis=1)}
