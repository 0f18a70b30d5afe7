"""Weights from files into models: found by content, whatever they are nested in and their names begin with."""

import copy
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import TypeVar

import safetensors.torch
import torch
from torch import Tensor, nn

from lab.errors import ModelError
from lab.files import write_whole
from lab.models import checkpoints
from lab.models.accompanied import accompanied
from lab.models.aside import users_code
from lab.models.checkpoints import StateDict, few

T = TypeVar("T")

_WRAPPERS = {"module", "_orig_mod", "model", "net", "network", "base_model", "ema_model"}
_PARALLEL = {"module", "_orig_mod"}  # DataParallel and torch.compile wrap inner modules, too
_COUNTERS = ("num_batches_tracked", "n_averaged")  # no prediction depends on them
_EXACTLY = "give the weights of exactly this model"


def save_weights(model: nn.Module, path: Path | str) -> None:
    """Write a model's weights as safetensors, whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()}
    write_whole(path, safetensors.torch.save(state))


def load_weights(model: nn.Module, path: Path | str) -> str:
    """Read a model's weights from a file into it: safetensors, or what torch.save wrote, whatever its name.

    Returns a sentence on what the file holds besides, such as a training's attacker, and was left out; else nothing.

    They may be nested, as in ``{"state_dict": …}``, their names may begin with what DataParallel, torch.compile or a
    wrapper puts before them, in the file or in the model, may be older ones that the layers themselves still read, and
    may lack batch normalisation's counters. Raises :class:`ModelError`, naming the first weight at fault, when nothing
    in the file fits the model, when more than one thing does, when the values are no weights, or when the model keeps
    more than weights.
    """
    path = Path(path)
    wanted = model.state_dict()  # carries the layers' versions, which files of tensors alone do not
    _require_tensors(wanted)
    found, left_out = _fitting(path, model, wanted)
    for name, value in found.items():
        if not nn.parameter.is_lazy(wanted[name]):
            _require_values(path, name, value, wanted[name])
    _require_one_value_each(path, found, wanted)
    wanted.update(found)
    model.load_state_dict(wanted)
    return left_out


def read_state(path: Path) -> StateDict:
    """The only state dict in a file, by name. Raises :class:`ModelError` when there is none, or are several."""
    found = checkpoints.read(path)
    if isinstance(found, dict) and found and all(isinstance(each, Tensor) for each in found.values()):
        return found  # as it is, because it may carry the layers' versions
    states = checkpoints.states(found)
    if len(states) != 1:
        raise _several(path, list(states), _saved_from(path, next(iter(states)))) if states else _none(path, found)
    return next(iter(states.values()))


def _fitting(path: Path, model: nn.Module, wanted: StateDict) -> tuple[StateDict, str]:
    """The one state dict in a file that fits, under the model's own names, and a sentence on what lies beside it."""
    found = checkpoints.read(path)
    states = checkpoints.states(found)
    if not states:
        raise _none(path, found)
    renamed = {where: _renamed(state, wanted) for where, state in states.items()}
    named = {where: state for where, state in renamed.items() if not _differences(state, wanted)}
    beside: dict[str, str] = {}
    if not named:
        named = {where: own for where, state in states.items() if (own := _as_layers_read(model, state)) is not None}
    if not named:
        named, beside = _beside_others(path, states, wanted)
    shaped = {where: state for where, state in named.items() if _misshapen(state, wanted) is None}
    if not named:
        where = max(renamed, key=lambda each: len(renamed[each].keys() & wanted.keys()))
        raise _misfit(path, where, renamed[where], wanted)
    if not shaped:
        where, state = next(iter(named.items()))
        name = _misshapen(state, wanted)
        assert name is not None
        raise ModelError(
            f"{path}{where}: {name} has shape {tuple(state[name].shape)} where the model has "
            f"{tuple(wanted[name].shape)}: {_EXACTLY}."
        )
    first, *others = shaped.values()
    if any(not _equal(first, each) for each in others):
        raise _several(path, list(shaped), "alone" if beside else _saved_from(path, next(iter(shaped))))
    return {name: value for name, value in first.items() if name in wanted}, beside.get(next(iter(shaped)), "")


def _beside_others(
    path: Path, states: Mapping[str, StateDict], wanted: StateDict
) -> tuple[dict[str, StateDict], dict[str, str]]:
    """The state dicts that fit by name once what lies beside them is left out, and a sentence on that for each."""
    needed = len({_memory(each) or name for name, each in wanted.items() if not name.endswith(_COUNTERS)})

    def fitted(state: StateDict) -> StateDict | None:
        if len(state) < needed:
            return None
        named = _renamed(state, wanted)
        return None if _differences(named, wanted) else named

    found: dict[str, StateDict] = {}
    said: dict[str, str] = {}
    for where, state in states.items():
        for each in accompanied({name: value for name, value in state.items() if name not in _COUNTERS}, fitted):
            place = f"{where} {each.beginning}*"
            found[place], said[place] = each.state, each.sentence(f"{path}{where}")
    return found, said


def _renamed(state: StateDict, wanted: StateDict) -> StateDict:
    """The state dict under the model's names, as far as taking off and putting on beginnings of names leads there."""
    best = state
    for plain in (lambda name: name, _without_parallel):
        mine, theirs = _by_name(state, plain), _by_name({name: name for name in wanted}, plain)
        if mine is None or theirs is None:
            continue
        shared = _beginnings(mine)
        some = {f"{name.partition('.')[0]}." for name in mine} & {f"{each}." for each in _WRAPPERS}
        for off, on in product([*shared, *(some - {*shared})], _beginnings(theirs)):
            if _foreign(off) and _foreign(on):
                continue
            moved = {theirs.get(on + name.removeprefix(off), name): value for name, value in mine.items()}
            if off not in shared and not _differences(moved, wanted):
                continue  # what begins in two ways is not the same model's, even if it fits
            if len(moved) == len(mine) and _score(moved, wanted) > _score(best, wanted):
                best = moved
    return best


def _as_layers_read(model: nn.Module, state: StateDict) -> StateDict | None:
    """The weights by their present names, if the layers' hooks know those in the file, as of an older PyTorch."""
    if not any(each._load_state_dict_pre_hooks for each in model.modules()):
        return None
    for off, on in product(_beginnings(state), _beginnings(model.state_dict())):
        if _foreign(off) and _foreign(on):
            continue
        try:
            with users_code():
                reader = copy.deepcopy(model)
                reader.load_state_dict({on + name.removeprefix(off): value for name, value in state.items()})
        except Exception:  # hooks may raise anything on names that they do not know
            continue
        return reader.state_dict()
    return None


def _by_name(values: Mapping[str, T], plain: Callable[[str], str]) -> dict[str, T] | None:
    """The same under plainer names, unless two become one."""
    found = {plain(name): value for name, value in values.items()}
    return found if len(found) == len(values) else None


def _without_parallel(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in _PARALLEL)


def _beginnings(named: Mapping[str, object]) -> list[str]:
    """Return the prefixes, in whole parts, that all names share; counters that are no layer's have none."""
    shared = [""]
    for column in zip(*(name.split(".")[:-1] for name in named if name not in _COUNTERS), strict=False):
        if len(set(column)) > 1:
            break
        shared.append(f"{shared[-1]}{column[0]}.")
    return shared


def _foreign(beginning: str) -> bool:
    """Return whether a beginning holds more than the names that wrappers usually give."""
    return bool(set(beginning.split(".")[:-1]) - _WRAPPERS)


def _score(state: StateDict, wanted: StateDict) -> int:
    return len(state.keys() & wanted.keys())


def _differences(state: StateDict, wanted: StateDict) -> list[str]:
    return [*_missing(state, wanted), *_besides(state, wanted)]


def _missing(state: StateDict, wanted: StateDict) -> list[str]:
    """Return what the model has and the file lacks, also under the name of a weight that is the same one."""
    there = {_memory(wanted[name]) for name in wanted if name in state} - {None}
    missing = [name for name in wanted if name not in state and not name.endswith(_COUNTERS)]
    return [name for name in missing if _memory(wanted[name]) not in there]


def _besides(state: StateDict, wanted: StateDict) -> list[str]:
    return [name for name in state if name not in wanted and not name.endswith(_COUNTERS)]


def _memory(value: Tensor) -> tuple[int, torch.Size] | None:
    if nn.parameter.is_lazy(value) or not value.numel() or value.is_meta:
        return None
    return value.data_ptr(), value.shape


def _misshapen(state: StateDict, wanted: StateDict) -> str | None:
    both = [name for name in wanted if name in state and not nn.parameter.is_lazy(wanted[name])]
    return next((name for name in both if state[name].shape != wanted[name].shape), None)


def _equal(one: StateDict, other: StateDict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def _require_tensors(wanted: Mapping[str, object]) -> None:
    """Refuse a model whose state is more than weights, such as what ``get_extra_state`` returns or packed integers."""
    for name, value in wanted.items():
        if not isinstance(value, Tensor):
            raise ModelError(
                f"The model keeps {name:.80}, a {type(value).__name__}, among its weights, and nothing but tensors is "
                "read from files: load its weights inside the builder."
            )


def _require_one_value_each(path: Path, found: StateDict, wanted: StateDict) -> None:
    """Refuse two values for what is one weight in the model, under two names."""
    first: dict[tuple[int, torch.Size], str] = {}
    for name, value in found.items():
        memory = _memory(wanted[name])
        if memory is None:
            continue
        other = first.setdefault(memory, name)
        if not torch.equal(found[other], value):
            raise ModelError(f"{path}: {other} and {name} differ, but are one weight in the model: {_EXACTLY}.")


def _require_values(path: Path, name: str, value: Tensor, own: Tensor) -> None:
    """Refuse what is no weight: whole numbers for real ones, and values that are not finite where the model's are."""
    if value.is_quantized or value.is_meta or value.layout is not torch.strided:
        raise ModelError(
            f"{path}: {name} is not stored as plain numbers: give weights that are neither packed nor empty."
        )
    floating = (value.is_floating_point(), own.is_floating_point())
    fits = floating[0] or not floating[1] if not own.is_complex() else True
    if not fits or (value.is_complex() and not own.is_complex()):
        raise ModelError(
            f"{path}: {name} is of {_kind(value)} where the model has {_kind(own)}: give weights of that kind."
        )
    taken = value.to(own.dtype)
    if not floating[1] and floating[0] and not torch.equal(taken.to(value.dtype), value):
        raise ModelError(f"{path}: {name} is not whole, but the model has {_kind(own)} there: {_EXACTLY}.")
    strange = ~torch.isfinite(taken) & (torch.isfinite(own.to(taken.device)) | torch.isnan(taken))
    if strange.any():
        first = taken[strange].flatten()[0].item()
        raise ModelError(
            f"{path}: {name} has {int(strange.sum())} values that are not finite (as {first}): the training diverged, "
            "or the file is damaged; give other weights."
        )


def _kind(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


def _misfit(path: Path, where: str, state: StateDict, wanted: StateDict) -> ModelError:
    missing, besides = _missing(state, wanted), _besides(state, wanted)
    wrong = f"has no {few(missing)}" if missing else f"has {few(besides)} besides"
    more = f" (but {few(besides)})" if missing and besides else ""
    return ModelError(f"{path}{where} {wrong}{more}: {_EXACTLY}.")


def _several(path: Path, places: list[str], how: str) -> ModelError:
    named = few([each.strip() for each in places])
    return ModelError(f"{path} holds {len(places)} sets of weights, {named}: save the one you mean, {how}.")


def _saved_from(path: Path, place: str) -> str:
    return f"as with torch.save(torch.load('{path.name}'){place:.60}, 'one.pt')"


def _none(path: Path, found: object) -> ModelError:
    return ModelError(
        f"{path} holds no weights, {checkpoints.described(found)}: save model.state_dict() with torch.save."
    )
