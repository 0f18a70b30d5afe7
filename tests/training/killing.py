"""Train, be killed at random moments, carry on: run as ``python -m tests.training.killing HOME KILLS RECIPE…``.

PyTorch is imported once; every attempt is a forked process of its own, killed by SIGKILL. Prints a JSON list with, for
each recipe, how often it was killed in time and whether everything came out as without a kill.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from lab.context import Context
from lab.models import save_weights
from lab.models.build import build
from lab.specs import (
    PGD,
    SGD,
    Adversarial,
    CascadeExamples,
    Custom,
    EnsembleExamples,
    Linf,
    NpzFile,
    OneCycle,
    OwnExamples,
    PadCropFlip,
    Recipe,
    RMSProp,
    SmallCNN,
    TramerA,
)
from lab.training import checkpointer, train


def fixed() -> torch.nn.Module:
    """An untrained network whose examples an ensemble or a cascade uses."""
    return build(SmallCNN(4), (1, 12, 12), 3, torch.Generator().manual_seed(5))


def noise(folder: Path) -> NpzFile:
    """90 random images of 12×12 with three labels, and 12 to test on."""
    numbers = np.random.default_rng(0)
    images = {f"x_{split}": numbers.random((n, 12, 12), np.float32) for split, n in (("train", 90), ("test", 12))}
    labels = {f"y_{split}": np.arange(n) % 3 for split, n in (("train", 90), ("test", 12))}
    np.savez(folder / "noise.npz", **images, **labels)
    return NpzFile(str(folder / "noise.npz"))


def recipes(folder: Path) -> dict[str, Recipe]:
    """One recipe for each thing that an interruption could disturb."""
    save_weights(fixed(), folder / "fixed.safetensors")
    other = Custom("tests.training.killing:fixed", str(folder / "fixed.safetensors"))
    common = {"data": noise(folder), "architecture": SmallCNN(4), "batch": 16, "epochs": 8}
    pgd = OwnExamples(PGD(steps=2, step_size=0.1))
    return {
        "dropout": Adversarial(
            **common | {"architecture": TramerA(), "epochs": 4},
            source=CascadeExamples(defended=other, levels=3),
            optimiser=SGD(0.01),
            weight_decay=1e-4,
        ),
        "warm_up": Adversarial(
            **common, source=pgd, spread=0.5, warm_up=4, schedule=OneCycle(), augmentation=PadCropFlip(pad=2)
        ),
        "ensemble": Adversarial(**common, source=EnsembleExamples(models=(other,)), ball=Linf(0.1)),
        "cascade": Adversarial(**common, source=CascadeExamples(defended=other, levels=3), optimiser=RMSProp(0.001)),
    }


def attempt(recipe: Recipe, folder: Path) -> int:
    """Train in a process of its own; its number."""
    child = os.fork()
    if not child:
        checkpointer.EVERY, checkpointer.AT_EPOCHS, checkpointer.SPARING = 0.05, 0.0, 1.0
        train(recipe, Context(), folder, resume=True)
        os._exit(0)
    return child


def written(folder: Path) -> int:
    """The lines of metrics that are there."""
    path = folder / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def ended(child: int, enough: Callable[[], bool] = lambda: False) -> bool:
    """Whether the process ends by itself before it is enough."""
    while not enough():
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0, f"training ended with {status}"
            return True
        time.sleep(0.0005)
    return False


def interrupted(recipe: Recipe, folder: Path, kills: int, lines: int) -> int:
    """Train in ``folder``, killed up to ``kills`` times: whenever there are so many of its ``lines``, and a bit later.

    How often it was.
    """
    moments = random.Random(folder.name)
    for killed, line in enumerate(sorted(moments.randrange(lines + 1) for _ in range(kills))):
        child = attempt(recipe, folder)
        if ended(child, lambda line=line: written(folder) >= line):
            return killed
        time.sleep(moments.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended(attempt(recipe, folder))
    return kills


def outcome(folder: Path) -> tuple[bytes, list[dict[str, float]]]:
    """The weights' file and the lines of metrics without their times."""
    lines = [json.loads(each) for each in (folder / "metrics.jsonl").read_text().splitlines()]
    weights = (folder / "weights.safetensors").read_bytes()
    return weights, [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def main(home: Path, kills: int, names: list[str]) -> None:
    """Compare each recipe's run with one that was killed again and again."""
    found, known = [], recipes(home)
    for name in names:
        recipe = known[name]
        assert ended(attempt(recipe, home / f"{name}-whole"))
        weights, lines = outcome(home / f"{name}-whole")
        count = interrupted(recipe, home / f"{name}-killed", kills, len(lines))
        new_weights, new_lines = outcome(home / f"{name}-killed")
        found.append({"recipe": name, "kills": count, "weights": new_weights == weights, "lines": new_lines == lines})
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
