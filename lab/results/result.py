"""Results: frozen records of numpy arrays, without PyTorch and without a figure."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from lab import outside_json
from lab.errors import LabError, SpecError, Unknown
from lab.results.class_names import ClassNames
from lab.specs.spec import Spec, from_dict, to_dict


@dataclass(frozen=True, eq=False)
class Result:
    """Result of an attack, a training run or an analysis. It keeps raw facts; averages are derived.

    Fields are numpy arrays, numbers, texts, specs, other results, or tuples of these; ``class_names``, where there are
    any, name also the classes that only a model knows.
    """

    def __post_init__(self) -> None:
        names = getattr(self, "class_names", None)
        if names is not None:
            object.__setattr__(self, "class_names", ClassNames(names))


def pack(result: Result) -> bytes:
    """A result as the bytes of an .npz file: its structure as JSON, its arrays as they are. Nothing is pickled."""
    arrays: dict[str, np.ndarray] = {}
    structure = json.dumps(_described(result, arrays), allow_nan=True)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, structure=np.frombuffer(structure.encode(), np.uint8), **arrays)
    return buffer.getvalue()


def unpack(data: bytes) -> Result:
    """The result that :func:`pack` wrote.

    Raises :class:`LabError` when the bytes are damaged, and :class:`Unknown` when they are whole, but hold kinds of
    results or specs, fields of them or values that are not known here.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found: Result = _restored(outside_json.parse(arrays["structure"].tobytes(), nan=True, paths=True), arrays)
            return found
    except Unknown:
        raise
    except Exception as error:  # numpy, zipfile, json and zlib each have their own words for damage
        raise LabError(f"A result is damaged and cannot be read ({error}).") from error


def _described(value: object, arrays: dict[str, np.ndarray]) -> object:
    if isinstance(value, np.ndarray):
        name = f"array{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, Result):
        return {"result": type(value).__name__} | {
            each.name: _described(getattr(value, each.name), arrays) for each in fields(value)
        }
    if isinstance(value, Spec):
        return to_dict(value)
    if isinstance(value, tuple):
        return [_described(each, arrays) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def _restored(value: object, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return tuple(_restored(each, arrays) for each in value)
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "result" not in value:
        try:
            return from_dict(value)
        except SpecError as error:
            raise Unknown(str(error).rstrip(".")) from None
    kind = _kinds(Result).get(value["result"])
    if kind is None:
        raise Unknown(f"there is no result called '{value['result']}'")
    content = {name: _restored(each, arrays) for name, each in value.items() if name != "result"}
    if other := content.keys() ^ {each.name for each in fields(kind)}:
        raise Unknown(f"its {kind.__name__} differs from this lab's in '{min(other)}'")
    return kind(**content)


def _kinds(kind: type[Result]) -> dict[str, type[Result]]:
    """The kinds of results by name."""
    found = {each.__name__: each for each in kind.__subclasses__()}
    return found | {name: each for child in found.values() for name, each in _kinds(child).items()}
