"""Kurakin et al. 2017, Figures 1 and 4: the size of a network and its robustness."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from lab.exhibits.cells import SIXTEENTHS, clean, matrix, shown
from lab.exhibits.exhibit import FIGURE, Answers, Cell, Claim, Exhibit, table
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.transfer import ACCURACY, TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, AttackSpec, IterLL, StepLL

_SIZES = {"0.25": "rho0.25", "0.5": "rho0.5", "1": "", "2": "deeper"}
_METHODS: dict[str, AttackSpec] = {"step l.l.": StepLL(), "iter. l.l.": IterLL(), "basic iter.": BIM()}
_TRAININGS = {"no adversarial training": "v3", "with adversarial training": "v3adv"}
_COLUMNS = tuple(f"ρ = {each}" for each in _SIZES)


def _networks(start: str) -> tuple[str, ...]:
    return tuple("-".join(filter(None, (start, each))) for each in _SIZES.values())


NETWORKS = tuple(name for start in _TRAININGS.values() for name in _networks(start))


def _ask(scale: Scale) -> Mapping[str, Analysis]:
    return {"sizes": matrix(NETWORKS, tuple(_METHODS.values()), scale, SIXTEENTHS)}


def _tabulate(k: int, answers: Answers, scale: Scale) -> ExhibitTable:
    """Accuracy under attack as a share of that on clean images."""
    found = answers["sizes"]
    assert isinstance(found, TransferResult)
    rows = {
        f"{method} ε = {each}, {training}": [
            _ratio(
                shown(found, attack, place, place, scale.ball(each).eps, ACCURACY, k), clean(found, place, ACCURACY, k)
            )
            for place in range(offset, offset + len(_SIZES))
        ]
        for offset, training in zip((0, len(_SIZES)), _TRAININGS, strict=True)
        for method, attack in _METHODS.items()
        for each in SIXTEENTHS
    }
    return table(rows, _COLUMNS, unit="ratio")


def _ratio(attacked: Cell, whole: Cell) -> Cell:
    """A ratio whose interval is that of its numerator: the clean accuracy is known much better."""
    value, low, high = (np.array(attacked) / whole[0]).tolist()
    return value, low, high


def _exhibit(number: int, k: int) -> Exhibit:
    trained = "with adversarial training"
    return Exhibit(
        paper="kurakin",
        kind=FIGURE,
        number=number,
        title=f"The size of a model and its top {k} accuracy under attack",
        caption=f"Top {k} accuracy under attack divided by that on clean images, over ρ, with and without training.",
        networks=NETWORKS,
        claims=(
            Claim(
                "With Step-LL training the ratio on Step-LL examples rises with the size of the model",
                "§4.3",
                lambda v: v(f"step l.l. ε = 8, {trained}", "ρ = 2") - v(f"step l.l. ε = 8, {trained}", "ρ = 0.25"),
                number=14,
            ),
            Claim(
                "With Step-LL training the largest model's ratio on Step-LL examples is near 1, above 0.9",
                "§4.3",
                lambda v: v(f"step l.l. ε = 8, {trained}", "ρ = 2") - 0.9,
                number=14,
            ),
            Claim(
                "No model's ratio comes near 1, above 0.9, on Iter-LL examples of the largest ε",
                "§4.3",
                lambda v: 0.9 - max(v(f"iter. l.l. ε = 16, {trained}", each) for each in _COLUMNS),
                number=14,
            ),
        ),
        ask=_ask,
        tabulate=partial(_tabulate, k),
        full="Inception v3 with ρ from 0.5 to 2 on ImageNet, ten trainings on 50 machines.",
        note="ρ is the width of a small CNN here, from 4 to 32 channels. The figure's values are not printed.",
    )


EXHIBITS = (_exhibit(1, 1), _exhibit(4, 5))
