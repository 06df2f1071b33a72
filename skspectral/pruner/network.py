"""The network in an estimator: the estimator itself, or the end of a Pipeline."""

from numbers import Number

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils._metadata_requests import _routing_enabled
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import validate_data

from skspectral.mlp import SpectralMLPClassifier, SpectralMLPRegressor
from skspectral.mlp.base import BaseSpectralMLP
from skspectral.mlp.checks import is_zeros_and_ones
from skspectral.mlp.cut import cut
from skspectral.pipelines import last_step


class UnusableError(ValueError, AttributeError):
    """What is asked of the network of a pruner is not there; ``hasattr`` says no to it."""


def network_of(estimator):
    """The spectral network that `estimator` is or ends in.

    Raises
    ------
    UnusableError
        If there is none.
    """
    network = last_step(estimator)
    if not isinstance(network, BaseSpectralMLP):
        raise UnusableError(
            f"There is no spectral network to prune in {estimator!r}; give a SpectralMLPRegressor "
            "or a SpectralMLPClassifier (parametrization='dense' for a plain network), or a "
            "Pipeline whose last step is one."
        )
    return network


def network_for(y):
    """The estimator that `y` calls for, with its defaults and a fixed `random_state`.

    A regressor for floats, whole numbers among them: what is measured may be whole. Classes are
    integers, strings or booleans, and labels a matrix of zeros and ones of any type.
    """
    if getattr(getattr(y, "dtype", None), "kind", None) == "O":  # of numbers, maybe
        y = np.array(np.asarray(y).tolist())
    kind = type_of_target(y, input_name="y")
    labels = kind == "multilabel-indicator" and is_zeros_and_ones(y)
    floats = not labels and np.asarray(y).dtype.kind == "f"
    regression = floats or kind.startswith("continuous")
    return (SpectralMLPRegressor if regression else SpectralMLPClassifier)(random_state=0)


def with_weights(estimator, sample_weight, params):
    """The parameters of the estimator's `fit`, with the weights that the network is to have.

    Raises
    ------
    TypeError
        If it is given them twice.
    """
    if sample_weight is None:
        return params
    name = _name_of_weights(estimator)
    if name in params:
        raise TypeError(f"fit() got sample_weight and {name!r}, which are the same; give one.")
    return params | {name: sample_weight}


def network_weights(estimator, params):
    """The sample weights among the parameters of the estimator's `fit`; None, too, for a number."""
    name = _name_of_weights(estimator)
    if isinstance(estimator, Pipeline) and _routing_enabled():
        step, name = estimator.steps[-1][0], "sample_weight"
        params = process_routing(estimator, "fit", **params)[step].fit
    weights = params.get(name)
    if weights is None:
        return None
    if not isinstance(weights, Number):
        return check_array(weights, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if not weights > 0:
        raise ValueError(f"sample_weight={weights!r} is the weight of each row; give more than 0.")
    return None  # equal weights are none


def refuse_other_parameters(estimator, params):
    """Check that there is nothing but sample weights for the network, which nobody else would see.

    Raises
    ------
    TypeError
        If a parameter is another.
    """
    if _routing_enabled():  # it refuses by itself
        return
    weights = _name_of_weights(estimator)
    for name in params:
        if name != weights:
            raise TypeError(
                f"fit() with prefit=True got {name!r}; besides X, y and groups it takes "
                "sample_weight only: nothing else is fitted."
            )


def _name_of_weights(estimator):
    """What the `fit` of an estimator calls the weights of its network, without metadata routing."""
    step = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
    return f"{step}sample_weight"


def as_vector(y):
    """A column as a vector; the fit of the network has warned of it."""
    return np.ravel(y) if np.ndim(y) == 2 and np.shape(y)[1] == 1 else y


def refuse_other_data(network, X, y, sample_weight):
    """Check that the data are of the kind that a fitted network has learnt.

    Raises
    ------
    ValueError
        If X has other columns, if y has other labels, another number of outputs, NaN or infinity,
        or if a weight is negative or all are zero.
    """
    validate_data(network, X, reset=False, skip_check_array=True)
    dtype = "numeric" if network._y_numeric else None
    check_array(y, accept_sparse=True, dtype=dtype, ensure_2d=False, input_name="y")
    y = y if hasattr(y, "tocsr") else np.asarray(y)
    _, targets = network._encode(y, goes_on=True, incremental=True)
    BaseSpectralMLP._weigh(network, X, y, sample_weight)  # no matter what its classes weigh
    if targets.shape[1] != network.n_outputs_:
        raise ValueError(
            f"This y makes {targets.shape[1]} outputs, and the prefit {type(network).__name__} has "
            f"{network.n_outputs_}; give y of the kind that it was fitted to."
        )


def select_columns(X, mask):
    """The columns of X in `mask`; X itself if that is all of them."""
    if mask.all():
        return X
    return _safe_indexing(X if hasattr(X, "shape") else np.asarray(X), mask, axis=1)


def cut_network(estimator, masks):
    """The network of a fitted estimator, cut to the masks of its inputs and hidden layers."""
    return cut(network_of(estimator), masks[1:], masks[0])
