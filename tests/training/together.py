"""Train once alone and once in two processes: run as ``python -m tests.training.together HOME RECIPE``.

The processes are forked, with the environment that ``torchrun`` gives them, so that PyTorch is imported once.
"""

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from lab.context import Context
from lab.models.build import Network, Shape, make
from lab.specs import FGSM, SGD, TRADES, Adversarial, Linf, OwnExamples, PadCropFlip, Pivot, Recipe, SmallCNN
from lab.training import train

KURAKIN = Adversarial(
    architecture=SmallCNN(4),
    epochs=1,
    batch=64,
    source=OwnExamples(FGSM()),
    ball=Linf(0.05),
    share=0.5,
    keep_clean=False,
    spread=0.5,
    optimiser=SGD(0.01),
    augmentation=PadCropFlip(pad=2, flip=False),
)
"""Kurakin's mixture, so that it matters which images are attacked; 1437 images leave a last batch of 29."""

PIVOT = KURAKIN.replace(keep_clean=True, similarity=Pivot(weight=1e-4, detached=False), delay=10)
"""Two embeddings of an image in one loss, which changes in step 10."""


def with_unused_weights() -> Recipe:
    """A network with a layer that no loss depends on; its architecture is known to this process from now on."""

    @dataclass(frozen=True)
    class Unused(SmallCNN, title="A layer of which is not used"):
        """A small CNN with weights that are not used."""

    @make.register
    def _(architecture: Unused, shape: Shape, classes: int) -> Network:
        network = make(SmallCNN(4), shape, classes)
        network.unused = nn.Linear(3, 3)
        return network

    return KURAKIN.replace(architecture=Unused(4))


RECIPES = {
    "kurakin": lambda: KURAKIN,
    "pivot": lambda: PIVOT,
    "trades": lambda: TRADES(architecture=SmallCNN(4), epochs=1, batch=64, ball=Linf(0.05), optimiser=SGD(0.01)),
    "unused weights": with_unused_weights,
}


def started(recipe: Recipe, folder: Path, environment: dict[str, str]) -> int:
    """Training in a process of its own; its number."""
    child = os.fork()
    if not child:
        os.environ |= environment
        train(recipe, Context(), folder)
        os._exit(0)
    return child


def free_port() -> str:
    """A port of this machine that nobody listens on: to be taken at once, before somebody else does."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def main(home: Path, recipe: Recipe) -> None:
    """Leave the runs ``alone`` and ``together`` in the folder."""
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    children = [started(recipe, home / "together", common | {"RANK": rank, "LOCAL_RANK": rank}) for rank in "01"]
    children.append(started(recipe, home / "alone", {}))
    assert [os.waitpid(each, 0)[1] for each in children] == [0, 0, 0]


if __name__ == "__main__":
    main(Path(sys.argv[1]), RECIPES[sys.argv[2]]())
