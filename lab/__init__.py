"""The lab: attacks, defences and analyses of adversarial robustness, without any user interface."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

__version__: str

_IN_NOTEBOOKS = ("analyse", "attack", "evaluate", "judge", "judge_peer", "live", "live_data")


def __getattr__(name: str) -> Any:
    """Find on first use the version, and what :mod:`lab.notebook` offers, which imports PyTorch."""
    if name == "__version__":
        return _version()
    if name not in _IN_NOTEBOOKS:
        raise AttributeError(f"module 'lab' has no attribute '{name}'")
    offered: Callable[..., Any] = getattr(import_module("lab.notebook"), name)
    return offered


def __dir__() -> list[str]:
    return [*globals(), *_IN_NOTEBOOKS]


def _version() -> str:
    """The installed version. Its module comes by way of many others, which ``python -m lab`` must not find first."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("adversarial-robustness-lab")
    except PackageNotFoundError:  # a checkout on the path that was never installed
        return "0+uninstalled"
