"""Which fits of a search train together."""

from dataclasses import dataclass
from numbers import Integral
from pickle import PicklingError

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skspectral.mlp.base import BaseSpectralMLP
from skspectral.pipelines import last_step

# What the members of a stack may differ in, besides the data.
_VARYING = {
    "hidden_layer_sizes",
    "alpha",
    "alpha_phi",
    "alpha_lambda",
    "alpha_w",
    "learning_rate_init",
    "class_weight",
    "random_state",
}

# Fits in a group: fewer waste what they could share, more gain nothing, and nothing of a group is
# known before its end. Every worker is to have a few groups, so that all end at about one time. A
# GPU alone gains from more.
_SMALLEST, _LARGEST, _GROUPS_OF_A_WORKER = 16, 64, 3

# Arrays of the size of a network, or of its activations, that its training takes.
_COPIES = 8


@dataclass
class Task:
    """One fit of a search.

    Attributes
    ----------
    parameters : dict
        Of the candidate.
    train, test : ndarray of int
        Rows of the split.
    candidate, split : int
        Their numbers.
    preprocessing : hashable
        Equal for fits that train on the same data.
    """

    parameters: dict
    train: np.ndarray
    test: np.ndarray
    candidate: int
    split: int
    preprocessing: object


def network_or_none(estimator):
    """The SpectralMLP that an estimator is or that a Pipeline ends in; None if there is none.

    Of a Pipeline with a ``fit`` of its own nobody knows what it does with the network.
    """
    if isinstance(estimator, Pipeline) and type(estimator).fit is not Pipeline.fit:
        return None
    network = last_step(estimator)
    return network if isinstance(network, BaseSpectralMLP) else None


def stops_for_training(network):
    """Whether a fit comes down to one training, which may be that of a stack."""
    if network is None or type(network).fit is not BaseSpectralMLP.fit:
        return False
    return isinstance(network.n_init, Integral) and network.n_init == 1


def groups_of(estimator, candidates, splits, *, n_jobs, bytes_per_row, memory_limit):
    """The fits of a search in groups that a worker trains together, the widest first.

    Parameters
    ----------
    estimator : SpectralMLPRegressor, SpectralMLPClassifier or Pipeline that ends in one
    candidates : list of dict
    splits : list of tuple (train, test)
    n_jobs : int
        Workers that there is to be something to do for.
    bytes_per_row : float
        Of the data.
    memory_limit : float
        Bytes that the data of a group may take, its copies included.

    Returns
    -------
    groups : list of list of Task
    """
    kinds = {}
    for number, parameters in enumerate(candidates):
        candidate = clone(estimator).set_params(**clone(parameters, safe=False))
        network = network_or_none(candidate)
        before = _preprocessing(candidate, parameters), _requests(network)
        tasks = [
            Task(parameters, *map(np.asarray, rows), number, split, (split, *before))
            for split, rows in enumerate(splits)
        ]
        widths, batch = _shape(network)
        on_gpu = stops_for_training(network) and str(network.device).startswith("cuda")
        kinds.setdefault((_kind(network, widths), on_gpu), []).append((widths, batch, tasks))
    n_fits = len(candidates) * len(splits)
    groups = []
    for (_, on_gpu), members in kinds.items():
        share = _share(n_fits, n_jobs, on_gpu)
        members.sort(key=lambda member: member[0], reverse=True)
        widest, batch, tasks = members[0]
        # The data are in memory twice: on their own, and on common rows.
        of_fit = 2 * bytes_per_row * len(tasks[0].train) + _bytes(widest, batch, bytes_per_row)
        largest = max(1, int(min(share, memory_limit // of_fit)))
        ranks = {id(task): rank for rank, (*_, tasks) in enumerate(members) for task in tasks}
        found = _divided([task for *_, tasks in members for task in tasks], largest)
        groups += sorted(found, key=lambda group: ranks[id(group[0])])
    return groups


def _share(n_fits, n_jobs, on_gpu):
    """Fits that a group should have at most."""
    of_a_worker = -(-n_fits // n_jobs)
    if on_gpu:
        return of_a_worker
    return max(min(_SMALLEST, of_a_worker), min(_LARGEST, -(-of_a_worker // _GROUPS_OF_A_WORKER)))


def _divided(tasks, largest):
    """Groups of at most `largest`, in which as many as possible train on the same data."""
    alike = {}
    for task in tasks:
        alike.setdefault(task.preprocessing, []).append(task)
    groups = []
    for members in alike.values():
        n_groups = -(-len(members) // largest)
        parts = np.array_split(range(len(members)), n_groups)
        parts = [[members[k] for k in part] for part in parts]
        if groups and len(parts) == 1 and len(groups[-1]) + len(members) <= largest:
            groups[-1] += members
        else:
            groups += parts
    return groups


def _kind(network, widths):
    """Equal for networks that can be trained together, as far as their parameters show."""
    if not stops_for_training(network):
        return None
    settings = network.get_params().items()
    return len(widths), repr(sorted((k, repr(v)) for k, v in settings if k not in _VARYING))


def _shape(network):
    """Widths of the hidden layers and rows in a step; the fit itself refuses what is no number."""
    if not stops_for_training(network):
        return (), 1
    try:
        batch = 200 if network.batch_size == "auto" else int(network.batch_size)
        return network._hidden_layer_sizes(), max(1, batch)
    except (TypeError, ValueError, OverflowError):
        return (), 1


def _bytes(widths, batch, bytes_per_row):
    """What the training of a network takes in double precision."""
    layers = [bytes_per_row / 8, *widths]
    weights = sum(n_in * n_out for n_in, n_out in zip(layers[:-1], layers[1:], strict=True))
    return 8 * _COPIES * (weights + batch * sum(widths))


def _preprocessing(candidate, parameters):
    """Equal for the same parameters of all steps but the last."""
    if not isinstance(candidate, Pipeline):
        return ()
    last = candidate.steps[-1][0]
    others = (k for k in parameters if k != last and not k.startswith(f"{last}__"))
    return tuple((k, _identity(parameters[k])) for k in sorted(others))


def _identity(value):
    """Equal for values that do the same, as far as they can be looked into."""
    try:
        return joblib.hash(value)
    except (PicklingError, AttributeError, TypeError):  # such as a lambda
        return id(value)


def _requests(network):
    """Equal for networks that make the same of the same data: by their class and their requests."""
    return None if network is None else (type(network), repr(network.get_metadata_routing()))
