"""Configuration of the Sphinx documentation: ``sphinx-build -W -b html docs docs/_build/html``."""

import re

from numpydoc.docscrape_sphinx import SphinxDocString
from sphinx_gallery.sorting import ExplicitOrder

from skspectral import __version__

project = "skspectral"
author = "The skspectral developers"
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates"]

autosummary_generate = True
# The template of a class lists its methods.
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "ignore_pattern": "demo",  # make demo
    "within_subsection_order": ExplicitOrder(
        [f"plot_{name}.py" for name in ("teacher", "plane", "inputs", "search", "deploy")]
    ),
    "doc_module": "skspectral",
    "backreferences_dir": "generated/examples",
    "abort_on_example_error": True,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {version}"
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
html_sidebars = {"**": []}
html_show_sourcelink = False


def tidy_docstring(app, what, name, obj, options, lines):
    """Keep reST from reading a trailing underscore or scikit-learn's own labels as links."""
    text = "\n".join(lines)
    text = re.sub(r"(?<=\()(\w+)_(?=,\))", r"\1\\_", text)  # shape (n_features_in_,)
    text = re.sub(r":ref:`([^`<]+?)\s*<\w+>`", r"\1", text)  # labels of scikit-learn's user guide
    lines[:] = text.split("\n")


def keep_description(self, name, description, fake_autosummary):
    """Of an attribute that is a property, the text of the class: it says more than its summary."""
    return f"**{name}**", description


def setup(app):
    SphinxDocString._process_param = keep_description
    # numpydoc parses the docstring at the default priority, 500.
    app.connect("autodoc-process-docstring", tidy_docstring, priority=400)
