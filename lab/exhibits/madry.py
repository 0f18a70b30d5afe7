"""Madry et al. 2017: Tables 1 and 2, Figures 1 to 4."""

from collections.abc import Mapping

import numpy as np

from lab import catalogue, runs
from lab.exhibits.cells import clean, matrix, mean, shown
from lab.exhibits.exhibit import FIGURE, TABLE, Answers, Cell, Cells, Claim, Exhibit, published, table
from lab.exhibits.networks import model, models
from lab.exhibits.recipes import CAPACITIES, capacity_name
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.restarts import RestartsResult
from lab.results.transfer import ACCURACY, TransferResult
from lab.specs.analyses import Analysis, Restarts
from lab.specs.attacks import FGSM, PGD, AttackSpec, Margin
from lab.specs.balls import Linf

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
    note="ResNet-20, with a 170th of the weights, trained on 10,000 of CIFAR-10's images for 20 epochs with 5 steps "
    "of 4/255. A', an independently trained copy, is left out.",
)

_PAIR = ("natural", "robust")
_IMAGES = (0, 1, 2, 3)


def _ask_restarts(scale: Scale) -> Mapping[str, Analysis]:
    restarts = Restarts(
        data=scale.data,
        models=models(_PAIR, scale),
        images=_IMAGES,
        attack=_PGD.replace(restarts=200),
        ball=scale.ball(),
    )
    return {"restarts": restarts}


def _tabulate_f1(answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["restarts"]
    assert isinstance(found, RestartsResult)
    rows = {}
    for name, one in zip(_PAIR, found.models, strict=True):
        for image in _IMAGES:
            losses = one.final_loss[:, image]
            rows[f"{name}, image {image}"] = [mean(losses), losses.std(ddof=1), losses.min(), losses.max()]
    columns = ("mean", "standard deviation", "smallest", "largest")
    return table(rows, columns, unit="nats", groups=("final loss of 200 restarts",) * 4)


def _final(v: Cells, network: str, column: str) -> float:
    """The mean over the four images."""
    names = [f"{network}, image {each}" for each in _IMAGES]
    return sum(v(each, f"final loss of 200 restarts · {column}") for each in names) / len(names)


FIGURE_1 = Exhibit(
    paper="madry",
    kind=FIGURE,
    number=1,
    title="Final losses of PGD from many random starts",
    caption="How tightly the losses of 200 restarts lie together, for four images, natural and PGD-trained model.",
    networks=_PAIR,
    claims=(
        Claim(
            "The final losses are well concentrated: standard deviation less than a quarter of the mean (natural)",
            "§3.1",
            lambda v: 0.25 - _final(v, "natural", "standard deviation") / _final(v, "natural", "mean"),
            unit="of the mean",
            number=21,
        ),
        Claim(
            "The PGD-trained model's final losses are much smaller: less than half",
            "Figure 1",
            lambda v: _final(v, "natural", "mean") / 2 - _final(v, "robust", "mean"),
            number=25,
        ),
    ),
    ask=_ask_restarts,
    tabulate=_tabulate_f1,
    full="Madry et al.'s models on MNIST and CIFAR-10, about 100,000 restarts.",
    note="The figure's values are not printed; of its two data sets, one.",
)

_ITERATIONS = (0, 2, 5, 10, 20, 40)


def _tabulate_f2(answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["restarts"]
    assert isinstance(found, RestartsResult)
    rows = {
        f"{name}, image {image}": [mean(one.loss[:20, step, image]) for step in _ITERATIONS]
        for name, one in zip(_PAIR, found.models, strict=True)
        for image in _IMAGES[:2]
    }
    groups = ("loss after so many steps",) * len(_ITERATIONS)
    return table(rows, tuple(map(str, _ITERATIONS)), unit="nats", groups=groups)


def _reached(v: Cells, network: str, step: int) -> float:
    """The share of the final loss that is reached."""
    loss = "loss after so many steps"
    row = f"{network}, image 0"
    return v(row, f"{loss} · {step}") / v(row, f"{loss} · 40")


def _plateaus(network: str) -> Claim:
    return Claim(
        f"The loss plateaus: after half of the steps more than 80% of the final loss is reached ({network})",
        "§3.1",
        lambda v: _reached(v, network, 20) - 0.8,
        unit="of the final loss",
        number=22,
    )


FIGURE_2 = Exhibit(
    paper="madry",
    kind=FIGURE,
    number=2,
    title="Loss over the steps of PGD",
    caption="Mean loss of 20 restarts over the 40 steps of PGD, for two images, natural and PGD-trained model.",
    networks=_PAIR,
    claims=tuple(map(_plateaus, _PAIR)),
    ask=_ask_restarts,
    tabulate=_tabulate_f2,
    full="Madry et al.'s models on MNIST and CIFAR-10.",
    note="The figure's values are not printed. Steps of 0.01 in a ball of 0.3, as in the paper.",
)

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

EXHIBITS = (TABLE_1, TABLE_2, FIGURE_1, FIGURE_2, FIGURE_3, FIGURE_4)
