"""Kurakin et al. 2017, Tables 5 and 7, Figure 3: one-step methods in training and evaluation, and activations."""

from collections.abc import Mapping

from lab.exhibits.cells import SIXTEENTHS, accuracies, matrix
from lab.exhibits.exhibit import FIGURE, TABLE, Answers, Claim, Exhibit, published, table
from lab.exhibits.kurakin_training import ATTACKED, EPS, FULL, PLAYED, under
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.transfer import TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import (
    BIM,
    FGSM,
    AttackSpec,
    FastEntropy,
    FastGradientL2,
    FastGradientLinf,
    IterLL,
    StepLL,
    StepRnd,
)

_TRAINED = {
    "No adversarial training": "v3",
    "FGSM": "v3-fgsm",
    "Fast with predicted class": "v3-fgsm-predicted",
    "Fast entropy": "v3-entropy",
    "Step rnd.": "v3-step-rnd",
    "Step l.l.": "v3adv",
    "Fast grad. L2": "v3-fast-l2",
    "Fast grad. L∞": "v3-fast-linf",
    "Sign of random perturbation": "v3-random-sign",
    "Random normal perturbation": "v3-random-normal",
}
_BY_STEP_LL = ("Fast grad. L2", "Fast grad. L∞")
_NOISE = ("Sign of random perturbation", "Random normal perturbation")
_BEST = ("Step rnd.", "Step l.l.")


def _ask_5(scale: Scale) -> Mapping[str, Analysis]:
    return {"one step": matrix(tuple(_TRAINED.values()), (FGSM(), StepLL()), scale, SIXTEENTHS)}


def _tabulate_5(answers: Answers, scale: Scale) -> ExhibitTable:
    found = answers["one step"]
    assert isinstance(found, TransferResult)
    rows = {
        row: accuracies(found, StepLL() if row in _BY_STEP_LL else FGSM(), place, scale)
        for place, row in enumerate(_TRAINED)
    }
    return table(rows, EPS)


TABLE_5 = Exhibit(
    paper="kurakin",
    kind=TABLE,
    number=5,
    title="Which one-step method to train with",
    caption="Accuracy on FGSM examples (Step-LL ones for the two rows without signs) by the method trained with.",
    networks=tuple(_TRAINED.values()),
    claims=(
        Claim(
            "Training with Step-LL makes a model withstand FGSM",
            "§4.1",
            lambda v: under(v, "Step l.l.") - under(v, "No adversarial training"),
            number=1,
        ),
        Claim(
            "Step-LL and Step-rnd are better to train with than the predicted class",
            "App. A",
            lambda v: min(under(v, each) for each in _BEST) - under(v, "Fast with predicted class"),
            number=2,
        ),
        Claim(
            "They are better to train with than the entropy",
            "App. A",
            lambda v: min(under(v, each) for each in _BEST) - under(v, "Fast entropy"),
            number=2,
        ),
        Claim(
            "Random noise in training gains less than 5 points",
            "App. A",
            lambda v: 5 - max(under(v, each) - under(v, "No adversarial training") for each in _NOISE),
            number=3,
        ),
    ),
    ask=_ask_5,
    tabulate=_tabulate_5,
    published=published(
        {
            "No adversarial training": (76.8, 40.7, 39.0, 37.9, 36.7),
            "FGSM": (74.9, None, None, 85.8, 83.2),
            "Fast with predicted class": (76.4, 43.2, 42.0, 40.9, 40.0),
            "Fast entropy": (76.4, 62.8, 61.7, 59.5, 54.8),
            "Step rnd.": (76.4, 73.0, 75.4, 76.5, 72.5),
            "Step l.l.": (76.3, 72.9, 75.1, 76.2, 72.2),
            "Fast grad. L2": (76.8, 44.0, 33.2, 26.4, 22.5),
            "Fast grad. L∞": (75.6, 52.2, 39.7, 30.9, 25.0),
            "Sign of random perturbation": (76.5, 38.8, 36.6, 35.0, 32.7),
            "Random normal perturbation": (76.6, 38.3, 36.0, 34.4, 31.8),
        },
        EPS,
    ),
    full=FULL,
    note=f"{PLAYED} Two cells of the row FGSM are illegible in the text at hand.",
)

_ACTIVATIONS = {
    "relu": "v3adv",
    "relu6": "v3adv-relu6",
    "ReluDecay 0.001": "v3adv-relu-decay-0.001",
    "ReluDecay 0.01": "v3adv-relu-decay-0.01",
    "ReluDecay 0.1": "v3adv-relu-decay-0.1",
    "tanh": "v3adv-tanh",
}
_METHODS_7: dict[str, AttackSpec] = {"Step LL": StepLL(), "Iter. l.l.": IterLL(), "Basic iter.": BIM()}
_TABLE_7 = {
    "Step LL": (
        (77.5, 74.6, 75.1, 75.5, 74.5),
        (77.7, 71.8, 73.5, 74.5, 74.0),
        (78.0, 74.0, 74.9, 75.2, 73.9),
        (77.4, 73.6, 74.6, 75.0, 73.6),
        (75.3, 67.5, 67.5, 67.0, 64.8),
        (74.5, 63.7, 65.1, 65.8, 61.9),
    ),
    "Iter. l.l.": (
        (77.5, 30.2, 8.0, 3.1, 1.6),
        (77.7, 39.8, 13.7, 4.1, 1.9),
        (78.0, 39.9, 12.6, 3.8, 1.8),
        (77.4, 36.2, 11.2, 3.2, 1.6),
        (75.3, 47.0, 25.8, 6.5, 2.4),
        (74.5, 35.8, 6.6, 2.7, 0.9),
    ),
    "Basic iter.": (
        (77.5, 28.4, 23.2, 21.5, 21.0),
        (77.7, 31.2, 26.1, 23.8, 23.2),
        (78.0, 32.9, 27.2, 24.7, 24.1),
        (77.4, 30.0, 24.2, 21.4, 20.5),
        (75.3, 26.7, 20.6, 16.5, 15.2),
        (74.5, 24.5, 22.0, 20.9, 20.7),
    ),
}


def _ask_7(scale: Scale) -> Mapping[str, Analysis]:
    return {"activations": matrix(tuple(_ACTIVATIONS.values()), tuple(_METHODS_7.values()), scale, SIXTEENTHS)}


def _tabulate_7(answers: Answers, scale: Scale) -> ExhibitTable:
    found = answers["activations"]
    assert isinstance(found, TransferResult)
    rows = {
        f"{method}, {activation}": accuracies(found, attack, place, scale)
        for method, attack in _METHODS_7.items()
        for place, activation in enumerate(_ACTIVATIONS)
    }
    return table(rows, EPS)


TABLE_7 = Exhibit(
    paper="kurakin",
    kind=TABLE,
    number=7,
    title="Activation functions",
    caption="Accuracy of Step-LL-trained models with different activation functions.",
    networks=tuple(_ACTIVATIONS.values()),
    claims=(
        Claim(
            "ReluDecay 0.1 withstands Iter-LL at ε = 2 better than relu",
            "App. D",
            lambda v: v("Iter. l.l., ReluDecay 0.1", "ε = 2") - v("Iter. l.l., relu", "ε = 2"),
            number=20,
        ),
        Claim(
            "A model with tanh loses accuracy on Step-LL examples against relu",
            "App. D",
            lambda v: under(v, "Step LL, relu") - under(v, "Step LL, tanh"),
            number=20,
        ),
    ),
    ask=_ask_7,
    tabulate=_tabulate_7,
    published=published(
        {
            f"{method}, {activation}": values
            for method, rows in _TABLE_7.items()
            for activation, values in zip(_ACTIVATIONS, rows, strict=True)
        },
        EPS,
    ),
    full=FULL,
    note=PLAYED,
)

_METHODS: dict[str, AttackSpec] = {
    "FGSM": FGSM(),
    "FGSM-pred": FGSM(labels="predicted"),
    "Fast entropy": FastEntropy(),
    "Fast grad. L2": FastGradientL2(),
    "Fast grad. L∞": FastGradientLinf(),
    "Step l.l.": StepLL(),
    "Step rnd.": StepRnd(),
}
_FIRST = 4  # a matrix takes six attacks at most


def _ask_f3(scale: Scale) -> Mapping[str, Analysis]:
    attacks = list(_METHODS.values())
    parts = {"first": attacks[:_FIRST], "others": attacks[_FIRST:]}
    return {name: matrix(("v3adv", "v3"), each, scale, SIXTEENTHS) for name, each in parts.items()}


def _tabulate_f3(answers: Answers, scale: Scale) -> ExhibitTable:
    rows = {}
    for place, training in enumerate(("with adversarial training", "no adversarial training")):
        for number, (method, attack) in enumerate(_METHODS.items()):
            found = answers["first" if number < _FIRST else "others"]
            assert isinstance(found, TransferResult)
            rows[f"{method}, {training}"] = accuracies(found, attack, place, scale)
    return table(rows, EPS)


def _helped(method: str) -> Claim:
    return Claim(
        f"Step-LL training raises the accuracy under {method}",
        "App. A",
        lambda v: under(v, f"{method}, with adversarial training") - under(v, f"{method}, no adversarial training"),
        number=1,
    )


FIGURE_3 = Exhibit(
    paper="kurakin",
    kind=FIGURE,
    number=3,
    title="One-step methods in evaluation",
    caption="Top 1 accuracy under seven one-step methods over ε, with and without Step-LL training.",
    networks=("v3adv", "v3"),
    claims=tuple(map(_helped, _METHODS)),
    ask=_ask_f3,
    tabulate=_tabulate_f3,
    full=FULL,
    note=f"{PLAYED} The figure's values are not printed, and of its top 5 half nothing is measured here. "
    f"Its ε go to 28; here there are {len(ATTACKED)}, as in the tables.",
)

EXHIBITS = (TABLE_5, TABLE_7, FIGURE_3)
