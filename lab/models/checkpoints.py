"""Files of weights: safetensors, or what torch.save wrote, told apart by content. No code is unpickled."""

import json
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from lab import datafiles
from lab.errors import ModelError

StateDict = dict[str, Tensor]
Container = Mapping[object, object] | list[object] | tuple[object, ...]

_MOST_CONTAINERS = 20_000
_DEEPEST = 6
_PIECE = 2**20  # bytes that are read at once
_SAVE = "save model.state_dict() with torch.save or safetensors.torch.save_file"
_FOREIGN = (
    (b"\x93NUMPY", f"is a NumPy array: {_SAVE}"),
    (b"\x89HDF", f"is an HDF5 (Keras) file: {_SAVE}"),
    (b"{", "is a text (an index of several files?): join the weights in one file"),
)


def read(path: Path) -> object:
    """Read a file of weights to the CPU: dictionaries, lists, tensors, numbers and texts.

    Raises :class:`ModelError`, in one sentence, when it is none, is damaged, or holds code.
    """
    if not path.is_file():
        raise ModelError(f"There is no file {path} with weights: check its path.")
    try:
        with path.open("rb") as file:
            start = file.read(64)
        size = path.stat().st_size
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= size:
        return _safetensors(path)
    if words := datafiles.mistaken(path):
        raise ModelError(f"{path} {words}.")
    for magic, words in _FOREIGN:
        if start.startswith(magic):
            raise ModelError(f"{path} {words}.")
    if _says_safetensors(path, start):
        return _safetensors(path)
    return _saved(path)


def states(found: object) -> dict[str, StateDict]:
    """The state dicts in what a file holds, by where they are, as ``['model']`` or ``[0]``; those inside others too."""
    return {where: state for where, value in _containers(found) if (state := _state(value))}


def described(found: object) -> str:
    """Describe a file without weights in a few words."""
    if isinstance(found, Mapping):
        return f"but {few([str(name)[:40] for name in found])}" if found else "it is empty"
    return f"but a {type(found).__name__}"


def few(names: list[str]) -> str:
    """The first three names, and how many more there are."""
    return ", ".join(name[:60] for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _says_safetensors(path: Path, start: bytes) -> bool:
    """Return whether only the name tells: what torch.save writes begins as an archive or a pickle does."""
    return path.suffix == ".safetensors" and not start.startswith((b"PK", b"\x80"))


def _safetensors(path: Path) -> StateDict:
    try:
        return safetensors.torch.load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, json.JSONDecodeError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file: save or copy it again.") from error


def _saved(path: Path) -> object:
    _require_unpacked(path)
    try:
        with (
            torch.serialization.safe_globals(_NUMBERS),
            warnings.catch_warnings(),
            path.open("rb") as file,  # of a path it reads the ending
        ):
            warnings.simplefilter("ignore")  # PyTorch's, of a file that is refused in a sentence, or sound
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # PyTorch raises the unpickler's, the archive's and its own errors
        raise ModelError(f"{path} {_wrong(path, str(error))}: {_SAVE}.") from error


def _wrong(path: Path, words: str) -> str:
    kind = re.search(r"(?:GLOBAL|Unsupported class|global) ([A-Za-z_][\w.]{1,80})", words)
    if kind and "WeightsUnpickler" in words:
        return f"holds more than tensors ({kind[1]}), and nothing is unpickled here"
    if re.search(r"Unsupported operand 1[45]\d", words):
        return "was pickled by a protocol other than 2, which PyTorch does not read safely"
    if zipfile.is_zipfile(path):
        return "holds more than tensors, and nothing is unpickled here"
    return "is damaged or holds more than tensors, and nothing is unpickled here"


def _require_unpacked(path: Path) -> None:
    """Refuse an archive that is packed: torch.save never packs, and little could become more than the memory takes."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            damaged = _damaged(archive, members)
    except (zipfile.BadZipFile, ValueError, OverflowError, OSError) as error:
        raise ModelError(f"{path} is damaged or holds more than tensors: {_SAVE}.") from error
    if any(each.filename.endswith("/constants.pkl") for each in members):
        raise ModelError(f"{path} is a TorchScript archive, which is code: {_SAVE}.")
    if any(each.compress_type != zipfile.ZIP_STORED for each in members):
        raise ModelError(f"{path} is a packed archive, which torch.save does not write: {_SAVE}.")
    if damaged:
        raise ModelError(f"{path} is damaged ({damaged:.60} does not match its checksum): copy or download it again.")


def _damaged(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> str:
    """The first member that is not what was written, which PyTorch does not look for; empty for none.

    Where no member has its checksum, torch.save was told to write none. Packed ones are refused unread.
    """
    if any(each.compress_type != zipfile.ZIP_STORED for each in members):
        return ""
    filled = [each for each in members if each.file_size]
    wrong = [each.filename for each in filled if not _has_its_checksum(archive, each)]
    return wrong[0] if 0 < len(wrong) < len(filled) else ""


def _has_its_checksum(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    try:
        with archive.open(member) as content:
            while content.read(_PIECE):
                pass
    except zipfile.BadZipFile:
        return False
    return True


def _containers(found: object) -> Iterator[tuple[str, Mapping[object, object]]]:
    """Every dictionary in a file by where it is, but not deeper, nor more of them, than anybody saves."""
    waiting: list[tuple[str, Container, int]] = [("", found, 0)] if isinstance(found, Mapping | list | tuple) else []
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_CONTAINERS:
        where, value, depth = waiting.pop(0)
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Mapping):
            yield where, value
        if depth < _DEEPEST:
            pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
            inner = [(key, each) for key, each in pairs if isinstance(each, Mapping | list | tuple)]
            waiting += [(f"{where}[{key!r:.60}]", each, depth + 1) for key, each in inner[:_MOST_CONTAINERS]]


def _state(value: Mapping[object, object]) -> StateDict | None:
    """The tensors of a dictionary, if it is a state dict: it may hold numbers and texts beside them."""
    named = {name: each for name, each in value.items() if isinstance(name, str)}
    if len(named) < len(value):
        return None
    return {name: each for name, each in named.items() if isinstance(each, Tensor)} or None


def _scalar(kind: np.dtype[np.generic], content: bytes | str) -> object:
    """A numpy number of a pickle, which may hold nothing but a number."""
    if kind.hasobject or not isinstance(content, bytes | str):
        raise ValueError("no number")
    return np.frombuffer(content.encode("latin-1") if isinstance(content, str) else content, kind, 1)[0]


# What besides tensors is let in: numpy's numbers, which are often saved as an accuracy, under their old and new names.
_NUMBERS: list[Callable[..., object] | tuple[Callable[..., object], str]] = [
    (_scalar, "numpy._core.multiarray.scalar"),
    (_scalar, "numpy.core.multiarray.scalar"),
    np.dtype,
    *{type(np.dtype(each)) for each in "?bBhHiIlLqQefd"},
]
