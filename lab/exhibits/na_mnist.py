"""Na et al. 2018, Table 2, Figures 4, 5, 7 and 9: what the similarity of embeddings does."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from lab.exhibits.cells import beyond, clean, matrix, mean, nearest, shown
from lab.exhibits.exhibit import FIGURE, TABLE, Answers, Cell, Cells, Claim, Exhibit, published, table
from lab.exhibits.na_networks import WEIGHTS
from lab.exhibits.networks import models
from lab.exhibits.scales import Scale
from lab.results.curves import CurvesResult
from lab.results.embedding import EmbeddingsResult
from lab.results.exhibit import ExhibitTable
from lab.results.transfer import ACCURACY, TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, FGSM, AttackSpec, IterLL, RandomSign, StepLL
from lab.specs.embedding import Embeddings

NETWORKS = ("R20", "R20K", "R20B", "R20P")
PLAYED = "ResNet-20 is played by a small CNN on the digits, by itself on MNIST."
FULL = "ResNet-20 on MNIST, 8,000 steps, about an hour for each model on two cores: exhibit run NAME --scale mnist."
_WHITE: dict[str, AttackSpec] = {
    "step ll": StepLL(),
    "step FGSM": FGSM(),
    "iter ll": IterLL(),
    "iter FGSM": BIM(),
}


def _ask_2(scale: Scale) -> Mapping[str, Analysis]:
    return {"white box": matrix(NETWORKS, tuple(_WHITE.values()), scale), "CW": nearest(NETWORKS, scale)}


def _tabulate_2(answers: Answers, scale: Scale) -> ExhibitTable:
    found, searched = answers["white box"], answers["CW"]
    assert isinstance(found, TransferResult)
    assert isinstance(searched, CurvesResult)
    rows = {
        f"{name}": [
            clean(found, place, ACCURACY),
            *(shown(found, each, place, place, measure=ACCURACY) for each in _WHITE.values()),
            beyond(searched, place, scale.eps),
        ]
        for place, name in enumerate(("R20M", "R20MK", "R20MB", "R20MP"))
    }
    return table(rows, ("clean", *_WHITE, "CW"))


TABLE_2 = Exhibit(
    paper="na",
    kind=TABLE,
    number=2,
    title="Similarity of embeddings on MNIST",
    caption="White-box accuracy at ε 0.3, and the fraction of images whose nearest CW example is farther than 0.3.",
    networks=NETWORKS,
    claims=(
        Claim(
            "The pivot loss raises the accuracy under iter FGSM above Kurakin et al.'s training",
            "§4.1",
            lambda v: v("R20MP", "iter FGSM") - v("R20MK", "iter FGSM"),
            number=54,
        ),
        Claim(
            "The bidirectional loss does so, too",
            "§4.1",
            lambda v: v("R20MB", "iter FGSM") - v("R20MK", "iter FGSM"),
            number=54,
        ),
        Claim(
            "The pivot loss raises the accuracy under step FGSM as well",
            "§4.1",
            lambda v: v("R20MP", "step FGSM") - v("R20MK", "step FGSM"),
            number=54,
        ),
        Claim(
            "CW needs more than ε 0.3 for more images of the pivot model than of Kurakin et al.'s",
            "§4.1",
            lambda v: v("R20MP", "CW") - v("R20MK", "CW"),
            number=61,
        ),
    ),
    ask=_ask_2,
    tabulate=_tabulate_2,
    published=published(
        {
            "R20M": (99.6, 9.7, 10.3, 0.0, 0.0, 0),
            "R20MK": (99.6, 96.7, 94.5, 89.0, 60.2, 46),
            "R20MB": (99.5, 97.3, 96.2, 97.2, 88.5, 81),
            "R20MP": (99.5, 97.1, 95.7, 96.9, 88.9, 82),
        },
        ("clean", *_WHITE, "CW"),
    ),
    full=FULL,
    note=f"{PLAYED} The paper's CW takes 100 images, here it is 40. The columns of the text at hand follow one "
    "below the other.",
)

_FLAT = ("R20-flat", "R20K-flat", "R20P-flat")
_TRAININGS = ("Standard", "Kurakin", "Pivot")
_SHARES = (0.25, 0.5, 1.0)


def _ask_f4(scale: Scale) -> Mapping[str, Analysis]:
    return {"embeddings": Embeddings(data=scale.data, models=models(_FLAT, scale), ball=scale.ball(), levels=4)}


def _tabulate_f4(answers: Answers, scale: Scale) -> ExhibitTable:
    found = answers["embeddings"]
    assert isinstance(found, EmbeddingsResult)
    rows: dict[str, list[float | Cell | None]] = {}
    for name, each in zip(_TRAININGS, found.models, strict=True):
        size = np.linalg.norm(each.own.clean, axis=1)
        distances = (mean(each.distance[round(4 * share)]) for share in _SHARES)
        rows[name] = [*distances, mean(size), each.between]
    columns = [f"ε = {share * scale.eps:.3g}" for share in _SHARES]
    groups = ("distance from the clean embedding",) * len(_SHARES) + ("", "")
    return table(rows, (*columns, "size", "between classes"), unit="embedding units", groups=groups)


def _moved(v: Cells, row: str) -> float:
    """The distance at a quarter of the largest ε, which is 0.075 on the digits and on MNIST."""
    return v(row, "distance from the clean embedding · ε = 0.075")


FIGURE_4 = Exhibit(
    paper="na",
    kind=FIGURE,
    number=4,
    title="Embeddings of two units under attack",
    caption="Mean distance of an iter FGSM example's embedding from the clean one, and the size of the clean ones.",
    networks=_FLAT,
    claims=(
        Claim(
            "Kurakin et al.'s training shortens the distances against standard training",
            "§4.2",
            lambda v: _moved(v, "Standard") - _moved(v, "Kurakin"),
            number=56,
        ),
        Claim(
            "The pivot loss shortens them further",
            "§4.2",
            lambda v: _moved(v, "Kurakin") - _moved(v, "Pivot"),
            number=56,
        ),
        Claim(
            "The pivot loss makes the embeddings themselves smaller",
            "§4.2",
            lambda v: v("Kurakin", "size") - v("Pivot", "size"),
            number=56,
        ),
    ),
    ask=_ask_f4,
    tabulate=_tabulate_f4,
    full="ResNet-20 with a layer of two units on MNIST, 100 images a class: exhibit run NF4 --scale mnist.",
    note=f"{PLAYED} The figure is a picture; its values are not printed.",
)

_LAMBDAS = {0.0: "R20K", 1e-4: "R20P"} | {each: f"R20P-{each:g}" for each in WEIGHTS}
_DIVERGING = {"cifar": ("R20P-0.3",)}


def _trained(scale: Scale) -> list[str]:
    """The networks of Figure 5 whose training does not diverge at a scale."""
    return [each for each in _LAMBDAS.values() if each not in _DIVERGING.get(scale.name, ())]


def _ask_f5(scale: Scale) -> Mapping[str, Analysis]:
    return {"sweep": matrix(tuple(_trained(scale)), (StepLL(), FGSM(), BIM()), scale, (4, 8, 16))}


def _tabulate_f5(answers: Answers, scale: Scale) -> ExhibitTable:
    found = answers["sweep"]
    assert isinstance(found, TransferResult)
    half = scale.ball(8).eps
    rows: dict[str, list[Cell | None]] = {f"λ₂ = {each:g}": [None] * 5 for each in _LAMBDAS}
    weights = {network: weight for weight, network in _LAMBDAS.items()}
    for place, network in enumerate(_trained(scale)):
        rows[f"λ₂ = {weights[network]:g}"] = [
            clean(found, place, ACCURACY),
            *(shown(found, one, place, place, half, ACCURACY) for one in (StepLL(), FGSM(), BIM())),
            shown(found, BIM(), place, place, scale.ball(4).eps, ACCURACY),
        ]
    return table(rows, ("clean", "step ll ε = 8", "step FGSM ε = 8", "iter FGSM ε = 8", "iter FGSM ε = 4"))


FIGURE_5 = Exhibit(
    paper="na",
    kind=FIGURE,
    number=5,
    title="The weight of the pivot loss",
    caption="Accuracy on clean images and under attack over λ₂, in the units of the authors' code.",
    networks=tuple(_LAMBDAS.values()),
    claims=(
        Claim(
            "A larger λ₂ raises the accuracy under iter FGSM: 0.1 against 1e-4",
            "§4.3",
            lambda v: v("λ₂ = 0.1", "iter FGSM ε = 8") - v("λ₂ = 0.0001", "iter FGSM ε = 8"),
            number=55,
        ),
        Claim(
            "It lowers the accuracy on clean images",
            "§4.3",
            lambda v: v("λ₂ = 0.0001", "clean") - v("λ₂ = 0.1", "clean"),
            number=55,
        ),
    ),
    ask=_ask_f5,
    tabulate=_tabulate_f5,
    scales=("digits", "mnist", "cifar"),
    diverging=_DIVERGING,
    full="ResNet-20 on CIFAR-10, an hour for each λ₂ on two cores with a fifth of the images.",
    note=f"{PLAYED} The figure's values are not printed; of its text: above 0.3 training diverges. On "
    "CIFAR-10 here it diverges at 0.3, within 20 steps: from new weights in bfloat16 and in float32, from trained "
    "ones, and with a tenth of the learning rate for the first 400 steps.",
)

_THREE = ("R20", "R20K", "R20P")
_CURVES: dict[str, AttackSpec] = {"step ll": StepLL(), "step FGSM": FGSM(), "random sign": RandomSign()}
_LEVELS = 8


def _ask_f7(scale: Scale) -> Mapping[str, Analysis]:
    embeddings = partial(Embeddings, data=scale.data, models=models(_THREE, scale), ball=scale.ball(), levels=_LEVELS)
    return {name: embeddings(attack=each) for name, each in _CURVES.items()}


def _tabulate_f7(answers: Answers, _: Scale) -> ExhibitTable:
    """Mean logit of the true class, less the mean of the others, at each ε."""
    rows = {}
    for method, found in answers.items():
        assert isinstance(found, EmbeddingsResult)
        for name, each in zip(_THREE, found.models, strict=True):
            rows[f"{name}, {method}"] = [mean(row) for row in each.true - each.others]
    levels = tuple(f"ε = {16 * level / _LEVELS:g}" for level in range(_LEVELS + 1))
    return table(rows, levels, unit="logits", groups=("true class less the mean of the others",) * len(levels))


def _kept(v: Cells, row: str) -> float:
    """The share of the clean difference that is left at half of the largest ε."""
    group = "true class less the mean of the others · "
    return v(row, f"{group}ε = 8") / v(row, f"{group}ε = 0")


FIGURE_7 = Exhibit(
    paper="na",
    kind=FIGURE,
    number=7,
    title="The argument of the softmax over ε",
    caption="Logit of the true class less the mean of the others, over ε, for three attacks and three models.",
    networks=_THREE,
    claims=(
        Claim(
            "Standard training loses more of the difference along Step-LL than Kurakin et al.'s training",
            "App. C",
            lambda v: _kept(v, "R20K, step ll") - _kept(v, "R20, step ll"),
            unit="of the clean difference",
        ),
        Claim(
            "With the pivot loss no less is left under random signs than with standard training",
            "App. C",
            lambda v: _kept(v, "R20P, random sign") - _kept(v, "R20, random sign"),
            unit="of the clean difference",
        ),
    ),
    ask=_ask_f7,
    tabulate=_tabulate_f7,
    scales=("digits", "mnist", "cifar"),
    full="ResNet-20 on CIFAR-10, 128 images.",
    note=f"{PLAYED} The figure's values are not printed.",
)


def _ask_f9(scale: Scale) -> Mapping[str, Analysis]:
    return {"CW": nearest(NETWORKS, scale)}


_DISTANCES = (0.05, 0.1, 0.15, 0.2, 0.3)


def _tabulate_f9(answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["CW"]
    assert isinstance(found, CurvesResult)
    rows: dict[str, list[float | Cell | None]] = {}
    for place, name in enumerate(("R20M", "R20MK", "R20MB", "R20MP")):
        distance = found.models[place].distance
        rows[name] = [beyond(found, place, each) for each in _DISTANCES] + [100 * float(np.median(distance))]
    groups = ("farther than",) * len(_DISTANCES) + ("",)
    return table(rows, (*(f"{each:g}" for each in _DISTANCES), "median × 100"), groups=groups)


FIGURE_9 = Exhibit(
    paper="na",
    kind=FIGURE,
    number=9,
    title="Distances of the nearest CW examples",
    caption="Fraction of the images whose nearest example by Carlini and Wagner's L∞ attack is farther than ε.",
    networks=NETWORKS,
    claims=(
        Claim(
            "Pivot models need a larger ε than Kurakin et al.'s: more images beyond 0.1",
            "App. F",
            lambda v: v("R20MP", "farther than · 0.1") - v("R20MK", "farther than · 0.1"),
            number=61,
        ),
        Claim(
            "Kurakin et al.'s training needs a larger ε than standard training",
            "App. F",
            lambda v: v("R20MK", "farther than · 0.1") - v("R20M", "farther than · 0.1"),
            number=61,
        ),
    ),
    ask=_ask_f9,
    tabulate=_tabulate_f9,
    full=FULL,
    note=f"{PLAYED} 40 images instead of 100, two weights c and 50 steps instead of eight and 2,000. Of the figure's "
    "values Table 2 prints those at 0.3.",
)

EXHIBITS = (TABLE_2, FIGURE_4, FIGURE_5, FIGURE_7, FIGURE_9)
