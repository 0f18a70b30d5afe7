"""Results of exhibits as JSON files: a person's own under ``LAB_HOME``, and those of the digits that ship with the lab.

They are small, readable, and need no PyTorch; numbers are kept to six digits. What a table says of the claims is not
kept, but judged when it is read, so that it is always of the present claims.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from lab import outside_json
from lab.errors import LabError
from lab.exhibits.exhibit import Exhibit, judged
from lab.exhibits.scales import SCALES
from lab.files import write_whole
from lab.home import home
from lab.results.exhibit import ExhibitResult, ExhibitTable
from lab.results.result import Result

SHIPPED = Path(__file__).with_name("results")
"""The folder of the results that ship with the lab."""

_NUMBERS = {"values", "low", "high"}


def own_folder() -> Path:
    """The folder of a person's own results."""
    return home() / "exhibits"


def read(exhibit: Exhibit, scale: str) -> ExhibitResult | None:
    """The stored result at a scale, one's own before the shipped one; None where there is none.

    Raises :class:`LabError` when its file is damaged.
    """
    return _in_folder(own_folder(), exhibit, scale) or shipped(exhibit, scale)


def shipped(exhibit: Exhibit, scale: str = "digits") -> ExhibitResult | None:
    """The result that ships with the lab; None where there is none. Raises as :func:`read` does."""
    return _in_folder(SHIPPED, exhibit, scale)


def _in_folder(folder: Path, exhibit: Exhibit, scale: str) -> ExhibitResult | None:
    path = _path(folder, exhibit.name, scale)
    return _parsed(path, exhibit) if path.is_file() else None


def write(result: ExhibitResult, folder: Path) -> Path:
    """Keep a result in a folder, which is made; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, result.exhibit, result.scale)
    record = {name: each for name, each in _record(result).items() if name != "findings"}
    write_whole(path, json.dumps(record, ensure_ascii=False) + "\n")
    return path


def is_stale(result: ExhibitResult, exhibit: Exhibit) -> bool:
    """Return whether the exhibit is described otherwise today than when the result was measured."""
    return result.description != exhibit.digest(SCALES[result.scale])


def _path(folder: Path, name: str, scale: str) -> Path:
    return folder / f"{name}-{scale}.json"


def _record(result: Result) -> dict[str, object]:
    return {each.name: _described(getattr(result, each.name)) for each in fields(result)}


def _described(value: object) -> object:
    if isinstance(value, Result):
        return _record(value)
    if isinstance(value, np.ndarray):
        return [[_number(each) for each in row] for row in value.tolist()]
    if isinstance(value, tuple):
        return [_described(each) for each in value]
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | None:
    """A number to six digits; None for what is none."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _parsed(path: Path, exhibit: Exhibit) -> ExhibitResult:
    try:
        record = outside_json.parse(path.read_text("utf-8"), paths=True)
        table = _table(record["table"])
        findings = tuple(judged(each, table, exhibit.published) for each in exhibit.claims)
        about = {name: each for name, each in record.items() if name != "table"}
        return ExhibitResult(**_with_tuples(about), table=table, findings=findings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(f"{path} is damaged ({error}): delete it, and measure the exhibit again.") from error


def _table(record: dict[str, Any]) -> ExhibitTable:
    arrays = {name: _array(each) for name, each in record.items() if name in _NUMBERS}
    return ExhibitTable(**_with_tuples(record) | arrays)


def _array(rows: list[list[float | None]]) -> np.ndarray:
    return np.array([[np.nan if each is None else each for each in row] for row in rows], float)


def _with_tuples(record: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(each) if isinstance(each, list) else each for name, each in record.items()}
