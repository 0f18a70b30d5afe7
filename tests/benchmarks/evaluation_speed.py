"""The standard evaluation against torchattacks' AutoAttack: seconds and robust accuracy on the same images, in one run.

    pip install -e '.[peers]'
    python tests/benchmarks/evaluation_speed.py [--models standard pgd-trained] [--data digits] [--images 200]

L∞ unless ``--norm L2``. Ours is ``lab.attacks.evaluate`` whole, with its sanity checks. torchattacks' port of the
standard version takes 10 steps of APGD, APGD-T and FAB-T where the authors' code takes 100, and 5,000 queries of Square
as the authors' does; ``--steps 100`` gives it the authors' steps.
Rounds are interleaved and their medians printed, in seconds of the processor, which other programs disturb less; set
OMP_NUM_THREADS=1, or all threads count. A line per model: seconds of both and their ratio, both robust
accuracies as predicted again, and how many images only one of both breaks. Then, stage by stage, images before and
after and seconds, of the first round.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.attacks import evaluate
from lab.attacks.ball import distance
from lab.data import load
from lab.models import load as load_model
from lab.results.evaluation import UNBROKEN
from lab.specs import L2, MNIST, Ball, DataSpec, Digits, Linf, Trained
from lab.specs.evaluation import BUDGETS

DATA: dict[str, DataSpec] = {"digits": Digits(), "mnist": MNIST()}
BALLS: dict[str, type[Ball]] = {"Linf": Linf, "L2": L2}
Stage = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Run:
    """(n,) which images withstand, the seconds it took, and a text for every stage."""

    robust: Tensor
    seconds: float
    stages: list[str]


def theirs(model: nn.Module, ball: Ball, norm: str, steps: int) -> list[tuple[str, Stage]]:
    """The parts of torchattacks' AutoAttack."""
    import torchattacks

    whole = torchattacks.AutoAttack(model, norm=norm, eps=ball.eps, version="standard", n_classes=10, seed=0)
    for part in whole._autoattack.attacks:
        if hasattr(part, "steps"):
            part.steps = steps
    return [(type(part).__name__, part) for part in whole._autoattack.attacks]


def ours(model: nn.Module, x: Tensor, y: Tensor, ball: Ball, budget: str) -> Run:
    """The whole evaluation with its sanity checks, what these find included."""
    started = time.process_time()
    found = evaluate(model, x, y, ball, budget)
    spent, said = time.process_time() - started, []
    for stage in found.stages:
        before = int(stage.attacked.sum())
        said.append(f"{stage.name} {before} → {before - int(stage.broken.sum())} in {stage.seconds:.2f} s")
    return Run(torch.from_numpy(found.broken_by == UNBROKEN), spent, said)


def evaluated(model: nn.Module, x: Tensor, y: Tensor, ball: Ball, stages: Sequence[tuple[str, Stage]]) -> Run:
    """One stage after another on the images that withstood those before, each verdict predicted again."""
    standing, said, started = torch.arange(len(x)), [], time.process_time()
    with torch.no_grad():
        standing = standing[model(x).argmax(1) == y]
    for name, stage in stages:
        if not len(standing):
            break
        begun, before = time.process_time(), len(standing)
        x_adv = stage(x[standing], y[standing]).detach()
        with torch.no_grad():
            fooled = model(x_adv).argmax(1) != y[standing]
        inside = distance(ball, x_adv, x[standing]) <= ball.eps + 1e-5
        standing = standing[~(fooled & inside)]
        said.append(f"{name} {before} → {len(standing)} in {time.process_time() - begun:.2f} s")
    robust = torch.zeros(len(x), dtype=torch.bool)
    robust[standing] = True
    return Run(robust, time.process_time() - started, said)


def compare(name: str, options: argparse.Namespace) -> None:
    """Print what both say of one model."""
    test, model, ball = (
        load(DATA[options.data]).test,
        load_model(Trained(name)).eval(),
        BALLS[options.norm](options.eps),
    )
    x, y = test.images(range(options.images)), test.labels(range(options.images))
    methods = {
        "ours": lambda: ours(model, x, y, ball, options.budget),
        "torchattacks": lambda: evaluated(model, x, y, ball, theirs(model, ball, options.norm, options.steps)),
    }
    runs: dict[str, list[Run]] = {each: [] for each in methods}
    for _ in range(options.rounds):
        for each, run in methods.items():
            runs[each].append(run())
    seconds = {each: statistics.median(run.seconds for run in found) for each, found in runs.items()}
    us, them = runs["ours"][0].robust, runs["torchattacks"][0].robust
    print(
        f"{name}: ours {seconds['ours']:.2f} s, torchattacks {seconds['torchattacks']:.2f} s, "
        f"ratio {seconds['torchattacks'] / seconds['ours']:.2f}; robust accuracy {us.double().mean():.2%} and "
        f"{them.double().mean():.2%}; broken by ours alone {int((them & ~us).sum())}, by theirs alone "
        f"{int((us & ~them).sum())}",
        flush=True,
    )
    for each, found in runs.items():
        print(f"    {each}: " + "; ".join(found[0].stages), flush=True)


def main() -> None:
    """Compare every model asked for."""
    parser = argparse.ArgumentParser(description="The standard evaluation against torchattacks' AutoAttack.")
    parser.add_argument("--models", nargs="+", default=["standard", "pgd-trained", "trades-trained"])
    parser.add_argument("--data", choices=DATA, default="digits")
    parser.add_argument("--norm", choices=BALLS, default="Linf")
    parser.add_argument("--eps", type=float, default=0.3)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--budget", choices=BUDGETS, default="standard", help="ours")
    parser.add_argument("--steps", type=int, default=10, help="torchattacks' steps")
    options = parser.parse_args()
    for name in options.models:
        compare(name, options)


if __name__ == "__main__":
    main()
