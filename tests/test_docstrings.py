"""The public docstrings, by numpydoc's validation and against the signatures."""

import inspect

import pytest
from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate

from skspectral import (
    SpectralMLPClassifier,
    SpectralMLPRegressor,
    SpectralPruner,
    SpectralPrunerCV,
)

NETWORKS = [SpectralMLPRegressor, SpectralMLPClassifier]
PRUNERS = [SpectralPruner, SpectralPrunerCV]
NETWORK_METHODS = ["fit", "partial_fit", "predict", "to_sklearn"]
PRUNER_METHODS = [
    "fit",
    "transform",
    "inverse_transform",
    "get_feature_names_out",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "score",
    "summary",
]
DISPLAYS = ["RelevanceDisplay", "PruningCurveDisplay", "CoreSizeDisplay", "PathDisplay"]
INSPECTION = [
    "pruning_curve",
    "core_size_curve",
    "path_distribution",
    *(f"{name}{method}" for name in DISPLAYS for method in ("", ".from_estimator", ".plot")),
]
PUBLIC = [
    *(f"skspectral.{kind.__name__}" for kind in NETWORKS + PRUNERS),
    *(f"skspectral.{kind.__name__}.{method}" for kind in NETWORKS for method in NETWORK_METHODS),
    *(f"skspectral.{kind.__name__}.{method}" for kind in PRUNERS for method in PRUNER_METHODS),
    "skspectral.SpectralGridSearchCV",
    "skspectral.SpectralGridSearchCV.fit",
    "skspectral.SpectralRandomizedSearchCV",
    "skspectral.SpectralRandomizedSearchCV.fit",
    "skspectral.SpectralMLPClassifier.predict_proba",
    "skspectral.SpectralMLPClassifier.predict_log_proba",
    "skspectral.core.relevance",
    "skspectral.core.core_mask",
    "skspectral.core.gap_threshold",
    "skspectral.core.top_masks",
    "skspectral.core.prune",
    "skspectral.datasets.make_teacher_classification",
    "skspectral.datasets.make_teacher_regression",
    "skspectral.export.to_sklearn",
    "skspectral.forward.forward",
    "skspectral.model_selection.core_size",
    "skspectral.model_selection.smallest_core",
    *(
        f"skspectral.nn.SpectralLinear{method}"
        for method in ("", ".forward", ".penalty", ".relevance", ".reset_parameters")
    ),
    "skspectral.spectral.initial_eigenvalues",
    "skspectral.spectral.transfer_weights",
    "skspectral.spectral.adjacency_matrix",
    "skspectral.spectral.glorot_uniform",
    *(f"skspectral.inspection.{name}" for name in INSPECTION),
]
# Not asked for: a summary on the second line, an extended summary, sections See Also and Examples
# everywhere, a description of what a name such as `self` or `weights` already says, a verb before
# what is returned.
OPTIONAL = {"GL01", "GL03", "ES01", "SA01", "SA04", "EX01", "RT03", "PR07", "SS05", "SS06", "RT02"}


@pytest.mark.parametrize("name", PUBLIC)
def test_numpydoc(name):
    errors = {code: text for code, text in validate(name)["errors"] if code not in OPTIONAL}
    assert errors == {}


@pytest.mark.parametrize("kind", NETWORKS + PRUNERS)
def test_parameters_are_documented_in_order_with_their_defaults(kind):
    documented = {}
    for parameter in ClassDoc(kind)["Parameters"]:
        default = parameter.type.rpartition("default=")[2]
        documented.update((name, default) for name in parameter.name.split(", "))
    signature = inspect.signature(kind).parameters
    assert list(documented) == list(signature)
    for name, parameter in signature.items():
        assert eval(documented[name]) == parameter.default, name
