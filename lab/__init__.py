"""The lab: attacks, defences and analyses of adversarial robustness, without any user interface."""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("adversarial-robustness-lab")
except PackageNotFoundError:  # a checkout on the path that was never installed
    __version__ = "0+uninstalled"

_IN_NOTEBOOKS = ("analyse", "attack", "evaluate", "judge", "judge_peer", "live", "live_data")


def __getattr__(name: str) -> Callable[..., Any]:
    """Load what :mod:`lab.notebook` offers on first use, which imports PyTorch."""
    if name not in _IN_NOTEBOOKS:
        raise AttributeError(f"module 'lab' has no attribute '{name}'")
    offered: Callable[..., Any] = getattr(import_module("lab.notebook"), name)
    return offered


def __dir__() -> list[str]:
    return [*globals(), *_IN_NOTEBOOKS]
