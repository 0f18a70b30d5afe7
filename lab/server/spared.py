"""Packages that Jupyter's server would import and the lab does without. Imported before any other of the server's."""

import sys

# jsonschema, which Jupyter's server brings, builds 39 grammars of it to check IRIs, and nothing here has one: more than
# half of the time that importing the server takes. None in its place means that the package is not installed.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
