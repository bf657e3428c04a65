"""How the documentation site is built: `make docs`, strict, links checked."""

from __future__ import annotations

import importlib.metadata

project = "mle_ideator_jupyter"
release = version = importlib.metadata.version("mle_ideator_jupyter")
copyright = "the authors of mle_ideator_jupyter"  # noqa: A001 - Sphinx's name for it
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["build", "images"]
html_theme = "furo"
html_title = "mle_ideator_jupyter"
html_static_path: list[str] = []
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_numpy_docstring = False
nitpicky = False
suppress_warnings = ["myst.header"]
