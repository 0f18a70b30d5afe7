"""Facts that a plug-in's specs have to state: a missing one is named when the plug-in is loaded."""

from collections.abc import Callable
from functools import singledispatch
from typing import Protocol

from lab.cost import cost, effort
from lab.errors import SpecError
from lab.specs.analyses import Analysis
from lab.specs.attacks import AttackSpec
from lab.specs.examples import Source
from lab.specs.recipes import Recipe
from lab.specs.spec import Spec, family_of, title_of


def require_stated(package: str) -> None:
    """Refuse a package one of whose specs leaves out what its kind has to state. Raises :class:`SpecError`."""
    for kind in family_of(Spec):
        if f"{kind.__module__}.".startswith(f"{package}."):
            title_of(kind)
            _require(kind())
            if "__dataclass_fields__" not in vars(kind):  # its fields would be unknown to forms, options and JSON
                raise SpecError(f"{kind.__name__} is not a dataclass: write @dataclass(frozen=True) above its class.")


@singledispatch
def _require(spec: Spec) -> None:
    """Data, architectures and whatever else states its facts as it is made."""


@_require.register
def _(spec: AttackSpec) -> None:
    _ = spec.capabilities
    _require_registered(effort, AttackSpec, spec, "lab.cost.effort")


@_require.register
def _(spec: Analysis) -> None:
    _require_registered(cost, Analysis, spec, "lab.cost.cost")


@_require.register
def _(spec: Source) -> None:
    _ = spec.fixed, spec.attacks


@_require.register
def _(spec: Recipe) -> None:
    _ = spec.trained_against, spec.fixed, spec.step_cost


class _Dispatching(Protocol):
    """A function of :func:`functools.singledispatch`."""

    def dispatch(self, cls: type, /) -> Callable[..., object]: ...


def _require_registered(function: _Dispatching, family: type[Spec], spec: Spec, name: str) -> None:
    if function.dispatch(type(spec)) is function.dispatch(family):
        raise SpecError(f"{type(spec).__name__} has no declared cost: register one with {name}.")
