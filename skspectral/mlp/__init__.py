"""The two estimators: scikit-learn in front, the engine behind."""

from skspectral.mlp.classifier import SpectralMLPClassifier
from skspectral.mlp.regressor import SpectralMLPRegressor

__all__ = ["SpectralMLPClassifier", "SpectralMLPRegressor"]
