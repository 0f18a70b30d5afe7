"""Kurakin et al. 2017, Tables 1, 2, 3 and 8: what Step-LL training makes of a network."""

from collections.abc import Mapping

from lab.exhibits.cells import SIXTEENTHS, accuracies, matrix
from lab.exhibits.exhibit import TABLE, Answers, Cells, Claim, Exhibit, published, table
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.transfer import TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, FGSM, IterLL, StepLL

EPS = ("Clean", "ε = 2", "ε = 4", "ε = 8", "ε = 16")
ATTACKED = EPS[1:]
FULL = (
    "Inception v3 on ImageNet, RMSProp at 0.045, batches of 32 on each of 50 machines, 150,000 steps: "
    "no machine that this lab runs on."
)
PLAYED = "ImageNet's Inception v3 is played by a small CNN; an ε of 16/255 is the scale's largest one."


def under(v: Cells, row: str) -> float:
    """The mean accuracy over the four ε."""
    return sum(v(row, each) for each in ATTACKED) / len(ATTACKED)


def _ask_1(scale: Scale) -> Mapping[str, Analysis]:
    return {"step-ll": matrix(NETWORKS_1, (StepLL(),), scale, SIXTEENTHS)}


NETWORKS_1 = ("v3", "v3adv", "v3-deeper", "v3adv-deeper")
_ROWS_1 = ("Baseline", "Adv. training", "Deeper model, standard", "Deeper model, adv. training")


def _tabulate_1(answers: Answers, scale: Scale) -> ExhibitTable:
    found = answers["step-ll"]
    assert isinstance(found, TransferResult)
    rows = {
        f"{row}, top {k}": accuracies(found, StepLL(), place, scale, k)
        for place, row in enumerate(_ROWS_1)
        for k in (1, 5)
    }
    return table(rows, EPS)


TABLE_1 = Exhibit(
    paper="kurakin",
    kind=TABLE,
    number=1,
    title="Step-LL training makes a model withstand Step-LL",
    caption="Top 1 and top 5 accuracy on clean images and on Step-LL examples, with and without Step-LL training.",
    networks=NETWORKS_1,
    claims=(
        Claim(
            "Step-LL training raises the accuracy on Step-LL examples",
            "§4.1",
            lambda v: under(v, "Adv. training, top 1") - under(v, "Baseline, top 1"),
        ),
        Claim(
            "The larger model is more accurate on Step-LL examples than the base model, both trained with Step-LL",
            "Table 1",
            lambda v: under(v, "Deeper model, adv. training, top 1") - under(v, "Adv. training, top 1"),
            tolerance=5,
            number=16,
        ),
        Claim(
            "The larger model loses less clean accuracy by Step-LL training",
            "Table 1",
            lambda v: (
                v("Baseline, top 1", "Clean")
                - v("Adv. training, top 1", "Clean")
                - v("Deeper model, standard, top 1", "Clean")
                + v("Deeper model, adv. training, top 1", "Clean")
            ),
            tolerance=2,
        ),
        Claim(
            "Step-LL training costs less than 1 point of clean accuracy",
            "§4.1",
            lambda v: 1 - v("Baseline, top 1", "Clean") + v("Adv. training, top 1", "Clean"),
            tolerance=2,
            number=4,
        ),
    ),
    ask=_ask_1,
    tabulate=_tabulate_1,
    published=published(
        {
            "Baseline, top 1": (78.4, 30.8, 27.2, 27.2, 29.5),
            "Baseline, top 5": (94.0, 60.0, 55.6, 55.1, 57.2),
            "Adv. training, top 1": (77.6, 73.5, 74.0, 74.5, 73.9),
            "Adv. training, top 5": (93.8, 91.7, 91.9, 92.0, 91.4),
            "Deeper model, standard, top 1": (78.7, 33.5, 30.0, 30.0, 31.6),
            "Deeper model, standard, top 5": (94.4, 63.3, 58.9, 58.1, 59.5),
            "Deeper model, adv. training, top 1": (78.1, 75.4, 75.7, 75.6, 74.4),
            "Deeper model, adv. training, top 5": (94.1, 92.6, 92.7, 92.5, 91.6),
        },
        EPS,
    ),
    full=FULL,
    note=f"{PLAYED} Two more Inception blocks become twice the width.",
)


def _ask_2(scale: Scale) -> Mapping[str, Analysis]:
    return {"iterative": matrix(("v3adv", "v3"), (IterLL(), BIM()), scale, SIXTEENTHS)}


def _tabulate_2(answers: Answers, scale: Scale) -> ExhibitTable:
    found = answers["iterative"]
    assert isinstance(found, TransferResult)
    rows = {
        f"{attack}, {training}, top {k}": accuracies(found, spec, place, scale, k)
        for attack, spec in (("Iter. l.l.", IterLL()), ("Iter. basic", BIM()))
        for place, training in enumerate(("adv. training", "baseline"))
        for k in (1, 5)
    }
    return table(rows, EPS)


TABLE_2 = Exhibit(
    paper="kurakin",
    kind=TABLE,
    number=2,
    title="One-step training does not help against iterative attacks",
    caption="Accuracy under Iter-LL and the basic iterative method, with and without Step-LL training.",
    networks=("v3adv", "v3"),
    claims=(
        Claim(
            "Iter-LL with the largest ε leaves the Step-LL-trained model less than half of its clean accuracy",
            "§4.1",
            lambda v: (
                v("Iter. l.l., adv. training, top 1", "Clean") / 2 - v("Iter. l.l., adv. training, top 1", "ε = 16")
            ),
            number=5,
        ),
        Claim(
            "At the largest ε, Step-LL training gains less than 10 points against Iter-LL",
            "Table 2",
            lambda v: (
                10 - (v("Iter. l.l., adv. training, top 1", "ε = 16") - v("Iter. l.l., baseline, top 1", "ε = 16"))
            ),
            number=5,
        ),
        Claim(
            "At the largest ε, Step-LL training gains less than 10 points against the basic iterative method",
            "Table 2",
            lambda v: (
                10 - (v("Iter. basic, adv. training, top 1", "ε = 16") - v("Iter. basic, baseline, top 1", "ε = 16"))
            ),
            number=5,
        ),
    ),
    ask=_ask_2,
    tabulate=_tabulate_2,
    published=published(
        {
            "Iter. l.l., adv. training, top 1": (77.4, 29.1, 7.5, 3.0, 1.5),
            "Iter. l.l., adv. training, top 5": (93.9, 56.9, 21.3, 9.4, 5.5),
            "Iter. l.l., baseline, top 1": (78.3, 23.3, 5.5, 1.8, 0.7),
            "Iter. l.l., baseline, top 5": (94.1, 49.3, 18.8, 7.8, 4.4),
            "Iter. basic, adv. training, top 1": (77.4, 30.0, 25.2, 23.5, 23.2),
            "Iter. basic, adv. training, top 5": (93.9, 44.3, 33.6, 28.4, 26.8),
            "Iter. basic, baseline, top 1": (78.3, 31.4, 28.1, 26.4, 25.9),
            "Iter. basic, baseline, top 5": (94.1, 43.1, 34.8, 30.2, 28.8),
        },
        EPS,
    ),
    full=FULL,
    note=PLAYED,
)


def _ask_3(scale: Scale) -> Mapping[str, Analysis]:
    return {"one step": matrix(("v3adv", "v3-fgsm"), (StepLL(), FGSM()), scale, SIXTEENTHS)}


def _tabulate_3(answers: Answers, scale: Scale) -> ExhibitTable:
    found = answers["one step"]
    assert isinstance(found, TransferResult)
    rows = {
        f"{row}, top {k}": accuracies(found, attack, place, scale, k)
        for place, (row, attack) in enumerate((("Step l.l.", StepLL()), ("FGSM, label leaking", FGSM())))
        for k in (1, 5)
    }
    return table(rows, EPS)


TABLE_3 = Exhibit(
    paper="kurakin",
    kind=TABLE,
    number=3,
    title="Label leaking",
    caption="Accuracy of models trained and evaluated by one method: Step-LL, and FGSM on true labels.",
    networks=("v3adv", "v3-fgsm"),
    claims=(
        Claim(
            "A model trained with FGSM on true labels is better on FGSM examples than on clean images",
            "§4.2",
            lambda v: under(v, "FGSM, label leaking, top 1") - v("FGSM, label leaking, top 1", "Clean"),
            number=6,
        ),
        Claim(
            "With Step-LL in training and evaluation it is not",
            "§4.2",
            lambda v: v("Step l.l., top 1", "Clean") - under(v, "Step l.l., top 1"),
            number=7,
        ),
    ),
    ask=_ask_3,
    tabulate=_tabulate_3,
    published=published(
        {
            "Step l.l., top 1": (77.3, 72.8, 73.1, 73.4, 72.0),
            "Step l.l., top 5": (93.7, 91.1, 91.1, 91.0, 90.3),
            "FGSM, label leaking, top 1": (76.6, 86.2, 87.6, 88.7, 87.0),
            "FGSM, label leaking, top 5": (93.2, 95.9, 96.4, 96.9, 96.4),
        },
        EPS,
    ),
    full=FULL,
    note=PLAYED,
)


NETWORKS_8 = ("v3", "v3adv-k4", "v3adv-k8", "v3adv", "v3adv-k24", "v3adv-k32")
_ROWS_8 = ("No adv", "Adv, k = 4", "Adv, k = 8", "Adv, k = 16", "Adv, k = 24", "Adv, k = 32")


def _ask_8(scale: Scale) -> Mapping[str, Analysis]:
    return {"step-ll": matrix(NETWORKS_8, (StepLL(),), scale, SIXTEENTHS)}


def _tabulate_8(answers: Answers, scale: Scale) -> ExhibitTable:
    found = answers["step-ll"]
    assert isinstance(found, TransferResult)
    return table({row: accuracies(found, StepLL(), place, scale) for place, row in enumerate(_ROWS_8)}, EPS)


TABLE_8 = Exhibit(
    paper="kurakin",
    kind=TABLE,
    number=8,
    title="How many adversarial images a batch should have",
    caption="Accuracy on clean images and Step-LL examples for k of the 32 images of a batch attacked in training.",
    networks=NETWORKS_8,
    claims=(
        Claim(
            "More adversarial images in the batch, up to half of it, raise the accuracy on adversarial images",
            "App. E",
            lambda v: under(v, "Adv, k = 16") - under(v, "Adv, k = 4"),
        ),
        Claim(
            "More than half of the batch gains less than 2 points on adversarial images",
            "App. E",
            lambda v: 2 - (under(v, "Adv, k = 32") - under(v, "Adv, k = 16")),
            number=10,
        ),
        Claim(
            "A batch without clean images costs clean accuracy",
            "App. E",
            lambda v: v("Adv, k = 16", "Clean") - v("Adv, k = 32", "Clean"),
            tolerance=2,
            number=10,
        ),
    ),
    ask=_ask_8,
    tabulate=_tabulate_8,
    published=published(
        {
            "No adv": (78.2, 31.5, 27.7, 27.8, 29.7),
            "Adv, k = 4": (78.3, 71.7, 71.3, 69.4, 65.8),
            "Adv, k = 8": (78.1, 73.2, 73.2, 72.6, 70.5),
            "Adv, k = 16": (77.6, 73.8, 75.3, 76.1, 75.4),
            "Adv, k = 24": (77.1, 73.0, 75.3, 76.2, 76.0),
            "Adv, k = 32": (76.3, 73.4, 75.1, 75.9, 75.8),
        },
        EPS,
    ),
    full=FULL,
    note=PLAYED,
)

EXHIBITS = (TABLE_1, TABLE_2, TABLE_3, TABLE_8)
