"""How long PGD's steps should be: robust accuracy by step size, number of steps, eps and norm, on several models.

    LAB_DATA=… LAB_HOME=… python tests/benchmarks/step_size.py [--models standard m-pgd] [--norm L2] [--images 200]

PGD on the cross-entropy from one random start, for a verdict, on the first test images of the data that a model was
trained on; every step size starts from the same points. The first table holds robust accuracies in %. The second one
holds, for each rule, how far it lies above the lowest robust accuracy that any rule reached under the same conditions:
mean and worst over all rows. A rule that is never bad has a small worst.
"""

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lab.attacks import attack, judge
from lab.catalogue import find_data, find_model, models
from lab.data import load
from lab.models import load as load_model
from lab.specs import L2, PGD, Ball, Linf
from lab.specs.pace import pace

RULES: dict[str, Callable[[float, int], float]] = {
    "0.01": lambda eps, steps: 0.01,
    "ε/10": lambda eps, steps: eps / 10,
    "ε/5": lambda eps, steps: eps / 5,
    "ε/3": lambda eps, steps: eps / 3,
    "2.5 ε/steps": lambda eps, steps: 2.5 * eps / steps,
    "max(2.5 ε/steps, ε/5)": lambda eps, steps: max(2.5 * eps / steps, eps / 5),
    "max(5 ε/steps, ε/5)": lambda eps, steps: max(5 * eps / steps, eps / 5),
    "the default": lambda eps, steps: pace(PGD(steps=steps), eps).step_size,
}
MODELS = ("pgd-trained", "trades-trained", "fast-trained", "ensemble-trained", "kurakin-trained")
RADII: dict[type[Ball], tuple[float, ...]] = {Linf: (0.1, 0.3), L2: (1.0, 2.0)}


@dataclass(frozen=True)
class Row:
    """Robust accuracies of one model in one ball with one number of steps, by rule."""

    model: str
    ball: Ball
    steps: int
    accuracy: dict[str, float]

    @property
    def above_lowest(self) -> dict[str, float]:
        """How far each rule lies above the lowest robust accuracy."""
        lowest = min(self.accuracy.values())
        return {rule: value - lowest for rule, value in self.accuracy.items()}


def rows(name: str, balls: Sequence[Ball], counts: Sequence[int], images: int) -> Iterator[Row]:
    """Measure a model in every ball with every number of steps; equal step sizes are measured once."""
    [card] = [each for each in models() if each.name == name]
    test, model = load(find_data(card.data)).test, load_model(find_model(name))
    index = range(min(images, len(test)))
    x, y = test.images(index), test.labels(index)
    for ball in balls:
        for steps in counts:
            sizes = {rule: round(size(ball.eps, steps), 9) for rule, size in RULES.items()}
            found = {}
            for size in set(sizes.values()):
                x_adv = attack(PGD(steps=steps, step_size=size), model, x, y, ball)
                found[size] = judge(x, y, x_adv, model, ball).robust_accuracy
            yield Row(name, ball, steps, {rule: found[size] for rule, size in sizes.items()})


def main() -> None:
    """Print a row as soon as it is measured, then what each rule loses."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--models", nargs="+", default=MODELS, metavar="NAME")
    asked.add_argument("--norm", nargs="+", choices=("Linf", "L2"), default=("Linf", "L2"))
    asked.add_argument("--eps", nargs="+", type=float, help="instead of .1 and .3 in L∞, 1 and 2 in L2")
    asked.add_argument("--steps", nargs="+", type=int, default=(5, 10, 20, 40, 100))
    asked.add_argument("--images", type=int, default=200)
    options = asked.parse_args()
    chosen = {kind: options.eps or radii for kind, radii in RADII.items() if kind.__name__ in options.norm}
    balls = [kind(eps) for kind, radii in chosen.items() for eps in radii]
    print(f"| model | ball | steps | {' | '.join(RULES)} |\n|{'---|' * (3 + len(RULES))}", flush=True)
    measured = []
    for name in options.models:
        for row in rows(name, balls, options.steps, options.images):
            measured.append(row)
            cells = " | ".join(f"{100 * each:.1f}" for each in row.accuracy.values())
            print(f"| {name} | {type(row.ball).__name__} {row.ball.eps:g} | {row.steps} | {cells} |", flush=True)
    print(f"\n| points above the lowest | {' | '.join(RULES)} |\n|{'---|' * (1 + len(RULES))}")
    lost = {rule: [100 * row.above_lowest[rule] for row in measured] for rule in RULES}
    for words, of in (("mean", statistics.mean), ("worst", max)):
        print(f"| {words} | {' | '.join(f'{of(each):.1f}' for each in lost.values())} |")


if __name__ == "__main__":
    main()
