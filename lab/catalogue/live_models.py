"""The live models of this process: modules that a notebook or program holds, by the names it gave them. No PyTorch.

No other process has them, so that no visitor's page, link or file can name one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import ModelError, quoted
from lab.specs.models import Live

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class LiveModel:
    """A module, and a function that gives a hash over its present weights and whatever else it holds."""

    module: "nn.Module"
    fingerprint: Callable[[], str]


_registered: dict[str, LiveModel] = {}


def register(name: str, model: LiveModel) -> Live:
    """Give a live model its name; another one of that name gives way."""
    _registered[name] = model
    return Live(name)


def registered() -> list[Live]:
    """Every live model of this process."""
    return [Live(name) for name in _registered]


def find(spec: Live) -> LiveModel:
    """The live model of that name. Raises :class:`ModelError` when this process has none."""
    if spec.name not in _registered:
        raise ModelError(
            f"This process has no live model called {quoted(spec.name, 40)}: compute where lab.live registered it, "
            "with lab.analyse, lab.engine.LocalEngine or widgets.show."
        )
    return _registered[spec.name]
