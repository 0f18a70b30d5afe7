"""Identity of a loaded model: hashes over its weights, and over everything else in it that decides its predictions."""

import hashlib
import io
import os
import re
import sys
import threading
import types
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lab import datafiles, sources
from lab.models.described import PLAIN, Described, held_by

Parts = dict[str, str]
"""Hashes by name: those of a model's weights and of all else that it holds, and those of the files it came from."""

_NUMBERED = re.compile(rb"\.___torch_mangle_\d+")  # TorchScript counts the classes of a process
_opened = threading.local()
_listening = threading.Lock()
_listens = False


def parts_of(model: nn.Module) -> Parts:
    """The model's weights and buffers, then the plain values, functions and tensors that its modules hold besides."""
    described = Described()
    weights = {**dict(model.named_parameters()), **dict(model.named_buffers()), **_extra_state(model)}
    held = {f"{name or 'the model'} ({type(each).__qualname__})": held_by(each) for name, each in model.named_modules()}
    parts = {name: _hash(described.text(value)) for name, value in [*weights.items(), *held.items()]}
    return parts | ({"script": _script(model)} if isinstance(model, torch.jit.ScriptModule) else {})


def code_of(module: str, model: nn.Module) -> dict[str, Path]:
    """The user's source files, by module, that a builder's module and the classes of its model have brought in.

    Also those which no import statement names: they are found by what the modules that are loaded hold.
    """
    waiting = [module, *(type(each).__module__ for each in model.modules())]
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        path = _users_file(name)
        if name in found or path is None:
            continue
        found[name] = path
        for value in tuple(vars(sys.modules[name]).values()):
            if isinstance(value, types.ModuleType):
                waiting.append(value.__name__)
            else:
                home = value if isinstance(value, type | types.FunctionType) else type(value)
                waiting.append(str(home.__module__))
    return sources.files([module, *found]) | found


def settings_in(modules: Mapping[str, Path]) -> Parts:
    """The plain values that modules of the user's hold, as what they read when they were imported."""
    described = Described()
    loaded = {name: dict(vars(sys.modules[name])) for name in modules if name in sys.modules}
    return {
        f"the values in {name}": _hash(
            described.text({key: each for key, each in values.items() if _is_setting(key, each)})
        )
        for name, values in loaded.items()
    }


def contents_of(paths: Mapping[str, Path]) -> Parts:
    """The contents of files, by the names that they go by."""
    return {name: datafiles.file_hash(path) for name, path in paths.items() if path.is_file()}


@contextmanager
def opened_files() -> Iterator[set[Path]]:
    """The files that this thread opens for reading meanwhile, of the user's; safetensors' own reader is not seen."""
    _listen()
    found: set[str] = set()
    before, _opened.paths = getattr(_opened, "paths", None), found
    paths: set[Path] = set()
    try:
        yield paths
    finally:
        _opened.paths = before
        if before is not None:
            before |= found
        paths |= {path for path in map(Path, found) if _is_data(path)}


def _listen() -> None:
    """Hear of every file that is opened. Python has no way to stop an audit hook, so it is set once."""
    global _listens
    with _listening:
        if not _listens:
            sys.addaudithook(_hear)
            _listens = True


def _hear(event: str, args: tuple[object, ...]) -> None:
    if event != "open":
        return
    found = getattr(_opened, "paths", None)
    if found is None:
        return
    path, mode, flags = args
    if isinstance(mode, str):
        writes = any(each in mode for each in "wax+")
    else:
        writes = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
    if isinstance(path, (str, bytes)) and not writes:
        found.add(os.path.abspath(os.fsdecode(path)))


def _is_data(path: Path) -> bool:
    """Return whether a file that was opened is data, and no module, of which Python opens at times the source."""
    if path.parts[1:2] in (("proc",), ("sys",), ("dev",)) or path.suffix == ".pyc" or not path.is_file():
        return False
    modules = {getattr(each, "__file__", None) for each in tuple(sys.modules.values())}
    return str(path) not in modules and sources.is_users(path.resolve())


def _users_file(name: str) -> Path | None:
    """The file of a loaded module, if it is the user's."""
    text = getattr(sys.modules.get(name), "__file__", None)
    path = Path(text).resolve() if text else None
    return path if path and sources.is_users(path) else None


def _extra_state(model: nn.Module) -> dict[str, object]:
    """Return the state that modules save besides tensors."""
    return {name: value for name, value in model.state_dict().items() if not isinstance(value, Tensor)}


def _is_setting(name: str, value: object) -> bool:
    return not name.startswith("__") and isinstance(
        value, (*PLAIN, list, tuple, dict, set, frozenset, np.ndarray, np.generic, Tensor)
    )


def _script(model: torch.jit.ScriptModule) -> str:
    """TorchScript keeps its code, and what was frozen of its weights, out of Python's sight."""
    with zipfile.ZipFile(io.BytesIO(model.save_to_buffer())) as archive:
        members = [
            archive.read(name) for name in archive.namelist() if not name.endswith((".debug_pkl", "serialization_id"))
        ]
    return _hash(str([hashlib.sha256(_NUMBERED.sub(b"", each)).hexdigest() for each in members]))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
