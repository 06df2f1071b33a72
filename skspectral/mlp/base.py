"""What the two estimators share: from validated data to a trained network."""

from contextlib import contextmanager
from copy import deepcopy
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skspectral.core import FLOOR, core_mask, relevance
from skspectral.export import to_sklearn
from skspectral.forward import forward
from skspectral.mlp.checks import (
    DivergenceError,
    refuse_divergence,
    refuse_scale_of_y,
    torch_device,
    warn,
    warn_of_collapse,
    warn_of_ending,
    warn_of_failure,
    warn_of_offset,
    warn_of_rounding,
    warn_of_scale,
)
from skspectral.mlp.early_stopping import held_out_rows, validator
from skspectral.mlp.progress import Progress
from skspectral.mlp.restarts import fit_restarts
from skspectral.mlp.steps import run
from skspectral.mlp.strength import automatic_strength
from skspectral.mlp.units import further_units, weights_without
from skspectral.spectral import EIGENVALUES, Parameters, glorot_uniform

# Adam needs a number of steps, whatever the number of rows; see docs/defaults.rst.
_N_STEPS = 8000
_MIN_EPOCHS = 20
_N_LBFGS_ITERATIONS = 1000


class BaseSpectralMLP(CallbackSupportMixin, BaseEstimator):
    """Common part of SpectralMLPRegressor and SpectralMLPClassifier."""

    # For this share of the steps nothing is penalised, and the eigenvalues stay where they start;
    # see docs/defaults.rst.
    _warm_up = 0.1

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions({"relu", "tanh", "logistic", "identity"})],
        "parametrization": [StrOptions({"spectral", "dense"})],
        "eigenvalues": [StrOptions(set(EIGENVALUES))],
        "trainable": [StrOptions({"all", "eigenvalues", "eigenvectors"})],
        "alpha": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "alpha_phi": [None, Interval(Real, 0, None, closed="left")],
        "alpha_lambda": [None, Interval(Real, 0, None, closed="left")],
        "alpha_w": [None, Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "solver": [StrOptions({"adam", "lbfgs"})],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"cosine", "constant", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "shuffle": ["boolean"],
        "warm_start": ["boolean"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the network to data X and target y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data. Put a StandardScaler before: one learning rate and one penalty serve
            all inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target: numbers for a regressor, class labels or an indicator matrix of labels for
            a classifier.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative; only their ratios matter.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input is not valid: a fitted estimator then stays as it was. If the training
            diverges: the estimator is then unfitted, unless `warm_start` is set.
        """
        with self._restored_on_error(keep=self.warm_start):
            return self._fit(X, y, sample_weight)

    @property
    def node_importances_(self):
        """Relevance of the nodes of each hidden layer, list of ndarray of shape (n_nodes,)."""
        return self._relevance()[1:]

    @property
    def feature_importances_(self):
        """Relevance of the inputs over its sum (or zeros), ndarray of shape (n_features,)."""
        inputs = self._relevance()[0].astype(float)
        if not all(self.core_sizes_):  # shares of the dust that a network leaves mean nothing
            return np.zeros_like(inputs)
        total = inputs.sum()
        return inputs / total if total > 0 else inputs

    @property
    def core_masks_(self):
        """Nodes of each hidden layer that are in its core, list of boolean ndarrays."""
        return [core_mask(nodes, floor=FLOOR) for nodes in self.node_importances_]

    @property
    def core_sizes_(self):
        """Size of the core of each hidden layer, tuple of int."""
        return tuple(int(mask.sum()) for mask in self.core_masks_)

    def to_sklearn(self):
        """The fitted network as scikit-learn's own MLP, which predicts the same.

        Returns
        -------
        mlp : MLPRegressor or MLPClassifier
            See :func:`skspectral.export.to_sklearn`.
        """
        return to_sklearn(self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _relevance(self):
        check_is_fitted(self, "coefs_")
        last = self.coefs_[-1]
        # Every output in units of its own spread, or that of the largest numbers would decide.
        last = last / np.asarray(self._state["scale"], dtype=last.dtype)
        return relevance([*self.coefs_[:-1], last], self._state["mode"])

    def _outputs(self, X):
        """Outputs of the network, of shape (n_samples, n_outputs)."""
        check_is_fitted(self, "coefs_")
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        return self._forward(X, self.coefs_, self.intercepts_)

    def _forward(self, X, weights, intercepts):
        return forward(X, weights, intercepts, self.activation, self._out_activation())

    @contextmanager
    def _restored_on_error(self, keep):
        """Undo what a failed fit left; divergence leaves nothing fitted, unless `keep`."""
        before = self._learned()
        try:
            yield
        except BaseException as error:
            for name in self._learned():
                delattr(self, name)
            if keep or not isinstance(error, DivergenceError):
                vars(self).update(before)
            raise

    def _learned(self):
        """Everything that a fit sets, by name."""
        private = ("_state", "_label_binarizer")
        return {k: v for k, v in vars(self).items() if k.endswith("_") or k in private}

    def _fit(self, X, y, sample_weight, incremental=False):
        anew = not incremental and not (self.warm_start and hasattr(self, "coefs_"))
        vars(self).pop("stability_", None)
        if self.n_init == 1 or not anew:
            return run(self._fit_in_steps(X, y, sample_weight, incremental))
        best, stability = fit_restarts(self, X, y, sample_weight)
        for name in self._learned():
            delattr(self, name)
        vars(self).update(best._learned() | {"stability_": stability})
        return self

    def _fit_in_steps(self, X, y, sample_weight, incremental=False):
        """A fit that stops for its training: a search runs many together.

        Yields the :class:`~skspectral.engine.together.Training`, wants what it came to, and returns
        the estimator.
        """
        started = hasattr(self, "coefs_") and (incremental or self.warm_start)
        self._check_settings()
        X, y = self._validated(X, y, reset=not started)
        y, targets = self._encode(y, started, incremental)
        weights = self._weigh(X, y, sample_weight)
        rows = np.arange(X.shape[0]) if weights is None else np.flatnonzero(weights)
        # A copy: a call that fails must not have moved the generators.
        state = deepcopy(self._state) if started else {"rng": self._generators()}
        self.alpha_ = self._alpha(X, y, weights, state.get("strength"), incremental)
        if self.alpha == "auto":
            state["strength"] = self.alpha_
        largest = np.abs(targets[rows]).max()
        validate = None
        if self.early_stopping and not incremental and self.solver != "lbfgs":
            # Of the same rows the same are held out, fit after fit: none has been trained on.
            rows, held_out = held_out_rows(self, rows, y, deepcopy(state["rng"]["split"]))
            validate = validator(self, X, y, weights, held_out)
        if weights is not None:
            weights = weights[rows] / weights[rows].mean()
            # Equal weights are none: the same steps to the last bit.
            weights = None if np.ptp(weights) == 0 else weights
        targets = targets[rows]
        unit = before = self._standardisation(targets, weights)
        if started and incremental:
            unit, before = further_units(state, unit, self.fit_intercept)
        state |= unit
        refuse_scale_of_y(largest, state["scale"], X.dtype)
        start = self._start(X, targets.shape[1], state, started, before)
        standard = (targets - state["mean"]) / state["scale"]
        # A further batch may vary where this one does not.
        idle = ~standard.any(axis=0) & state["constant"] & (not incremental)
        if not started:
            start.eigenvectors[-1][:, idle] = start.intercepts[-1][idle] = 0
        warn_of_scale(X, rows)
        if not incremental:  # a handful of rows tells no mean
            warn_of_offset(X, rows)
        warn_of_rounding(targets, state)
        self.n_layers_ = len(start.eigenvectors) + 1
        self.n_outputs_ = targets.shape[1]
        self.out_activation_ = self._out_activation()
        member = {
            "parameters": start,
            "targets": standard.astype(X.dtype),
            "rows": rows,
            "weights": weights_without(idle, weights, len(rows)),
            "generator": state["rng"]["order"] if self.shuffle else None,
        }
        yield from self._train(X, y, member, state, validate, sample_weight, started, incremental)
        return self

    def _validated(self, X, y, reset):
        return validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=self._y_numeric,
            dtype=(np.float64, np.float32),
            reset=reset,
        )

    def _train(self, X, y, member, state, validate, sample_weight, started, incremental):
        from skspectral.engine.together import Training
        from skspectral.engine.training import Member

        device = torch_device(self.device)
        n_rows = len(member["rows"])
        batch_size = self._batch_size(n_rows)
        n_epochs = 1 if incremental else self._n_epochs(n_rows, batch_size)
        n_warm_up = self._n_warm_up(n_epochs, n_rows, batch_size, state, started, incremental)
        options = {"n_epochs": n_epochs, "n_warm_up": n_warm_up}
        options |= {"tol": self.tol, "trainable": self.trainable}
        patience = np.inf
        if self.solver == "adam":
            patience = self._patience(n_epochs)
            waits = validate is not None or self.learning_rate != "cosine"
            options["schedule"] = "constant" if incremental else self.learning_rate
            options["patience"] = patience if waits else np.inf
        context, data = None, {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
        if not incremental:
            context = self._init_callback_context(max_subtasks=n_epochs)
            context.call_on_fit_task_begin(estimator=self, **data)
        # As scikit-learn itself asks: to tell of epochs that nobody watches takes time.
        watched = context if hasattr(self, "_skl_callbacks") else None
        progress = Progress(
            self, lambda parameters: self._describe(parameters, state), validate, watched, data
        )
        rate, strengths = self.learning_rate_init, self._strengths()
        parameters, outcome, moments = yield Training(
            X,
            Member(**member, strengths=strengths, learning_rate=rate, monitor=progress),
            architecture=self._architecture(member["parameters"], state["mode"]),
            loss=self._loss(),
            solver=self.solver,
            batch_size=batch_size,
            # A line search down to the smallest gradients needs double precision.
            dtype="float64" if self.solver == "lbfgs" else X.dtype.name,
            device=device,
            moments=state.get("moments") if incremental else None,
            options=options,
        )
        progress.close(parameters)
        refuse_divergence(outcome, parameters, rate)
        parameters = parameters if progress.best is None else progress.best
        state = state | {"interrupted": outcome.interrupted}
        self._store(parameters, progress, state, moments, n_rows, incremental)
        if outcome.interrupted or not incremental:
            last = patience
            if n_epochs >= self._n_epochs_by_default(n_rows, batch_size):
                # The schedule of Adam lowers the loss for longer than that; L-BFGS creeps at kinks.
                last = min(patience, max(1, n_epochs // 20))
            warn_of_ending(self, outcome, progress.losses, n_epochs, last)
            penalty = parameters.penalty(strengths, state["mode"])
            warn_of_failure(self, progress.kept_loss, penalty, member["targets"], member["weights"])
        if not (incremental and n_warm_up):
            warn_of_collapse(self)
        if not incremental:
            context.call_on_fit_task_end(estimator=self, **data, reconstruction_attributes=dict)

    def _architecture(self, start, mode):
        from skspectral.engine.network import Architecture

        phis = start.eigenvectors
        return Architecture(
            widths=(phis[0].shape[0], *(phi.shape[1] for phi in phis)),
            activation=self.activation,
            eigenvalues=(mode,) * len(phis),
            fit_intercept=self.fit_intercept,
        )

    def _n_warm_up(self, n_epochs, n_rows, batch_size, state, started, incremental):
        """Epochs, of those to come, in which a spectral network finds what its nodes are for."""
        if self.trainable != "all" or self.parametrization == "dense":
            return 0
        if incremental:  # how many there will be is not known: as many steps as in a fit
            begun_by_fit = state.get("is_warm", False)
            n_rows_seen = getattr(self, "t_", 0)
            return int(not begun_by_fit and n_rows_seen < self._warm_up * _N_STEPS * batch_size)
        # However many are allowed, it is no longer than by default.
        most = min(n_epochs, self._n_epochs_by_default(n_rows, batch_size))
        return 0 if started else int(self._warm_up * most)

    def _store(self, parameters, progress, state, moments, n_rows, incremental):
        """Set the fitted attributes."""
        for name, value in self._describe(parameters, state).items():
            setattr(self, name, value)
        before = vars(self) if incremental else {}
        n_iter, scores = len(progress.losses), progress.scores
        self.n_iter_ = before.get("n_iter_", 0) + n_iter
        self.t_ = before.get("t_", 0) + n_iter * n_rows
        self.loss_curve_ = [*before.get("loss_curve_", []), *progress.losses]
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.nan
        self.best_loss_ = min(self.loss_curve_, default=np.nan) if scores is None else None
        self.validation_scores_ = scores
        self.best_validation_score_ = None if scores is None else max(scores, default=np.nan)
        # Only partial_fit goes on from the moments of Adam; they are twice the size of the network.
        self._state = state | {"moments": moments if incremental else None}
        self._state["is_warm"] = not incremental or state.get("is_warm", False)

    def _describe(self, parameters, state):
        """Fitted attributes of a network; the last transfer gives y in its own units."""
        scale, mean, dtype = state["scale"], state["mean"], state["dtype"]
        eigenvectors = [*parameters.eigenvectors[:-1], parameters.eigenvectors[-1] * scale]
        intercepts = [*parameters.intercepts[:-1], parameters.intercepts[-1] * scale + mean]
        outer = Parameters(
            *(
                [np.asarray(value, dtype=dtype) for value in values]
                for values in (
                    eigenvectors,
                    intercepts,
                    parameters.eigenvalues_in,
                    parameters.eigenvalues_out,
                )
            )
        )
        return {
            "coefs_": outer.weights,
            "intercepts_": outer.intercepts,
            "eigenvectors_": outer.eigenvectors,
            "eigenvalues_in_": outer.eigenvalues_in,
            "eigenvalues_out_": outer.eigenvalues_out,
            "_state": state,
        }

    def _start(self, X, n_outputs, state, started, unit):
        """Parameters to start from, with y in standard units; `unit` is to read the network in."""
        widths = (X.shape[1], *self._hidden_layer_sizes(), n_outputs)
        mode = self.eigenvalues if self.parametrization == "spectral" else None
        before = state.get("mode", mode)
        state |= {"dtype": X.dtype, "mode": mode}
        if not started:
            weights, intercepts = glorot_uniform(
                widths, self.activation, state["rng"]["start"], X.dtype, self.fit_intercept
            )
            return Parameters.from_weights(weights, intercepts, mode)
        previous = tuple(len(b) for b in self.intercepts_)
        if previous != widths[1:]:
            raise ValueError(
                f"The fitted network has layers of {previous} nodes, hidden_layer_sizes and y ask "
                f"for {widths[1:]}; keep the widths, or clone the estimator to start anew."
            )
        eigenvectors, intercepts = list(self.eigenvectors_), list(self.intercepts_)
        eigenvectors[-1] = eigenvectors[-1] / unit["scale"]
        intercepts[-1] = (intercepts[-1] - unit["mean"]) / unit["scale"]
        start = Parameters(eigenvectors, intercepts, self.eigenvalues_in_, self.eigenvalues_out_)
        # Other eigenvalues than before: the same network, written anew.
        return start if mode == before else Parameters.from_weights(start.weights, intercepts, mode)

    def _generators(self):
        """Independent generators for start, order and split from the one random_state."""
        rng = check_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=3)
        names = ("start", "order", "split")
        return {n: np.random.default_rng(int(s)) for n, s in zip(names, seeds, strict=True)}

    def _check_settings(self):
        if min(self._hidden_layer_sizes(), default=1) <= 0:
            raise ValueError(
                f"hidden_layer_sizes must be > 0, got {list(self._hidden_layer_sizes())}."
            )
        if self.parametrization == "dense" and self.trainable != "all":
            raise ValueError(
                f"trainable={self.trainable!r} with parametrization='dense': a dense network has "
                "no eigenvalues; use trainable='all', or parametrization='spectral'."
            )

    def _hidden_layer_sizes(self):
        # As objects, lists of several lengths are an array, too.
        sizes = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=object))
        if not all(isinstance(n, Integral) and not isinstance(n, bool) for n in sizes):
            raise ValueError(
                "hidden_layer_sizes must be an integer or a list of integers, got "
                f"{self.hidden_layer_sizes!r}."
            )
        return tuple(int(size) for size in sizes)

    def _weigh(self, X, y, sample_weight):
        """Sample weights, class weights included, of which the largest is one; or None."""
        if sample_weight is None:
            return None
        weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        if not weights.any():
            raise ValueError(
                "Sample weights must contain at least one positive value, got zeros only; "
                "give at least one sample a positive weight."
            )
        # Whatever their unit, sums of them do not overflow.
        return weights.astype(np.float64) / weights.max()

    def _alpha(self, X, y, weights, chosen, incremental):
        """The strength that `alpha` asks for; one that was chosen before stays."""
        if self.alpha != "auto":
            return float(self.alpha)
        if chosen is not None:
            return chosen
        if incremental:
            raise ValueError(
                "alpha='auto' cannot be chosen by partial_fit, which sees one piece of the data; "
                "give a number, or call fit first."
            )
        return automatic_strength(self, X, y, weights)

    def _strengths(self):
        own = {
            "eigenvectors": self.alpha_phi,
            "eigenvalues": self.alpha_lambda,
            "weights": self.alpha_w,
        }
        # Torch takes no other scalars of NumPy than doubles.
        return {name: float(self.alpha_ if v is None else v) for name, v in own.items()}

    def _batch_size(self, n_rows):
        if self.batch_size == "auto":
            return min(200, n_rows)
        if self.batch_size > n_rows:
            warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped."
            )
        return min(self.batch_size, n_rows)

    def _n_epochs(self, n_rows, batch_size):
        if self.max_iter != "auto":
            return self.max_iter
        return self._n_epochs_by_default(n_rows, batch_size)

    def _n_epochs_by_default(self, n_rows, batch_size):
        if self.solver == "lbfgs":
            return _N_LBFGS_ITERATIONS
        n_batches = -(-n_rows // batch_size)
        return max(_MIN_EPOCHS, -(-_N_STEPS // n_batches))

    def _patience(self, n_epochs):
        return max(10, n_epochs // 20) if self.n_iter_no_change == "auto" else self.n_iter_no_change
