"""Kinds of reports, by the endings of their files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.errors import LabError
from lab.reports.page import html_report
from lab.reports.records import json_report
from lab.reports.report import Report
from lab.reports.tables import csv_of_images, csv_report, latex_report, markdown_report

FORMATS: dict[str, Callable[[Report], str]] = {
    ".json": json_report,
    ".csv": csv_report,
    ".md": markdown_report,
    ".tex": latex_report,
    ".html": html_report,
}
"""What writes a report, by the ending of its file."""


def require_format(path: Path) -> Path:
    """The path, if its ending names a kind of report. Raises :class:`LabError` otherwise."""
    if path.suffix.lower() not in FORMATS:
        raise LabError(f"The report {path.name} should end in {', '.join([*FORMATS][:-1])} or {[*FORMATS][-1]}.")
    return path


def contents(report: Report, path: Path) -> dict[Path, str]:
    """The report's files with their texts: one, and beside a .csv of the stages a second one of the images.

    Raises :class:`LabError` when the ending names no kind of report.
    """
    ending = require_format(path).suffix.lower()
    found = {path: FORMATS[ending](report)}
    return found | ({images_beside(path): csv_of_images(report)} if ending == ".csv" else {})


def images_beside(path: Path) -> Path:
    """The file of the images beside a .csv report: ``r.images.csv`` beside ``r.csv``."""
    return path.with_name(f"{path.stem}.images{path.suffix}")
