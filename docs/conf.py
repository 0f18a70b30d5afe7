"""The site of the documentation: ``make docs``.

Sphinx reads the pages' Markdown (MyST) and the docstrings of both packages, which are reStructuredText already.
"""

import re
from importlib.metadata import version as version_of

project = "Adversarial robustness lab"
author = "The authors of the adversarial robustness lab"
release = version = version_of("adversarial-robustness-lab")

extensions = [
    "myst_parser",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
]
exclude_patterns = ["api/*/modules.rst"]
html_theme = "furo"
html_title = project

myst_heading_anchors = 3  # `page.md#heading` works here as it does on a forge

apidoc_modules = [  # a page for each package
    {"path": f"../{name}", "destination": f"api/{name}", "exclude_patterns": ["**/__main__.py"], "module_first": True}
    for name in ("lab", "widgets")
]
autodoc_default_options = {"members": True, "show-inheritance": True, "ignore-module-all": True}
autodoc_member_order = "bysource"


def as_written(app, what, name, obj, options, lines):
    """Keep |x| an absolute value and *shape a row of sizes in docstrings: Sphinx would take both for markup."""
    lines[:] = [
        "".join(
            part if part.startswith("``") else re.sub(r"\||(?<=, )\*(?=\w)", r"\\\g<0>", part)
            for part in re.split("(``.*?``)", line)
        )
        for line in lines
    ]


def setup(app):
    """Have every docstring pass through :func:`as_written`."""
    app.connect("autodoc-process-docstring", as_written)


suppress_warnings = ["ref.python"]  # `Engine`, say, is exported by more than one package
