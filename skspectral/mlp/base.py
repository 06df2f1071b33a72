"""What the two estimators share: settings, `fit`, the core and relevance."""

from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skspectral.core import FLOOR, core_mask, relevance
from skspectral.export import to_sklearn
from skspectral.forward import DERIVATIVES, forward
from skspectral.mlp.checks import DivergenceError
from skspectral.mlp.fit import Fit
from skspectral.mlp.restarts import fit_restarts
from skspectral.spectral import EIGENVALUES


class BaseSpectralMLP(CallbackSupportMixin, BaseEstimator):
    """Common part of SpectralMLPRegressor and SpectralMLPClassifier.

    They add what depends on the kind of target: ``_encode`` checks y and makes the targets of the
    outputs, ``_targets`` alone makes them again, ``_units`` are those that the network is trained
    in, ``_loss`` and ``_out_activation`` name those; ``_score`` measures success, and ``_strata``
    are what splits keep apart.
    """

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(DERIVATIVES))],
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
        TypeError
            If a regressor is given a sparse y.
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
        last = last / np.asarray(self._state.units.scale, dtype=last.dtype)
        return relevance([*self.coefs_[:-1], last], self._state.mode)

    def _outputs(self, X):
        """Outputs of the network, of shape (n_samples, n_outputs)."""
        check_is_fitted(self, "coefs_")
        return self._forward(self._validated_inputs(X), self.coefs_, self.intercepts_)

    def _validated_inputs(self, X):
        """X as the fitted network takes it."""
        return validate_data(
            self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False
        )

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
        vars(self).pop("stability_", None)
        if self.n_init == 1 or incremental or self._goes_on(incremental):
            return Fit(self, X, y, sample_weight, incremental).run()
        best, stability = fit_restarts(self, X, y, sample_weight)
        for name in self._learned():
            delattr(self, name)
        vars(self).update(best._learned() | {"stability_": stability})
        return self

    def _goes_on(self, incremental):
        """Whether a fit begins where that before has ended."""
        return hasattr(self, "coefs_") and (incremental or self.warm_start)

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
        """Sample weights, of which the largest is one; or None. Without those of the classes."""
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

    def _strengths(self, alpha):
        """Strengths of the penalty, where `alpha` is what those are that are not given."""
        strengths = {
            "eigenvectors": self.alpha_phi,
            "eigenvalues": self.alpha_lambda,
            "weights": self.alpha_w,
        }
        strengths = {name: alpha if v is None else v for name, v in strengths.items()}
        # Torch takes no other scalars of NumPy than doubles.
        return {name: v if v is None else float(v) for name, v in strengths.items()}
