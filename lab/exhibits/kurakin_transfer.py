"""Kurakin et al. 2017, Tables 4 and 6, Figures 2 and 5: transfer of adversarial examples between networks."""

from collections.abc import Mapping

from lab.exhibits.cells import SIXTEENTHS, matrix, shown
from lab.exhibits.exhibit import FIGURE, TABLE, Answers, Cell, Cells, Claim, Exhibit, published, table
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.transfer import ERROR, TRANSFER, TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM, FGSM, AttackSpec, IterLL

NETWORKS = ("v3", "v3-b", "v3-elu", "v4")
_LETTERS = ("A", "B", "C", "D")
_METHODS: tuple[tuple[str, AttackSpec], ...] = (("FGSM", FGSM()), ("basic iter.", BIM()), ("iter l.l.", IterLL()))
_COLUMNS = _LETTERS * 3
_GROUPS = tuple(method for method, _ in _METHODS for _ in _LETTERS)
FULL = "Four Inception models on ImageNet (two v3, v3 with ELU, v4), each trained for weeks on 50 machines."
NOTE = (
    "A and B are small CNNs that differ in their initial weights, C is a wider one, D has Madry et al.'s architecture. "
    "The first images of the test set are taken, not 1,000 random ones. On the digits nearly everything transfers at "
    "the largest ε; Figure 2 has smaller ones."
)


def _ask(scale: Scale) -> Mapping[str, Analysis]:
    return {"transfer": matrix(NETWORKS, [each for _, each in _METHODS], scale, SIXTEENTHS)}


def _tabulate(measure: str, answers: Answers) -> ExhibitTable:
    found = answers["transfer"]
    assert isinstance(found, TransferResult)
    rows = {
        f"top {k}, source {letter}": [
            shown(found, attack, source, target, measure=measure, k=k)
            for _, attack in _METHODS
            for target in range(len(NETWORKS))
        ]
        for k in (1, 5)
        for source, letter in enumerate(_LETTERS)
    }
    return table(rows, _COLUMNS, groups=_GROUPS)


def black_box(v: Cells, method: str) -> float:
    """The mean over all pairs of different networks, top 1."""
    pairs = [(one, other) for one in _LETTERS for other in _LETTERS if one != other]
    known = [v(f"top 1, source {one}", f"{method} · {other}") for one, other in pairs]
    known = [each for each in known if each == each]
    return sum(known) / len(known)


def white_box(v: Cells, method: str) -> float:
    """The mean over the networks attacked themselves, top 1, as far as the table has them."""
    known = [v(f"top 1, source {each}", f"{method} · {each}") for each in _LETTERS]
    known = [each for each in known if each == each]
    return sum(known) / len(known)


TABLE_4 = Exhibit(
    paper="kurakin",
    kind=TABLE,
    number=4,
    title="Transfer rates",
    caption="Of the examples that fool their source (row), those that fool the target (column) too, at the largest ε.",
    networks=NETWORKS,
    claims=(
        Claim(
            "FGSM examples transfer more often than Iter-LL ones",
            "§4.4",
            lambda v: black_box(v, "FGSM") - black_box(v, "iter l.l."),
            number=17,
        ),
        Claim(
            "Those of the basic iterative method lie between: they transfer more often than Iter-LL ones",
            "Table 4",
            lambda v: black_box(v, "basic iter.") - black_box(v, "iter l.l."),
            number=17,
        ),
        Claim(
            "FGSM examples transfer more often than those of the basic iterative method",
            "Table 4",
            lambda v: black_box(v, "FGSM") - black_box(v, "basic iter."),
            number=17,
        ),
    ),
    ask=_ask,
    tabulate=lambda answers, _: _tabulate(TRANSFER, answers),
    published=published(
        {
            "top 1, source A": (100, 56, 58, 47, 100, 46, 45, 33, 100, 13, 13, 9),
            "top 1, source B": (58, 100, 59, 51, 41, 100, 40, 30, 15, 100, 13, 10),
            "top 1, source C": (56, 58, 100, 52, 44, 44, 100, 32, 12, 11, 100, 9),
            "top 1, source D": (50, 54, 52, 100, 35, 39, 37, 100, 12, 13, 13, 100),
            "top 5, source A": (100, 50, 50, 36, 100, 15, 17, 11, 100, 8, 7, None),
            "top 5, source B": (51, 100, 50, 37, 16, 100, 14, 10, 7, 100, 5, 4),
            "top 5, source C": (44, 45, 100, 37, 16, 18, 100, 13, 6, 6, 100, 4),
            "top 5, source D": (42, 38, 46, 100, 11, 15, 15, 100, 6, 6, 6, 100),
        },
        _COLUMNS,
        groups=_GROUPS,
    ),
    full=FULL,
    note=f"{NOTE} The text at hand writes δ for many a 0, and one cell of it is illegible.",
)

TABLE_6 = Exhibit(
    paper="kurakin",
    kind=TABLE,
    number=6,
    title="Error rates on transferred examples",
    caption="Error rate on all examples of a source, whether they fool it or not, in %, at the largest ε.",
    networks=NETWORKS,
    claims=(
        Claim(
            "FGSM examples cause more errors on other models than Iter-LL ones",
            "App. C",
            lambda v: black_box(v, "FGSM") - black_box(v, "iter l.l."),
            number=17,
        ),
        Claim(
            "Iter-LL, which transfers least, fools its own model more often than FGSM",
            "§4.4",
            lambda v: white_box(v, "iter l.l.") - white_box(v, "FGSM"),
            number=18,
        ),
    ),
    ask=_ask,
    tabulate=lambda answers, _: _tabulate(ERROR, answers),
    published=published(
        {
            "top 1, source A": (65, 52, 53, None, None, 51, 50, 42, 99, 32, 31, None),
            "top 1, source B": (52, 66, 54, 48, 50, 79, 51, 43, 35, 99, 34, 29),
            "top 1, source C": (53, 55, 70, 50, 47, 46, 74, 40, 31, 30, 100, 28),
            "top 1, source D": (47, 51, 49, 62, 43, 46, 45, 73, 30, 31, 31, 99),
            "top 5, source A": (46, 28, 28, None, 76, 17, 18, 13, 94, 12, 12, 9),
            "top 5, source B": (29, 46, 30, 22, 19, 76, 18, 16, 13, 96, 12, 11),
            "top 5, source C": (28, 29, 55, 25, 18, 19, 74, 15, 12, 12, 96, 9),
            "top 5, source D": (23, 22, 25, 40, 14, 16, 16, 70, 11, 11, 11, 97),
        },
        _COLUMNS,
        groups=_GROUPS,
    ),
    full=FULL,
    note=f"{NOTE} In the text at hand four cells of the rows of source A are illegible.",
)

_EPS = tuple(f"ε = {each}" for each in SIXTEENTHS)
_ROWS = tuple(f"{method}, top {k}" for method, _ in _METHODS for k in (1, 5))


def _over_eps(measure: str, answers: Answers, scale: Scale) -> dict[str, list[Cell]]:
    """One network's examples on the other, at each ε; source A, target B."""
    found = answers["transfer"]
    assert isinstance(found, TransferResult)
    return {
        f"{method}, top {k}": [shown(found, attack, 0, 1, scale.ball(e).eps, measure, k) for e in SIXTEENTHS]
        for method, attack in _METHODS
        for k in (1, 5)
    }


def _tabulate_2(answers: Answers, scale: Scale) -> ExhibitTable:
    """Rates, then by how many percent both of their parts grow from ε = 8 to 16, top 1."""
    found = answers["transfer"]
    assert isinstance(found, TransferResult)
    rows: dict[str, list[Cell | None]] = {}
    for name, cells in _over_eps(TRANSFER, answers, scale).items():
        attack = dict(_METHODS)[name.partition(",")[0]]
        counts = [found.at(attack, scale.ball(each).eps) for each in (8, 16)]
        (hits_8, of_8), (hits_16, of_16) = [
            [int(part[0, 1]) for part in found.counts(each, TRANSFER, 1 if name.endswith("1") else 5)]
            for each in counts
            if each is not None
        ]
        rows[name] = [*cells, _growth(hits_8, hits_16), _growth(of_8, of_16)]
    return table(rows, (*_EPS, "numerator", "denominator"), groups=("",) * 4 + ("growth from 8 to 16",) * 2)


def _growth(before: int, after: int) -> Cell | None:
    return (100 * (after - before) / before,) + (float("nan"),) * 2 if before else None


def _rises(what: str, where: str, method: str) -> Claim:
    row = f"{method}, top 1"
    return Claim(f"{what} rises with ε", where, lambda v: v(row, "ε = 16") - v(row, "ε = 2"), number=19)


FIGURE_2 = Exhibit(
    paper="kurakin",
    kind=FIGURE,
    number=2,
    title="Transfer rates over ε",
    caption="Transfer rate from one model to another of the same architecture, for growing ε.",
    networks=NETWORKS,
    claims=(
        *(_rises(f"The transfer rate of {method}", "§4.4", method) for method, _ in _METHODS),
        Claim(
            "From ε = 8 to 16 more FGSM examples are transferred, by a larger factor than more of them succeed",
            "Figure 2",
            lambda v: (
                v("FGSM, top 1", "growth from 8 to 16 · numerator")
                - v("FGSM, top 1", "growth from 8 to 16 · denominator")
            ),
            number=19,
        ),
    ),
    ask=_ask,
    tabulate=_tabulate_2,
    full=FULL,
    note=f"{NOTE} The figure's values are not printed; of its caption: the numerator grows by more than 20%, the "
    "denominator by less than 1%.",
)

FIGURE_5 = Exhibit(
    paper="kurakin",
    kind=FIGURE,
    number=5,
    title="Error rates on transferred examples over ε",
    caption="Error rate of a model on another one's examples, for growing ε.",
    networks=NETWORKS,
    claims=tuple(
        _rises(f"The error rate on transferred examples of {method}", "App. C", method) for method, _ in _METHODS
    ),
    ask=_ask,
    tabulate=lambda answers, scale: table(_over_eps(ERROR, answers, scale), _EPS),
    full=FULL,
    note=f"{NOTE} The figure's values are not printed.",
)

EXHIBITS = (TABLE_4, TABLE_6, FIGURE_2, FIGURE_5)
