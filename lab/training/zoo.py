"""The models that ship with the lab, and how they were made."""

import tempfile
from pathlib import Path

import lab.models
from lab.context import Context
from lab.files import write_whole
from lab.results.run import Run
from lab.specs import (
    BIM,
    PGD,
    CascadeExamples,
    EnsembleExamples,
    OwnExamples,
    Recipe,
    SmallCNN,
    Trained,
    cascade_training,
    ensemble_training,
    fast_training,
    fgsm_training,
    kurakin_training,
    leaking_training,
    pgd_training,
    pivot_cascade_training,
    pivot_training,
    rfgsm_training,
    standard_training,
    trades_training,
)
from lab.training.train import train

FOLDER = Path(lab.models.__file__).parent / "zoo"

_FLAT = SmallCNN(embedding=2)  # an embedding that can be drawn: Na et al. 2018, §4.2
_ENSEMBLE = EnsembleExamples(models=(Trained("standard"),))  # and so standard-b is a holdout model for it
_CASCADE = CascadeExamples(iterative=BIM(steps=10, step_size=0.0))  # ten steps of eps / 10 for the papers' up to 80

RECIPES: dict[str, Recipe] = {
    "standard": standard_training(epochs=15),
    "standard-b": standard_training(epochs=15, seed=1),
    "fgsm-trained": fgsm_training(epochs=40),
    "fgsm-leaking": leaking_training(epochs=40),
    "rfgsm-trained": rfgsm_training(epochs=40),
    "kurakin-trained": kurakin_training(epochs=40),
    "pgd-trained": pgd_training(source=OwnExamples(PGD(steps=7, step_size=0.1)), epochs=60, warm_up=30),
    "ensemble-trained": ensemble_training(source=_ENSEMBLE, epochs=40, seed=2),
    "pivot-trained": pivot_training(epochs=40),
    "cascade-trained": cascade_training(source=_CASCADE, epochs=40),
    "pivot-cascade-trained": pivot_cascade_training(source=_CASCADE, epochs=40),
    "trades-trained": trades_training(steps=10, step_size=0.05, epochs=40),
    "fast-trained": fast_training(epochs=40),
    "flat-standard": standard_training(architecture=_FLAT, epochs=100),
    "flat-kurakin": kurakin_training(architecture=_FLAT, epochs=100),
    "flat-pivot": pivot_training(architecture=_FLAT, epochs=100),
}
"""In the order of training: fixed networks that a recipe names come before it."""


def train_zoo(ctx: Context, names: tuple[str, ...] = tuple(RECIPES), folder: Path = FOLDER) -> dict[str, Run]:
    """Train shipped models again from their recipes; their weights, cards and curves replace the old ones.

    The fixed networks that a recipe names are read from the shipped zoo, whatever the ``folder``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _train_one(name, ctx.part(i, len(names), name), folder) for i, name in enumerate(names)}


def _train_one(name: str, ctx: Context, folder: Path) -> Run:
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / name
        run = train(RECIPES[name], ctx, made)
        for source, end in (("weights.safetensors", ".safetensors"), ("metrics.jsonl", ".metrics.jsonl")):
            write_whole(folder / f"{name}{end}", (made / source).read_bytes())
        # Last, because a model without it is not listed.
        write_whole(folder / f"{name}.json", (made / "card.json").read_bytes())
    return run
