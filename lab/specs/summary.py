"""What specs, and functions that make them, say about themselves: the first line of their docstrings."""

import ast
import inspect
import sys
from collections.abc import Callable
from textwrap import dedent

_STRIPPED = sys.flags.optimize > 1
"""``python -OO``: no docstrings are left, and data classes have made others of their fields."""


def summary(made: Callable[..., object]) -> str:
    """The first line of a docstring, read from the source where Python has stripped it; empty when there is none."""
    text = _in_source(made) if _STRIPPED else inspect.getdoc(made)
    return (text or "").partition("\n")[0]


def _in_source(made: Callable[..., object]) -> str | None:
    try:
        [node] = ast.parse(dedent(inspect.getsource(made))).body
    except (OSError, TypeError, SyntaxError):  # as of a function made while running
        return None
    return ast.get_docstring(node) if isinstance(node, ast.ClassDef | ast.FunctionDef) else None
