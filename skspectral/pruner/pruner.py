"""SpectralPruner."""

from copy import copy, deepcopy
from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils._metadata_requests import _routing_enabled
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions

from skspectral.mlp.attributes import attributes_of, parameters_of
from skspectral.mlp.state import pass_on_interruption
from skspectral.pipelines import reaching
from skspectral.pruner.base import BasePruner
from skspectral.pruner.copies import without_copies
from skspectral.pruner.network import (
    UnusableError,
    as_vector,
    cut_network,
    network_for,
    network_of,
    network_weights,
    refuse_other_data,
    refuse_other_parameters,
    with_weights,
)
from skspectral.pruner.refit import train_on
from skspectral.pruner.selection import (
    layer_index,
    numbers_of_nodes,
    select_masks,
    sparing_masks,
)
from skspectral.pruner.trust import found_in_data


class SpectralPruner(BasePruner):
    """Cut a network to what the data ask for: SelectFromModel for any layer of a network.

    By default :meth:`fit` keeps the hidden nodes that the data tell apart; where they cannot, and
    before :meth:`fit`, those whose relevance stands out. With ``layer=0`` the inputs are cut too.
    What is left is a small network of the same class, ``pruned_estimator_``; :meth:`predict` and
    :meth:`score` use it, and :meth:`transform` gives the kept nodes of one layer to the next step
    of a Pipeline.

    Parameters
    ----------
    estimator : estimator, default=None
        A SpectralMLPRegressor, a SpectralMLPClassifier or a Pipeline that ends in one. None is a
        SpectralMLPRegressor for a y of floats, unless they are a matrix of zeros and ones, and else
        a SpectralMLPClassifier, with ``random_state=0``; only after :meth:`fit` it is known which,
        so name a classifier for cross-validation, whose folds then have their share of each class.
        Its callbacks, and what it prints if it is `verbose`, follow the fit of the full network; it
        then prints how a trial stands as well.
    layer : int, default=-1
        The layer that :meth:`transform` returns: 0 is the inputs, k hidden layer k, -1 the last
        hidden layer.
    threshold : "auto", "gap", float or callable, default="auto"
        Where to cut. ``"auto"``: :meth:`fit` keeps as many inputs and hidden nodes as the data
        tell apart, see the Notes. Where the data cannot decide, before :meth:`fit`, without
        `refit`, with ``strategy="before"``, and in layers that `n_nodes_to_select` leaves open, it
        is ``"gap"``: the middle of the widest gap of the sorted relevances, on a logarithmic scale,
        that ends below 0.05 of the largest, where anything below a thousandth counts as a
        thousandth; if there is none as wide as a factor of three, 0.05, the paper's. See
        :func:`skspectral.core.gap_threshold`. Where a refit follows and that costs an output much
        on the rows of :meth:`fit`, ``"auto"`` keeps more. A number keeps the nodes above this share
        of the largest relevance of their layer; a callable is given the relevances of a layer and
        returns the share.
    n_nodes_to_select : int, float or tuple, default=None
        How many nodes to keep instead: a number, or a fraction of them, for `layer`; a tuple has
        an entry for each hidden layer, and with ``layer=0`` one for the inputs before them. Where
        it is None `threshold` decides.
    prefit : bool, default=False
        Whether `estimator` is fitted already. It is never changed, and everything but what
        :meth:`fit` measures can be used at once: the network is cut each time, so take
        ``pruned_estimator_`` to predict often. :meth:`fit` then chooses the nodes anew, if
        `threshold` is ``"auto"``, and refits the pruned network.
    refit : bool, default=True
        Whether :meth:`fit` trains the pruned network on without penalty, to undo its shrinkage.
        Where a threshold or a number has chosen the nodes, the result is kept if it loses less, by
        one standard error, on the rows held out for that, the share `validation_fraction` of the
        network, and scores no worse. If inputs that leave are missed, the network is first trained
        on with its penalty, so that those that stay make up for them, and of hidden nodes whose
        number is not given those leave that do not matter any more; but not on fewer rows than it
        was fitted to.
    strategy : {"after", "before"}, default="after"
        ``"before"`` prunes before training: only the eigenvalues are trained, the nodes cut, and
        the small network is trained from the eigenvectors it started with. Not for a `prefit`
        estimator, which has been trained.

    Attributes
    ----------
    estimator_ : estimator
        The full estimator, fitted.
    pruned_estimator_ : SpectralMLPRegressor or SpectralMLPClassifier
        The pruned network, fitted; without the steps of a Pipeline before it, and with ``layer=0``
        of the kept inputs only.
    masks_ : list of ndarray of shape (n_nodes,), bool
        The kept nodes of each layer, inputs first. A node that came anew has the place of one that
        had vanished.
    n_nodes_ : tuple of int
        Nodes kept of each hidden layer.
    feature_importances_ : ndarray of shape (n_nodes,)
        Relevance R of all nodes of `layer` in the pruned network, zeros for those that are cut;
        with ``layer=0`` of the columns that ``get_support()`` speaks of.
    refit_scores_ : dict
        Scores of the network on the rows held out, with the weights of the classes, ``"cut"``
        before and ``"refit"`` after it was trained on without penalty; where the data chose the
        nodes, on all rows, ``"full"`` before and ``"refit"`` after. Empty without `refit` and with
        too few rows, or too few in which a target is not as it mostly is. Only after :meth:`fit`.
    largest_change_ : float
        Largest change of an output (a probability, for a classifier) on the training data that the
        cut made, before any training; where the data chose the nodes, that the pruner made. Rows of
        weight zero do not count. Only after :meth:`fit`.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of X, if it had any that are all strings.
    classes_ : ndarray of shape (n_classes,)
        Class labels; of a classifier only.

    See Also
    --------
    SpectralPrunerCV : The number of nodes by cross-validation.
    skspectral.core.prune : The same on plain arrays.

    Notes
    -----
    Relevance is R of the paper, ``abs(lambda_i) * norm(phi_i)``: see
    :func:`skspectral.core.relevance`. A node that is removed leaves ``sigma(b_i) * v_i`` in the
    next intercept, so that nodes of relevance zero can go without any change of the predictions.
    Each layer keeps at least one node; if the network is a constant, a warning says so.

    ``threshold="auto"`` keeps as many nodes as the data tell apart. All that might matter are
    trained on without penalty, and three things are done in turn until none helps: elimination,
    where the node goes whose loss the outputs show least (Hassibi and Stork), growth, where nodes
    come back where the error is, or along which it is curved most (Li), and unfolding, where ReLU
    nodes that point the wrong way are turned. At last pairs of them that face each other for the
    sake of a linear term make room for one node that is always on. What is kept is the network of
    the least ``n log(squared error) + (2 k + 8 h) n / (n - k - 1)``, for n rows, k parameters (of a
    ReLU node one less), h hidden nodes and the squared error over the variance plus 1e-7, or 1e-9
    once next to nothing is left of it: Akaike's criterion, corrected for few rows (Hurvich and
    Tsai), with a price for each node. Of a classifier the deviance takes the place of the
    logarithm, a parameter costs 4, and the weights have a normal prior with a standard deviation of
    2: standardise the inputs. Networks are trained by L-BFGS, small ones of smooth nodes to the end
    by Marquardt's least squares where next to no error is left. No penalty takes part, so that the
    size hardly depends on the strength of the network. The search draws from the `random_state` of
    the network. It takes about as long as the fit, two to six times as long with a trial, and many
    times as long where rows and nodes are many, or layers several: then up to minutes.

    A trial decides whether to trust that: for classifiers, with `groups`, where the rows are few
    for the parameters or inputs that might matter, with several hidden layers where the error is
    not nothing, and where what is left would do worse on rows that it has not seen, reckoned from
    their leverage (Allen; Hansen and Larsen), than the network on those that it has. Network and
    size are then found once more from two thirds of the rows, and have to predict the others better
    than the network, by one standard error; of fewer than 1500 rows, or groups, each third is left
    out in turn, without `groups` only until one or two speak against it. A classifier is compared,
    and kept, at the temperature at which it is not too sure of itself there (Guo et al.). A trial
    takes sixty rows, and with `groups` three of them; where one is needed and cannot be held, or is
    lost, the relevances decide. Rows of uneven weight count as their effective number (Kish), and
    rows of a regressor that are copies of others once.

    Inputs are removed if the criterion is better without them, and return if what is left of the
    error depends on them. Where `layer` is not 0 the network still takes their columns, with
    weights of zero. The page "How the pruner decides" of the documentation has the numbers, and
    says why they are what they are.

    References
    ----------
    Giambagli, Buffoni, Chicchi, Fanelli, "How a student becomes a teacher: learning and forgetting
    through spectral methods", NeurIPS 2023, arXiv:2310.12612.

    Buffoni, Civitelli, Giambagli, Chicchi, Fanelli, "Spectral pruning of fully connected layers",
    Sci. Rep. 12:11201 (2022), for pruning before and after training.

    Hassibi, Stork, "Second order derivatives for network pruning: optimal brain surgeon", NeurIPS
    1992; Hurvich, Tsai, "Regression and time series model selection in small samples", Biometrika
    76:297 (1989); Li, "On principal Hessian directions for data visualization and dimension
    reduction: another application of Stein's lemma", J. Am. Stat. Assoc. 87:1025 (1992).

    Allen, "The relationship between variable selection and data augmentation and a method for
    prediction", Technometrics 16:125 (1974); Hansen, Larsen, "Linear unlearning for
    cross-validation", Adv. Comput. Math. 5:269 (1996); Kish, "Survey Sampling", Wiley (1965); Guo,
    Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017; Marquardt, "An
    algorithm for least-squares estimation of nonlinear parameters", J. Soc. Ind. Appl. Math. 11:431
    (1963).

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skspectral import SpectralMLPClassifier, SpectralPruner
    >>> X, y = load_wine(return_X_y=True)
    >>> mlp = SpectralMLPClassifier(hidden_layer_sizes=50, max_iter=1000, random_state=0)
    >>> pipe = make_pipeline(StandardScaler(), mlp).fit(X, y)
    >>> small = SpectralPruner(pipe[-1], prefit=True).pruned_estimator_
    >>> small.hidden_layer_sizes == pipe[-1].core_sizes_[0]
    True
    >>> small.to_sklearn()
    MLPClassifier(hidden_layer_sizes=(...,))
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit"]), None],
        "layer": [Integral],
        "threshold": [StrOptions({"auto", "gap"}), Interval(Real, 0, 1, closed="left"), callable],
        "n_nodes_to_select": [
            None,
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
            tuple,
            list,
        ],
        "prefit": ["boolean"],
        "refit": ["boolean"],
        "strategy": [StrOptions({"after", "before"})],
    }

    def __init__(
        self,
        estimator=None,
        *,
        layer=-1,
        threshold="auto",
        n_nodes_to_select=None,
        prefit=False,
        refit=True,
        strategy="after",
    ):
        self.estimator = estimator
        self.layer = layer
        self.threshold = threshold
        self.n_nodes_to_select = n_nodes_to_select
        self.prefit = prefit
        self.refit = refit
        self.strategy = strategy

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, groups=None, **params):
        """Fit the full network, unless it is fitted, cut it, and refit what is left.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, for the network, the last step of a Pipeline; with metadata routing
            enabled for what asks for them.
        groups : array-like of shape (n_samples,), default=None
            What each row belongs to, such as a person or a day, where rows that do are more alike
            than others: what is held out to judge nodes and refit is then whole groups.
        **params : dict
            Passed to `fit` of the estimator, or with metadata routing enabled to where it asks for
            them.

        Returns
        -------
        self : object
            The fitted pruner.

        Raises
        ------
        ValueError
            If the estimator is or ends in no spectral network, or is a FrozenEstimator without
            `prefit`; the layer does not exist, or there are not as many nodes as asked for; a
            callable `threshold` returns no share; ``strategy="before"`` meets a network that is
            dense, fitted, or has ``trainable="eigenvectors"``; y is None, or `groups` are not one
            value of one kind for each row; or X and y are not such as a `prefit` estimator was
            fitted to.
        TypeError
            If `estimator` is fitted, and there is a parameter for anything but its weights, or if
            these are given twice.
        sklearn.exceptions.NotFittedError
            If `estimator` should be fitted and is not.
        """
        X, y, groups, codes = self._indexable(X, y, groups)
        estimator, train = deepcopy(self._given()) if self.prefit else self._to_fit(y), None
        if _routing_enabled():
            params = self._routed(sample_weight, groups, params).estimator.fit
        else:
            params = with_weights(estimator, sample_weight, params)
        if self.prefit:
            refuse_other_parameters(estimator, params)
        else:
            self._fit_full(estimator, X, y, params)
            train = _train_from_start if self.strategy == "before" else None
        network, X, y = network_of(estimator), reaching(estimator, X), as_vector(y)
        weights = network_weights(estimator, params)
        if self.prefit:
            refuse_other_data(network, X, y, weights)
        masks = self._select(estimator)
        is_open = self.threshold == "auto" and self.n_nodes_to_select is None
        asked = is_open and self.refit and train is None
        if asked:
            rows = without_copies(network, X, y, weights, codes)
            found = found_in_data(network, *rows, masks[0], select=self._layer_of(estimator) == 0)
            if found is not None:
                return self._take(estimator, masks[0], found, X, y, weights)
            masks = sparing_masks(network, masks, X, y, weights)
        select = self._select_nodes if train is None else None
        self._cut(estimator, masks, X, y, weights, codes, train=train, select=select)
        self._fitted["is_undecided"] = asked
        return self

    def __sklearn_is_fitted__(self):
        if super().__sklearn_is_fitted__() or not self.prefit:
            return super().__sklearn_is_fitted__()
        try:
            self._validate_params()
            self._layer_of(self._given())
        except ValueError:
            return False
        return True

    def _known(self, name):
        """What `fit` found; with a prefit estimator, what there is without data."""
        if super().__sklearn_is_fitted__() or not self.prefit:
            return super()._known(name)
        try:
            self._validate_params()
        except ValueError as error:
            raise UnusableError(str(error)) from None  # hasattr is to say no
        estimator = self._given()
        if name == "estimator_":
            return estimator
        if name == "masks_":
            return self._select(estimator)
        if name == "pruned_estimator_":
            return cut_network(estimator, self._select(estimator))
        raise NotFittedError(f"{name} needs data; call fit.")

    def _given(self):
        """The prefit estimator, checked."""
        if self.strategy == "before":
            raise UnusableError(
                "strategy='before' with prefit=True: the network has been trained already; use "
                "strategy='after', or prefit=False."
            )
        frozen = isinstance(self.estimator, FrozenEstimator)
        estimator = self.estimator.estimator if frozen else self.estimator
        network = network_of(estimator)
        if not hasattr(network, "coefs_"):
            raise NotFittedError(
                f"prefit=True, but this {type(network).__name__} is not fitted; fit it before, or "
                "leave prefit=False and call fit. Where pruners are cloned, give it as a "
                "FrozenEstimator, or it is cloned too."
            )
        return estimator

    def _to_fit(self, y):
        if isinstance(self.estimator, FrozenEstimator):
            raise ValueError(
                f"{self.estimator!r} is fitted for good; set prefit=True, or give the estimator in "
                "it."
            )
        estimator = clone(self.estimator) if self.estimator is not None else network_for(y)
        network = network_of(estimator)
        layer = layer_index(self.layer, network)  # before a training that may take long
        if layer > 0:  # how many columns reach the network is not known
            numbers_of_nodes(self.n_nodes_to_select, layer, [0, *network._hidden_layer_sizes()])
        if self.strategy == "before":
            if network.parametrization == "dense":
                raise ValueError(
                    "strategy='before' with parametrization='dense': a dense network has no "
                    "eigenvalues to train; use strategy='after', or parametrization='spectral'."
                )
            if network.trainable == "eigenvectors":
                raise ValueError(
                    "strategy='before' trains the eigenvalues first, and then everything, but the "
                    "network has trainable='eigenvectors'; use strategy='after', or "
                    "trainable='all'."
                )
        return estimator

    def _fit_full(self, estimator, X, y, params):
        """Fit the full estimator."""
        asked = network_of(estimator).trainable
        if self.strategy == "before":
            network_of(estimator).trainable = "eigenvalues"
        estimator.fit(X, y, **params)
        network_of(estimator).trainable = asked  # for whoever fits it again
        pass_on_interruption(network_of(estimator))

    def _select(self, estimator):
        network = network_of(estimator)
        layer = layer_index(self.layer, network)
        return select_masks(network, layer, self.threshold, self.n_nodes_to_select)

    def _select_nodes(self, small, X, y, sample_weight):
        """Masks of the hidden nodes to keep, once a network with fewer inputs is trained on."""
        widths = [len(spectrum) for spectrum in small._relevance()]
        masks = select_masks(small, len(widths) - 1, self.threshold, None)
        if self.threshold == "auto":
            masks = sparing_masks(small, masks, X, y, sample_weight)
        numbers = numbers_of_nodes(self.n_nodes_to_select, 0, widths)
        # What has been asked for by number is there.
        return [
            mask if number is None else np.ones(len(mask), dtype=bool)
            for mask, number in zip(masks[1:], numbers[1:], strict=True)
        ]


def _train_from_start(network, X, y, sample_weight):
    """Train from the eigenvalues that training starts from; intercepts go on where they are."""
    network = copy(network)
    start = parameters_of(network).with_initial_eigenvalues(network._state.mode)
    vars(network).update(attributes_of(start))
    network.trainable = "all"
    return train_on(network, X, y, sample_weight)
