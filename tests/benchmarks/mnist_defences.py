"""Tramèr et al. 2018's MNIST networks, trained and attacked as in Table 7, beside the paper's error rates.

    LAB_DATA=… LAB_HOME=… python tests/benchmarks/mnist_defences.py [--threads 2] [--images 10000] [--only mnist-d]

A to D are trained on clean images for 6 epochs, B by FGSM for 12 (Appendix C.2: batches of 64, Adam), all in bfloat16.
To fit two processor cores, A is trained by FGSM for 6 epochs where the paper has 12, and by PGD for 4, with 7 steps of
0.1 and eps warmed up over 2 epochs (Madry et al. 2017: 40 steps of 0.01 and more than 80 epochs). The networks are runs
under ``LAB_HOME``, so that an interrupted program goes on where it was and the pages show them. White box and black box
are measured in float32 on the first test images: all of them with FGSM and R+FGSM unless told, 1,000 with PGD (40
steps that follow eps) and with the standard evaluation, the worst case over all its attacks, unless --budget says
quick. A black box's images are FGSM's on the undefended networks.
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
    TramerB,
    TramerC,
    TramerD,
    fgsm_training,
    pgd_training,
    standard_training,
)
from lab.specs.evaluation import BUDGETS, STANDARD
from lab.training.train import train

BALL = Linf(0.3)
EVALUATION, EVALUATED = "evaluation", 1000  # the column, and on how many images at most
UNDEFENDED = ("mnist-a", "mnist-b", "mnist-c", "mnist-d")
WHITE_BOX: tuple[tuple[str, AttackSpec, int], ...] = (  # and the most images each is measured on
    ("FGSM", FGSM(), 10_000),
    ("R+FGSM", RFGSM(alpha=0.05 / BALL.eps), 10_000),
    ("PGD", PGD(), 1000),
)


def _on_mnist(recipe: Recipe, **changes: object) -> Recipe:
    return recipe.replace(data=MNIST(), batch=64, precision="bfloat16", **changes)


_REDUCED = OwnExamples(PGD(steps=7, step_size=0.1))
RECIPES: dict[str, Recipe] = {
    "mnist-d": _on_mnist(standard_training(), architecture=TramerD(), epochs=6),
    "mnist-b": _on_mnist(standard_training(), architecture=TramerB(), epochs=6),
    "mnist-a": _on_mnist(standard_training(), architecture=TramerA(), epochs=6),
    "mnist-c": _on_mnist(standard_training(), architecture=TramerC(), epochs=6),
    "mnist-b-fgsm": _on_mnist(fgsm_training(), architecture=TramerB(), epochs=12, seed=1),
    "mnist-a-fgsm": _on_mnist(fgsm_training(), architecture=TramerA(), epochs=6, seed=1),
    "mnist-a-pgd": _on_mnist(pgd_training(source=_REDUCED), architecture=TramerA(), epochs=4, warm_up=2, seed=1),
}
PAPER: dict[str, dict[str, float]] = {  # error rates in %, Tramèr et al. 2018, Table 7 (clean: Table 8)
    "mnist-a": {"FGSM": 64.7, "R+FGSM": 69.7, "b": 61.5, "c": 46.8, "d": 41.5},
    "mnist-b": {"FGSM": 85.0, "R+FGSM": 86.0, "a": 45.7, "c": 59.9, "d": 85.9},
    "mnist-c": {"FGSM": 81.8, "R+FGSM": 81.8, "a": 40.2, "b": 55.8, "d": 59.4},
    "mnist-d": {"FGSM": 92.4, "R+FGSM": 95.4, "a": 61.3, "b": 74.1, "c": 68.9},
    "mnist-a-fgsm": {"clean": 0.8, "FGSM": 2.2, "R+FGSM": 14.8, "a": 6.6, "b": 10.7, "c": 6.5, "d": 8.3},
    "mnist-b-fgsm": {"clean": 0.8, "FGSM": 11.6, "R+FGSM": 11.1, "a": 6.4, "b": 8.9, "c": 4.9, "d": 6.1},
}


def main() -> None:
    """Train what is not there yet, then print a line for each network as soon as it is measured."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked.add_argument("--images", type=int, default=10_000)
    asked.add_argument("--only", nargs="+", choices=tuple(RECIPES), default=tuple(RECIPES), metavar="NAME")
    asked.add_argument("--budget", choices=BUDGETS, default=STANDARD)
    options = asked.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.only:
        run = train(RECIPES[name], Context(), runs.folder(name), resume=True)
        print(f"{name}: trained in {run.history.seconds[-1]:.0f} s", file=sys.stderr, flush=True)
    columns = ("clean", *(each for each, _, _ in WHITE_BOX), EVALUATION, *(each[-1] for each in UNDEFENDED))
    print("Error rates in %, in brackets the paper's; a to d: FGSM made on that undefended network.\n")
    print(f"| network | {' | '.join(columns)} |\n|{'---|' * (1 + len(columns))}", flush=True)
    test = load(MNIST()).test
    x, y = test.images(range(options.images)), test.labels(range(options.images))
    sources = [name for name in UNDEFENDED if name in options.only]
    shown = {name: maximise(FGSM(), load_model(Trained(name)), x, y, BALL).cpu() for name in sources}
    for name in options.only:
        errors = _errors(name, x, y, {source[-1]: each for source, each in shown.items() if source != name})
        errors[EVALUATION] = _evaluated(name, x[:EVALUATED], y[:EVALUATED], options.budget)
        cells = (_cell(errors.get(each), PAPER.get(name, {}).get(each)) for each in columns)
        print(f"| `{name}` | {' | '.join(cells)} |", flush=True)


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
