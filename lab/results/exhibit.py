"""Figures and tables of the papers, measured here: values in the paper's layout, and what they say of its claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.result import Result

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

HOLDS, FAILS, UNSEEN = "holds", "does not hold", "not visible at this scale"
"""What a claim can come to in kind: its direction or ordering."""


@dataclass(frozen=True, eq=False)
class ExhibitTable(Result):
    """Values of an exhibit, a paper's or ours, in the paper's layout: R rows, C columns.

    ``groups`` (C) headings above the columns, empty where there are none. ``values`` (R, C) in ``unit``; NaN where
    the paper has no value or none is known. ``low`` and ``high`` (R, C) the 95 % interval; NaN where none is known.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    groups: tuple[str, ...]
    unit: str
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def at(self, row: str, column: str) -> float:
        """The value of a cell. Raises ``ValueError`` where there is no such row or column."""
        return float(self.values[self.rows.index(row), self.headings.index(column)])

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns by name: what stands above one, then its own, as in "black box · FGSM A"."""
        return tuple(" · ".join(filter(None, each)) for each in zip(self.groups, self.columns, strict=True))

    def to_frame(self) -> pd.DataFrame:
        """One row per cell, with its interval."""
        import pandas as pd

        cells = [(row, column) for row in self.rows for column in self.headings]
        frame = pd.DataFrame(cells, columns=["row", "column"])
        return frame.assign(value=self.values.ravel(), low=self.low.ravel(), high=self.high.ravel(), unit=self.unit)


@dataclass(frozen=True, eq=False)
class ClaimFinding(Result):
    """What a measurement says of a claim.

    ``ours`` and ``paper`` are the claim's effect, above 0 where it holds, in ``unit``; the paper's is NaN where it
    gives no numbers. ``error`` is half the 95 % interval of ours, as far as the number of images decides it.
    ``tolerance`` is how far the two may lie apart and still agree in size. ``number`` is the claim's place in the list
    of claims, 0 where it has none.
    """

    sentence: str
    where: str
    number: int
    unit: str
    ours: float
    error: float
    paper: float
    tolerance: float

    @property
    def in_kind(self) -> str:
        """Whether the effect has the claimed sign, and by more than the number of images leaves open."""
        if not abs(self.ours) > self.error:  # also where it is no number
            return UNSEEN
        return HOLDS if self.ours > 0 else FAILS

    @property
    def in_size(self) -> bool | None:
        """Whether the effect is as large as in the paper, up to the tolerance; None where that gives no number."""
        if np.isnan(self.paper) or np.isnan(self.ours):
            return None
        return abs(self.ours - self.paper) <= self.tolerance


@dataclass(frozen=True, eq=False)
class ExhibitResult(Result):
    """A figure or table of a paper, measured at a scale.

    ``exhibit`` its name, such as "tramer.table7"; ``description`` a hash of what was asked, by which a stored result
    is known to be of the present description. ``networks`` (N) the roles of the paper, ``models`` (N) the models that
    played them and ``sha256`` (N) their weights. ``seconds`` took the analyses; those that were stored took none.
    """

    exhibit: str
    scale: str
    description: str
    table: ExhibitTable
    findings: tuple[ClaimFinding, ...]
    networks: tuple[str, ...]
    models: tuple[str, ...]
    sha256: tuple[str, ...]
    images: int
    seed: int
    seconds: float
    version: str
    command: str

    def count(self, kind: str) -> int:
        """How many claims came to that in kind."""
        return sum(each.in_kind == kind for each in self.findings)

    @property
    def in_kind(self) -> str:
        """All claims together: one that does not hold decides, then one that is not visible."""
        found = {each.in_kind for each in self.findings}
        return next((each for each in (FAILS, UNSEEN, HOLDS) if each in found), UNSEEN)

    def to_frame(self) -> pd.DataFrame:
        """One row per cell of our table, with its interval."""
        return self.table.to_frame()

    def claims_frame(self) -> pd.DataFrame:
        """One row per claim: the paper's effect and ours, and whether it holds in kind and in size."""
        import pandas as pd

        return pd.DataFrame(
            {
                "claim": each.sentence,
                "where": each.where,
                "paper": each.paper,
                "ours": each.ours,
                "error": each.error,
                "unit": each.unit,
                "in_kind": each.in_kind,
                "in_size": each.in_size,
            }
            for each in self.findings
        )
