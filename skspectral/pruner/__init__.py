"""Fitted networks cut to their core, as transformers: scikit-learn in front, the core behind."""

from skspectral.pruner.pruner import SpectralPruner
from skspectral.pruner.pruner_cv import SpectralPrunerCV

__all__ = ["SpectralPruner", "SpectralPrunerCV"]
