"""What the pruners share once the nodes are chosen: transform, predict, summary."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import ClassifierTags, check_array, get_tags, indexable
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names_in,
    _generate_get_feature_names_out,
    check_is_fitted,
    validate_data,
)

from skspectral.forward import forward
from skspectral.mlp import SpectralMLPRegressor
from skspectral.pipelines import first_step, last_step, reaching, steps_before
from skspectral.pruner.comparison import loses_much
from skspectral.pruner.copies import without_copies
from skspectral.pruner.network import (
    cut_network,
    network_of,
    select_columns,
)
from skspectral.pruner.refit import refit, retrain
from skspectral.pruner.selection import layer_index, narrowed
from skspectral.pruner.summary import summary_of


def _pruned_has(method):
    """Whether the pruned network has `method`; before `fit`, whether it may come to have it."""

    def check(pruner):
        estimator = getattr(pruner, "estimator_", pruner.estimator)
        return estimator is None or hasattr(last_step(estimator), method)

    return check


def _cuts_inputs(pruner):
    if (pruner._layer() if hasattr(pruner, "estimator_") else pruner.layer) != 0:
        raise AttributeError(
            "inverse_transform is there for the inputs only: the values of hidden nodes do not "
            "determine those of the columns; set layer=0."
        )
    return True


class BasePruner(SelectorMixin, MetaEstimatorMixin, BaseEstimator):
    """Common part of SpectralPruner and SpectralPrunerCV."""

    # Who passes groups on wants them held together, as for the splitters of scikit-learn. Weights
    # are what the network asks for.
    __metadata_request__fit = {"groups": True, "sample_weight": UNUSED}

    @property
    def estimator_(self):
        """The full estimator, fitted."""
        return self._known("estimator_")

    @property
    def pruned_estimator_(self):
        """The pruned network, fitted."""
        return self._known("pruned_estimator_")

    @property
    def masks_(self):
        """The kept nodes of each layer, inputs first, list of boolean ndarrays."""
        return self._known("masks_")

    @property
    def largest_change_(self):
        """Largest change of an output on the training data that the cut made."""
        return self._known("largest_change_")

    @property
    def refit_scores_(self):
        """Scores before and after the refit, dict of str to float."""
        return self._known("refit_scores_")

    @property
    def n_nodes_(self):
        """Nodes kept of each hidden layer, tuple of int."""
        return tuple(int(mask.sum()) for mask in self.masks_[1:])

    @property
    def feature_importances_(self):
        """Relevance R of all nodes of `layer`, in the pruned network, ndarray of shape (n_nodes,).

        Zeros for those that are cut; with ``layer=0`` of the columns of `get_support`.
        """
        layer = self._layer()
        relevance = np.zeros(len(self.masks_[layer]))
        relevance[self.masks_[layer]] = self.pruned_estimator_._relevance()[layer]
        return self._among_columns(relevance)

    @property
    def n_features_in_(self):
        """Number of columns of X."""
        return first_step(self.estimator_).n_features_in_

    @property
    def feature_names_in_(self):
        """Names of the columns of X, if it had any that are all strings."""
        return first_step(self.estimator_).feature_names_in_

    @property
    def classes_(self):
        """Class labels of a classifier."""
        return self.pruned_estimator_.classes_

    def transform(self, X):
        """The kept nodes of `layer`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        X_out : {ndarray, sparse matrix, DataFrame} of shape (n_samples, n_kept)
            With ``layer=0`` the kept columns: of X itself, or, if the steps of a Pipeline before
            the network rename or reorder them, of what reaches the network. Otherwise the
            activations of the kept nodes of the hidden layer in the pruned network.
        """
        layer = self._layer()
        if layer > 0:
            return self._activations(X, layer)
        columns = self._columns()
        if columns is None:
            return self._inputs(X)
        if columns.all():
            return super().transform(X)
        # The others may be of any kind.
        X = validate_data(self, X, skip_check_array=True, reset=False)
        allow_nan = get_tags(self).input_tags.allow_nan
        return check_array(
            select_columns(X, self.get_support()),
            accept_sparse="csr",
            dtype=None,
            ensure_all_finite=not allow_nan,
        )

    @available_if(_cuts_inputs)
    def inverse_transform(self, X):
        """Put the kept columns back in their places, zeros in those of the others.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_kept)
            As from :meth:`transform`.

        Returns
        -------
        X_original : {ndarray, sparse matrix} of shape (n_samples, n_inputs)
            The columns of X or, as in :meth:`transform`, of what reaches the network.
        """
        return super().inverse_transform(X)

    def get_feature_names_out(self, input_features=None):
        """Names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X; by default those seen in `fit`, or x0, x1, ...

        Returns
        -------
        feature_names_out : ndarray of str
            With ``layer=0`` the names of the kept columns, otherwise the name of the class in lower
            case and a number.
        """
        layer = self._layer()
        if layer > 0:
            return _generate_get_feature_names_out(
                self, int(self.masks_[layer].sum()), input_features=input_features
            )
        steps = steps_before(self.estimator_)
        if steps is None:
            names = _check_feature_names_in(self, input_features)
        else:
            names = steps.get_feature_names_out(input_features)
        return names[self.masks_[0]]

    @available_if(_pruned_has("predict"))
    def predict(self, X):
        """Predict with the pruned network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self.pruned_estimator_.predict(self._inputs(X))

    @available_if(_pruned_has("predict_proba"))
    def predict_proba(self, X):
        """Predict the probability of each class with the pruned network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        return self.pruned_estimator_.predict_proba(self._inputs(X))

    @available_if(_pruned_has("predict_log_proba"))
    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class with the pruned network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        return self.pruned_estimator_.predict_log_proba(self._inputs(X))

    @available_if(_pruned_has("score"))
    def score(self, X, y, sample_weight=None):
        """R2 or accuracy of the pruned network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The true target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        score : float
        """
        return self.pruned_estimator_.score(self._inputs(X), y, sample_weight)

    def summary(self):
        """Print what was cut: sizes of the network before and after, and what it cost."""
        print(summary_of(self))

    def get_metadata_routing(self):
        """Where metadata such as sample weights go: those of `fit` to the estimator.

        Returns
        -------
        routing : MetadataRouter
        """
        estimator = SpectralMLPRegressor() if self.estimator is None else self.estimator
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=estimator, method_mapping=mapping)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.sparse = True
        estimator = self._fitted["estimator_"] if hasattr(self, "_fitted") else self.estimator
        if estimator is None:
            tags.classifier_tags = ClassifierTags()  # it may become one
        else:
            inner = get_tags(estimator)
            tags.estimator_type = inner.estimator_type
            tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
            tags.target_tags, tags.input_tags = inner.target_tags, replace(inner.input_tags)
            if hasattr(self, "_fitted"):  # a step may fill gaps, which only a fit shows
                tags.input_tags.allow_nan = get_tags(first_step(estimator)).input_tags.allow_nan
            # There is no random_state here that could fix that of the network.
            tags.non_deterministic = getattr(last_step(estimator), "random_state", 0) is None
        return tags

    def _indexable(self, X, y, groups):
        """X and y, of which rows can be taken, groups, and a number for the group of each row."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        X, y, groups = indexable(X, y, groups)
        if groups is None:
            return X, y, None, None
        try:
            groups = check_array(groups, input_name="groups", ensure_2d=False, dtype=None)
            if groups.size != len(groups):
                raise ValueError(
                    f"Got groups of shape {groups.shape}; give one number or one string for each "
                    "row."
                )
            groups = groups.ravel()
            return X, y, groups, np.unique(groups, return_inverse=True)[1]
        except TypeError as error:
            raise ValueError(
                "Got groups of several kinds, or a missing one; give one number or one string for "
                "each row."
            ) from error

    def _routed(self, sample_weight, groups, params):
        """The parameters of `fit`, with metadata routing, by whom they are for."""
        given = {"sample_weight": sample_weight, "groups": groups}
        given = {name: value for name, value in given.items() if value is not None}
        return process_routing(self, "fit", **given, **params)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_fitted")

    def _known(self, name):
        if not self.__sklearn_is_fitted__():  # the question itself takes longer than a prediction
            check_is_fitted(self)
        return self._fitted[name]

    def _layer(self):
        return self._layer_of(self.estimator_)

    def _layer_of(self, estimator):
        return layer_index(self.layer, network_of(estimator))

    def _get_support_mask(self):
        return self._among_columns(self.masks_[self._layer()])

    def _inputs(self, X):
        """What the pruned network takes."""
        if steps_before(self.estimator_) is None:
            X = validate_data(
                self,
                X,
                accept_sparse="csr",
                dtype=(np.float64, np.float32),
                skip_check_array=hasattr(X, "columns"),  # the network wants the names
                reset=False,
            )
        return select_columns(reaching(self.estimator_, X), self.masks_[0])

    def _activations(self, X, layer):
        small = self.pruned_estimator_
        X = small._validated_inputs(self._inputs(X))
        weights, intercepts = small.coefs_[:layer], small.intercepts_[:layer]
        return forward(X, weights, intercepts, small.activation, small.activation)

    def _columns(self):
        """The columns of X that reach the network, by the names of the steps before it, a mask.

        None if others do, or in another order.
        """
        steps = steps_before(self.estimator_)
        if steps is None:
            return np.ones(self.n_features_in_, dtype=bool)
        try:
            names = _check_feature_names_in(self)
            reaching_names = steps.get_feature_names_out(names)
        except (AttributeError, TypeError, ValueError):  # a step that counts or names nothing
            return None
        reached = set(reaching_names)
        columns = np.array([name in reached for name in names])
        n_inputs = len(self.masks_[0])
        are_these = columns.sum() == n_inputs and np.array_equal(names[columns], reaching_names)
        return columns if are_these else None

    def _among_columns(self, values):
        """What is known of each input of the network, for each column of X; zero for the others."""
        columns = self._columns() if self._layer() == 0 else None
        if columns is None:
            return values
        placed = np.zeros(len(columns), dtype=values.dtype)
        placed[columns] = values
        return placed

    def _cut(self, estimator, masks, X, y, sample_weight, groups, train=None, select=None):
        """Cut the network of a fitted estimator, and refit it. X is what reaches the network.

        `train` is the training of the cut network, before anything else. Where there is none, and
        the inputs that leave are missed, it is that of the network: many weak ones may matter
        together, and those that stay can make up for them. Of the nodes some may have been for the
        others only; `select` gives masks of the hidden nodes to keep after such a training.
        """
        network, inputs = network_of(estimator), select_columns(X, masks[0])
        as_cut = small = cut_network(estimator, masks)
        if train is not None:
            small = train(small, inputs, y, sample_weight)
        elif self._misses_inputs(network, masks[0], X, y, sample_weight):
            small = retrain(network, small, inputs, y, sample_weight)
        is_trained = small is not as_cut
        if is_trained and select is not None:
            left = select(small, inputs, y, sample_weight)
            small = cut_network(small, [np.ones(masks[0].sum(), dtype=bool), *left])
            masks = [masks[0], *map(narrowed, masks[1:], left)]
            as_cut = cut_network(estimator, masks)
        before, scores = small, {}
        if self.refit:
            rows, *others = without_copies(network, X, y, sample_weight, groups)
            small, scores = refit(before, select_columns(rows, masks[0]), *others)
        change = _largest_change(network, as_cut, masks[0], X, sample_weight)
        is_refitted = small is not before
        is_trained = is_trained or is_refitted
        return self._remember(estimator, masks, small, scores, change, is_trained, is_refitted)

    def _misses_inputs(self, network, mask, X, y, sample_weight):
        """Whether to make up for the inputs that leave."""
        return self.refit and not mask.all() and loses_much(network, mask, X, y, sample_weight)

    def _take(self, estimator, inputs, found, X, y, sample_weight):
        """Take the network that the data choose, and its masks. X is what reaches the network.

        `inputs` is the mask of those that stay where the inputs are not to be cut.
        """
        small, masks = found
        networks = {"full": network_of(estimator), "refit": small}
        scores = {name: one.score(X, y, sample_weight) for name, one in networks.items()}
        if self._layer_of(estimator) == 0:
            nodes = [np.ones(np.count_nonzero(mask), dtype=bool) for mask in masks[1:]]
            small = cut_network(small, [masks[0], *nodes])
        else:
            masks = [inputs, *masks[1:]]
        change = _largest_change(networks["full"], small, masks[0], X, sample_weight)
        return self._remember(estimator, masks, small, scores, change)

    def _remember(
        self, estimator, masks, small, scores, change, is_trained=False, is_refitted=False
    ):
        # The last three are for the summary.
        self._fitted = {
            "estimator_": estimator,
            "masks_": masks,
            "pruned_estimator_": small,
            "largest_change_": change,
            "refit_scores_": scores,
            "is_trained": is_trained,
            "is_refitted": is_refitted,
            "is_undecided": False,
        }
        return self


def _largest_change(full, small, inputs, X, sample_weight):
    """Of an output, between two networks, the second of which takes some of the inputs."""
    change = full._outputs(X) - small._outputs(select_columns(X, inputs))
    if sample_weight is not None:
        change = change[np.asarray(sample_weight) > 0]
    return float(np.abs(change).max())
