"""The quick evaluation beside the standard one: what it leaves that the standard breaks, and its part of the cost.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.budget_gap [--models pgd-trained] [--norm L2 --eps 1.0] [--images 300]

Both are ``lab.attacks.evaluate`` whole, with its sanity checks and what these find, on the same test images; without
``--models``, on every shipped model. Seconds are the processor's, in one thread, and "gradients" counts images whose
gradient was computed. "only quick" and "only standard" count the images that one of the two breaks and the other does
not. ``--stages`` prints, below each row, images before and after every stage, with its passes and seconds.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.attacks import evaluate
from lab.catalogue import find_data
from lab.data import load
from lab.models import load as load_model
from lab.results.evaluation import UNBROKEN, ModelEvaluation
from lab.results.evaluation_verdict import verdict
from lab.specs import L2, Ball, Linf, Trained
from lab.specs.evaluation import QUICK, STANDARD
from lab.training.zoo import RECIPES

HEAD = (
    "| model | robust, quick | robust, standard | only quick | only standard | seconds | ratio | gradients | ratio "
    "| verdict |"
)


@dataclass
class Run:
    """An evaluation and its cost."""

    found: ModelEvaluation
    seconds: float
    gradients: int

    @property
    def robust(self) -> Tensor:
        """(n,) which images withstand."""
        return torch.from_numpy(self.found.broken_by == UNBROKEN)


def run(model: nn.Module, x: Tensor, y: Tensor, ball: Ball, budget: str) -> Run:
    """Evaluate the model, and count what that takes."""
    gradients = 0

    def count(_: nn.Module, __: tuple[Tensor, ...], logits: Tensor) -> None:
        nonlocal gradients
        gradients += len(logits) * logits.requires_grad

    handle, started = model.register_forward_hook(count), time.process_time()
    try:
        found = evaluate(model, x, y, ball, budget)
    finally:
        handle.remove()
    return Run(found, time.process_time() - started, gradients)


def stages(found: ModelEvaluation) -> str:
    """Every stage: images before and after, passes, seconds."""
    counts = [(each, int(each.attacked.sum())) for each in found.stages]
    return "; ".join(
        f"{each.name} {n} → {n - int(each.broken.sum())} ({each.passes:,} passes, {each.seconds:.2f} s)"
        for each, n in counts
    )


def compare(name: str, x: Tensor, y: Tensor, ball: Ball, verbose: bool) -> None:
    """Print a row for a model."""
    model = load_model(Trained(name)).eval()
    quick, standard = (run(model, x, y, ball, budget) for budget in (QUICK, STANDARD))
    kinds = dict.fromkeys(verdict(each.found).kind for each in (quick, standard))
    print(
        f"| `{name}` | {quick.robust.float().mean():.1%} | {standard.robust.float().mean():.1%} "
        f"| {int((~quick.robust & standard.robust).sum())} | {int((quick.robust & ~standard.robust).sum())} "
        f"| {quick.seconds:.2f} / {standard.seconds:.2f} | {standard.seconds / quick.seconds:.1f} "
        f"| {quick.gradients:,} / {standard.gradients:,} | {standard.gradients / quick.gradients:.1f} "
        f"| {' / '.join(kinds)} |",
        flush=True,
    )
    if verbose:
        for budget, each in ((QUICK, quick), (STANDARD, standard)):
            print(f"    {budget}: {stages(each.found)}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--models", nargs="+")
    options.add_argument("--data", default="digits")
    options.add_argument("--norm", choices=["Linf", "L2"], default="Linf")
    options.add_argument("--eps", type=float, default=0.3)
    options.add_argument("--images", type=int, default=300)
    options.add_argument("--stages", action="store_true")
    asked = options.parse_args(arguments)
    torch.set_num_threads(1)
    data = load(find_data(asked.data))
    x, y = data.test.images(range(asked.images)), data.test.labels(range(asked.images))
    ball = {"Linf": Linf, "L2": L2}[asked.norm](asked.eps)
    print(f"{len(x)} images of {data.name}, {asked.norm} {asked.eps:g}\n\n{HEAD}\n|{'---|' * (HEAD.count('|') - 1)}")
    for name in asked.models or RECIPES:
        compare(name, x, y, ball, asked.stages)


if __name__ == "__main__":
    main()
