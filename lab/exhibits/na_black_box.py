"""Na et al. 2018, Tables 1, 8 and 9, Figures 1, 6 and 8: transfer between networks trained alike, and gradients."""

from collections.abc import Mapping
from functools import partial

from lab.exhibits.cells import matrix, mean, shown
from lab.exhibits.exhibit import FIGURE, TABLE, Answers, Cell, Claim, Exhibit, published, table
from lab.exhibits.networks import models
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.masking import COMPARISONS, MaskingResult
from lab.results.transfer import ACCURACY, TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, FGSM
from lab.specs.masking import Masking

_METHODS = {"step FGSM": FGSM(), "iter FGSM": BIM()}
SCALES = ("digits", "mnist", "cifar")
FULL = "ResNet-20 on all of CIFAR-10, 96,000 steps: an hour for each model on a GPU."
PLAYED = "ResNet-20 is played by a small CNN on the digits, whose largest ε leaves little of any model."
NETWORKS = ("R20", "R20K", "R20P", "R202", "R20K2")
_EXCHANGED = (*NETWORKS, "R20P2")


def _ask(scale: Scale) -> Mapping[str, Analysis]:
    return {"black box": matrix(NETWORKS, tuple(_METHODS.values()), scale, (4, 8, 12))}


def _ask_exchanged(scale: Scale) -> Mapping[str, Analysis]:
    return {"black box": matrix(_EXCHANGED, tuple(_METHODS.values()), scale)}


def _black_box(targets: tuple[str, ...], sources: tuple[str, ...], answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["black box"]
    assert isinstance(found, TransferResult)
    place = _EXCHANGED.index
    rows = {
        target: [
            shown(found, attack, place(source), place(target), measure=ACCURACY)
            for attack in _METHODS.values()
            for source in sources
        ]
        for target in targets
    }
    return table(rows, sources * 2, groups=_groups(sources))


def _groups(sources: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(method for method in _METHODS for _ in sources)


_SOURCES_1 = ("R202", "R20K2")
TABLE_1 = Exhibit(
    paper="na",
    kind=TABLE,
    number=1,
    title="Black box between models trained alike",
    caption="Accuracy at the largest ε on the examples of models from other initial weights.",
    networks=NETWORKS,
    claims=(
        Claim(
            "Iter FGSM examples of a defended model fool another defended one more often than those of an "
            "undefended model",
            "§3.1",
            lambda v: v("R20K", "iter FGSM · R202") - v("R20K", "iter FGSM · R20K2"),
            number=53,
        ),
        Claim(
            "Those of an undefended model fool another undefended one more often than those of a defended model",
            "§3.1",
            lambda v: v("R20", "iter FGSM · R20K2") - v("R20", "iter FGSM · R202"),
            number=53,
        ),
        Claim(
            "Step FGSM examples of a defended model are weaker than those of an undefended one",
            "§3.1",
            lambda v: v("R20K", "step FGSM · R20K2") - v("R20K", "step FGSM · R202"),
            number=36,
        ),
    ),
    ask=_ask,
    tabulate=partial(_black_box, ("R20", "R20K"), _SOURCES_1),
    published=published(
        {"R20": (16.2, 31.6, 2.7, 60.1), "R20K": (66.7, 82.7, 55.8, 28.5)}, _SOURCES_1 * 2, groups=_groups(_SOURCES_1)
    ),
    scales=SCALES,
    full=FULL,
    note=PLAYED,
)

_SOURCES_8 = ("R20", "R20K", "R20P")
TABLE_8 = Exhibit(
    paper="na",
    kind=TABLE,
    number=8,
    title="Black box between models of the same initial weights",
    caption="Accuracy at the largest ε on each other's examples; the diagonal is a white box.",
    networks=NETWORKS,
    claims=(
        Claim(
            "Step FGSM examples of the undefended model fool Kurakin et al.'s more often than those of the pivot one",
            "App. E",
            lambda v: v("R20K", "step FGSM · R20P") - v("R20K", "step FGSM · R20"),
            number=36,
        ),
        Claim(
            "Iterative white boxes leave nothing of Kurakin et al.'s model: less than 5%",
            "App. E",
            lambda v: 5 - v("R20K", "iter FGSM · R20K"),
        ),
    ),
    ask=_ask,
    tabulate=partial(_black_box, _SOURCES_8, _SOURCES_8),
    published=published(
        {
            "R20": (12.2, 27.5, 27.4, 0.0, None, None),
            "R20K": (65.7, 81.8, 81.5, None, 0.0, None),
            "R20P": (58.1, 91.7, 89.3, None, None, 0.0),
        },
        _SOURCES_8 * 2,
        groups=_groups(_SOURCES_8),
    ),
    scales=SCALES,
    full=FULL,
    note=f"{PLAYED} In the text at hand the cells of iter FGSM are out of order (besides the diagonal's 0.0: 44.7, "
    "45.9, 18.2, 51.5, 13.4, 48.9), so that only the diagonal is compared.",
)

TABLE_9 = Exhibit(
    paper="na",
    kind=TABLE,
    number=9,
    title="Black box with targets and sources exchanged",
    caption="Accuracy of the models that were the sources in Table 1, on the examples of those that were targets.",
    networks=_EXCHANGED,
    claims=(
        Claim(
            "Against iter FGSM of an undefended model, the pivot model is no worse than Kurakin et al.'s: at most "
            "5 points",
            "App. E",
            lambda v: v("R20P2", "iter FGSM · R20") - v("R20K2", "iter FGSM · R20") + 5,
        ),
        Claim(
            "Against step FGSM of Kurakin et al.'s model, the pivot model is better",
            "App. E",
            lambda v: v("R20P2", "step FGSM · R20K") - v("R20K2", "step FGSM · R20K"),
        ),
    ),
    ask=_ask_exchanged,
    tabulate=partial(_black_box, ("R202", "R20K2", "R20P2"), _SOURCES_8),
    published=published(
        {
            "R202": (17.9, 34.5, 33.9, 4.1, None, None),
            "R20K2": (65.0, 84.5, 84.6, 54.3, 25.3, None),
            "R20P2": (66.4, 87.2, 88.2, 54.8, None, 36.1),
        },
        _SOURCES_8 * 2,
        groups=_groups(_SOURCES_8),
    ),
    scales=SCALES,
    full=FULL,
    note=f"{PLAYED} In the text at hand the cells of iter FGSM are out of order (also 30.4, 27.7, 61.2 and 61.6); only "
    "those whose position is clear are compared.",
)

_LEVELS = (4, 8, 12, 16)
_PAIRS = {
    "R20 and R202": ("R20", "R202"),
    "R20 and R20K2": ("R20", "R20K2"),
    "R20K and R20K2": ("R20K", "R20K2"),
    "R20K and R20P": ("R20K", "R20P"),
}


def _correlation(pairs: tuple[str, ...], answers: Answers, scale: Scale) -> ExhibitTable:
    """The correlation of the iter FGSM perturbations of two networks, over the first 128 images."""
    found = answers["black box"]
    assert isinstance(found, TransferResult)
    rows: dict[str, list[Cell]] = {}
    for name in pairs:
        first, second = map(NETWORKS.index, _PAIRS[name])
        at = [found.at(BIM(), scale.ball(each).eps) for each in _LEVELS]
        rows[name] = [mean(each.pair(first, second)) for each in at if each is not None]
    return table(rows, tuple(f"ε = {each}" for each in _LEVELS), unit="correlation")


FIGURE_1 = Exhibit(
    paper="na",
    kind=FIGURE,
    number=1,
    title="Correlation of the perturbations of two models",
    caption="Pearson's correlation between the iter FGSM perturbations made on two models, over ε.",
    networks=NETWORKS,
    claims=(
        Claim(
            "Perturbations of two defended models are more alike than those of an undefended and a defended one",
            "§3.1",
            lambda v: v("R20K and R20K2", "ε = 8") - v("R20 and R20K2", "ε = 8"),
            number=53,
        ),
        Claim(
            "They are more alike than those of two undefended models",
            "Figure 1",
            lambda v: v("R20K and R20K2", "ε = 8") - v("R20 and R202", "ε = 8"),
            number=53,
        ),
    ),
    ask=_ask,
    tabulate=partial(_correlation, ("R20 and R202", "R20 and R20K2", "R20K and R20K2")),
    scales=SCALES,
    full=FULL,
    note=f"{PLAYED} The figure's values are not printed; the text says 'higher correlation', but not than which.",
)

FIGURE_6 = Exhibit(
    paper="na",
    kind=FIGURE,
    number=6,
    title="Correlation from the same and from other initial weights",
    caption="Correlation of the iter FGSM perturbations of Kurakin et al.'s model with those of the pivot one, which "
    "starts from the same weights, and of another one from other weights.",
    networks=NETWORKS,
    claims=(
        Claim(
            "Perturbations of models with the same initial weights are more alike than from other ones",
            "§5.1",
            lambda v: v("R20K and R20P", "ε = 8") - v("R20K and R20K2", "ε = 8"),
            number=58,
        ),
    ),
    ask=_ask,
    tabulate=partial(_correlation, ("R20K and R20P", "R20K and R20K2")),
    scales=SCALES,
    full="ResNets of 20, 56 and 110 layers on CIFAR-10: days on a GPU.",
    note=f"{PLAYED} The figure's values are not printed. Of its depths (20, 56, 110) there is one.",
)

_THREE = ("R20", "R20K", "R20P")
_RADII = (0.5, 1, 2, 4, 8, 16)


def _ask_8(scale: Scale) -> Mapping[str, Analysis]:
    radii = tuple(scale.ball(each).eps for each in _RADII if each != 16)
    return {
        "gradients": Masking(data=scale.data, models=models(_THREE, scale), ball=scale.ball(), eps=radii, images=40)
    }


def _tabulate_8(answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["gradients"]
    assert isinstance(found, MaskingResult)
    rows = {
        f"{name}: ({number}) {compared}": [mean(one.correlation[number - 1, place]) for place in range(len(_RADII))]
        for name, one in zip(_THREE, found.models, strict=True)
        for number, compared in enumerate(COMPARISONS, start=1)
    }
    return table(rows, tuple(f"ε = {each:g}" for each in _RADII), unit="correlation")


_CLEAN_FGSM, _CLEAN_RANDOM, _LL_FGSM = (f"({place}) {COMPARISONS[place - 1]}" for place in (2, 3, 4))

FIGURE_8 = Exhibit(
    paper="na",
    kind=FIGURE,
    number=8,
    title="Correlation of gradients over ε",
    caption="Correlation of the loss's gradients at two images: the clean one and examples of three attacks.",
    networks=_THREE,
    claims=(
        Claim(
            "Along FGSM the gradient forgets the clean one faster than along random signs (Kurakin et al.'s model)",
            "App. D",
            lambda v: v(f"R20K: {_CLEAN_RANDOM}", "ε = 4") - v(f"R20K: {_CLEAN_FGSM}", "ε = 4"),
            number=60,
        ),
        Claim(
            "With Step-LL training the correlation along FGSM is lower than with standard training",
            "App. D",
            lambda v: v(f"R20: {_CLEAN_FGSM}", "ε = 4") - v(f"R20K: {_CLEAN_FGSM}", "ε = 4"),
            number=60,
        ),
        Claim(
            "It becomes negative somewhere (Kurakin et al.'s model)",
            "App. D",
            lambda v: -min(v(f"R20K: {_CLEAN_FGSM}", f"ε = {each:g}") for each in _RADII),
            number=60,
        ),
        Claim(
            "The gradients at Step-LL and FGSM examples stay alike at the largest ε: above 0.3",
            "App. D",
            lambda v: v(f"R20K: {_LL_FGSM}", "ε = 16") - 0.3,
        ),
    ),
    ask=_ask_8,
    tabulate=_tabulate_8,
    scales=SCALES,
    full=FULL,
    note=f"{PLAYED} 40 images instead of 128. The figure's values are not printed.",
)

EXHIBITS = (TABLE_1, TABLE_8, TABLE_9, FIGURE_1, FIGURE_6, FIGURE_8)
