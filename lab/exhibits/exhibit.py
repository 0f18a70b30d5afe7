"""What an exhibit is: a figure or table of a paper, with what it claims and how it is measured here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lab.errors import LabError
from lab.exhibits.scales import SCALES, Scale
from lab.results.exhibit import ClaimFinding, ExhibitTable
from lab.results.result import Result
from lab.specs.analyses import Analysis
from lab.specs.spec import to_json

PAPERS = {
    "kurakin": ("K", "Kurakin et al. 2017, Adversarial Machine Learning at Scale"),
    "tramer": ("T", "Tramèr et al. 2018, Ensemble Adversarial Training: Attacks and Defenses"),
    "na": ("N", "Na et al. 2018, Cascade Adversarial Machine Learning Regularized with a Unified Embedding"),
    "madry": ("M", "Madry et al. 2017, Towards Deep Learning Models Resistant to Adversarial Attacks (workshop text)"),
}
"""The papers by the first part of an exhibit's name: their letters and titles."""

TABLE, FIGURE = "table", "figure"

Answers = Mapping[str, Result]
"""The results of an exhibit's analyses by the names that it asked them under."""

Cell = tuple[float, float, float]
"""A value with the lower and the upper end of its 95 % interval."""

Cells = Callable[[str, str], float]
"""The value in a row and a column, which stands under its heading as in :attr:`ExhibitTable.headings`."""


@dataclass(frozen=True)
class Claim:
    """A statement that an exhibit supports, as an effect: a number above 0 where it holds.

    ``effect`` computes it from the cells of a table, the paper's or ours. Ours agrees with the paper's in size if they
    differ by at most ``tolerance``, in the table's unit unless another one is stated. ``number`` is the statement's in
    the list of claims.
    """

    sentence: str
    where: str
    effect: Callable[[Cells], float]
    tolerance: float = 10.0
    unit: str = ""
    number: int = 0


@dataclass(frozen=True)
class Exhibit:
    """A figure or table of a paper.

    ``published`` holds the paper's values; None for a picture whose values the paper does not print. ``networks`` are
    the names of those of :mod:`lab.exhibits.networks` that it shows; ``diverging`` names, by scale, those whose
    training diverges there, so that their rows are empty. ``ask`` says which analyses answer it at a scale,
    the first of them being the one that its page shows live; ``tabulate`` puts their results in the paper's layout.
    ``scales`` are those it is offered at, one at least; ``absent`` says why it is not offered at another one.
    ``note`` says what is different here, and where the text at hand is damaged.
    """

    paper: str
    kind: str
    number: int
    title: str
    caption: str
    networks: tuple[str, ...]
    claims: tuple[Claim, ...]
    ask: Callable[[Scale], Mapping[str, Analysis]]
    tabulate: Callable[[Answers, Scale], ExhibitTable]
    published: ExhibitTable | None = None
    scales: tuple[str, ...] = ("digits", "mnist")
    absent: str = ""
    diverging: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    full: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """The name on the command line: "tramer.table7"."""
        return f"{self.paper}.{self.kind}{self.number}"

    @property
    def short(self) -> str:
        """The short name: T7 for Tramèr's Table 7, TF2 for his Figure 2."""
        return f"{PAPERS[self.paper][0]}{'F' if self.kind == FIGURE else ''}{self.number}"

    @property
    def label(self) -> str:
        """The name in a sentence: "Tramèr et al. 2018, Table 7"."""
        return f"{PAPERS[self.paper][1].partition(',')[0]}, {self.kind.capitalize()} {self.number}"

    @property
    def first_scale(self) -> str:
        """The scale at which it is shown and measured unless another is asked for."""
        return self.scales[0]

    def require_scale(self, name: str) -> Scale:
        """The scale of that name. Raises :class:`LabError` where the exhibit is not offered at it."""
        if name not in self.scales:
            offered = " or ".join(self.scales)
            why = f" ({self.absent})" if self.absent else ""
            raise LabError(f"{self.label} is offered at {offered}, not at {name!r:.20}{why}.")
        return SCALES[name]

    def needed(self, scale: Scale) -> tuple[str, ...]:
        """The networks that must be there to measure it at a scale."""
        return tuple(each for each in self.networks if each not in self.diverging.get(scale.name, ()))

    def live(self, scale: Scale) -> Analysis | None:
        """The analysis that a page shows live with these settings: the first one asked; None where none is."""
        return next(iter(self.ask(scale).values()), None) if scale.name in self.scales else None

    def digest(self, scale: Scale) -> str:
        """A hash of what is asked at a scale, by which a stored result is known to be of the present description."""
        text = "\n".join([self.name, *(f"{name} {to_json(spec)}" for name, spec in self.ask(scale).items())])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass
class _Perturbed:
    """Cells of a table in which one may be moved, and a note of those that were read."""

    table: ExhibitTable
    values: np.ndarray
    read: set[tuple[int, int]] = field(default_factory=set)

    def __call__(self, row: str, column: str) -> float:
        place = self.table.rows.index(row), self.table.headings.index(column)
        self.read.add(place)
        return float(self.values[place])


def judged(claim: Claim, ours: ExhibitTable, published: ExhibitTable | None) -> ClaimFinding:
    """What our table says of a claim.

    The error of the effect follows from the intervals of the cells it is made of, each moved by half of its own with
    the others where they are, as for independent samples; that makes it too wide where they are of the same images.
    """
    cells = _Perturbed(ours, ours.values)
    effect = effect_in(claim, cells)
    squares = 0.0
    for place in sorted(cells.read):
        half = (ours.high[place] - ours.low[place]) / 2
        if np.isfinite(half) and half > 0:
            moved = ours.values.copy()
            moved[place] += half
            squares += (effect_in(claim, _Perturbed(ours, moved)) - effect) ** 2
    paper = np.nan if published is None else effect_in(claim, published.at)
    return ClaimFinding(
        sentence=claim.sentence,
        where=claim.where,
        number=claim.number,
        unit=claim.unit or ours.unit,
        ours=float(effect),
        error=float(np.sqrt(squares)),
        paper=float(paper),
        tolerance=claim.tolerance,
    )


def effect_in(claim: Claim, cells: Cells) -> float:
    """The claim's effect in a table's cells; NaN where that lacks a row or column it needs, as an older one may."""
    try:
        return float(claim.effect(cells))
    except ValueError:
        return float("nan")


def published(
    rows: Mapping[str, Sequence[float | None]], columns: Sequence[str], unit: str = "%", groups: Sequence[str] = ()
) -> ExhibitTable:
    """A paper's table: values by row in the order of the columns, None where there is none."""
    values = np.array([[np.nan if each is None else each for each in row] for row in rows.values()], float)
    nothing = np.full(values.shape, np.nan)
    return ExhibitTable(
        tuple(rows), tuple(columns), tuple(groups or [""] * len(columns)), unit, values, nothing, nothing
    )


def table(
    rows: Mapping[str, Sequence[float | Cell | None]],
    columns: Sequence[str],
    unit: str = "%",
    groups: Sequence[str] = (),
) -> ExhibitTable:
    """Our table: cells by row, each a value or (value, low, high), None where there is none."""
    cells = np.array([[_cell(each) for each in row] for row in rows.values()], float).reshape(len(rows), -1, 3)
    values, low, high = np.moveaxis(cells, 2, 0)
    return ExhibitTable(tuple(rows), tuple(columns), tuple(groups or [""] * len(columns)), unit, values, low, high)


def _cell(value: float | Cell | None) -> Cell:
    if value is None:
        return (np.nan,) * 3
    return value if isinstance(value, tuple) else (float(value), np.nan, np.nan)
