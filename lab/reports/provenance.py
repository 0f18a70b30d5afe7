"""Provenance of a number: the versions, the data, the model and the command that made it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from lab import __version__

PACKAGES = ("torch", "torchvision", "numpy")


@dataclass(frozen=True)
class Provenance:
    """Facts that are needed to reproduce the numbers.

    ``command`` as it was typed; ``date`` in UTC, ISO 8601; ``versions`` of the lab, Python and the packages that
    compute; ``machine``, its processor and system; ``device`` on which was computed; ``data_hash`` and, for each
    model in turn, ``model_hashes``: sha256 of the files and, for a user's model, of the code that builds it;
    ``code_hash`` that of the lab's own code.
    """

    command: str
    date: str
    versions: dict[str, str]
    machine: str
    device: str
    data_hash: str
    model_hashes: tuple[str, ...]
    code_hash: str


def provenance(
    command: Sequence[str], device: str, data_hash: str, model_hashes: Sequence[str], code_hash: str
) -> Provenance:
    """The provenance of what is computed here and now."""
    versions = {"lab": __version__, "python": platform.python_version()}
    versions |= {name: found for name in PACKAGES if (found := _version(name))}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Provenance(_line(command), now, versions, _machine(), device, data_hash, tuple(model_hashes), code_hash)


def _line(command: Sequence[str]) -> str:
    """The words of a command as a shell takes them."""
    if sys.platform == "win32":
        from subprocess import list2cmdline

        return list2cmdline(command)
    from shlex import join

    return join(command)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _machine() -> str:
    """The system and the processor, without the machine's name, which is nobody else's business."""
    return f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processor cores"
