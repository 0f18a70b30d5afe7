"""What evaluations say of defences that only hide the gradient: robust accuracy, verdict, and the checks that name it.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.known_defences [--images 16] [--budgets quick standard] [--write]

Each defence of tests/attacks/defences.py stands before or behind the shipped network `standard`, which was trained
without any, so that the truth is known: at L∞ 0.2 nothing is robust (Athalye et al. 2018; Tramèr et al. 2020). The
first row is that network alone. ``--write`` puts the table into docs/evaluation.md.
"""

import argparse
import copy
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from lab.attacks import evaluate
from lab.data import load
from lab.models import load as load_model
from lab.results import ModelEvaluation
from lab.results.evaluation_checks import flaws
from lab.results.evaluation_verdict import verdict
from lab.specs import Digits, Linf, Trained
from lab.specs.evaluation import BUDGETS, QUICK, STANDARD
from tests.attacks.defences import DEFENCES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evaluation.md"
BEGIN, END = "<!-- measured by known_defences.py -->", "<!-- end of the measurement -->"


def evaluations(defence: str, images: int, eps: float, budgets: Sequence[str]) -> Iterator[ModelEvaluation]:
    """The evaluations of one defence in each budget, every time of a model that nobody has called."""
    test = load(Digits()).test
    x, y = test.images(range(images)), test.labels(range(images))
    sources = [("standard-b", load_model(Trained("standard-b")))]
    for budget in budgets:
        model = DEFENCES[defence](copy.deepcopy(load_model(Trained("standard"))))
        yield evaluate(model, x, y, Linf(eps), budget, sources=sources)


def row(defence: str, found: Sequence[ModelEvaluation]) -> str:
    """A row of the table."""
    numbers = [f"{each.robust_accuracy:.1%}" for each in found]
    named = dict.fromkeys(check.kind for each in found for check in flaws(each.checks))
    kinds = dict.fromkeys(verdict(each).kind for each in found)
    clean = f"{found[0].clean_accuracy:.1%}"
    return f"| {' | '.join([defence, clean, '0%', *numbers, ' / '.join(kinds), ', '.join(named)])} |"


def written(text: str, table: Sequence[str]) -> str:
    """The page with this table between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([f"{before}{BEGIN}\n", *table, f"\n{END}{after}"])


def main() -> None:
    """Print a row as soon as it is measured."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--images", type=int, default=16)
    asked.add_argument("--eps", type=float, default=0.2)
    asked.add_argument("--budgets", nargs="+", choices=BUDGETS, default=[QUICK, STANDARD])
    asked.add_argument("--only", nargs="+", choices=tuple(DEFENCES), default=tuple(DEFENCES), metavar="NAME")
    asked.add_argument("--write", action="store_true", help="put the table into docs/evaluation.md")
    options = asked.parse_args()
    torch.set_num_threads(1)
    titles = ["defence", "clean", "truth", *options.budgets, "verdict", "checks that failed"]
    table = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    print("\n".join(table), flush=True)
    for defence in options.only:
        began = time.process_time()
        table.append(row(defence, list(evaluations(defence, options.images, options.eps, options.budgets))))
        print(f"{table[-1]} {time.process_time() - began:.1f} s", flush=True)
    if options.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), table), "utf-8")


if __name__ == "__main__":
    main()
