"""Values as texts that are equal for equal values, in whatever process: what a model holds besides its weights."""

import hashlib
import types
from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device, torch.Size, range, slice)

_REGISTERED = ("_parameters", "_buffers", "_modules")
_MACHINERY = (
    "torch._",
    "torch.fx",
    "torch.jit",
    "torch.utils",
)  # their objects say nothing that the model does not say itself


class Described:
    """Describes values, each once, be it in many places or inside itself."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, object]] = {}  # with the values, lest another one takes the place of one

    def text(self, value: object) -> str:
        """A text for the value; for what cannot be told apart, that of its type."""
        kind = type(value).__qualname__
        if isinstance(value, PLAIN):
            return f"{kind} {value!r}"
        if isinstance(value, Tensor):
            return _tensor(value)
        if isinstance(value, np.generic | np.ndarray) and not value.dtype.hasobject:
            return f"{value.dtype} {value.shape} {hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
        if id(value) not in self._known:
            self._known[id(value)] = "", value
            inside = hashlib.sha256(self._inside(value).encode("utf-8", "backslashreplace")).hexdigest()
            self._known[id(value)] = f"{kind} {inside}", value
        return self._known[id(value)][0]

    def _inside(self, value: object) -> str:
        match value:
            case Mapping():
                return self._all(each for pair in value.items() for each in pair)
            case list() | tuple():
                return self._all(value)
            case set() | frozenset():
                return str(sorted(Described().text(each) for each in value))
            case types.FunctionType():
                return self._all(
                    [value.__qualname__, value.__code__, value.__defaults__, value.__kwdefaults__, *_cells(value)]
                )
            case types.CodeType():
                return self._all([value.co_code, value.co_names, *value.co_consts])
            case types.MethodType():
                return self._all([value.__self__, value.__func__])
            case partial():
                return self._all([value.func, value.args, value.keywords])
            case type() | types.ModuleType() | types.BuiltinFunctionType():
                return value.__name__
            case nn.Module():
                return self._all([value.state_dict(), *map(held_by, value.modules())])
        if type(value).__module__.startswith(_MACHINERY):
            return ""
        return (
            self._all(each for pair in sorted(vars(value).items()) for each in pair)
            if hasattr(value, "__dict__")
            else ""
        )

    def _all(self, values: Iterable[object]) -> str:
        return str([self.text(each) for each in values])


def held_by(module: nn.Module) -> dict[str, object]:
    """Collect what a module holds that is not registered; hooks count as what they do, whatever numbers they have."""
    if type(module).__module__.startswith(("torch._", "torch.jit")):  # compiled models and TorchScript
        return {}
    return {
        name: list(value.values()) if "_hooks" in name and isinstance(value, dict) else value
        for name, value in vars(module).items()
        if name not in _REGISTERED
    }


def _cells(function: types.FunctionType) -> list[object]:
    """Return the values that a function has captured from where it was defined."""
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # a name that has no value yet
            cells.append(None)
    return cells


def _tensor(value: Tensor) -> str:
    about = f"{value.dtype}"
    if nn.parameter.is_lazy(value) or value.is_meta:
        return about
    if value.is_quantized:
        value = value.int_repr()
    elif value.layout is not torch.strided:
        value = value.to_dense()
    content = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return f"{about} {tuple(value.shape)} {hashlib.sha256(content.data).hexdigest()}"
