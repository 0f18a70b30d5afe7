"""The models that ship with the lab, and how they were made."""

import shutil
from pathlib import Path
from typing import Any

import lab.models
from lab.context import Context
from lab.files import write_whole
from lab.home import home
from lab.results.run import Run
from lab.runs import recipe_in
from lab.specs import (
    BIM,
    CIFAR10,
    MNIST,
    PGD,
    SGD,
    Adam,
    CascadeExamples,
    EnsembleExamples,
    FashionMNIST,
    Linf,
    OneCycle,
    OwnExamples,
    PadCropFlip,
    Recipe,
    ResNet,
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
_CASCADE = CascadeExamples(iterative=BIM(steps=10, step_size=0.0))  # ten steps of eps / 10 for the papers' up to 80


def _on(static: str) -> EnsembleExamples:
    """Examples of one standard network, too, so that the other one is a holdout model for what is trained on them."""
    return EnsembleExamples(models=(Trained(static),))


_DIGITS: dict[str, Recipe] = {
    "standard": standard_training(epochs=15),
    "standard-b": standard_training(epochs=15, seed=1),
    "fgsm-trained": fgsm_training(epochs=40),
    "fgsm-leaking": leaking_training(epochs=40),
    "rfgsm-trained": rfgsm_training(epochs=40),
    "kurakin-trained": kurakin_training(epochs=40),
    "pgd-trained": pgd_training(source=OwnExamples(PGD(steps=7, step_size=0.1)), epochs=60, warm_up=30),
    "ensemble-trained": ensemble_training(source=_on("standard"), epochs=40, seed=2),
    "pivot-trained": pivot_training(epochs=40),
    "cascade-trained": cascade_training(source=_CASCADE, epochs=40),
    "pivot-cascade-trained": pivot_cascade_training(source=_CASCADE, epochs=40),
    "trades-trained": trades_training(steps=10, step_size=0.05, epochs=40),
    "fast-trained": fast_training(epochs=40),
    "flat-standard": standard_training(architecture=_FLAT, epochs=100),
    "flat-kurakin": kurakin_training(architecture=_FLAT, epochs=100),
    "flat-pivot": pivot_training(architecture=_FLAT, epochs=100),
}

_MNIST = {"data": MNIST(), "batch": 128, "optimiser": Adam(3e-3)}  # few steps for two cores, so long ones
_MNIST_CASCADE = CascadeExamples(defended=Trained("mnist-pivot-trained"), iterative=BIM(steps=3, step_size=0.0))
_FASHION = _MNIST | {"data": FashionMNIST()}
_CYCLE = {"schedule": OneCycle(peak=0.3)}  # where the recipe has no schedule of its own

_ON_MNIST: dict[str, Recipe] = {
    "mnist-standard": standard_training(**_MNIST, **_CYCLE, epochs=4),
    "mnist-standard-b": standard_training(**_MNIST, **_CYCLE, epochs=4, seed=1),
    "mnist-fgsm-trained": fgsm_training(**_MNIST, **_CYCLE, epochs=5),
    "mnist-pgd-trained": pgd_training(
        **_MNIST, **_CYCLE, source=OwnExamples(PGD(steps=3, step_size=0.2)), epochs=5, warm_up=1
    ),
    "mnist-ensemble-trained": ensemble_training(**_MNIST, **_CYCLE, source=_on("mnist-standard"), epochs=4, seed=2),
    "mnist-trades-trained": trades_training(**_MNIST, **_CYCLE, steps=3, step_size=0.2, epochs=4, warm_up=1),
    "mnist-pivot-trained": pivot_training(**_MNIST, epochs=3),
    "mnist-kurakin-trained": kurakin_training(**_MNIST, epochs=3),
    "mnist-cascade-trained": cascade_training(**_MNIST, source=_MNIST_CASCADE, epochs=3),
    "mnist-pivot-cascade-trained": pivot_cascade_training(**_MNIST, source=_MNIST_CASCADE, epochs=3),
    "mnist-flat-standard": standard_training(**_MNIST, **_CYCLE, architecture=_FLAT, epochs=12),
    "mnist-flat-kurakin": kurakin_training(**_MNIST, **_CYCLE, architecture=_FLAT, epochs=12),
    "mnist-flat-pivot": pivot_training(**_MNIST, architecture=_FLAT, epochs=12),
}
_ON_FASHION: dict[str, Recipe] = {
    "fashion-mnist-standard": standard_training(**_FASHION, **_CYCLE, epochs=4),
    "fashion-mnist-pgd-trained": pgd_training(
        **_FASHION, **_CYCLE, source=OwnExamples(PGD(steps=3, step_size=0.06)), ball=Linf(0.1), epochs=3
    ),
}

_CIFAR10: dict[str, Any] = {
    "data": CIFAR10(),
    "architecture": ResNet(),
    "batch": 128,
    "optimiser": SGD(0.1, momentum=0.9),
    "weight_decay": 5e-4,
    "schedule": OneCycle(peak=0.3),
    "augmentation": PadCropFlip(),
    "precision": "bfloat16",
}

_AGAINST = _CIFAR10 | {"ball": Linf(CIFAR10.published.opening.eps), "epochs": 20}
_CIFAR10_CASCADE = CascadeExamples(defended=Trained("cifar10-pivot-trained"), iterative=BIM(steps=3, step_size=0.0))

_ON_CIFAR10: dict[str, Recipe] = {
    "cifar10-standard": standard_training(**_CIFAR10, epochs=30),
    "cifar10-pgd-trained": pgd_training(
        **_AGAINST | {"epochs": 10}, source=OwnExamples(PGD(steps=5, step_size=4 / 255))
    ),
    "cifar10-pivot-trained": pivot_training(**_AGAINST),
    "cifar10-kurakin-trained": kurakin_training(**_AGAINST),
    "cifar10-cascade-trained": cascade_training(**_AGAINST, source=_CIFAR10_CASCADE),
}
RECIPES: dict[str, Recipe] = {**_DIGITS, **_ON_MNIST, **_ON_FASHION, **_ON_CIFAR10}
"""By data set, each in the order of training: fixed networks that a recipe names come before it."""


def train_zoo(ctx: Context, names: tuple[str, ...] = tuple(RECIPES), folder: Path = FOLDER) -> dict[str, Run]:
    """Train shipped models again from their recipes; their weights, cards and curves replace the old ones.

    The fixed networks that a recipe names are read from the shipped zoo, whatever the ``folder``. What an interruption
    left unfinished is carried on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _train_one(name, ctx.part(i, len(names), name), folder) for i, name in enumerate(names)}


def _train_one(name: str, ctx: Context, folder: Path) -> Run:
    made = home() / "zoo" / name
    if recipe_in(made) not in (None, RECIPES[name]):
        shutil.rmtree(made)  # of a recipe that has changed since
    run = train(RECIPES[name], ctx, made, resume=True)
    for source, end in (("weights.safetensors", ".safetensors"), ("metrics.jsonl", ".metrics.jsonl")):
        write_whole(folder / f"{name}{end}", (made / source).read_bytes())
    # Last, because a model without it is not listed.
    write_whole(folder / f"{name}.json", (made / "card.json").read_bytes())
    shutil.rmtree(made)
    return run
