"""Tramèr et al. 2018, Tables 6, 7 and 8: one-step and ensemble training of networks A to D on MNIST."""

from collections.abc import Mapping

import numpy as np

from lab.exhibits.cells import clean, matrix, mean, shown
from lab.exhibits.exhibit import TABLE, Answers, Cells, Claim, Exhibit, published, table
from lab.exhibits.networks import models
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.masking import MaskingResult
from lab.results.transfer import TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, FGSM, PGD, RFGSM, AttackSpec, Margin
from lab.specs.masking import Masking

_FORMS = ("A", "B", "Bstar", "C", "D")
NETWORKS = tuple(f"{form}{training}" for form in _FORMS for training in ("", "_adv"))
_R_FGSM: AttackSpec = RFGSM.tramer_mnist()
FULL = (
    "A, B, B*, C and D on MNIST: 6 epochs without, 12 with FGSM examples, in float32, all 10,000 test images. About 3 "
    "hours on two cores, some minutes on a GPU: exhibit run NAME --scale mnist."
)
NOTE = (
    "On the digits A, B and B* are small CNNs, B with dropout on its input, C has Madry et al.'s architecture and D is "
    "the paper's; on MNIST all have the paper's architectures."
)


def named(network: str) -> str:
    """A network's name in the paper."""
    return network.replace("star", "*")


_PARTS = {"A and B": NETWORKS[:4], "B*": NETWORKS[4:6], "C and D": NETWORKS[6:]}


def _ask_6(scale: Scale) -> Mapping[str, Analysis]:
    return {
        name: Masking(data=scale.data, models=models(part, scale), ball=scale.ball(), eps=(), images=40)
        for name, part in _PARTS.items()
    }


def _tabulate_6(answers: Answers, _: Scale) -> ExhibitTable:
    row = []
    for each in answers.values():
        assert isinstance(each, MaskingResult)
        row += [mean(100 * each.approximation(one)) for one in each.models]
    return table({"Ratio": row}, tuple(map(named, NETWORKS)))


def _degraded(form: str) -> Claim:
    return Claim(
        f"FGSM training lowers the ratio of {named(form)}",
        "App. C.2",
        lambda v: v("Ratio", named(form)) - v("Ratio", named(f"{form}_adv")),
        number=39,
    )


TABLE_6 = Exhibit(
    paper="tramer",
    kind=TABLE,
    number=6,
    title="How near one step comes to the largest loss",
    caption="Loss on FGSM examples as a fraction of the largest one found, on average over the images, at ε 0.3.",
    networks=NETWORKS,
    claims=tuple(map(_degraded, _FORMS)),
    ask=_ask_6,
    tabulate=_tabulate_6,
    published=published({"Ratio": (17, 0, 25, 8, 23, 1, 25, 0, 49, 16)}, tuple(map(named, NETWORKS))),
    full=FULL,
    note=f"{NOTE} The largest loss is that of any attack on the page Masking, black boxes included; the paper takes "
    "one iterative attack. 40 images.",
)


def _ask_7(scale: Scale) -> Mapping[str, Analysis]:
    return {"white and black box": matrix(NETWORKS, (FGSM(), _R_FGSM), scale)}


_COLUMNS_7 = ("FGSM", "R+FGSM", *(f"FGSM {named(each)}" for each in _FORMS))
_GROUPS_7 = ("white-box",) * 2 + ("black-box",) * 5


def _tabulate_7(answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["white and black box"]
    assert isinstance(found, TransferResult)
    rows = {}
    for target, name in enumerate(NETWORKS):
        white = [shown(found, each, target, target) for each in (FGSM(), _R_FGSM)]
        black = [None if form == name else shown(found, FGSM(), NETWORKS.index(form), target) for form in _FORMS]
        rows[named(name)] = [*white, *black]
    return table(rows, _COLUMNS_7, groups=_GROUPS_7)


def _black(v: Cells, row: str) -> float:
    """The worst black box."""
    found = [v(row, f"black-box · FGSM {named(form)}") for form in _FORMS]
    return float(np.nanmax(found))


_MASKED = ("A", "Bstar", "C", "D")
"""Those without dropout on the input."""


def _randomised(form: str) -> Claim:
    row = f"{named(form)}_adv"
    return Claim(
        f"A random step makes FGSM stronger against {row}",
        "App. C.2",
        lambda v: v(row, "white-box · R+FGSM") - v(row, "white-box · FGSM"),
        number=34,
    )


def _transferred(form: str) -> Claim:
    row = f"{named(form)}_adv"
    return Claim(
        f"The worst black box fools {row} more often than white-box FGSM",
        "App. C.2",
        lambda v: _black(v, row) - v(row, "white-box · FGSM"),
        number=35,
    )


TABLE_7 = Exhibit(
    paper="tramer",
    kind=TABLE,
    number=7,
    title="FGSM-trained models under white-box and black-box FGSM",
    caption="Error rates under FGSM, R+FGSM with a random step of 0.05, and FGSM examples of undefended models.",
    networks=NETWORKS,
    claims=(
        *map(_randomised, _MASKED),
        Claim(
            "With dropout on the input it does not: B_adv",
            "App. C.2",
            lambda v: v("B_adv", "white-box · FGSM") - v("B_adv", "white-box · R+FGSM"),
            number=41,
        ),
        *map(_transferred, _MASKED),
    ),
    ask=_ask_7,
    tabulate=_tabulate_7,
    published=published(
        {
            "A": (64.7, 69.7, None, 61.5, 53.2, 46.8, 41.5),
            "A_adv": (2.2, 14.8, 6.6, 10.7, 8.8, 6.5, 8.3),
            "B": (85.0, 86.0, 45.7, None, 69.9, 59.9, 85.9),
            "B_adv": (11.6, 11.1, 6.4, 8.9, 8.5, 4.9, 6.1),
            "B*": (75.7, 74.1, 44.3, 72.8, None, 46.0, 62.6),
            "B*_adv": (4.3, 40.6, 16.1, 14.7, 15.0, 17.9, 9.1),
            "C": (81.8, 81.8, 40.2, 55.8, 49.5, None, 59.4),
            "C_adv": (3.7, 17.1, 9.8, 29.3, 21.5, 11.9, 21.9),
            "D": (92.4, 95.4, 61.3, 74.1, 68.9, 65.1, None),
            "D_adv": (25.5, 47.5, 32.1, 30.5, 29.3, 28.2, 21.8),
        },
        _COLUMNS_7,
        groups=_GROUPS_7,
    ),
    full=FULL,
    note=NOTE,
)

_ARCHITECTURES = ("A", "B", "C", "D")
_TRAININGS = ("_adv", "_adv-ens", "_adv-ens3")
_HELD_OUT = tuple(f"{form}-held-out" for form in _ARCHITECTURES)
_DEFENDED = tuple(f"{form}{training}" for form in _ARCHITECTURES for training in _TRAININGS)
_SUITE = (FGSM(), BIM(steps=10), PGD(steps=20, objective=Margin()))
_COLUMNS_8 = ("Clean", "FGSM", "Max. Black Box", "Avg. Black Box")


def _ask_8(scale: Scale) -> Mapping[str, Analysis]:
    halves = {"A and B": _DEFENDED[:6], "C and D": _DEFENDED[6:]}
    return {name: matrix((*_HELD_OUT, *half), _SUITE, scale) for name, half in halves.items()}


def _tabulate_8(answers: Answers, _: Scale) -> ExhibitTable:
    rows = {}
    for number, name in enumerate(_DEFENDED):
        found = answers["A and B" if number < 6 else "C and D"]
        assert isinstance(found, TransferResult)
        target = len(_HELD_OUT) + number % 6
        suite = [shown(found, each, source, target) for each in _SUITE for source in range(len(_HELD_OUT))]
        average = tuple(np.mean(suite, axis=0).tolist())
        rows[name] = [clean(found, target), shown(found, FGSM(), target, target), max(suite), average]
    return table(rows, _COLUMNS_8)


def _helped(form: str) -> Claim:
    return Claim(
        f"Ensemble training with three models lowers the average black-box error of {form}",
        "App. C.2",
        lambda v: v(f"{form}_adv", "Avg. Black Box") - v(f"{form}_adv-ens3", "Avg. Black Box"),
        number=44,
    )


TABLE_8 = Exhibit(
    paper="tramer",
    kind=TABLE,
    number=8,
    title="Ensemble training on MNIST",
    caption="Error rates on clean images, white-box FGSM, and FGSM, I-FGSM and PGD examples of four held-out models.",
    networks=(*_HELD_OUT, *_DEFENDED),
    claims=(
        *map(_helped, _ARCHITECTURES),
        Claim(
            "It makes A weaker against white-box FGSM",
            "App. C.2",
            lambda v: v("A_adv-ens3", "FGSM") - v("A_adv", "FGSM"),
            number=45,
        ),
    ),
    ask=_ask_8,
    tabulate=_tabulate_8,
    published=published(
        {
            "A_adv": (0.8, 2.2, 10.8, 7.7),
            "A_adv-ens": (0.8, 7.0, 6.6, 5.2),
            "A_adv-ens3": (0.7, 5.4, 6.5, 4.3),
            "B_adv": (0.8, 11.6, 8.9, 5.5),
            "B_adv-ens": (0.7, 10.5, 6.8, 5.3),
            "B_adv-ens3": (0.8, 14.0, 8.8, 5.1),
            "C_adv": (1.0, 3.7, 29.3, 18.7),
            "C_adv-ens": (1.3, 1.9, 17.2, 10.7),
            "C_adv-ens3": (1.4, 3.6, 14.5, 8.4),
            "D_adv": (2.6, 25.5, 32.5, 23.5),
            "D_adv-ens": (2.6, 21.5, 38.6, 28.0),
            "D_adv-ens3": (2.6, 29.4, 29.8, 15.6),
        },
        _COLUMNS_8,
    ),
    full=FULL,
    note=f"{NOTE} The caption's ε of 16 is 0.3, as the text says.",
)

EXHIBITS = (TABLE_6, TABLE_7, TABLE_8)
