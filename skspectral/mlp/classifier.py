"""SpectralMLPClassifier."""

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_class_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import column_or_1d

from skspectral.mlp.base import BaseSpectralMLP
from skspectral.mlp.checks import (
    has_partial_fit,
    refuse_class_weight,
    refuse_early_stopping,
    refuse_other_classes,
    refuse_other_labels,
)
from skspectral.mlp.units import Units


class SpectralMLPClassifier(ClassifierMixin, BaseSpectralMLP):
    """Multi-layer perceptron classifier trained in the spectral domain.

    Fit it wide: the penalty on eigenvalues and eigenvectors makes whole nodes vanish.
    ``core_sizes_`` says how many hidden nodes are left, ``feature_importances_`` which inputs
    matter; :class:`SpectralPruner`, given the rows, how many nodes they call for.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=100
        Nodes of each hidden layer. Give more than you think it takes: the core shows how many it
        took. An int is one hidden layer.
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
        Activation of the hidden layers.
    parametrization : {"spectral", "dense"}, default="spectral"
        ``"dense"`` is the twin with plain weight decay and the same initial weights, to compare
        with.
    eigenvalues : {"in", "out", "both"}, default="in"
        The eigenvalues that are trained. ``"in"`` (lambda_out = 0) lets inputs and hidden nodes
        vanish, through their outgoing weights; ``"out"`` (lambda_in = 0, the paper's) hidden nodes,
        through their incoming weights; ``"both"`` is the full formula, for study.
    trainable : {"all", "eigenvalues", "eigenvectors"}, default="all"
        What moves in training besides the intercepts.
    alpha : float or "auto", default="auto"
        Strength of the penalty. Larger leaves a smaller core. ``"auto"`` follows the noise while
        the network is trained, from 1e-3 to 3e-2, over the root of the number of labels: the more
        the network still gets wrong, and the more parameters it has for each row, the stronger;
        beyond 3e-2 if it has learnt noise by heart. With several hidden layers parameters count for
        more in the second half, unless `max_iter` is less than half of the usual length. The
        objective changes with it. Until it has settled, halfway through, or then at three quarters,
        no epoch counts for `n_iter_no_change`. A single epoch, as of :meth:`partial_fit`, does not
        see the noise: it takes 1e-3, over the same root, or what a fit of half the usual length or
        more has ended with. See ``alpha_`` and the page on defaults.
    alpha_phi, alpha_lambda, alpha_w : float, default=None
        Strengths for eigenvectors, eigenvalues and dense weights; None is `alpha`. Only the product
        of the first two matters at a minimum.
    fit_intercept : bool, default=True
        Whether the layers have intercepts.
    solver : {"adam", "lbfgs"}, default="adam"
        ``"lbfgs"`` takes all rows at once, in double precision: for small data.
    batch_size : int or "auto", default="auto"
        Rows of a step of Adam, at most; ``"auto"`` is min(200, n_samples). Batches differ in size
        by at most one row.
    learning_rate : {"cosine", "constant", "adaptive"}, default="cosine"
        How the rate of Adam moves. ``"cosine"`` falls to zero at `max_iter`, which makes the core
        sharp; ``"adaptive"`` divides by five when `n_iter_no_change` epochs brought no progress.
    learning_rate_init : float, default=1e-2
        Initial learning rate of Adam.
    max_iter : int or "auto", default="auto"
        Epochs of Adam or iterations of L-BFGS, at most. ``"auto"``: as many epochs as make 8000
        steps, at least 20; 1000 iterations.
    tol : float, default=1e-4
        Progress of the loss, or of the validation score, that counts. For L-BFGS the largest
        component of the gradient at the end, unless the loss makes no progress any more, as happens
        at the kinks of ReLU.
    n_iter_no_change : int, np.inf or "auto", default="auto"
        Epochs without progress that end the training, except with ``"cosine"`` without early
        stopping, which goes to its end. ``"auto"`` is a twentieth of the epochs, at least 10.
    early_stopping : bool, default=False
        Hold out `validation_fraction` of the rows, stop when their score makes no progress, and
        restore the weights of the best score. Adam only.
    validation_fraction : float, default=0.1
        Share of the rows to hold out.
    shuffle : bool, default=True
        Whether each epoch draws a new order of the rows.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the previous fit and, if `max_iter` was at least
        half of what ``"auto"`` is, with the strength that ``alpha="auto"`` ended with. What
        describes the training, such as ``loss_curve_``, describes the last one. A network that the
        penalty has silenced stays silent: clone it.
    n_init : int, default=1
        Random starts, trained together. The one of the smallest objective is kept, with early
        stopping that of the best validation score; ``stability_`` says how far they agree.
        Callbacks hear of starts in place of epochs, once all have ended.
    class_weight : dict or "balanced", default=None
        Weight of each class, by label, not negative; ``"balanced"`` is n_samples / (n_classes *
        count). Times `sample_weight`. Not for multilabel y.
    device : str, default="cpu"
        Torch device to train on, such as ``"cuda"``. The fitted estimator is numpy either way.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, of the order of the rows and of the held-out rows.
    verbose : bool, default=False
        Whether to print the loss of each epoch, and in a pruner how a trial goes.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels; of multilabel y the column numbers.
    coefs_ : list of ndarray of shape (n_in, n_out)
        Weights of each transfer: ``eigenvectors_[k] * (eigenvalues_in_[k][:, None] -
        eigenvalues_out_[k])``.
    intercepts_ : list of ndarray of shape (n_out,)
        Intercepts of each transfer.
    eigenvectors_ : list of ndarray of shape (n_in, n_out)
        Eigenvector components phi of each transfer.
    eigenvalues_in_, eigenvalues_out_ : list of ndarray of shape (n_in,) and (n_out,)
        Eigenvalues of each transfer.
    feature_importances_ : ndarray of shape (n_features_in_,)
        Relevance of the inputs, summing to one, or zeros if the network is a constant. It measures
        the effect of a step of one: columns compare only if they have the same spread.
    node_importances_ : list of ndarray of shape (n_nodes,)
        Relevance of the nodes of each hidden layer.
    core_masks_ : list of ndarray of shape (n_nodes,)
        Nodes of each hidden layer whose relevance exceeds 5 % of the layer's largest; none if that
        is next to nothing, as it is once a fit has come to a constant.
    core_sizes_ : tuple of int
        How many they are.
    alpha_ : float
        The strength used: `alpha`, or what ``"auto"`` ended with.
    stability_ : Bunch
        With `n_init` above one, unless the fit went on from earlier weights: ``core_sizes`` of each
        start, an array of shape (n_starts, n_hidden_layers); ``core_size``, the share of the starts
        with the same core sizes as the one that was kept; ``inputs``, for each input the share of
        the starts in which its relevance exceeds 5 % of the largest. Starts that diverged do not
        count.
    loss_, best_loss_ : float
        Last and smallest value of the objective, nan before there is one; the latter None with
        early stopping.
    loss_curve_ : list of float
        Objective of each epoch that was not interrupted: the mean loss of its batches, each before
        its step, plus the penalty after the last.
    validation_scores_ : list of float or None
        With early stopping the accuracy on the held-out rows after each epoch; of multilabel y the
        share of all labels that are right, since seldom all of a row are.
    best_validation_score_ : float or None
        That of the network that is kept: the largest of them, with `alpha` a number; else the
        largest since the strength has settled.
    n_iter_ : int
        Epochs or iterations: the length of ``loss_curve_``.
    t_ : int
        Rows seen in training.
    n_layers_, n_outputs_ : int
        Number of layers, inputs and outputs included, and of outputs.
    out_activation_ : str
        Activation of the output layer.
    n_features_in_ : int
        Number of inputs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the inputs, if X had any that are all strings.

    See Also
    --------
    SpectralMLPRegressor : The same for numbers.
    SpectralPruner : Cuts the network to the nodes that the data ask for.

    Notes
    -----
    Minimises the mean loss + alpha_phi ||phi||^2 + alpha_lambda ||lambda||^2, summed over all
    transfers (dense: alpha_w ||w||^2), intercepts free. The loss is the cross-entropy of the
    softmax (several classes), of the logistic function (two classes), or the mean of the latter
    over the labels (multilabel).

    The first tenth of the epochs, and in :meth:`partial_fit` the first 800 batches, are a warm-up
    of the spectral network: the eigenvalues stay where they start and nothing is penalised (with
    L-BFGS the penalty on the eigenvectors is back halfway through). What a node or an input is for
    may take time to show, and until then both the penalty and the loss pull it down. The losses
    that are reported include the penalty throughout. No epoch of the warm-up counts for
    `n_iter_no_change`; early stopping may keep one, if its score is the best and `alpha` a number.

    Training runs on one thread, so that results do not depend on the number of cores; give
    `n_jobs` to whatever fits many estimators.

    References
    ----------
    Giambagli, Buffoni, Chicchi, Fanelli, "How a student becomes a teacher: learning and forgetting
    through spectral methods", NeurIPS 2023, arXiv:2310.12612.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skspectral import SpectralMLPClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> mlp = SpectralMLPClassifier(hidden_layer_sizes=50, max_iter=1000, random_state=0)
    >>> pipe = make_pipeline(StandardScaler(), mlp).fit(X, y)
    >>> pipe[-1].core_sizes_[0] < 50
    True
    >>> bool(pipe.score(X, y) > 0.95)
    True
    """

    _parameter_constraints = {
        **BaseSpectralMLP._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _y_numeric = False

    def __init__(
        self,
        hidden_layer_sizes=100,
        activation="relu",
        *,
        parametrization="spectral",
        eigenvalues="in",
        trainable="all",
        alpha="auto",
        alpha_phi=None,
        alpha_lambda=None,
        alpha_w=None,
        fit_intercept=True,
        solver="adam",
        batch_size="auto",
        learning_rate="cosine",
        learning_rate_init=1e-2,
        max_iter="auto",
        tol=1e-4,
        n_iter_no_change="auto",
        early_stopping=False,
        validation_fraction=0.1,
        shuffle=True,
        warm_start=False,
        n_init=1,
        class_weight=None,
        device="cpu",
        random_state=None,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.parametrization = parametrization
        self.eigenvalues = eigenvalues
        self.trainable = trainable
        self.alpha = alpha
        self.alpha_phi = alpha_phi
        self.alpha_lambda = alpha_lambda
        self.alpha_w = alpha_w
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.n_init = n_init
        self.class_weight = class_weight
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Train one epoch on the given data, at the initial learning rate.

        Weights, also those of the classes, count within a call: one that has a single class knows
        of no other.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or an indicator matrix of labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come; needed in the first call. Of a matrix of labels they
            are the numbers of its columns.

        Returns
        -------
        self : object
            The estimator, trained one epoch more.

        Raises
        ------
        ValueError
            If the input is not valid, the training diverges, or a setting wants all the data:
            early stopping or balanced classes. The estimator stays as it was.
        """
        refuse_early_stopping(self)
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit: the classes of the data "
                "to come are not known; give a dict of weights, or sample_weight."
            )
        with self._restored_on_error(keep=True):
            if _check_partial_fit_first_call(self, classes):
                self._fit_label_binarizer(y if _is_multilabel(y) else classes)
                refuse_other_classes(classes, self.classes_)
            return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X):
        """Predict the classes of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The predicted classes.
        """
        outputs = self._outputs(X)
        if outputs.shape[1] == 1:
            outputs = outputs.ravel()
        return self._label_binarizer.inverse_transform(outputs)

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``; of multilabel y the probability of each label.
        """
        outputs = self._outputs(X)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Minus infinity where the probability is zero.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _loss(self):
        return "softmax" if self._out_activation() == "softmax" else "sigmoid"

    def _out_activation(self):
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"

    def _fit_label_binarizer(self, y):
        self._label_binarizer = LabelBinarizer().fit(y)
        self.classes_ = self._label_binarizer.classes_

    def _encode(self, y, goes_on, incremental):
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if _is_multilabel(y):
            refuse_other_labels(y)
        if incremental or goes_on:
            self._check_labels(y, incremental)
        else:
            self._fit_label_binarizer(y)
        if len(self.classes_) < 2 and not _is_multilabel(y):
            raise ValueError(
                f"Got y of only one class, {self.classes_[0]}; give at least 2 classes to tell "
                "apart, or use DummyClassifier, which predicts the one there is."
            )
        return y, self._targets(y)

    def _targets(self, y):
        """What the outputs are to be, of shape (n_samples, n_outputs)."""
        return np.asarray(self._label_binarizer.transform(y), dtype=np.float64)

    def _check_labels(self, y, incremental):
        if _is_multilabel(y) != self._label_binarizer.y_type_.startswith("multilabel"):
            raise ValueError(
                f"This y is {type_of_target(y)}, that of the fit before was "
                f"{self._label_binarizer.y_type_}; give y of that kind, or fit a clone."
            )
        labels = unique_labels(y)
        if incremental and len(np.setdiff1d(labels, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'y' has {labels}."
            )
        if not incremental and not np.array_equal(labels, self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {labels}"
            )

    def _units(self, targets, weights):
        return Units(mean=0.0, scale=1.0, constant=False)

    def _weigh(self, X, y, sample_weight):
        weights = super()._weigh(X, y, sample_weight)
        if self.class_weight is None:
            return weights
        if _is_multilabel(y):
            raise ValueError(
                f"class_weight={self.class_weight!r} with multilabel y: a row has no single class; "
                "give sample_weight instead."
            )
        if self.class_weight != "balanced":
            refuse_class_weight(self.class_weight)
        with np.errstate(divide="ignore"):  # a class whose rows all weigh nothing
            per_class = compute_class_weight(
                self.class_weight, classes=self.classes_, y=y, sample_weight=weights
            )
        per_class[np.isinf(per_class)] = 0
        of_class = per_class[np.searchsorted(self.classes_, y)]
        weights = of_class if weights is None else of_class * weights
        if not weights.any():
            raise ValueError(
                f"class_weight={self.class_weight!r}, times sample_weight, leaves every sample of "
                "this y the weight zero; give a class that is in y a positive weight."
            )
        return weights / weights.max()

    def _strata(self, y):
        return None if _is_multilabel(y) else y

    def _score(self, outputs, y, weights):
        return float(np.average(1 - self._errors(outputs, y), weights=weights))

    def _errors(self, outputs, y):
        """Whether the outputs give each row a wrong class; of labels the share that is wrong.

        As accuracy_score and hamming_loss of what predict gives; these look at types each time, for
        as long as an epoch takes.
        """
        if self._label_binarizer.y_type_.startswith("multilabel"):
            wrong = self._label_binarizer.inverse_transform(outputs) != y
            return np.ravel(wrong.sum(axis=1)) / y.shape[1]  # they may be sparse
        if outputs.shape[1] == 1:
            return self.classes_[(outputs[:, 0] > 0.5).astype(int)] != y
        return self.classes_[outputs.argmax(axis=1)] != y


def _is_multilabel(y):
    return type_of_target(y).startswith("multilabel")
