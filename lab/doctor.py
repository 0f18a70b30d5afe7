"""Examination of an installation: what works, and how to fix what does not."""

from __future__ import annotations

import csv
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, version
from typing import TypedDict

from lab import __version__, catalogue, outside_json
from lab.browser import find_browser
from lab.errors import LabError
from lab.home import data_folder, home

PACKAGES = ("torch", "torchvision", "distributed", "voila", "ipywidgets", "anywidget", "plotly", "numpy")
PAIR = "pip install --upgrade --force-reinstall torch torchvision"
CPU_ONLY = "pip install torch torchvision --index-url https://download.pytorch.org/whl/cpu"
_CUDA = re.compile(r"(nvidia|cuda)-.+|triton", re.IGNORECASE)
_PROBE = """
import json, torch, torchvision
cuda = torch.cuda.is_available()
names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else []
memory = [torch.cuda.get_device_properties(i).total_memory for i in range(len(names))]
print(json.dumps({"gpus": names, "memory": memory, "threads": torch.get_num_threads(), "built_for": torch.version.cuda,
                  "mps": torch.backends.mps.is_available()}))
"""


class _Probe(TypedDict):
    """What :data:`_PROBE` prints."""

    gpus: list[str]
    memory: list[int]
    threads: int
    built_for: str | None
    mps: bool


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and how to fix it where it must be (else empty)."""

    about: str
    found: str
    fix: str = ""

    @property
    def well(self) -> bool:
        """True if nothing has to be done."""
        return not self.fix


def examine(scheduler: str | None = None) -> Iterator[Finding]:
    """Look at everything the lab needs, the quick things first. ``scheduler``: a Dask address to connect to."""
    yield Finding("lab", f"{__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}")
    yield Finding("versions", ", ".join(f"{name} {_version(name) or 'missing'}" for name in PACKAGES))
    yield _home()
    yield _data()
    yield _models()
    yield _browser()
    probe = import_pytorch()
    pytorch, device = pytorch_findings(probe)
    yield pytorch
    if device is not None:
        yield device
        if not outside_json.parse(probe.stdout)["gpus"] and (size := cuda_size()):
            yield unused_cuda(size)
        yield engine_finding(scheduler)


def import_pytorch() -> subprocess.CompletedProcess[str]:
    """Import PyTorch and torchvision in a process of their own: a broken pair must not break the doctor."""
    return subprocess.run([sys.executable, "-P", "-c", _PROBE], capture_output=True, text=True, check=False)


def pytorch_findings(probe: subprocess.CompletedProcess[str]) -> tuple[Finding, Finding | None]:
    """Return whether PyTorch and torchvision match each other, and the device they compute on if they do."""
    pair = f"torch {_version('torch') or 'missing'} with torchvision {_version('torchvision') or 'missing'}"
    if probe.returncode == 0:
        return Finding("pytorch", f"{pair}: they match"), _device(outside_json.parse(probe.stdout))
    return Finding("pytorch", f"{pair}: {_complaint(probe.stderr)}", f"Install a matching pair: {PAIR}"), None


def _complaint(stderr: str) -> str:
    """Word a failed import, by its cause where that is known."""
    last = (stderr.strip().splitlines() or ["the import ended without a word"])[-1]
    if "torchvision::nms does not exist" in stderr:
        return (
            "they do not match, because torchvision was built for another torch (operator torchvision::nms is missing)"
        )
    if "No module named" in last:
        return last.partition(": ")[2] or last
    return f"they cannot be imported ({last})"


def _device(probe: _Probe) -> Finding:
    if probe["gpus"]:
        names = [
            f"{name} ({memory / 2**30:.0f} GiB)" for name, memory in zip(probe["gpus"], probe["memory"], strict=True)
        ]
        return Finding("device", ", ".join(names))
    processor = f"no CUDA device, {probe['threads']} threads on the processor"
    if probe["mps"]:
        return Finding("device", f"{processor}; there is an Apple GPU, which LAB_DEVICE=mps uses")
    if shutil.which("nvidia-smi") and probe["built_for"] is None:
        fix = f"There is an NVIDIA GPU but torch is built without CUDA: {PAIR} --index-url https://download.pytorch.org/whl/cu128"
        return Finding("device", processor, fix)
    return Finding("device", processor)


def unused_cuda(size: int) -> Finding:
    """State how many bytes of CUDA packages lie idle on a machine without a CUDA device, and how to do without."""
    found = f"{size / 2**30:.1f} GiB of CUDA packages (nvidia-*, triton), which nothing on this machine uses"
    route = f"to save them, make a new environment and begin with '{CPU_ONLY}' (make clean; make lab TORCH=cpu)"
    return Finding("CUDA", f"{found}; {route}")


def cuda_size() -> int:
    """Return the bytes of the installed packages that only CUDA needs, as their own records state them."""
    found = [each for each in distributions() if _CUDA.fullmatch(each.metadata["Name"] or "")]
    rows = [row for each in found for row in csv.reader((each.read_text("RECORD") or "").splitlines())]
    return sum(int(size) for _, _, size in rows if size)


def _home() -> Finding:
    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        fix = "Set LAB_HOME to a folder you may write to"
        return Finding("LAB_HOME", f"{folder} cannot be written to ({error.strerror})", fix)
    return Finding("LAB_HOME", f"{folder}, {free / 2**30:.0f} GiB free")


def _data() -> Finding:
    cards = catalogue.data_sets()
    there = ", ".join(each.name for each in cards if each.available) or "none"
    missing = ", ".join(each.name for each in cards if not each.available)
    found = f"{there} (looked in {data_folder()}" + (f"; not there: {missing})" if missing else ")")
    digits = next((each for each in cards if each.name == "digits"), None)
    return Finding("data", found, digits.note if digits and not digits.available else "")


def _models() -> Finding:
    data: dict[str, list[str]] = {}
    for each in catalogue.models():
        data.setdefault(each.data or "data not known", []).append(each.name)
    found = "; ".join(f"{name}: {', '.join(models)}" for name, models in data.items())
    return Finding(
        "models", found or "none", " ".join(catalogue.problems()) or ("" if found else "Train some: make zoo")
    )


def _browser() -> Finding:
    found = find_browser()
    return Finding("browser", str(found) if found else "no Chromium or Chrome; any other current browser shows the lab")


def engine_finding(scheduler: str | None, patience: float = 10.0) -> Finding:
    """Check that the engine can be reached: at that address within ``patience`` seconds, or one started for it."""
    where = f"the scheduler {scheduler}" if scheduler else "an engine of its own"
    try:
        _connect(scheduler, patience)
    except (LabError, OSError) as error:
        fix = (
            "Check the address and that its workers run"
            if scheduler
            else "Check that this machine allows local connections"
        )
        return Finding("engine", f"{where} cannot be reached ({error})", fix)
    return Finding("engine", f"{where} responds")


def _connect(scheduler: str | None, patience: float) -> None:
    from lab.engine import Engine, launch

    with launch(scheduler, patience=patience) as connection:
        Engine.connect(connection).close()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
