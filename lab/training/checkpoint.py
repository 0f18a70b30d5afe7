"""Checkpoints: a state in two files, written whole or not at all, and recognised when they are damaged.

``step-000123.safetensors`` holds the tensors; ``step-000123.json`` the rest and a checksum over both. It comes last: a
checkpoint without it does not exist.
"""

import hashlib
import json
import re
from pathlib import Path

import safetensors.torch
from torch import Tensor

from lab import outside_json
from lab.errors import LabError
from lab.files import write_whole
from lab.training.state import StateRecord, TrainingState

KEPT = 2  # the last ones; the one before is there in case the last is damaged


class DamagedCheckpoint(LabError):
    """A checkpoint is not what was written."""


def write(folder: Path, state: TrainingState) -> None:
    """Add a checkpoint to the folder and remove all but the last ones. Raises ``OSError`` when the disk refuses."""
    folder.mkdir(exist_ok=True)  # in the run's folder, which must be there
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.tensors().items()}
    content = safetensors.torch.save(tensors)
    record = state.record()
    signed = record | {"sha256": checksum(record, content)}
    name = f"step-{state.step:06d}"
    write_whole(folder / f"{name}.safetensors", content)
    write_whole(folder / f"{name}.json", json.dumps(signed, indent=2).encode())
    keep_only(folder, newest_first(folder)[:KEPT])


def keep_only(folder: Path, records: list[Path]) -> None:
    """Remove every checkpoint but these, and what an interruption left of one."""
    kept = {each.stem for each in records}
    for path in folder.glob("*"):
        if path.stem not in kept:
            path.unlink(missing_ok=True)


def newest_first(folder: Path) -> list[Path]:
    """The records of the folder's checkpoints, the newest first."""
    found = [each for each in folder.glob("step-*.json") if re.fullmatch(r"step-\d+", each.stem)]
    return sorted(found, key=step_of, reverse=True)


def step_of(path: Path) -> int:
    """The steps that had been taken when a checkpoint was written."""
    return int(path.stem.partition("-")[2])


def read(path: Path) -> tuple[dict[str, Tensor], StateRecord]:
    """The tensors and the record of a checkpoint. Raises :class:`DamagedCheckpoint` when they are damaged."""
    try:
        record = outside_json.read(path, nan=True)
        content = path.with_suffix(".safetensors").read_bytes()
        if record.pop("sha256") != checksum(record, content):
            raise ValueError("its checksum does not match")
        return safetensors.torch.load(content), record
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise DamagedCheckpoint(f"The checkpoint {path.stem} is damaged") from error


def checksum(record: StateRecord, content: bytes) -> str:
    """SHA-256 over the record and the tensors."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode() + content).hexdigest()
