"""Attacks of the same name and number of steps, ours and torchattacks', in this one run: what they break, how fast.

    pip install -e '.[peers]'
    python tests/benchmarks/attack_strength.py [--model m-trades --data mnist] [--images 200] [--steps 100]

L∞, eps 0.3 (``--norm`` and ``--eps`` choose others). Without ``--model``, the shipped networks on the test digits.
Robust accuracy is predicted again on the returned pixels. "only ours" and "only theirs" count the images that one of
the two breaks and the other does not. "time" is theirs over ours for the verdicts, in processor seconds. "gradients"
is the number of input gradients a second, ours relative to theirs, which also counts the images that a method goes on
attacking after it has broken them.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks import attack
from lab.catalogue import find_data
from lab.data import load
from lab.models import load as load_model
from lab.specs import APGD, DLR, L2, APGDTargeted, Ball, Linf, Margin, Trained


class Counted(nn.Module):
    """A model that counts the images for which a gradient is wanted."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.gradients = model, 0

    def forward(self, x: Tensor) -> Tensor:
        """(n, …) images to (n, classes) logits."""
        self.gradients += len(x) * torch.is_grad_enabled()
        return self.model(x)


Method = Callable[[nn.Module, Tensor, Tensor], Tensor]


def pairs(ball: Ball, steps: int, classes: int) -> dict[str, tuple[Method, Method | None]]:
    """Our attack and theirs, by what they are called."""
    import torchattacks

    more = {"norm": type(ball).__name__, "eps": ball.eps, "steps": steps}

    def ours(spec: APGD | APGDTargeted) -> Method:
        return lambda model, x, y: attack(spec, model, x, y, ball)

    return {
        "APGD-CE": (ours(APGD(steps)), lambda model, x, y: torchattacks.APGD(model, loss="ce", **more)(x, y)),
        "APGD-DLR": (
            ours(APGD(steps, objective=DLR())),
            lambda model, x, y: torchattacks.APGD(model, loss="dlr", **more)(x, y),
        ),
        "APGD-margin": (ours(APGD(steps, objective=Margin())), None),
        "APGD-T": (
            ours(APGDTargeted(steps)),
            lambda model, x, y: torchattacks.APGDT(model, n_classes=classes, **more)(x, y),
        ),
    }


def tried(method: Method, model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, float, float]:
    """Which images withstand, the processor seconds it took, and the gradients it took."""
    counted = Counted(model)
    started = time.process_time()
    x_adv = method(counted, x, y)
    seconds = time.process_time() - started
    with torch.no_grad():
        return (model(x).argmax(1) == y) & (model(x_adv).argmax(1) == y), seconds, counted.gradients


def compare(name: str, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, steps: int, classes: int) -> None:
    """Print a line for each attack."""
    for attacked, (ours, theirs) in pairs(ball, steps, classes).items():
        robust, seconds, gradients = tried(ours, model, x, y)
        line = f"| {name} | {attacked} | {robust.float().mean():.1%} |"
        if theirs is None:
            print(f"{line} | | | | |", flush=True)
            continue
        other, longer, more = tried(theirs, model, x, y)
        only = f" {int((~robust & other).sum())} | {int((robust & ~other).sum())} |"
        rate = (gradients / seconds) / (more / longer)
        print(f"{line} {other.float().mean():.1%} |{only} {longer / seconds:.1f} | {rate:.2f} |", flush=True)


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", action="append")
    options.add_argument("--data", default="digits")
    options.add_argument("--images", type=int, default=200)
    options.add_argument("--steps", type=int, default=100)
    options.add_argument("--norm", choices=["Linf", "L2"], default="Linf")
    options.add_argument("--eps", type=float, default=0.3)
    asked = options.parse_args()
    torch.set_num_threads(1)
    data = load(find_data(asked.data))
    x, y = data.test.images(range(asked.images)), data.test.labels(range(asked.images))
    ball = {"Linf": Linf, "L2": L2}[asked.norm](asked.eps)
    print(f"{asked.images} images of {data.name}, {asked.norm} {asked.eps:g}, {asked.steps} steps")
    print("| model | attack | ours | theirs | only ours | only theirs | time | gradients |")
    print("|---|---|---|---|---|---|---|---|")
    for name in asked.model or ("standard", "pgd-trained", "trades-trained"):
        compare(name, load_model(Trained(name)).eval(), x, y, ball, asked.steps, len(data.class_names))


if __name__ == "__main__":
    main()
