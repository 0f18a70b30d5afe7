"""The same random draws again: generators of PyTorch, NumPy and Python, and those that a model or a module holds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn


class Draws:
    """States of the global random generators, and of those that a model's layers and some ``modules`` of code hold."""

    def __init__(self, model: nn.Module, modules: Iterable[ModuleType] = ()) -> None:
        self._modules = tuple(modules)
        self._states = [get() for get, _ in _generators(model, self._modules)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Draws) and _equal(self._states, other._states)

    __hash__ = None  # type: ignore[assignment]

    @contextmanager
    def again(self, model: nn.Module) -> Iterator[list[Draws]]:
        """Let the model, or a copy of it, draw this; afterwards all generators go on as if nothing was drawn.

        What the generators would draw after that is put into the list at the end.
        """
        reached, before, after = _generators(model, self._modules), Draws(model, self._modules), list[Draws]()
        _put(reached, self._states)
        try:
            yield after
        finally:
            after.append(Draws(model, self._modules))
            _put(reached, before._states)


def held(model: nn.Module, modules: Iterable[ModuleType] = ()) -> list[object]:
    """The generators in a model's layers and in some modules of code, but for the system's, which has no state."""
    holders: list[object] = [*model.modules(), *modules]
    values = (value for each in holders for value in tuple(vars(each).values()))
    return [each for each in values if isinstance(each, tuple(_OF)) and not isinstance(each, random.SystemRandom)]


def _equal(one: object, other: object) -> bool:
    """Return whether two states of generators, of whatever these are made, are the same."""
    match one, other:
        case torch.Tensor(), torch.Tensor():
            return torch.equal(one, other)
        case np.ndarray(), np.ndarray():
            return np.array_equal(one, other)
        case dict(), dict():
            return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
        case ((list() | tuple()), (list() | tuple())):
            return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


Access = tuple[Callable[[], object], Callable[[Any], object]]
"""What reads a generator's state and what sets it; only generators of its kind know what a state is."""


def _generators(model: nn.Module, modules: Iterable[ModuleType]) -> list[Access]:
    shared: list[Access] = [
        (random.getstate, random.setstate),
        (np.random.get_state, np.random.set_state),
        (torch.get_rng_state, torch.set_rng_state),
    ]
    if torch.cuda.is_initialized():
        shared.append((torch.cuda.get_rng_state_all, torch.cuda.set_rng_state_all))
    kept = held(model, modules)
    return shared + [_OF[next(kind for kind in _OF if isinstance(each, kind))](each) for each in kept]


def _put(generators: list[Access], states: list[object]) -> None:
    for (_, put), state in zip(generators, states, strict=False):  # a copy may hold others
        put(state)


_OF: dict[type, Callable[[Any], Access]] = {
    torch.Generator: lambda each: (each.get_state, each.set_state),
    np.random.Generator: lambda each: (
        lambda: each.bit_generator.state,
        lambda state: setattr(each.bit_generator, "state", state),
    ),
    np.random.RandomState: lambda each: (each.get_state, each.set_state),
    random.Random: lambda each: (each.getstate, each.setstate),
}
