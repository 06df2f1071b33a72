"""What a fit leaves for those that go on from it, besides the fitted attributes."""

from dataclasses import dataclass

import numpy as np

from skspectral.mlp.units import Units


@dataclass
class State:
    """Not part of the public interface, but of a pickle.

    Attributes
    ----------
    generators : dict of str to numpy.random.Generator
        For the ``"start"``, the ``"order"`` of the rows, and the ``"split"`` of early stopping.
    units : Units
        Those of y in which the network is trained.
    mode : {"in", "out", "both"} or None
        Which eigenvalues are trained; None is a dense network.
    dtype : dtype
        Precision of X, and of the fitted attributes.
    strength : float or None
        The one that ``alpha="auto"`` has ended with, if it was that in a fit of some length.
    moments : tuple or None
        Of Adam, for further calls of `partial_fit`; twice the size of the network.
    is_warm : bool
        Whether a fit has come to its end, warm-up and all.
    n_batches : int
        Batches that it has seen, all epochs together.
    interrupted : bool
        Whether the last training was.
    """

    generators: dict
    units: Units
    mode: str | None
    dtype: np.dtype
    strength: float | None = None
    moments: tuple | None = None
    is_warm: bool = False
    n_batches: int = 0
    interrupted: bool = False


def pass_on_interruption(network):
    """Raise KeyboardInterrupt if it ended the fit of a network, for the sake of others to come."""
    state = getattr(network, "_state", None)
    if state is not None and state.interrupted:
        raise KeyboardInterrupt
