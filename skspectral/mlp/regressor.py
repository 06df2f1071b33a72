"""SpectralMLPRegressor."""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from skspectral.mlp.base import BaseSpectralMLP
from skspectral.mlp.checks import has_partial_fit, refuse_early_stopping
from skspectral.mlp.units import ROUNDING, Units


class SpectralMLPRegressor(RegressorMixin, BaseSpectralMLP):
    """Multi-layer perceptron regressor trained in the spectral domain.

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
        the network is trained, from 3e-4 to 3e-2, over the root of the number of outputs: the more
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
    device : str, default="cpu"
        Torch device to train on, such as ``"cuda"``. The fitted estimator is numpy either way.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, of the order of the rows and of the held-out rows.
    verbose : bool, default=False
        Whether to print the loss of each epoch, and in a pruner how a trial goes.

    Attributes
    ----------
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
        Relevance of the nodes of each hidden layer, every output in units of its spread.
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
        With early stopping the R^2 on the held-out rows after each epoch.
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
    SpectralMLPClassifier : The same for classes.
    SpectralPruner : Cuts the network to the nodes that the data ask for.

    Notes
    -----
    Minimises the mean loss + alpha_phi ||phi||^2 + alpha_lambda ||lambda||^2, summed over all
    transfers (dense: alpha_w ||w||^2), intercepts free. The loss is the squared error over the
    (weighted) variance of y, mean over the outputs that vary, so that alpha means the same whatever
    the unit of y.

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
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skspectral import SpectralMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> mlp = SpectralMLPRegressor(hidden_layer_sizes=50, alpha=0.05, max_iter=500, random_state=0)
    >>> pipe = make_pipeline(StandardScaler(), mlp).fit(X, y)
    >>> pipe[-1].core_sizes_[0] < 50
    True
    >>> bool(pipe.score(X, y) > 0.4)
    True
    """

    _y_numeric = True

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
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train one epoch on the given data, at the initial learning rate.

        The first twenty rows in which an output varies, or the first call if it has more, fix its
        unit: begin with rows that are typical of y. Weights count within a call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative.

        Returns
        -------
        self : object
            The estimator, trained one epoch more.

        Raises
        ------
        ValueError
            If the input is not valid, the training diverges, or early stopping is on, which wants
            all the data. The estimator stays as it was.
        """
        refuse_early_stopping(self)
        with self._restored_on_error(keep=True):
            return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X):
        """Predict the target of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions.
        """
        outputs = self._outputs(X)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _loss(self):
        return "squared_error"

    def _out_activation(self):
        return "identity"

    def _encode(self, y, goes_on, incremental):
        if issparse(y):
            raise TypeError("Got a sparse y, but the targets are to be dense; give y.toarray().")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if y.dtype.kind in "mM":
            raise ValueError(
                f"Got a y of {y.dtype}, but the targets are to be numbers; give the days since the "
                "first, for example."
            )
        y = y.astype(np.float64, copy=False)
        return y, self._targets(y)

    def _targets(self, y):
        """What the outputs are to be, of shape (n_samples, n_outputs)."""
        return np.asarray(y, dtype=np.float64).reshape(len(y), -1)

    def _units(self, targets, weights):
        """Mean and scale of each output; without intercepts the mean has nowhere to go."""
        # In units of a power of two, which rounds nothing, sums and squares are sure to be finite.
        exponent = np.frexp(np.abs(targets).max(axis=0))[1] - 1
        targets = np.ldexp(targets, -exponent)
        mean = np.average(targets, axis=0, weights=weights)
        mean = np.where(np.ptp(targets, axis=0) == 0, targets[0], mean)  # of one value exact
        scale = np.sqrt(np.average((targets - mean) ** 2, axis=0, weights=weights))
        constant = scale <= ROUNDING * np.abs(mean)
        return Units(
            mean=np.ldexp(mean, exponent) if self.fit_intercept else np.zeros_like(mean),
            scale=np.where(constant, 1.0, np.ldexp(scale, exponent)),
            constant=constant,
        )

    def _strata(self, y):
        return None

    def _score(self, outputs, y, weights):
        # As r2_score, which checks what it is given each time, for longer than an epoch takes.
        y = self._targets(y)
        error, variance = (
            np.average((y - other) ** 2, axis=0, weights=weights)
            for other in (outputs, np.average(y, axis=0, weights=weights))
        )
        # Of outputs that do not vary it knows only that they are not met to the last bit.
        varying = (np.ptp(y, axis=0) > 0) & (variance > 0)
        return float(1 - np.mean(error[varying] / variance[varying])) if varying.any() else 0.0
