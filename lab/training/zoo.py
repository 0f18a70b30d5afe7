"""The models that ship with the lab, and how they were made."""

import shutil
import tempfile
from pathlib import Path

import lab.models
from lab.context import Context
from lab.results.run import Run
from lab.specs import PGD, OwnExamples, Recipe, Standard, fgsm_training, pgd_training
from lab.training.train import train

FOLDER = Path(lab.models.__file__).parent / "zoo"

RECIPES: dict[str, Recipe] = {
    "standard": Standard(epochs=15),
    "standard-b": Standard(epochs=15, seed=1),
    "fgsm-trained": fgsm_training(epochs=40),
    "pgd-trained": pgd_training(source=OwnExamples(PGD(steps=7, step_size=0.1)), epochs=60, warm_up=30),
}


def train_zoo(ctx: Context, names: tuple[str, ...] = tuple(RECIPES), folder: Path = FOLDER) -> dict[str, Run]:
    """Train shipped models again from their recipes; their weights and cards replace the old ones."""
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _train_one(name, ctx.part(i, len(names), name), folder) for i, name in enumerate(names)}


def _train_one(name: str, ctx: Context, folder: Path) -> Run:
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / name
        run = train(RECIPES[name], ctx, made)
        shutil.copyfile(made / "weights.safetensors", folder / f"{name}.safetensors")
        shutil.copyfile(made / "card.json", folder / f"{name}.json")
    return run
