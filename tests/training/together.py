"""Train once alone and once in two processes: run as ``python -m tests.training.together HOME``.

The processes are forked, with the environment that ``torchrun`` gives them, so that PyTorch is imported once.
"""

import os
import socket
import sys
from pathlib import Path

from lab.context import Context
from lab.specs import FGSM, SGD, Adversarial, Linf, OwnExamples, PadCropFlip, Recipe, SmallCNN
from lab.training import train


def recipe() -> Recipe:
    """Kurakin's mixture, so that it matters which images are attacked; 1437 images leave a last batch of 29."""
    return Adversarial(
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


def started(folder: Path, environment: dict[str, str]) -> int:
    """Training in a process of its own; its number."""
    child = os.fork()
    if not child:
        os.environ |= environment
        train(recipe(), Context(), folder)
        os._exit(0)
    return child


def free_port() -> str:
    """A port of this machine that nobody listens on: to be taken at once, before somebody else does."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def main(home: Path) -> None:
    """Leave the runs ``alone`` and ``together`` in the folder."""
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    children = [started(home / "together", common | {"RANK": rank, "LOCAL_RANK": rank}) for rank in "01"]
    children.append(started(home / "alone", {}))
    assert [os.waitpid(each, 0)[1] for each in children] == [0, 0, 0]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
