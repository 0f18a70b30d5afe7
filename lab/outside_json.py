"""JSON that comes from outside: a link, a file that anybody may have written, a variable of the environment.

Python's own reader takes what no record of the lab can hold and what breaks those who read it later: numbers beyond
every float, NaN, names given twice, halves of characters, and nesting that exhausts the stack.
"""

import json
import math
import stat
from pathlib import Path
from typing import Any, NoReturn

from lab.errors import LabError, one_line, quoted

LARGEST = 20_000_000
"""Bytes of a file that are read: the curves of 100,000 epochs are fewer."""

DEEPEST = 50
"""Objects and lists inside one another: the deepest spec has not ten."""


class JsonError(LabError, ValueError):
    """A text is no JSON, or holds what no record of the lab could; the message is a clause: "it is nested …"."""


def parse(text: str | bytes, nan: bool = False, paths: bool = False) -> Any:
    """The value that a JSON text holds. Raises :class:`JsonError`.

    ``nan`` admits NaN and Infinity, as in the losses of a run; ``paths`` admits what Python puts for the bytes of a
    path that is not UTF-8.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        value = json.loads(
            text,
            parse_int=_whole,
            parse_float=None if nan else _finite,
            parse_constant=None if nan else _refuse_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise JsonError(f"it is not JSON ({error.msg} at character {error.pos})") from None
    except UnicodeError:
        raise JsonError("it is not JSON (it is not UTF-8)") from None
    except RecursionError:
        raise JsonError(f"it is nested more than {DEEPEST} deep") from None
    _require_sound(value, "surrogateescape" if paths else "strict")
    return value


def read(path: Path, nan: bool = False) -> Any:
    """The value in a JSON file. Raises :class:`JsonError`, or ``OSError`` when the file cannot be opened."""
    return parse(read_bytes(path), nan)


def read_bytes(path: Path) -> bytes:
    """The content of a small file of the lab. Raises :class:`JsonError` for what is no such file, or ``OSError``."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a pipe would never end
        raise JsonError("it is not a file")
    if found.st_size > LARGEST:
        raise JsonError(f"it has more than {LARGEST:,} bytes")
    return path.read_bytes()


def number(value: object, low: float, high: float) -> float:
    """The value of a record, if it is a number from ``low`` to ``high``. Raises :class:`JsonError`."""
    if isinstance(value, int | float) and low <= value <= high:
        return float(value)
    raise JsonError(f"it holds {quoted(value, 30)} instead of a number from {low:,} to {high:,}")


def _whole(digits: str) -> int:
    if len(digits) > 300:  # some 8 more, and no float can hold it; some 4000 more, and Python does not read it
        raise JsonError(f"it holds the number {one_line(digits, 30)}, which is too large")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonError(f"it holds the number {one_line(digits, 30)}, which is too large")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise JsonError(f"it holds {name}, which is not a number")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise JsonError(f"it names {quoted(twice)} twice in one object")
    return found


def _require_sound(value: object, errors: str) -> None:
    """Refuse what is nested too deeply, and text with halves of characters, which nothing could write again."""
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise JsonError(f"it is nested more than {DEEPEST} deep")
        for each in level:
            if isinstance(each, str):
                _require_writable(each, errors)
        level = [inner for each in level for inner in _inside(each)]
        depth += 1


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _require_writable(text: str, errors: str) -> None:
    try:
        text.encode(errors=errors)
    except UnicodeEncodeError:
        raise JsonError("it holds half a character, which nothing can write") from None
