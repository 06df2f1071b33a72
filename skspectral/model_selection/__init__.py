"""Searches that train their candidates as stacks, and the choice of a small core among them."""

from skspectral.model_selection.search import SpectralGridSearchCV, SpectralRandomizedSearchCV
from skspectral.model_selection.smallest_core import core_size, smallest_core

__all__ = [
    "SpectralGridSearchCV",
    "SpectralRandomizedSearchCV",
    "core_size",
    "smallest_core",
]
