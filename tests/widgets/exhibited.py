"""Results of exhibits, with values that a test chooses."""

import numpy as np

from lab.exhibits import SCALES, Exhibit, networks
from lab.exhibits.exhibit import table
from lab.results.exhibit import ExhibitResult, ExhibitTable


def like_the_paper(exhibit: Exhibit, error: float = 2.0) -> ExhibitTable:
    """Our table with the paper's values, and intervals of ± ``error``."""
    assert exhibit.published is not None
    paper = exhibit.published
    return ExhibitTable(
        paper.rows, paper.columns, paper.groups, paper.unit, paper.values, paper.values - error, paper.values + error
    )


def curves(*names: str) -> ExhibitTable:
    """A table of rising series, as a figure's is."""
    levels = ("ε = 2", "ε = 4", "ε = 8", "ε = 16")
    return table(
        {name: [(10.0 * i + 20 * j, 10.0 * i, 10.0 * i + 40 * j) for j in range(4)] for i, name in enumerate(names)},
        levels,
    )


def exhibited(exhibit: Exhibit, ours: ExhibitTable | None = None, scale: str = "digits") -> ExhibitResult:
    """The result of an exhibit with this table, the paper's if there is none."""
    values = like_the_paper(exhibit) if ours is None else ours
    roles = exhibit.networks
    return ExhibitResult(
        exhibit=exhibit.name,
        scale=scale,
        description=exhibit.digest(SCALES[scale]),
        table=values,
        findings=(),  # which are judged when it is read
        networks=roles,
        models=tuple(networks.model(each, SCALES[scale]).name for each in roles),
        sha256=("0123456789abcdef" * 4,) * len(roles),
        images=360,
        seed=0,
        seconds=12.3,
        version="1.0",
        command=f"python -m lab exhibit run {exhibit.short} --scale {scale}",
    )


def changed(values: ExhibitTable, row: str, column: str, value: float) -> ExhibitTable:
    """The table with another value at one position; its interval moves along."""
    at = values.rows.index(row), values.headings.index(column)
    moved = [each.copy() for each in (values.values, values.low, values.high)]
    step = value - values.values[at]
    for each in moved:
        each[at] += step
    return ExhibitTable(values.rows, values.columns, values.groups, values.unit, *map(np.asarray, moved))
