"""The documentation's table of the shipped digits models: accuracy under each attack, and what an evaluation leaves.

    python tests/benchmarks/readme_tables.py [--eps 0.3] [--images 360] [--budget standard] [--only pgd-trained]

All models are measured on the same test images, L∞. FGSM, R+FGSM (a random step of ε / 2 first), Step-LL and PGD (the
lab's default: 40 steps that follow ε, one random start) are single attacks; black box is FGSM on `standard-b` (for that
one, on `standard`), which no recipe but its own has seen. The evaluation's column is the worst case over all its
attacks and sanity checks; its verdict, and how many images each attack broke, go to stderr. The MNIST table is printed
by ``mnist_defences.py``, with a column for the evaluation as well.
"""

import argparse
import sys
import time

import torch
from torch import Tensor

from lab.attacks import attack, evaluate, judge, maximise
from lab.data import load
from lab.models import load as load_model
from lab.results import ModelEvaluation
from lab.results.evaluation_verdict import verdict
from lab.specs import FGSM, PGD, RFGSM, AttackSpec, Digits, Linf, StepLL, Trained
from lab.specs.evaluation import BUDGETS, STANDARD
from lab.training.zoo import RECIPES

WHITE_BOX: dict[str, AttackSpec] = {"FGSM": FGSM(), "R+FGSM": RFGSM(), "Step-LL": StepLL(), "PGD": PGD()}
UNDEFENDED = ("standard-b", "standard")


def main() -> None:
    """Print a row for each model as soon as it is measured."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--eps", type=float, default=0.3)
    asked.add_argument("--images", type=int, default=360)
    asked.add_argument("--budget", choices=BUDGETS, default=STANDARD)
    asked.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked.add_argument("--only", nargs="+", choices=tuple(RECIPES), default=tuple(RECIPES), metavar="NAME")
    options = asked.parse_args()
    torch.set_num_threads(options.threads)
    test, ball = load(Digits()).test, Linf(options.eps)
    x, y = test.images(range(options.images)), test.labels(range(options.images))
    columns = ("clean", *WHITE_BOX, "black box", f"evaluation, {options.budget}", "verdict")
    print(f"| model | {' | '.join(columns)} |\n|{'---|' * (1 + len(columns))}", flush=True)
    for name in options.only:
        began = time.perf_counter()
        cells = [*_single_attacks(name, x, y, ball), *_evaluated(name, x, y, ball, options.budget)]
        print(f"| `{name}` | {' | '.join(cells)} |", flush=True)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def _single_attacks(name: str, x: Tensor, y: Tensor, ball: Linf) -> list[str]:
    """Clean accuracy, robust accuracy under each single attack, and under the black box, in %."""
    model = load_model(Trained(name))
    holdout = load_model(Trained(next(each for each in UNDEFENDED if each != name)))
    white_box = [attack(spec, model, x, y, ball) for spec in WHITE_BOX.values()]
    proposals = [x, *white_box, maximise(FGSM(), holdout, x, y, ball)]
    return [f"{100 * judge(x, y, x_adv, model, ball).robust_accuracy:.1f}" for x_adv in proposals]


def _evaluated(name: str, x: Tensor, y: Tensor, ball: Linf, budget: str) -> list[str]:
    """What the evaluation leaves, in %, and its verdict."""
    sources = [(each, load_model(Trained(each))) for each in UNDEFENDED if each != name]
    found = evaluate(load_model(Trained(name)), x, y, ball, budget, name=name, sources=sources)
    said = verdict(found)
    print(f"{name}: {said.words} {' '.join(said.flaws)} Broken by {_broken_by(found)}.", file=sys.stderr, flush=True)
    return [f"{100 * found.robust_accuracy:.1f}", said.kind]


def _broken_by(found: ModelEvaluation) -> str:
    return ", ".join(f"{stage.name} {int(stage.broken.sum())}" for stage in found.stages if stage.broken.any())


if __name__ == "__main__":
    main()
