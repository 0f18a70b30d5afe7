"""Batches of CIFAR's Python version, without unpickling: what their pickles say is read as plain values.

A pickle is a program, and Python's own reader does whatever it says. Here its operations are taken apart by
``pickletools.genops``, which only names them, and those that Krizhevsky's files use are carried out on bytes, whole
numbers, lists, tuples and dictionaries. The three names that the files call stand for their arrays and are never
looked up; anything else is refused.
"""

import io
import pickletools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab import datafiles
from lab.data.packed import damaged, require_usual_size
from lab.errors import DataError, one_line

_PROTOCOL = 2
_MOST_OPERATIONS = 1_000_000  # about five times those of the largest batch, CIFAR-100's training images


def read_batch(path: Path, columns: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, ``columns``) and labels (N,) of a pickled batch of at most so many bytes.

    Raises :class:`DataError` when it holds anything else than the published files do.
    """
    require_usual_size(path, most)
    try:
        batch = _Pickle().read(path, datafiles.stamp(path)[1])
        pixels, labels = batch.get(b"data"), batch.get(b"labels", batch.get(b"fine_labels"))
        if not isinstance(pixels, _Array) or pixels.shape[1:] != (columns,):
            raise _Refused(f"'data' is not an array of {columns:,} bytes a row")
        if not isinstance(labels, list) or not all(type(each) is int for each in labels):
            raise _Refused("it has no list of labels")
    except _Refused as why:
        raise DataError(
            f"{datafiles.shown(path)} is not as CIFAR's authors published it ({why}), and nothing is unpickled: "
            "remove it and download the data set again."
        ) from why
    except (ValueError, IndexError) as error:  # cut short, or no pickle
        raise damaged(path) from error
    return np.frombuffer(pixels.content, np.uint8).reshape(pixels.shape), np.array(labels, np.int64)


class _Refused(Exception):
    """A pickle says what no batch of CIFAR says."""


@dataclass(frozen=True)
class _Name:
    """A name that a pickle calls. It is never looked up."""

    name: str


@dataclass(eq=False)
class _Array:
    """An array of bytes; empty until its pickle has said all of it."""

    shape: tuple[int, ...] = ()
    content: bytes = b""


_RECONSTRUCT, _NDARRAY = _Name("numpy.core.multiarray _reconstruct"), _Name("numpy ndarray")
_DTYPE, _BYTE = _Name("numpy dtype"), _Name("a dtype of bytes")
_NAMES = {each.name: each for each in (_RECONSTRUCT, _NDARRAY, _DTYPE)}
_CALLS: dict[object, Callable[[], object]] = {
    (_RECONSTRUCT, (_NDARRAY, (0,), b"b")): _Array,
    (_DTYPE, (b"u1", 0, 1)): lambda: _BYTE,
}
_BYTE_STATE = (3, b"|", None, None, None, -1, -1, 0)
_NEW: dict[str, Callable[[], object]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "NONE": lambda: None,
    "NEWFALSE": lambda: False,
}


class _Bounded(io.BufferedReader):
    """A file of which no more is read at once, whatever length a pickle claims, than ``most`` bytes."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(io.FileIO(path))
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, self._most))


class _Pickle:
    """Carries out the operations of a batch's pickle: a stack, marks in it, and values to come back to."""

    def __init__(self) -> None:
        self._stack: list[object] = []
        self._marks: list[int] = []
        self._kept: dict[int, object] = {}

    def read(self, path: Path, most: int) -> dict[bytes, object]:
        """The dictionary of a batch of at most so many bytes.

        Raises :class:`_Refused`, and ``ValueError`` or ``IndexError`` for what is no whole pickle.
        """
        with _Bounded(path, most) as file, warnings.catch_warnings():
            for kind in (DeprecationWarning, SyntaxWarning):  # of an escape sequence in a text that is refused below
                warnings.simplefilter("ignore", kind)
            for done, (operation, argument, _) in enumerate(pickletools.genops(file)):
                if done == _MOST_OPERATIONS:
                    raise _Refused("it has too many operations")
                if operation.name == "STOP":
                    break
                self._carry_out(operation.name, argument)
        if len(self._stack) != 1 or type(self._stack[0]) is not dict:
            raise _Refused("it is not a dictionary")
        return self._stack[0]

    def _carry_out(self, operation: str, argument: object) -> None:
        match operation, argument:
            case "PROTO", 2:
                pass
            case (("BINPUT" | "LONG_BINPUT"), int(place)):
                self._kept[place] = self._stack[-1]
            case (("BINGET" | "LONG_BINGET"), int(place)) if place in self._kept:
                self._stack.append(self._kept[place])
            case (("BININT" | "BININT1" | "BININT2"), int(number)):
                self._stack.append(number)
            case (("SHORT_BINSTRING" | "BINSTRING"), str(text)):
                self._stack.append(text.encode("latin-1"))
            case "GLOBAL", str(name) if name in _NAMES:
                self._stack.append(_NAMES[name])
            case "GLOBAL", _:
                raise _Refused(f"it calls {one_line(str(argument), 60)}")
            case _ if operation in _NEW:
                self._stack.append(_NEW[operation]())
            case _:
                self._compose(operation)

    def _compose(self, operation: str) -> None:
        match operation:
            case "MARK":
                self._marks.append(len(self._stack))
            case "TUPLE":
                self._stack.append(tuple(self._since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self._stack.append(tuple(self._last(int(operation[-1]))))
            case "APPEND":
                self._append(self._last(1))
            case "APPENDS":
                self._append(self._since_mark())
            case "SETITEM":
                self._set(self._last(2))
            case "SETITEMS":
                self._set(self._since_mark())
            case "REDUCE":
                self._call(*self._last(2))
            case "BUILD":
                self._build(*self._last(1))
            case _:
                raise _Refused(f"it contains the operation {operation}")

    def _last(self, count: int) -> list[object]:
        """Take so many values from the stack."""
        return self._taken(len(self._stack) - count)

    def _since_mark(self) -> list[object]:
        """Take the values since the last mark from the stack."""
        return self._taken(self._marks.pop())

    def _taken(self, first: int) -> list[object]:
        if not 0 <= first <= len(self._stack):
            raise _Refused("it takes what is not there")
        taken = self._stack[first:]
        del self._stack[first:]
        return taken

    def _append(self, values: list[object]) -> None:
        into = self._stack[-1]
        if type(into) is not list:
            raise _Refused("it appends to what is not a list")
        into += values

    def _set(self, values: list[object]) -> None:
        into = self._stack[-1]
        if type(into) is not dict or len(values) % 2:
            raise _Refused("it sets items of what is not a dictionary")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if type(key) is not bytes or key in into:
                raise _Refused("a key is not text, or is there twice")
            into[key] = value

    def _call(self, called: object, arguments: object) -> None:
        made = next((make for call, make in _CALLS.items() if call == (called, arguments)), None)
        if made is None:
            raise _Refused("it calls numpy with what no batch has")
        self._stack.append(made())

    def _build(self, state: object) -> None:
        match self._stack[-1], state:
            case _Name() as name, tuple() if name is _BYTE and state == _BYTE_STATE:
                pass
            case _Array(content=b"") as array, (1, (int(rows), int(columns)), _Name() as kind, False, bytes(content)):
                if kind is not _BYTE or rows < 1 or columns < 1 or rows * columns != len(content):
                    raise _Refused("an array's shape is not that of its bytes")
                array.shape, array.content = (rows, columns), content
            case _:
                raise _Refused("it builds what no batch has")
