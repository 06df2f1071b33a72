"""One fit: from data to a training, and from what that came to on to a fitted estimator."""

from copy import deepcopy
from dataclasses import replace
from functools import partial

import numpy as np

from skspectral.forward import forward
from skspectral.mlp.attributes import attributes_of, parameters_of
from skspectral.mlp.checks import refuse_divergence, torch_device
from skspectral.mlp.early_stopping import held_out_rows, validator
from skspectral.mlp.length import Length
from skspectral.mlp.progress import Progress
from skspectral.mlp.scales import (
    refuse_scale_of_y,
    warn_of_offset,
    warn_of_rounding,
    warn_of_scale,
    warn_of_small_columns,
)
from skspectral.mlp.state import State
from skspectral.mlp.strength import noise_strength, strength_of_pieces
from skspectral.mlp.units import further_units
from skspectral.mlp.warnings import warn_of_collapse, warn_of_ending, warn_of_failure
from skspectral.mlp.weights import weights_without
from skspectral.spectral import Parameters, glorot_uniform

# Outputs that vary by less, in standard units, are constants: they explain next to nothing.
_STILL = 1e-2

# What such a network keeps of its weights: nodes of any relevance are below the floor of a core.
_DUST = 1e-8


class Fit:
    """A fit that stops for its training: a search runs many together.

    Parameters
    ----------
    estimator : SpectralMLPRegressor or SpectralMLPClassifier
    X, y, sample_weight
        As for its ``fit``.
    incremental : bool, default=False
        Whether it is an epoch more, for ``partial_fit``.
    names : ndarray of str, default=None
        Of the columns, where X was a table before.

    Attributes
    ----------
    training : Training
        To run, alone or with others, before :meth:`finish`.
    """

    def __init__(self, estimator, X, y, sample_weight=None, incremental=False, names=None):
        self._estimator, self._incremental, self._names = estimator, incremental, names
        self._goes_on = estimator._goes_on(incremental)
        estimator._check_settings()
        X, y = estimator._validated(X, y, reset=not self._goes_on)
        y, targets = estimator._encode(y, self._goes_on, incremental)
        weights = estimator._weigh(X, y, sample_weight)

        # A copy: a call that fails must not have moved the generators.
        known = deepcopy(estimator._state) if self._goes_on else None
        generators = known.generators if known else estimator._generators()
        strength = known.strength if known else None

        rows = np.arange(X.shape[0]) if weights is None else np.flatnonzero(weights)
        largest = np.abs(targets[rows]).max()
        rows, self._validate = self._held_out(rows, X, y, weights, generators["split"])
        self._length = Length(estimator, len(rows), incremental, self._goes_on)
        targets, weights = targets[rows], _of_mean_one(weights, rows)

        widths = X.shape[1], *estimator._hidden_layer_sizes(), targets.shape[1]
        if known:
            self._refuse_other_widths(widths[1:])
        units, before = self._units(known, targets, weights)
        refuse_scale_of_y(largest, units.scale, X.dtype)
        self._state = State(
            generators,
            units,
            mode=estimator.eigenvalues if estimator.parametrization == "spectral" else None,
            dtype=X.dtype,
            strength=strength,
            moments=known.moments if known and incremental else None,
            is_warm=known is not None and known.is_warm,
            n_batches=known.n_batches if known else 0,
        )

        start = self._further(known.mode, before) if known else self._start(widths)
        standard = units.standard(targets)
        # A further batch may vary where this one does not.
        idle = ~standard.any(axis=0) & units.constant & (not incremental)
        if not self._goes_on:
            start.eigenvectors[-1][:, idle] = start.intercepts[-1][idle] = 0

        self._warn_of_scales(X, rows, targets, units)
        estimator.n_layers_ = len(start.eigenvectors) + 1
        estimator.n_outputs_ = targets.shape[1]
        estimator.out_activation_ = estimator._out_activation()
        self._alpha = self._strength(targets.shape[1])
        noise = self._noise(X, standard, idle, rows, weights)
        estimator.alpha_ = noise.weakest if noise else self._alpha
        self._data = {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
        self.training = self._training(
            X,
            parameters=start,
            targets=standard.astype(X.dtype),
            rows=rows,
            weights=weights_without(idle, weights, len(rows)),
            noise=noise,
            generator=generators["order"] if estimator.shuffle else None,
        )

    def run(self):
        """Train alone, and finish.

        Returns
        -------
        estimator : the fitted one
        """
        return self.finish(*self.training.run())

    def finish(self, parameters, outcome, moments):
        """Set the fitted attributes, and warn where there is need to.

        Parameters
        ----------
        parameters, outcome, moments
            What the training came to; see :meth:`~skspectral.engine.together.Training.run`.

        Returns
        -------
        estimator : the fitted one
        """
        estimator, progress, member = self._estimator, self._progress, self.training.member
        progress.close(parameters)
        refuse_divergence(outcome, parameters, member.learning_rate)
        parameters = parameters if progress.best is None else progress.best
        if member.noise:
            estimator.alpha_ = float(outcome.alphas[0])
        penalty = parameters.penalty(estimator._strengths(estimator.alpha_), self._state.mode)
        is_new = not (self._incremental or self._goes_on)
        if is_new and self._length.is_long and not outcome.interrupted:
            parameters = _without_dust(parameters, self._data["X"], estimator)
        self._store(parameters, moments, outcome)
        if outcome.interrupted or not self._incremental:
            settled = member.noise.settled if member.noise else None
            n_last = self._length.n_last(self.training.options["n_warm_up"], settled)
            warn_of_ending(estimator, outcome, progress.losses, self._length.n_epochs, n_last)
            warn_of_failure(estimator, progress.kept_loss, penalty, member.targets, member.weights)
        if not (self._incremental and self.training.options["n_warm_up"]):
            warn_of_collapse(estimator, self._goes_on)
        if not self._incremental:
            self._context.call_on_fit_task_end(
                estimator=estimator, **self._data, reconstruction_attributes=dict
            )
        return estimator

    def _held_out(self, rows, X, y, weights, rng):
        """The rows to train on, and with early stopping what scores a network by the others."""
        estimator = self._estimator
        if self._incremental or not estimator.early_stopping or estimator.solver == "lbfgs":
            return rows, None
        # Of the same rows the same are held out, fit after fit: none has been trained on.
        rows, held_out = held_out_rows(estimator, rows, y, deepcopy(rng))
        return rows, validator(estimator, X, y, weights, held_out)

    def _warn_of_scales(self, X, rows, targets, units):
        names = getattr(self._estimator, "feature_names_in_", self._names)
        warn_of_scale(X, rows)
        if not self._incremental:  # a handful of rows has no mean to speak of
            warn_of_small_columns(X, rows, names)
            warn_of_offset(X, rows, names)
        warn_of_rounding(targets, units, X.dtype)

    def _strength(self, n_outputs):
        """The strength that `alpha` asks for, or None, which follows the noise.

        What a fit has come to stays for those that go on from it.
        """
        estimator, known = self._estimator, self._state.strength
        if estimator.alpha != "auto":
            return float(estimator.alpha)
        kinds = ["weights"] if self._state.mode is None else ["eigenvectors", "eigenvalues"]
        given = estimator._strengths(None)
        is_used = any(given[kind] is None for kind in kinds)
        # One epoch has no time to look at the noise.
        if known is None and (self._incremental or estimator.max_iter == 1 or not is_used):
            return strength_of_pieces(n_outputs, estimator._loss())
        return known

    def _noise(self, X, targets, idle, rows, weights):
        """What the strength follows, if it does. Outputs that do not vary have no noise."""
        estimator = self._estimator
        if self._alpha is not None:
            return None
        trainable = None if estimator.parametrization == "dense" else estimator.trainable
        targets = targets if idle.all() else targets[:, ~idle]
        X = X if len(rows) == X.shape[0] else X[rows]
        return noise_strength(
            X,
            targets,
            estimator._loss(),
            weights,
            trainable,
            estimator.activation,
            n_hidden=len(estimator._hidden_layer_sizes()),
            is_long=self._length.is_long,
        )

    def _training(self, X, **member):
        """The training of a member, by the settings of the estimator."""
        from skspectral.engine.network import Architecture
        from skspectral.engine.together import Training
        from skspectral.engine.training import Member

        estimator, length = self._estimator, self._length
        # A line search down to the smallest gradients needs double precision.
        dtype = "float64" if estimator.solver == "lbfgs" else X.dtype.name
        device = torch_device(estimator.device, dtype)
        options = {
            "n_epochs": length.n_epochs,
            "n_usual": length.n_usual,
            "n_warm_up": length.n_warm_up(self._state),
            "tol": estimator.tol,
            "trainable": estimator.trainable,
        }
        if estimator.solver == "adam":
            waits = self._validate is not None or estimator.learning_rate != "cosine"
            options["schedule"] = "constant" if self._incremental else estimator.learning_rate
            options["n_whole"] = length.n_whole
            options["patience"] = length.patience if waits else np.inf
        settled = member["noise"].settled if member["noise"] else None
        self._watch(length.n_rising(options["n_warm_up"], settled))
        start = member["parameters"]
        return Training(
            X,
            Member(
                **member,
                strengths=estimator._strengths(self._alpha),
                learning_rate=estimator.learning_rate_init,
                monitor=self._progress,
            ),
            architecture=Architecture(
                widths=start.widths,
                activation=estimator.activation,
                eigenvalues=(self._state.mode,) * len(start.eigenvectors),
                fit_intercept=estimator.fit_intercept,
            ),
            loss=estimator._loss(),
            solver=estimator.solver,
            batch_size=length.batch_size,
            dtype=dtype,
            device=device,
            moments=self._state.moments,
            options=options,
        )

    def _watch(self, n_passed_over):
        """Begin to report to callbacks, and to whoever reads, how the training goes on."""
        estimator, self._context = self._estimator, None
        if not self._incremental:
            self._context = estimator._init_callback_context(max_subtasks=self._length.n_epochs)
            self._context.call_on_fit_task_begin(estimator=estimator, **self._data)
        # As scikit-learn itself asks: to report epochs that nobody watches takes time.
        watched = self._context if hasattr(estimator, "_skl_callbacks") else None
        # It does not know this fit, which holds the data: no cycle is to keep them in memory.
        describe = partial(_attributes, self._state)
        self._progress = Progress(
            estimator, describe, self._validate, watched, self._data, n_passed_over
        )

    def _units(self, known, targets, weights):
        """The units of y, and those to read the fitted network in."""
        estimator = self._estimator
        units = estimator._units(targets, weights)
        if not (known and self._incremental and estimator._y_numeric):
            return units, units
        n_known = getattr(estimator, "t_", 0)
        return further_units(known.units, units, n_known, len(targets), estimator.fit_intercept)

    def _start(self, widths):
        """Parameters to start from."""
        estimator, state = self._estimator, self._state
        rng = state.generators["start"]
        weights, intercepts = glorot_uniform(
            widths, estimator.activation, rng, state.dtype, estimator.fit_intercept
        )
        return Parameters.from_weights(weights, intercepts, state.mode)

    def _refuse_other_widths(self, widths):
        previous = tuple(len(b) for b in self._estimator.intercepts_)
        if previous != widths:
            raise ValueError(
                f"The fitted network has layers of {previous} nodes, hidden_layer_sizes and y ask "
                f"for {widths}; keep the widths, or clone the estimator to start anew."
            )

    def _further(self, mode_before, units):
        """Parameters to go on from; `units` are to read the fitted network in."""
        mode, start = self._state.mode, parameters_of(self._estimator)
        eigenvectors, intercepts = list(start.eigenvectors), list(start.intercepts)
        eigenvectors[-1] = eigenvectors[-1] / units.scale
        intercepts[-1] = units.standard(intercepts[-1])
        start = replace(start, eigenvectors=eigenvectors, intercepts=intercepts)
        # Other eigenvalues than before: the same network, written anew.
        return start if mode == mode_before else start.from_weights(start.weights, intercepts, mode)

    def _store(self, parameters, moments, outcome):
        """Set the fitted attributes."""
        estimator, progress = self._estimator, self._progress
        for name, value in _attributes(self._state, parameters).items():
            setattr(estimator, name, value)
        before = vars(estimator) if self._incremental else {}
        n_iter, scores = len(progress.losses), progress.scores
        n_batches = -(-len(self.training.member.rows) // self.training.batch_size)
        estimator.n_iter_ = before.get("n_iter_", 0) + n_iter
        estimator.t_ = before.get("t_", 0) + n_iter * len(self.training.member.rows)
        estimator.loss_curve_ = [*before.get("loss_curve_", []), *progress.losses]
        estimator.loss_ = estimator.loss_curve_[-1] if estimator.loss_curve_ else np.nan
        estimator.best_loss_ = None
        if scores is None:
            known = before.get("best_loss_")  # not looked for again: a stream has many calls
            losses = estimator.loss_curve_ if known is None else [known, *progress.losses]
            estimator.best_loss_ = float(np.fmin.reduce(losses, initial=np.nan))
        estimator.validation_scores_ = scores
        estimator.best_validation_score_ = None if scores is None else progress.best_score
        strength = self._state.strength
        if self.training.member.noise and self._length.is_long and not outcome.interrupted:
            strength = estimator.alpha_
        estimator._state = replace(
            self._state,
            strength=strength,
            moments=moments if self._incremental else None,
            is_warm=self._state.is_warm or not self._incremental,
            n_batches=self._state.n_batches + n_iter * n_batches,
            interrupted=outcome.interrupted,
        )


def _of_mean_one(weights, rows):
    """Weights of some rows; equal ones are none: the same steps to the last bit."""
    if weights is None:
        return None
    weights = weights[rows] / weights[rows].mean()
    return None if np.ptp(weights) == 0 else weights


def _without_dust(parameters, X, estimator):
    """The network; if its outputs do not vary, with next to nothing left of its hidden nodes.

    Where all collapse, what enters the nodes may vanish first, and then what leaves them finds no
    gradient, wherever it is: nodes that count for nothing would be in the core.
    """
    n_hidden = len(parameters.intercepts) - 1
    # Without intercepts it takes nodes to give a constant.
    if not n_hidden or not estimator.fit_intercept or estimator.trainable == "eigenvalues":
        return parameters
    network = parameters.weights, parameters.intercepts, estimator.activation
    with np.errstate(all="ignore"):
        outputs = forward(X, *network, out_activation="identity")
        if not np.ptp(outputs, axis=0).max() <= _STILL:
            return parameters
    return replace(
        parameters,
        eigenvectors=[_DUST * phi for phi in parameters.eigenvectors],
        intercepts=[*parameters.intercepts[:-1], outputs.mean(axis=0)],
    )


def _attributes(state, parameters):
    """Fitted attributes of a network; the last transfer gives y in its own units."""
    eigenvectors, intercepts = list(parameters.eigenvectors), list(parameters.intercepts)
    eigenvectors[-1] = eigenvectors[-1] * state.units.scale
    intercepts[-1] = state.units.original(intercepts[-1])
    outer = replace(parameters, eigenvectors=eigenvectors, intercepts=intercepts)
    return attributes_of(outer.map(partial(np.asarray, dtype=state.dtype))) | {"_state": state}
