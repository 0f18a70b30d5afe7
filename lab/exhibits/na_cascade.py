"""Na et al. 2018, Tables 3, 4 and 10: cascade and ensemble training, with and without the pivot loss."""

from collections.abc import Mapping

from lab.exhibits.cells import beyond, clean, matrix, nearest, shown
from lab.exhibits.exhibit import TABLE, Answers, Cells, Claim, Exhibit, published, table
from lab.exhibits.scales import Scale
from lab.results.curves import CurvesResult
from lab.results.exhibit import ExhibitTable
from lab.results.transfer import ACCURACY, TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, FGSM, AttackSpec, StepLL

_ROWS = {
    "R110K": "R20K",
    "R110P": "R20P",
    "R110E": "R20E",
    "R110K,C": "R20KC",
    "R110P,E": "R20PE",
    "R110P,C": "R20PC",
}
NETWORKS = tuple(_ROWS.values())
FULL = "ResNet-110 on all of CIFAR-10, fourteen models: days on a GPU."
PLAYED = "ResNet-110 is played by a small CNN on the digits, elsewhere by ResNet-20."
SCALES = ("digits", "mnist", "cifar")
_CELLS: tuple[tuple[str, AttackSpec, int], ...] = (
    ("step ll", StepLL(), 2),
    ("step ll", StepLL(), 16),
    ("step FGSM", FGSM(), 2),
    ("step FGSM", FGSM(), 16),
    ("iter FGSM", BIM(), 2),
    ("iter FGSM", BIM(), 4),
)
_COLUMNS_3 = ("clean", *(f"ε = {each}" for _, _, each in _CELLS), "ε > 2", "ε > 4")
_GROUPS_3 = ("", *(method for method, _, _ in _CELLS), "CW", "CW")


def _ask_3(scale: Scale) -> Mapping[str, Analysis]:
    return {
        "white box": matrix(NETWORKS, (StepLL(), FGSM(), BIM()), scale, (2, 4)),
        "CW": nearest(NETWORKS, scale),
    }


def _tabulate_3(answers: Answers, scale: Scale) -> ExhibitTable:
    found, searched = answers["white box"], answers["CW"]
    assert isinstance(found, TransferResult)
    assert isinstance(searched, CurvesResult)
    rows = {
        name: [
            clean(found, place, ACCURACY),
            *(shown(found, attack, place, place, scale.ball(eps).eps, ACCURACY) for _, attack, eps in _CELLS),
            *(beyond(searched, place, scale.ball(eps).eps) for eps in (2, 4)),
        ]
        for place, name in enumerate(_ROWS)
    }
    return table(rows, _COLUMNS_3, groups=_GROUPS_3)


TABLE_3 = Exhibit(
    paper="na",
    kind=TABLE,
    number=3,
    title="Cascade and ensemble training under white-box attacks",
    caption="Accuracy under Step-LL, FGSM and iter FGSM, and the fraction of images beyond ε for the CW attack.",
    networks=NETWORKS,
    claims=(
        Claim(
            "Cascade training raises the accuracy under iter FGSM",
            "§5.2",
            lambda v: v("R110K,C", "iter FGSM · ε = 4") - v("R110K", "iter FGSM · ε = 4"),
            number=57,
        ),
        Claim(
            "It costs accuracy under one step",
            "§5.2",
            lambda v: v("R110K", "step ll · ε = 16") - v("R110K,C", "step ll · ε = 16"),
            number=57,
        ),
        Claim(
            "With the pivot loss cascade training gains further under iter FGSM",
            "§5.2",
            lambda v: v("R110P,C", "iter FGSM · ε = 4") - v("R110K,C", "iter FGSM · ε = 4"),
            number=57,
        ),
        Claim(
            "The pivot loss alone raises the accuracy under iter FGSM",
            "§5.2",
            lambda v: v("R110P", "iter FGSM · ε = 4") - v("R110K", "iter FGSM · ε = 4"),
            number=54,
        ),
    ),
    ask=_ask_3,
    tabulate=_tabulate_3,
    published=published(
        {
            "R110K": (92.3, 88.3, 90.7, 86.0, 95.2, 59.4, 9.2, 25, 4),
            "R110P": (92.3, 86.0, 89.4, 81.6, 91.6, 64.1, 20.9, 32, 7),
            "R110E": (92.3, 86.3, 74.3, 84.1, 72.9, 63.5, 21.1, 24, 6),
            "R110K,C": (92.3, 86.2, 72.8, 82.6, 66.7, 69.3, 33.4, 20, 5),
            "R110P,E": (91.3, 84.0, 65.7, 77.6, 54.5, 66.8, 38.3, 38, 16),
            "R110P,C": (91.5, 85.7, 76.4, 82.4, 69.1, 73.5, 42.5, 27, 15),
        },
        _COLUMNS_3,
        groups=_GROUPS_3,
    ),
    scales=SCALES,
    full=FULL,
    note=PLAYED,
)

_SOURCES = ("R202", "R20K2", "R20E2", "R20P2", "R20KC2", "R20PE2", "R20PC2")
_WORST = ("standard", "worst of seven")


def _ask(targets: tuple[str, ...], sources: tuple[str, ...], scale: Scale) -> Mapping[str, Analysis]:
    """A matrix of all sources with three of the targets each."""
    return {
        "first targets": matrix((*sources, *targets[:3]), (BIM(),), scale),
        "other targets": matrix((*sources, *targets[3:]), (BIM(),), scale),
    }


def _tabulate(rows: tuple[str, ...], answers: Answers) -> ExhibitTable:
    cells = {}
    for number, name in enumerate(rows):
        found = answers["first targets" if number < 3 else "other targets"]
        assert isinstance(found, TransferResult)
        target = len(_SOURCES) + number % 3
        accuracies = [shown(found, BIM(), each, target, measure=ACCURACY) for each in range(len(_SOURCES))]
        cells[name] = [accuracies[0], min(accuracies)]
    return table(cells, _WORST, groups=("iter FGSM of",) * 2)


def _worst(v: Cells, row: str) -> float:
    return v(row, "iter FGSM of · worst of seven")


TABLE_4 = Exhibit(
    paper="na",
    kind=TABLE,
    number=4,
    title="Cascade and ensemble training under black-box attacks",
    caption="Accuracy at the largest ε on iter FGSM examples of the standard model, and the worst of seven models.",
    networks=(*_SOURCES, *NETWORKS),
    claims=(
        Claim(
            "Cascade training with the pivot loss has a better worst case than Kurakin et al.'s training",
            "§5.3",
            lambda v: _worst(v, "R110P,C") - _worst(v, "R110K"),
            number=57,
        ),
        Claim(
            "Ensemble training with the pivot loss has a better worst case than without",
            "§5.3",
            lambda v: _worst(v, "R110P,E") - _worst(v, "R110E"),
        ),
    ),
    ask=lambda scale: _ask(NETWORKS, _SOURCES, scale),
    tabulate=lambda answers, _: _tabulate(tuple(_ROWS), answers),
    published=published(
        {
            "R110K": (70.5, 27.9),
            "R110P": (75.9, 39.6),
            "R110E": (77.9, 54.6),
            "R110K,C": (56.4, 56.4),
            "R110P,E": (78.2, 67.7),
            "R110P,C": (71.9, 63.9),
        },
        _WORST,
        groups=("iter FGSM of",) * 2,
    ),
    scales=SCALES,
    full=FULL,
    note=f"{PLAYED} In the text at hand the paper's seven columns are out of order; compared are the standard source, "
    "which the text identifies, and the worst of all seven.",
)

_SWITCHED = {
    "R110K2": "R20K2",
    "R110P2": "R20P2",
    "R110E2": "R20E2",
    "R110K,C2": "R20KC2",
    "R110P,E2": "R20PE2",
    "R110P,C2": "R20PC2",
}

TABLE_10 = Exhibit(
    paper="na",
    kind=TABLE,
    number=10,
    title="Table 4 with targets and sources exchanged",
    caption="Accuracy at the largest ε on iter FGSM examples of the standard model, and the worst of seven models.",
    networks=("R20", *NETWORKS, *_SWITCHED.values()),
    claims=(
        Claim(
            "Ensemble training with the pivot loss has a better worst case than Kurakin et al.'s training",
            "App. E",
            lambda v: _worst(v, "R110P,E2") - _worst(v, "R110K2"),
        ),
    ),
    ask=lambda scale: _ask(tuple(_SWITCHED.values()), ("R20", *NETWORKS), scale),
    tabulate=lambda answers, _: _tabulate(tuple(_SWITCHED), answers),
    published=published(
        {
            "R110K2": (80.5, 41.0),
            "R110P2": (80.3, 44.3),
            "R110E2": (82.7, 39.5),
            "R110K,C2": (62.1, 39.0),
            "R110P,E2": (81.5, 45.5),
            "R110P,C2": (72.2, 40.9),
        },
        _WORST,
        groups=("iter FGSM of",) * 2,
    ),
    scales=SCALES,
    full=FULL,
    note=f"{PLAYED} In the text at hand the paper's columns follow one another without their headings; compared "
    "are the standard source and the worst of all seven.",
)

EXHIBITS = (TABLE_3, TABLE_4, TABLE_10)
