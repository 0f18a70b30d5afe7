"""Tramèr et al. 2018's MNIST networks, trained as the paper says and attacked as in Table 7, beside its error rates.

    LAB_DATA=… LAB_HOME=… python tests/benchmarks/mnist_defences.py [--threads 2] [--images 10000] [--only a-adv]
        [--train-only] [--precision bfloat16]

Networks are those of ``lab.specs.papers.tramer``, called without ``tramer-mnist-``: a to d and b-star on clean images,
…-adv by FGSM. They are runs under ``LAB_HOME``, those in bfloat16 with that word behind their name: an interrupted
program resumes where it was, the pages show them, and each is trained by whichever call comes first. The default is
float32, as in the paper. ``a-pgd`` is ours: A by PGD for 4 epochs, with 7 steps of 0.1 and eps warmed up over 2 epochs
(Madry et al. 2017: 40 steps of 0.01 and more than 80 epochs).

White box and black box are measured in float32 on the first test images: all of them with FGSM and R+FGSM unless told,
1,000 with PGD (40 steps that follow eps) and with the standard evaluation, the worst case over all its attacks, unless
--budget says quick. A black box's images are FGSM's on the undefended networks that are there.
"""

import argparse
import sys

import torch
from torch import Tensor

from lab import runs
from lab.analysis.transfer import answer
from lab.attacks import attack, evaluate, maximise
from lab.context import Context
from lab.data import load
from lab.models import load as load_model
from lab.results.evaluation_verdict import verdict
from lab.runs import run_in
from lab.specs import (
    FGSM,
    MNIST,
    PGD,
    RFGSM,
    AttackSpec,
    Linf,
    OwnExamples,
    Recipe,
    Trained,
    TramerA,
    pgd_training,
)
from lab.specs.evaluation import BUDGETS, STANDARD
from lab.specs.papers import tramer
from lab.training.train import train

BALL = Linf(0.3)
EVALUATION, EVALUATED = "evaluation", 1000  # the column, and on how many images at most
UNDEFENDED = ("a", "b", "b-star", "c", "d")
WHITE_BOX: tuple[tuple[str, AttackSpec, int], ...] = (  # and the most images each is measured on
    ("FGSM", FGSM(), 10_000),
    ("R+FGSM", RFGSM(alpha=0.05 / BALL.eps), 10_000),
    ("PGD", PGD(), 1000),
)


_PREFIX = "tramer-mnist-"
_REDUCED = pgd_training(source=OwnExamples(PGD(steps=7, step_size=0.1)), warm_up=2)
RECIPES: dict[str, Recipe] = {each.name.removeprefix(_PREFIX): each.build() for each in tramer.PRESETS} | {
    "a-pgd": _REDUCED.replace(data=MNIST(), architecture=TramerA(), epochs=4, seed=1)
}
USUAL = (*UNDEFENDED, *(f"{each}-adv" for each in UNDEFENDED))
PAPER: dict[str, dict[str, float]] = {  # error rates in %, Tramèr et al. 2018, Table 7 (clean: Table 8)
    "a": {"FGSM": 64.7, "R+FGSM": 69.7, "b": 61.5, "b-star": 53.2, "c": 46.8, "d": 41.5},
    "b": {"FGSM": 85.0, "R+FGSM": 86.0, "a": 45.7, "b-star": 69.9, "c": 59.9, "d": 85.9},
    "b-star": {"FGSM": 75.7, "R+FGSM": 74.1, "a": 44.3, "b": 72.8, "c": 46.0, "d": 62.6},
    "c": {"FGSM": 81.8, "R+FGSM": 81.8, "a": 40.2, "b": 55.8, "b-star": 49.5, "d": 59.4},
    "d": {"FGSM": 92.4, "R+FGSM": 95.4, "a": 61.3, "b": 74.1, "b-star": 68.9, "c": 65.1},
    "a-adv": {"clean": 0.8, "FGSM": 2.2, "R+FGSM": 14.8, "a": 6.6, "b": 10.7, "b-star": 8.8, "c": 6.5, "d": 8.3},
    "b-adv": {"clean": 0.8, "FGSM": 11.6, "R+FGSM": 11.1, "a": 6.4, "b": 8.9, "b-star": 8.5, "c": 4.9, "d": 6.1},
    "b-star-adv": {"FGSM": 4.3, "R+FGSM": 40.6, "a": 16.1, "b": 14.7, "b-star": 15.0, "c": 17.9, "d": 9.1},
    "c-adv": {"clean": 1.0, "FGSM": 3.7, "R+FGSM": 17.1, "a": 9.8, "b": 29.3, "b-star": 21.5, "c": 11.9, "d": 21.9},
    "d-adv": {"clean": 2.6, "FGSM": 25.5, "R+FGSM": 47.5, "a": 32.1, "b": 30.5, "b-star": 29.3, "c": 28.2, "d": 21.8},
}


def main() -> None:
    """Train what is not there yet, then print a line for each network as soon as it is measured."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked.add_argument("--images", type=int, default=10_000)
    asked.add_argument("--only", nargs="+", choices=tuple(RECIPES), default=USUAL, metavar="NETWORK")
    asked.add_argument("--train-only", action="store_true")
    asked.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    asked.add_argument("--budget", choices=BUDGETS, default=STANDARD)
    options = asked.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.only:
        _train(name, options.precision)
    if options.train_only:
        return
    columns = ("clean", *(each for each, _, _ in WHITE_BOX), EVALUATION, *UNDEFENDED)
    print("Error rates in %, in brackets the paper's; a to d: FGSM made on that undefended network.\n")
    print(f"| network | {' | '.join(columns)} |\n|{'---|' * (1 + len(columns))}", flush=True)
    test = load(MNIST()).test
    x, y = test.images(range(options.images)), test.labels(range(options.images))
    runs_of = {name: _run_name(name, options.precision) for name in RECIPES}
    sources = [name for name in UNDEFENDED if run_in(runs.folder(runs_of[name])) is not None]
    shown = {name: maximise(FGSM(), load_model(Trained(runs_of[name])), x, y, BALL).cpu() for name in sources}
    for name in options.only:
        errors = _errors(runs_of[name], x, y, {source: each for source, each in shown.items() if source != name})
        errors[EVALUATION] = _evaluated(runs_of[name], x[:EVALUATED], y[:EVALUATED], options.budget)
        cells = (_cell(errors.get(each), PAPER.get(name, {}).get(each)) for each in columns)
        print(f"| `{runs_of[name]}` | {' | '.join(cells)} |", flush=True)


def _run_name(name: str, precision: str) -> str:
    """The name of the run of a network, the same as that of its preset in float32."""
    return f"{_PREFIX}{name}" + ("" if precision == "float32" else f"-{precision}")


def _train(name: str, precision: str) -> None:
    """Train a network, or resume its run."""
    recipe, folder = RECIPES[name].replace(precision=precision), runs.folder(_run_name(name, precision))
    say = Context(on_note=lambda sentence: print(sentence, file=sys.stderr, flush=True))
    run = train(recipe, say, folder, resume=True)
    print(f"{folder.name}: trained in {run.history.seconds[-1]:.0f} s", file=sys.stderr, flush=True)


def _errors(name: str, x: Tensor, y: Tensor, shown: dict[str, Tensor]) -> dict[str, float]:
    """Error rates in %: clean, white box, and black box on the images that were made on other networks."""
    model = load_model(Trained(name))

    def error(x_adv: Tensor) -> float:
        return 100 * float((answer(model, x_adv, y[: len(x_adv)]).rank > 0).mean())

    errors = {"clean": error(x)}
    for column, spec, n in WHITE_BOX:
        errors[column] = error(attack(spec, model, x[:n], y[:n], BALL).cpu())
    return errors | {source: error(x_adv) for source, x_adv in shown.items()}


def _evaluated(name: str, x: Tensor, y: Tensor, budget: str) -> float:
    """Error rate in % under everything that the evaluation tries; which attack broke how many goes to stderr."""
    found = evaluate(load_model(Trained(name)), x, y, BALL, budget, name=name)
    broke = ", ".join(f"{stage.name} {int(stage.broken.sum())}" for stage in found.stages if stage.broken.any())
    print(f"{name}: {verdict(found).words} Broken by {broke}.", file=sys.stderr, flush=True)
    return 100 * (1 - found.robust_accuracy)


def _cell(measured: float | None, paper: float | None) -> str:
    if measured is None:
        return "–"
    return f"{measured:.1f}" + (f" ({paper:.1f})" if paper is not None else "")


if __name__ == "__main__":
    main()
