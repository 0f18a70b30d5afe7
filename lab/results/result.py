"""Results: frozen records of numpy arrays, without PyTorch and without a figure."""

import io
import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from lab.errors import LabError
from lab.specs.spec import Spec, from_dict, to_dict


@dataclass(frozen=True, eq=False)
class Result:
    """What came out of an attack, a training run or an analysis. It keeps raw facts; averages are derived.

    Fields are numpy arrays, numbers, texts, specs, other results, or tuples of these.
    """


def pack(result: Result) -> bytes:
    """A result as the bytes of an .npz file: its structure as JSON, its arrays as they are. Nothing is pickled."""
    arrays: dict[str, np.ndarray] = {}
    structure = json.dumps(_described(result, arrays), allow_nan=True)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, structure=np.frombuffer(structure.encode(), np.uint8), **arrays)
    return buffer.getvalue()


def unpack(data: bytes) -> Any:
    """The result that :func:`pack` wrote. Raises :class:`LabError` when the bytes are damaged."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return _restored(json.loads(arrays["structure"].tobytes()), arrays)
    except Exception as error:  # numpy, zipfile, json and zlib each have their own words for damage
        raise LabError(f"A result is damaged and cannot be read ({error}).") from error


def _described(value: Any, arrays: dict[str, np.ndarray]) -> Any:
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


def _restored(value: Any, arrays: Any) -> Any:
    if isinstance(value, list):
        return tuple(_restored(each, arrays) for each in value)
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "result" not in value:
        return from_dict(value)
    kinds = {each.__name__: each for each in Result.__subclasses__()}
    return kinds[value["result"]](**{k: _restored(v, arrays) for k, v in value.items() if k != "result"})
