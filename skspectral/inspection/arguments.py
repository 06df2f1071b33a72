"""What the displays are given: estimators, names, sizes."""

from contextlib import suppress

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skspectral.pipelines import last_step

OURS = "SpectralMLPRegressor or SpectralMLPClassifier, or a Pipeline that ends in one"


def as_list(estimators):
    """One estimator or several, as a list; the best one of a search, the full one of a pruner."""
    estimators = list(estimators) if isinstance(estimators, (list, tuple)) else [estimators]
    if not estimators:
        raise ValueError("Got an empty list of estimators; give at least one.")
    return [within(estimator) for estimator in estimators]


def within(estimator):
    """The best estimator of a search, the full one of a pruner, what is frozen; or itself.

    Of a Pipeline that ends in one with a Pipeline of its own, the steps of both.
    """
    if isinstance(estimator, FrozenEstimator):
        return within(estimator.estimator)
    if hasattr(estimator, "best_estimator_"):
        return within(estimator.best_estimator_)
    if hasattr(estimator, "pruned_estimator_"):
        return within(estimator.estimator_)
    if isinstance(estimator, Pipeline) and estimator.steps:
        last = within(estimator.steps[-1][1])
        if isinstance(last, Pipeline):  # of a pruner or a search, with steps of its own
            first = [("before", estimator[:-1])] if len(estimator) > 1 else []
            return Pipeline([*first, *last.steps])
    return estimator


def fitted_network(estimator, *attributes, allowed=OURS):
    """The network in an estimator, after a check that it is fitted and has the attributes."""
    network = within(last_step(within(estimator)))
    # Weights alone are enough for some curves; they need not be those of an estimator.
    may_have = hasattr(network, "hidden_layer_sizes") or hasattr(network, "estimator")
    if not hasattr(network, "coefs_") and may_have:
        check_is_fitted(network)
    for name in ("coefs_", *attributes):
        if not hasattr(network, name):
            raise ValueError(
                f"Got {type(network).__name__}, which has no attribute {name}; give a fitted "
                f"{allowed}."
            )
    return network


def input_names(estimator):
    """Names of the inputs of a network; x0, x1 and so on if it was fitted without."""
    network = last_step(estimator)
    names = getattr(network, "feature_names_in_", None)
    if names is None and isinstance(estimator, Pipeline) and len(estimator) > 1:
        with suppress(AttributeError, ValueError):  # a step that knows none
            names = estimator[:-1].get_feature_names_out()
    return [f"x{k}" for k in range(network.n_features_in_)] if names is None else list(names)


def layer_index(layer, n_hidden, first):
    """Index of a layer, 0 for the inputs, checked to exist."""
    if layer in range(-n_hidden, 0):
        return int(layer) + n_hidden + 1
    if layer in range(first, n_hidden + 1):
        return int(layer)
    inputs = "0 for the inputs, " if first == 0 else ""
    raise ValueError(
        f"layer={layer!r} is no layer of a network with {n_hidden} hidden layers; give {inputs}1 "
        "for the first hidden layer and so on, or -1 for the last."
    )


def one_each(name, values, n, things="networks"):
    """The values, checked to be as many as there are networks, or other things."""
    if len(values) != n:
        raise ValueError(f"Got {len(values)} {name} for {n} {things}; give one for each.")
    return values


def one_of(name, value, allowed):
    """The value, checked to be among the allowed ones."""
    if value not in allowed:
        raise ValueError(f"{name}={value!r} is not known; give {' or '.join(map(repr, allowed))}.")
    return value


def whole_numbers(name, values, low, high=np.inf):
    """The values, sorted and without repetition, checked to be integers in a range."""
    found = np.unique(values)
    whole = found.size and np.issubdtype(found.dtype, np.integer) and np.ndim(values) < 2
    if not whole or found[0] < low or found[-1] > high:
        bounds = f"of at least {low}" if np.isinf(high) else f"from {low} to {high}"
        raise ValueError(f"{name} must be integers {bounds}, one or more, got {values!r}.")
    return found


def whole_number(name, value, low):
    """The value, checked to be one integer of at least `low`."""
    if np.ndim(value):
        raise ValueError(f"{name} must be one integer of at least {low}, got {value!r}.")
    (found,) = whole_numbers(name, value, low)
    return found


def default_names(networks, widths, layer=None):
    """How a legend calls the networks, or of those with several hidden layers one of these."""
    names = []
    for network, width in zip(networks, widths, strict=True):
        name, n_hidden = f"h = {width}", len(network.coefs_) - 1
        if layer is not None and n_hidden > 1:
            name += f" in layer {layer_index(layer, n_hidden, first=1)}"
        dense = getattr(network, "parametrization", None) == "dense"
        names.append(f"{name}, dense" if dense else name)
    return names
