"""The pages: what a person sees and touches. Nothing here imports PyTorch."""

from collections.abc import Callable
from importlib import import_module


def __getattr__(name: str) -> Callable[..., object]:
    """``widgets.show``, imported when a notebook first asks for it."""
    if name != "show":
        raise AttributeError(f"module 'widgets' has no attribute '{name}'")
    show: Callable[..., object] = import_module("widgets.notebook").show
    return show
