"""Neural networks trained in the spectral domain, for scikit-learn."""

from skspectral.mlp import SpectralMLPClassifier, SpectralMLPRegressor
from skspectral.model_selection import SpectralGridSearchCV, SpectralRandomizedSearchCV
from skspectral.pruner import SpectralPruner, SpectralPrunerCV

__version__ = "0.1.0"

__all__ = [
    "SpectralGridSearchCV",
    "SpectralMLPClassifier",
    "SpectralMLPRegressor",
    "SpectralPruner",
    "SpectralPrunerCV",
    "SpectralRandomizedSearchCV",
]
