"""Fitted networks cut to their core, as transformers.

In front are `pruner` and `pruner_cv`, with what they share in `base`. `selection` is what the
spectrum keeps, and `refit` undoes the shrinkage of that. What the data keep is found by `recovery`,
of networks without penalty (`free`): by `elimination`, `growth`, `unfolding` and `straightening` of
nodes, and the choice of `inputs`. `trust` asks whether to believe it, by errors on rows left out
(`left_out`) or by a `trial`.
"""

from skspectral.pruner.pruner import SpectralPruner
from skspectral.pruner.pruner_cv import SpectralPrunerCV

__all__ = ["SpectralPruner", "SpectralPrunerCV"]
