"""The public docstrings, by numpydoc's validation and against the signatures."""

import inspect

import pytest
from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate

from skspectral import SpectralMLPClassifier, SpectralMLPRegressor

ESTIMATORS = [SpectralMLPRegressor, SpectralMLPClassifier]
METHODS = ["fit", "partial_fit", "predict"]
PUBLIC = [
    *(f"skspectral.{kind.__name__}" for kind in ESTIMATORS),
    *(f"skspectral.{kind.__name__}.{method}" for kind in ESTIMATORS for method in METHODS),
    "skspectral.SpectralMLPClassifier.predict_proba",
    "skspectral.SpectralMLPClassifier.predict_log_proba",
    "skspectral.core.relevance",
    "skspectral.core.core_mask",
    "skspectral.core.prune",
    "skspectral.forward.forward",
    "skspectral.spectral.transfer_weights",
    "skspectral.spectral.adjacency_matrix",
    "skspectral.spectral.glorot_uniform",
]
# Not asked for: a summary on the second line, an extended summary, sections See Also and Examples
# everywhere, a description of what a name such as `self` or `weights` already says, a verb before
# what is returned.
OPTIONAL = {"GL01", "GL03", "ES01", "SA01", "SA04", "EX01", "RT03", "PR07", "SS05", "SS06", "RT02"}


@pytest.mark.parametrize("name", PUBLIC)
def test_numpydoc(name):
    errors = {code: text for code, text in validate(name)["errors"] if code not in OPTIONAL}
    assert errors == {}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_parameters_are_documented_in_order_with_their_defaults(kind):
    documented = {}
    for parameter in ClassDoc(kind)["Parameters"]:
        default = parameter.type.rpartition("default=")[2]
        documented.update((name, default) for name in parameter.name.split(", "))
    signature = inspect.signature(kind).parameters
    assert list(documented) == list(signature)
    for name, parameter in signature.items():
        assert eval(documented[name]) == parameter.default, name
