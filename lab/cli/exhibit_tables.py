"""``exhibit run --table``: our table as LaTeX, CSV or Markdown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.errors import LabError
from lab.exhibits import Exhibit, value
from lab.reports.tables import csv
from lab.results.exhibit import ExhibitResult, ExhibitTable


def table_in(path: Path) -> Path:
    """The path, if its ending names a format of tables. Raises :class:`LabError` otherwise."""
    if path.suffix.lower() not in _WRITERS:
        raise LabError(f"The table {path.name} should end in .tex, .csv or .md.")
    return path


def table_written(result: ExhibitResult, exhibit: Exhibit, suffix: str) -> str:
    """The table in the format of a file's ending."""
    return _WRITERS[suffix.lower()](result, exhibit)


def _latex(result: ExhibitResult, exhibit: Exhibit) -> str:
    values = result.table
    head = " & ".join(map(_escaped, (values.unit, *values.headings)))
    rows = [
        " & ".join((_escaped(name), *(value(each).replace("–", "--").replace("−", "$-$") for each in row)))
        for name, row in zip(values.rows, values.values, strict=True)
    ]
    return "\n".join(
        [
            f"% {exhibit.label}, measured at scale {result.scale}: {result.command}",
            rf"\begin{{tabular}}{{l{'r' * len(values.columns)}}}",
            r"\toprule",
            rf"{head} \\",
            r"\midrule",
            *(rf"{each} \\" for each in rows),
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _escaped(text: str) -> str:
    for plain, latex in (("%", r"\%"), ("&", r"\&"), ("_", r"\_"), ("ε", r"$\epsilon$"), ("λ₂", r"$\lambda_2$")):
        text = text.replace(plain, latex)
    return text


def markdown(values: ExhibitTable) -> str:
    """A table in Markdown."""
    lines = [(values.unit, *values.headings), ("---",) * (1 + len(values.columns))]
    lines += [(name, *map(value, row)) for name, row in zip(values.rows, values.values, strict=True)]
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)


def _markdown(result: ExhibitResult, exhibit: Exhibit) -> str:
    return f"{exhibit.label}, measured at scale {result.scale}:\n\n{markdown(result.table)}\n"


def _csv(result: ExhibitResult, _: Exhibit) -> str:
    return csv(result.to_frame())


_WRITERS: dict[str, Callable[[ExhibitResult, Exhibit], str]] = {".tex": _latex, ".csv": _csv, ".md": _markdown}
