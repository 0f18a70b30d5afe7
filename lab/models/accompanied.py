"""Models that a state dict holds beside other things, as of a training that saved its attacker or loss with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.models.checkpoints import StateDict, few

_COMPANIONS = {"attacker", "criterion", "loss", "loss_fn", "normalizer", "normaliser", "normalize", "normalise"}
"""Modules that train a model or prepare its images, by their names beside its own layers."""

_LAYERS = 2  # a model of fewer is found in the files of others


@dataclass(frozen=True)
class Accompanied:
    """A model in a state dict: its weights, what all their names began with, and the names beside them."""

    state: StateDict
    beginning: str
    left_out: tuple[str, ...]

    def sentence(self, where: str) -> str:
        """Say what was read of ``where``, a file or a part of one, and what was not."""
        read = f"{self.beginning:.60}*" if self.beginning else "the model"
        besides = few(sorted({_group(name, self.beginning) for name in self.left_out}))
        return f"{where}: {read} was read, {besides} left out; a normalisation among it must be the builder's."


def accompanied(state: StateDict, fitted: Callable[[StateDict], StateDict | None]) -> list[Accompanied]:
    """All that is exactly a model under one beginning of the names in a state dict, with something beside it.

    ``fitted`` returns a state dict under the model's names, None when it does not fit. Everything under the beginning
    must belong to the model, but for what is known to accompany one. Nothing beside it may lie directly in a module
    that holds the model, as the mean of a normalisation does: it takes part in the computation.
    """
    found: dict[tuple[str, ...], Accompanied] = {}
    for beginning in _beginnings(state):
        inner = {name: value for name, value in state.items() if name.startswith(beginning)}
        for own in (inner, _without_companions(inner, beginning)):
            named = fitted({name.removeprefix(beginning): value for name, value in own.items()})
            if named is None or len({_module(name) for name in named}) < _LAYERS:
                continue
            left_out = tuple(name for name in state if name not in own)
            if left_out and not any(beginning.startswith(_module(name)) for name in left_out):
                found[tuple(own)] = Accompanied(named, beginning, left_out)  # of two beginnings, the longer
    return list(found.values())


def _beginnings(names: Mapping[str, object]) -> list[str]:
    """Every beginning of a name in whole parts, the shortest first."""
    found = {""}
    for name in names:
        while name := name.rpartition(".")[0]:
            found.add(f"{name}.")
    return sorted(found, key=lambda each: (each.count("."), each))


def _without_companions(state: StateDict, beginning: str) -> StateDict:
    def first(name: str) -> str:
        return name.removeprefix(beginning).partition(".")[0]

    return {name: value for name, value in state.items() if first(name) not in _COMPANIONS}


def _module(name: str) -> str:
    """The beginning of a value's name that is its module's."""
    return name[: name.rfind(".") + 1]


def _group(name: str, beginning: str) -> str:
    """The outermost module with that value that holds nothing of the model."""
    parts, own = name.split("."), beginning.split(".")
    shared = next((i for i, (a, b) in enumerate(zip(parts, own, strict=False)) if a != b), 0)
    group = ".".join(parts[: shared + 1])
    return name if group == name else f"{group}.*"
