"""Madry et al. 2017: Figures 3 and 4, capacity, and the loss of PGD training."""

from collections.abc import Mapping

import numpy as np

from lab import catalogue, runs
from lab.exhibits.cells import clean, matrix, mean, shown
from lab.exhibits.exhibit import FIGURE, Answers, Cell, Claim, Exhibit, table
from lab.exhibits.madry_networks import CAPACITIES, capacity_name
from lab.exhibits.networks import model
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.transfer import ACCURACY, TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import FGSM, PGD, AttackSpec
from lab.specs.balls import Linf

_TRAININGS = ("natural", "fgsm", "pgd")
_ADVERSARIES: dict[str, AttackSpec] = {"FGSM": FGSM(), "PGD": PGD(steps=40)}


def _capacity_names(how: str) -> tuple[str, ...]:
    return tuple(capacity_name(how, each) for each in CAPACITIES)


def _ask_f3(scale: Scale) -> Mapping[str, Analysis]:
    ball = Linf(0.1)
    return {how: matrix(_capacity_names(how), tuple(_ADVERSARIES.values()), scale, ball=ball) for how in _TRAININGS}


_SIZES = tuple(f"×{round(16 * each)}" for each in CAPACITIES)


def _tabulate_f3(answers: Answers, scale: Scale) -> ExhibitTable:
    rows: dict[str, list[float | Cell | None]] = {}
    for how in _TRAININGS:
        found = answers[how]
        assert isinstance(found, TransferResult)
        places = range(len(CAPACITIES))
        rows[f"{how} training, clean"] = [clean(found, each, ACCURACY) for each in places]
        for name, attack in _ADVERSARIES.items():
            rows[f"{how} training, {name}"] = [shown(found, attack, each, each, measure=ACCURACY) for each in places]
    losses = [_last_loss(each, scale) for each in _capacity_names("pgd")]
    rows["pgd training, 100 × last training loss"] = [100 * each for each in losses]
    return table(rows, _SIZES)


def _history(name: str, scale: Scale) -> np.ndarray:
    """(T,) the training loss of a network in the course of its training, from the run or beside the shipped weights."""
    weights = catalogue.find_card(model(name, scale).name).weights
    assert weights is not None
    own = weights.with_name("metrics.jsonl")
    return runs.history(own if own.exists() else weights.with_name(f"{weights.stem}.metrics.jsonl")).loss


def _last_loss(name: str, scale: Scale) -> float:
    return float(_history(name, scale)[-1])


FIGURE_3 = Exhibit(
    paper="madry",
    kind=FIGURE,
    number=3,
    title="Capacity and robustness",
    caption="Accuracy at ε 0.1 by training and size of Madry et al.'s model, ×1 having 2 and 4 filters.",
    networks=tuple(name for how in _TRAININGS for name in _capacity_names(how)),
    claims=(
        Claim(
            "Capacity alone helps against FGSM: natural training, largest against smallest",
            "§4",
            lambda v: v("natural training, FGSM", _SIZES[-1]) - v("natural training, FGSM", _SIZES[0]),
            number=26,
        ),
        Claim(
            "Under PGD training the smallest model loses clean accuracy against natural training",
            "§4",
            lambda v: v("natural training, clean", _SIZES[0]) - v("pgd training, clean", _SIZES[0]),
            number=27,
        ),
        Claim(
            "The loss of PGD training falls with capacity",
            "§4",
            lambda v: (
                v("pgd training, 100 × last training loss", _SIZES[0])
                - v("pgd training, 100 × last training loss", _SIZES[-1])
            ),
            unit="nats × 100",
            number=28,
        ),
        Claim(
            "FGSM training helps against PGD at this small ε, too",
            "§4",
            lambda v: v("fgsm training, PGD", _SIZES[-1]) - v("natural training, PGD", _SIZES[-1]),
        ),
    ),
    ask=_ask_f3,
    tabulate=_tabulate_f3,
    full="Five sizes and three trainings on MNIST at ε 0.1, 2 to 3 hours on two cores; and CIFAR-10.",
    note="The smallest model has 64 hidden units instead of 8. The text at hand lacks the figure's values.",
)

_COURSE = (0.02, 0.25, 0.5, 0.75, 1.0)


def _tabulate_f4(_: Answers, scale: Scale) -> ExhibitTable:
    loss = _history("robust", scale)
    edges = [max(1, round(each * len(loss))) for each in _COURSE]
    width = max(1, len(loss) // 20)
    cells = [mean(loss[max(0, end - width) : end]) for end in edges]
    columns = tuple(f"{each:.0%}" for each in _COURSE)
    return table({"PGD training": cells}, columns, unit="nats", groups=("training loss at",) * len(_COURSE))


FIGURE_4 = Exhibit(
    paper="madry",
    kind=FIGURE,
    number=4,
    title="The training loss of PGD training",
    caption="Loss on the adversarial examples that are trained on, in the course of training.",
    networks=("robust",),
    claims=(
        Claim(
            "The training loss falls from the middle of training to its end",
            "§5",
            lambda v: v("PGD training", "training loss at · 50%") - v("PGD training", "training loss at · 100%"),
            number=30,
        ),
        Claim(
            "It falls from the start to the end",
            "§5",
            lambda v: v("PGD training", "training loss at · 2%") - v("PGD training", "training loss at · 100%"),
            number=30,
        ),
    ),
    ask=lambda _: {},
    tabulate=_tabulate_f4,
    full="100,000 steps on MNIST, 80,000 on CIFAR-10.",
    note="On the digits ε grows from 0 to 0.3 over the first half of the training, so that the loss can rise at first. "
    "The figure's values are not printed.",
)

EXHIBITS = (FIGURE_3, FIGURE_4)
