"""Training from recipe to folder: weights, metrics, and a card that says what the network is."""

import hashlib
import json
import platform
import time
from pathlib import Path
from typing import Any

import torch

import lab
from lab.context import Context
from lab.data import Dataset, load
from lab.errors import LabError
from lab.models import save_weights
from lab.results.run import History, Measured, Run
from lab.specs.recipes import Recipe
from lab.specs.spec import to_dict
from lab.training.loop import fit
from lab.training.measure import ball_of, measure

FITTING = 0.9  # share of the time that goes into fitting rather than measuring, for the progress bar


def train(recipe: Recipe, ctx: Context, folder: Path | None = None) -> Run:
    """Train and measure a network. With a folder, leave its weights, metrics and card there.

    The folder receives ``recipe.json``, ``metrics.jsonl``, ``weights.safetensors`` and ``card.json``; the card
    comes last, so that an unfinished folder is never listed as a model. Raises :class:`LabError` when the
    folder already holds a finished run or training diverges.
    """
    if folder is not None and (folder / "card.json").exists():
        raise LabError(f"There is already a finished run in {folder}: choose another name or delete that folder.")
    started = time.perf_counter()
    data = load(recipe.data, ctx.silent())
    model, lines = fit(recipe, ctx.span(0, FITTING, 1))
    measured = measure(model, data, ball_of(recipe, data), ctx.span(FITTING, 1, 1).seeded("measure"))
    run = Run(recipe, History.of(lines), measured)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        _write_json(folder / "recipe.json", to_dict(recipe))
        (folder / "metrics.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
        save_weights(model, folder / "weights.safetensors")
        card = card_of(folder.name, recipe, measured, data, folder / "weights.safetensors")
        _write_json(folder / "card.json", card | {"seconds": round(time.perf_counter() - started, 1)})
    return run


def card_of(name: str, recipe: Recipe, measured: Measured, data: Dataset, weights: Path) -> dict[str, Any]:
    """What a model's card says: how it was made, from what, and how well it does."""
    return {
        "name": name,
        "recipe": to_dict(recipe),
        "architecture": to_dict(recipe.architecture),
        "data": data.name,
        "data_fingerprint": data.fingerprint,
        "shape": list(data.shape),
        "classes": len(data.class_names),
        "measured": {
            "clean": measured.clean,
            "fgsm": measured.fgsm,
            "pgd": measured.pgd,
        },
        "measured_images": measured.n,
        "measured_ball": to_dict(measured.ball),
        "measured_attack": to_dict(measured.attack),
        "versions": {"lab": lab.__version__, "torch": torch.__version__, "python": platform.python_version()},
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }


def _write_json(path: Path, record: dict[str, Any]) -> None:
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
