"""The documentation's tables of the shipped models: accuracy under attacks, what an evaluation leaves, and cost.

    python tests/benchmarks/readme_tables.py [--data digits] [--eps 0.3] [--images 360] [--evaluated 200]
                                             [--budget standard] [--only pgd-trained]

All models of a data set are measured on the same first test images, L∞, fewer of them where an evaluation takes long.
FGSM, R+FGSM (a random step of ε / 2 first), Step-LL and PGD (the lab's default: 40 steps that follow ε, one random
start) are single attacks; black box is FGSM on `standard-b` (for that one, on `standard`) of the same data, which no
recipe but its own has seen. The columns of the evaluations are the worst case over all their attacks and sanity checks;
the verdict is the last one's, and how many images each attack broke goes to stderr. Size and time of the training are
those of the shipped files. The table of Tramèr et al.'s networks on MNIST is printed by ``mnist_defences.py``, with a
column for the evaluation as well.
"""

import argparse
import json
import sys
import time

import torch
from torch import Tensor

from lab.attacks import attack, evaluate, judge, maximise
from lab.catalogue import data_card, find_card, find_data, shipped_on
from lab.cli.options import number
from lab.data import load
from lab.models import load as load_model
from lab.results import ModelEvaluation
from lab.results.evaluation_verdict import verdict
from lab.specs import FGSM, PGD, RFGSM, AttackSpec, Linf, StepLL, Trained
from lab.specs.evaluation import BUDGETS, STANDARD
from lab.training.zoo import RECIPES
from widgets.dashboards.studio.runs import summary

WHITE_BOX: dict[str, AttackSpec] = {"FGSM": FGSM(), "R+FGSM": RFGSM(), "Step-LL": StepLL(), "PGD": PGD()}
UNDEFENDED = ("standard-b", "standard")
DATA = tuple(dict.fromkeys(data_card(each.data).name for each in RECIPES.values()))


def main() -> None:
    """Print a row for each model as soon as it is measured."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--data", choices=DATA, default=DATA[0])
    asked.add_argument("--eps", type=number, default=0.3)
    asked.add_argument("--images", type=int, default=360)
    asked.add_argument("--evaluated", type=int, help="of these, the first ones that are evaluated (default: all)")
    asked.add_argument("--budget", nargs="+", choices=BUDGETS, default=[STANDARD])
    asked.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked.add_argument("--only", nargs="+", choices=tuple(RECIPES), metavar="NAME")
    options = asked.parse_args()
    torch.set_num_threads(options.threads)
    data = find_data(options.data)
    names = options.only or [name for name, recipe in RECIPES.items() if recipe.data == data]
    undefended = [each for part in UNDEFENDED if (each := shipped_on(options.data, part)) in RECIPES]
    test, ball = load(data).test, Linf(options.eps)
    x, y = test.images(range(options.images)), test.labels(range(options.images))
    evaluations = [f"evaluation, {each}" for each in options.budget]
    columns = ("clean", *WHITE_BOX, "black box", *evaluations, "verdict", "recipe", "kB", "trained in")
    print(f"| model | {' | '.join(columns)} |\n|{'---|' * (1 + len(columns))}", flush=True)
    for name in names:
        began = time.perf_counter()
        others = [each for each in undefended if each != name]
        few = slice(options.evaluated)
        cells = _single_attacks(name, others, x, y, ball)
        cells += _evaluated(name, others, x[few], y[few], ball, options.budget)
        print(f"| `{name}` | {' | '.join([*cells, *_made(name)])} |", flush=True)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def _single_attacks(name: str, others: list[str], x: Tensor, y: Tensor, ball: Linf) -> list[str]:
    """Clean accuracy, robust accuracy under each single attack, and under the black box, in %."""
    model = load_model(Trained(name))
    proposals = [x, *(attack(spec, model, x, y, ball) for spec in WHITE_BOX.values())]
    proposals += [maximise(FGSM(), load_model(Trained(each)), x, y, ball) for each in others[:1]]
    found = [f"{100 * judge(x, y, x_adv, model, ball).robust_accuracy:.1f}" for x_adv in proposals]
    return found if others else [*found, ""]


def _evaluated(name: str, others: list[str], x: Tensor, y: Tensor, ball: Linf, budgets: list[str]) -> list[str]:
    """What each evaluation leaves, in %, and the last one's verdict."""
    sources = [(each, load_model(Trained(each))) for each in others]
    left = []
    for budget in budgets:
        found = evaluate(load_model(Trained(name)), x, y, ball, budget, name=name, sources=sources)
        said = verdict(found)
        words = f"{name}, {budget}: {said.words} {' '.join(said.flaws)} Broken by {_broken_by(found)}."
        print(words, file=sys.stderr, flush=True)
        left.append(f"{100 * found.robust_accuracy:.1f}")
    return [*left, said.kind]


def _made(name: str) -> list[str]:
    """The recipe in a line, the size of the weights, and how long the training took."""
    weights = find_card(name).weights
    assert weights is not None
    seconds = json.loads(weights.with_suffix(".json").read_text())["seconds"]
    took = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
    return [summary(RECIPES[name]), f"{weights.stat().st_size / 1000:.0f}", took]


def _broken_by(found: ModelEvaluation) -> str:
    return ", ".join(f"{stage.name} {int(stage.broken.sum())}" for stage in found.stages if stage.broken.any())


if __name__ == "__main__":
    main()
