"""Card of a trained model: how, with what and from what it was trained."""

import hashlib
import json
import platform
from datetime import UTC, datetime
from pathlib import Path

import torch

import lab
from lab import outside_json
from lab.catalogue import find_card, fingerprints, parts
from lab.data import Dataset
from lab.errors import LabError
from lab.files import write_whole
from lab.models import default_device
from lab.results.run import Measured
from lab.specs.models import Trained
from lab.specs.recipes import Recipe
from lab.specs.spec import to_dict


def card_of(name: str, recipe: Recipe, measured: Measured, data: Dataset, weights: Path) -> dict[str, object]:
    """Assemble a model's card: how it was made, from what, and its accuracies.

    ``train_images`` are those that were there to train on, perhaps a part of the data set; ``built_on`` holds the
    sha256 of the weights of every trained model that the recipe names.
    """
    return {
        "name": name,
        "recipe": to_dict(recipe),
        "architecture": to_dict(recipe.architecture),
        "data": data.name,
        "data_fingerprint": data.fingerprint,
        "train_images": len(data.train),
        "shape": list(data.shape),
        "classes": data.classes,
        "measured": measured.shares(),
        "measured_images": measured.n,
        "measured_ball": to_dict(measured.ball),
        "measured_attack": to_dict(measured.attack),
        "measured_source": measured.source,
        "measured_evaluated": measured.evaluated,
        "built_on": {name: find_card(name).sha256 for name in built_on(recipe)},
        "versions": versions(),
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }


def built_on(recipe: Recipe) -> list[str]:
    """The names of the trained models that a recipe needs: what it starts from, and sources of its examples."""
    return [each.name for each in parts(recipe) if isinstance(each, Trained)]


def add_provenance(path: Path, recipe: Recipe, processes: int) -> None:
    """Append where and from what training begins or goes on. Equal weights need an equal machine.

    Raises :class:`LabError` when the data, or a fixed network that the recipe names, are others than they were.
    """
    known = _sessions(path)
    *inputs, _ = fingerprints(recipe)
    if known and known[-1].get("inputs", inputs) != inputs:
        raise LabError(
            f"The data of the run in {path.parent}, or a model that it uses, have changed since it started: restore "
            "the old ones, or train under another name."
        )
    device = default_device()
    here = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": inputs,
        "versions": versions(),
        "platform": platform.platform(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or device.type,
        "threads": torch.get_num_threads(),
        "processes": processes,
    }
    write_json(path, [*known, here])


def _sessions(path: Path) -> list[dict[str, object]]:
    """Read the earlier sessions from the file; nothing if it is damaged."""
    try:
        return [dict(each) for each in outside_json.read(path)]
    except (OSError, ValueError, TypeError):
        return []


def versions() -> dict[str, str]:
    """The programs that decide about the last bits of the weights."""
    return {"lab": lab.__version__, "torch": torch.__version__, "python": platform.python_version()}


def write_json(path: Path, record: object) -> None:
    """Write a file that a person can read, whole or not at all."""
    write_whole(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
