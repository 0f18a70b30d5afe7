"""Madry et al. 2017: Tables 1 and 2, white-box and black-box attacks on PGD-trained models."""

from collections.abc import Mapping

from lab.exhibits.cells import clean, matrix, shown
from lab.exhibits.exhibit import TABLE, Answers, Cell, Claim, Exhibit, published, table
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.transfer import ACCURACY, TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import FGSM, PGD, AttackSpec, Margin

NETWORKS = ("robust", "robust-copy", "other", "natural")
_PGD = PGD.madry_mnist()
_TARGETED = _PGD.replace(labels="random")
_CW, _CW_PLUS = _PGD.replace(objective=Margin(kappa=0.0)), _PGD.replace(objective=Margin(kappa=50.0))
_STRONGER: dict[str, AttackSpec] = {
    "PGD, 40 steps": _PGD,
    "PGD, 100 steps": _PGD.replace(steps=100),
    "PGD, 40 steps, 20 restarts": _PGD.replace(restarts=20),
    "PGD, 100 steps, 20 restarts": _PGD.replace(steps=100, restarts=20),
}
_ROWS: dict[str, tuple[str, AttackSpec]] = {
    "FGSM, source A": ("robust", FGSM()),
    "targeted, source A": ("robust", _TARGETED),
    "CW, source A": ("robust", _CW),
    "CW+, source A": ("robust", _CW_PLUS),
    "FGSM, source A'": ("robust-copy", FGSM()),
    "PGD, 40 steps, source A'": ("robust-copy", _PGD),
    "CW, source A'": ("robust-copy", _CW),
    "CW+, source A'": ("robust-copy", _CW_PLUS),
    "FGSM, source B": ("other", FGSM()),
    "PGD, 40 steps, source B": ("other", _PGD),
    "CW, source B": ("other", _CW),
}
_NATURAL = "natural model, FGSM"
_FEW = 40  # images of the attacks with restarts


def _ask_1(scale: Scale) -> Mapping[str, Analysis]:
    restarts = matrix(("robust",), tuple(_STRONGER.values()), scale, images=_FEW)
    return {"attacks": matrix(NETWORKS, (FGSM(), _PGD, _TARGETED, _CW, _CW_PLUS), scale), "restarts": restarts}


def _tabulate_1(answers: Answers, _: Scale) -> ExhibitTable:
    found, stronger = answers["attacks"], answers["restarts"]
    assert isinstance(found, TransferResult)
    assert isinstance(stronger, TransferResult)
    rows: dict[str, list[Cell]] = {"natural": [clean(found, 0, ACCURACY)]}
    rows |= {f"{name}, source A": [shown(stronger, each, 0, 0, measure=ACCURACY)] for name, each in _STRONGER.items()}
    for name, (source, attack) in _ROWS.items():
        rows[name] = [shown(found, attack, NETWORKS.index(source), 0, measure=ACCURACY)]
    place = NETWORKS.index("natural")
    rows[_NATURAL] = [shown(found, FGSM(), place, place, measure=ACCURACY)]
    return table(rows, ("accuracy",))


TABLE_1 = Exhibit(
    paper="madry",
    kind=TABLE,
    number=1,
    title="A PGD-trained model under white-box and black-box attacks",
    caption="Accuracy at ε 0.3: A the model itself, A' an independently trained copy, B another architecture.",
    networks=NETWORKS,
    claims=(
        Claim(
            "PGD training withstands FGSM, which the natural model does not",
            "§5",
            lambda v: v("FGSM, source A", "accuracy") - v(_NATURAL, "accuracy"),
        ),
        Claim(
            "More steps and restarts lower the accuracy, by less than 10 points",
            "Table 1",
            lambda v: (
                10 - (v("PGD, 40 steps, source A", "accuracy") - v("PGD, 100 steps, 20 restarts, source A", "accuracy"))
            ),
            number=32,
        ),
        Claim(
            "Black-box PGD from a copy is weaker than white-box PGD",
            "Table 1",
            lambda v: v("PGD, 40 steps, source A'", "accuracy") - v("PGD, 40 steps, source A", "accuracy"),
            number=33,
        ),
        Claim(
            "The strongest white box leaves more than half of the images",
            "Table 1",
            lambda v: v("PGD, 100 steps, 20 restarts, source A", "accuracy") - 50,
            number=31,
        ),
    ),
    ask=_ask_1,
    tabulate=_tabulate_1,
    published=published(
        {
            "natural": (98.8,),
            "PGD, 40 steps, source A": (93.2,),
            "PGD, 100 steps, source A": (91.8,),
            "PGD, 40 steps, 20 restarts, source A": (90.4,),
            "PGD, 100 steps, 20 restarts, source A": (89.3,),
            "FGSM, source A": (95.6,),
            "targeted, source A": (92.7,),
            "CW, source A": (94.0,),
            "CW+, source A": (93.9,),
            "FGSM, source A'": (96.8,),
            "PGD, 40 steps, source A'": (96.0,),
            "PGD, 100 steps, 20 restarts, source A'": (95.7,),
            "CW, source A'": (97.0,),
            "CW+, source A'": (96.4,),
            "FGSM, source B": (95.4,),
            "PGD, 40 steps, source B": (96.4,),
            "CW, source B": (95.7,),
            _NATURAL: (6.4,),
        },
        ("accuracy",),
    ),
    full="Madry et al.'s model on MNIST, 100,000 steps of batch 50 with 40 steps of PGD each, Adam at 1e-4.",
    note=f"PGD in the white box on the first {_FEW} images. The paper does not say which classes its targeted attack "
    "takes; here they are random. The black box with 20 restarts is left out. On the digits A' is trained by TRADES.",
)

_WIDE = ("wide", "wide-natural")
_SEVEN = PGD.madry_cifar().replace(steps=7)
_ON_CIFAR: dict[str, AttackSpec] = {
    "FGSM": FGSM(),
    "PGD, 7 steps": _SEVEN,
    "PGD, 20 steps": PGD.madry_cifar(),
    "CW, 30 steps": PGD.madry_cifar().replace(steps=30, objective=Margin(kappa=0.0)),
}
_FROM_NATURAL = ("FGSM", "PGD, 7 steps")


def _ask_2(scale: Scale) -> Mapping[str, Analysis]:
    return {"attacks": matrix(_WIDE, tuple(_ON_CIFAR.values()), scale, ball=scale.ball(8))}


def _tabulate_2(answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["attacks"]
    assert isinstance(found, TransferResult)
    rows: dict[str, list[Cell]] = {"natural": [clean(found, 0, ACCURACY)]}
    for name, attack in _ON_CIFAR.items():
        rows[f"{name}, source A"] = [shown(found, attack, 0, 0, measure=ACCURACY)]
    for name in _FROM_NATURAL:
        rows[f"{name}, source Anat"] = [shown(found, _ON_CIFAR[name], 1, 0, measure=ACCURACY)]
    return table(rows, ("accuracy",))


TABLE_2 = Exhibit(
    paper="madry",
    kind=TABLE,
    number=2,
    title="A PGD-trained model on CIFAR-10",
    caption="Accuracy at ε 8/255 of the ten times wider ResNet: A the model itself, Anat trained on clean images.",
    networks=_WIDE,
    claims=(
        Claim(
            "More steps lower the accuracy: 20 against 7",
            "Table 2",
            lambda v: v("PGD, 7 steps, source A", "accuracy") - v("PGD, 20 steps, source A", "accuracy"),
            number=32,
        ),
        Claim(
            "FGSM leaves more images correctly classified than PGD with 7 steps",
            "Table 2",
            lambda v: v("FGSM, source A", "accuracy") - v("PGD, 7 steps, source A", "accuracy"),
        ),
        Claim(
            "Black-box PGD from the natural model is weaker than white-box PGD",
            "Table 2",
            lambda v: v("PGD, 7 steps, source Anat", "accuracy") - v("PGD, 7 steps, source A", "accuracy"),
            number=33,
        ),
    ),
    ask=_ask_2,
    tabulate=_tabulate_2,
    published=published(
        {
            "natural": (87.3,),
            "FGSM, source A": (56.1,),
            "PGD, 7 steps, source A": (50.0,),
            "PGD, 20 steps, source A": (45.8,),
            "CW, 30 steps, source A": (46.8,),
            "FGSM, source A'": (67.0,),
            "PGD, 7 steps, source A'": (64.2,),
            "CW, 30 steps, source A'": (78.7,),
            "FGSM, source Anat": (85.6,),
            "PGD, 7 steps, source Anat": (86.0,),
        },
        ("accuracy",),
    ),
    scales=("cifar",),
    absent="it is about colour images",
    full="w32-10 wide ResNet on CIFAR-10, PGD training with 7 steps of 2/255, 80,000 steps of batch 128.",
    note="ResNet-20, with a 170th of the weights, trained on 10,000 of CIFAR-10's images for 10 epochs with 5 steps "
    "of 4/255. A', an independently trained copy, is left out.",
)

EXHIBITS = (TABLE_1, TABLE_2)
