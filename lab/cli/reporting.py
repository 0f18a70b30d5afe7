"""``--report``: an evaluation as files."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab import catalogue, datafiles
from lab.cli.figure import draw
from lab.cli.options import output_file
from lab.files import write_whole
from lab.reports import FORMATS, Report, contents, provenance, require_format
from lab.results import EvaluationResult
from lab.specs.evaluation import MOST_MODELS


def add_report(parser: argparse.ArgumentParser) -> None:
    """``--report FILE``, once for each kind of file."""
    about = f"also write a report, by its ending {', '.join(FORMATS)}; may be given again"
    parser.add_argument("--report", action="append", default=[], metavar="FILE", help=about)


def report_files(options: argparse.Namespace) -> list[Path]:
    """The files of ``--report``. Raises :class:`LabError` where a folder is not there, or an ending names no kind."""
    return [require_format(output_file(each)) for each in options.report]


def write_reports(files: Sequence[Path], results: Sequence[EvaluationResult], arguments: Sequence[str]) -> None:
    """Write what a command with these arguments has found, a result for each model, into these files."""
    if not files:
        return
    whole = replace(results[0], models=tuple(model for each in results for model in each.models))
    data, models, code = zip(*(catalogue.fingerprints(each.spec) for each in results), strict=True)
    made = provenance(["python", "-m", "lab", *arguments], _device(), data[0], models, code[0])
    figures = _figures(whole) if any(each.suffix.lower() == ".html" for each in files) else ()
    report = Report(whole, datafiles.name_of(whole.spec.data), made, figures)
    for file in files:
        for path, text in contents(report, file).items():
            write_whole(path, text)


def _figures(result: EvaluationResult) -> tuple[tuple[str, str], ...]:
    """Return the figures of a page as SVG, each with its caption."""
    shown = replace(result, models=result.models[:MOST_MODELS])
    of = f" of the first {MOST_MODELS} models" if len(result.models) > MOST_MODELS else ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.svg"
        draw(shown, path, columns=2)
        caption = f"Accuracy{of} after each attack, the worst case so far; bars: 95% intervals."
        return ((caption, path.read_text("utf-8")),)


def _device() -> str:
    from lab.models import default_device

    return str(default_device())
