"""The pages: what a person sees and touches. Nothing here imports PyTorch."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """``widgets.show``, imported when a notebook first asks for it."""
    if name != "show":
        raise AttributeError(f"module 'widgets' has no attribute '{name}'")
    return import_module("widgets.notebook").show
