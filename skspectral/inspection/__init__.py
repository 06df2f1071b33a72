"""Curves and displays of fitted networks: relevance, pruning, core size, paths."""

from skspectral.inspection.core_size import core_size_curve
from skspectral.inspection.core_size_display import CoreSizeDisplay
from skspectral.inspection.path_display import PathDisplay
from skspectral.inspection.paths import path_distribution
from skspectral.inspection.pruning import pruning_curve
from skspectral.inspection.pruning_curve_display import PruningCurveDisplay
from skspectral.inspection.relevance_display import RelevanceDisplay

__all__ = [
    "CoreSizeDisplay",
    "PathDisplay",
    "PruningCurveDisplay",
    "RelevanceDisplay",
    "core_size_curve",
    "path_distribution",
    "pruning_curve",
]
