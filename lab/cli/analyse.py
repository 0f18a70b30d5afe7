"""``analyse``: put a question to models and print or save the answer."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from functools import singledispatch

import pandas as pd

from lab import datafiles
from lab.cli import options as shared
from lab.cli.answers import answer
from lab.cli.cluster import add_scheduler, cluster_of
from lab.cli.figure import draw, require_format
from lab.cli.output import print_json
from lab.cli.progress import progress_bar
from lab.errors import LabError, SpecError
from lab.files import write_whole
from lab.pairing import at_home
from lab.reports.tables import csv as csv_text
from lab.results import (
    EmbeddingsResult,
    EvaluationResult,
    MaskingResult,
    PreviewResult,
    RestartsResult,
    Result,
    ScreeningResult,
    SurfaceResult,
    TransferResult,
)
from lab.results.evaluation_verdict import verdict
from lab.results.masking_verdict import sentences, signs_frame
from lab.results.result import pack
from lab.specs import Analysis, Ball, DataSpec, to_dict
from lab.specs.data import OpeningValues
from lab.specs.opening import followed, opened, opened_in
from lab.specs.spec import params, spec_named


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("analyse", help="run an analysis such as Restarts")
    parser.add_argument("analysis", metavar="ANALYSIS", help="see 'list analyses'")
    shared.add_models(parser)
    parser.add_argument("--csv", metavar="FILE", help="also write every row of the result to this file")
    parser.add_argument("--npz", metavar="FILE", help="also write the whole result, with its spec, to this file")
    parser.add_argument("--figure", metavar="FILE", help="also draw the result for print: .pdf, .svg or .png")
    shared.add_computation(parser)
    add_scheduler(parser)
    parser.set_defaults(run=run, computes=True)


def run(options: argparse.Namespace) -> int:
    """Compute, print, save."""
    shared.use_data_folder(options.data_dir)
    csv, npz, figure = (
        shared.output_file(each) if each else None for each in (options.csv, options.npz, options.figure)
    )
    if figure:
        require_format(figure)
    spec = _spec(options)
    if "data" in params(spec):
        shared.warn_of_steps(spec)
        shared.warn_of_pairs(spec.data, spec)  # type: ignore[attr-defined]
    start = time.perf_counter()
    with cluster_of(options) as cluster, progress_bar() as show:
        result = answer(spec, show, options.download, cluster=cluster)
    seconds = round(time.perf_counter() - start, 3)
    found, notes, said = summary(result), _notes(spec), remarks(result)
    if options.json:
        records = json.loads(found.to_json(orient="records"))
        about = {"analysis": to_dict(spec), "seconds": seconds, "data_notes": notes, "remarks": said}
        print_json(about | {"summary": records})
    else:
        lines = [found.to_string(index=False, float_format="{:.4g}".format), "", *notes, *said, f"{seconds:.1f} s"]
        print("\n".join(lines), flush=True)
    if csv:
        write_whole(csv, csv_text(rows(result)))
    if npz:
        write_whole(npz, pack(result))
    if figure:
        draw(result, figure)
    return 0


@singledispatch
def rows(result: Result) -> pd.DataFrame:
    """Everything that came out, one fact a row."""
    if not hasattr(result, "to_frame"):
        raise LabError(f"A {type(result).__name__} cannot be printed as a table.")
    frame: pd.DataFrame = result.to_frame()
    return frame


@singledispatch
def summary(result: Result) -> pd.DataFrame:
    """Return the lines that a user reads first."""
    return rows(result)


@summary.register
def _(result: RestartsResult) -> pd.DataFrame:
    return result.concentration()


@summary.register
def _(result: EmbeddingsResult) -> pd.DataFrame:
    return result.curves()


@summary.register
def _(result: TransferResult) -> pd.DataFrame:
    columns = ["attack", "eps", "source", "target", "transfer_rate", "transfer_rate_of", "error_rate"]
    return result.to_frame()[columns]


@summary.register
def _(result: MaskingResult) -> pd.DataFrame:
    return signs_frame(result)


@summary.register
def _(result: ScreeningResult) -> pd.DataFrame:
    return result.shares()


@singledispatch
def remarks(result: Result) -> list[str]:
    """Return the remarks below the table, each a sentence or two."""
    return []


@remarks.register
def _(result: EvaluationResult) -> list[str]:
    found = [(each.model, verdict(each)) for each in result.models]
    return [f"{model}: {' '.join([each.words, *each.flaws])}" for model, each in found]


@remarks.register
def _(result: MaskingResult) -> list[str]:
    return sentences(result)


@rows.register
def _(result: TransferResult) -> pd.DataFrame:
    """Top 1, and top 5 where there are more classes. Kurakin et al. 2017, Tables 4 and 6, have both halves."""
    return pd.concat([result.to_frame(k) for k in (1, 5) if k < len(result.class_names)], ignore_index=True)


@rows.register
def _(result: PreviewResult) -> pd.DataFrame:
    images = result.spec.images[: len(result.y)]
    return pd.DataFrame({"image": images, "label": result.y, "class": [result.class_names[i] for i in result.y]})


@summary.register
def _(result: SurfaceResult) -> pd.DataFrame:
    return result.markers_frame().groupby(["model", "attack"], sort=False).last().reset_index()


def _spec(options: argparse.Namespace) -> Analysis:
    kind = spec_named(Analysis, options.analysis)
    models = shared.models(options.model, options.weights, options.name) or None
    given = {
        "data": shared.data_set(options, options.data, models or ()),
        "models": models,
        "seed": options.seed,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if unknown := set(changes) - set(params(kind)):
        raise SpecError(f"{kind.__name__} takes no {unknown.pop()}: see 'list analyses'.")
    data = given["data"]
    opening = datafiles.opening(data) if data else OpeningValues()
    spec = opened((at_home(kind(), data) if data else kind()).replace(**changes), opening)
    return _in_norm(shared.with_settings(spec, options.settings, changes), spec, opening, options.settings)


def _in_norm(spec: Analysis, before: Analysis, opening: OpeningValues, settings: Sequence[str]) -> Analysis:
    """The analysis with what goes with its norm and was not set: the radius usual on the data, further ε."""
    ball, meant = getattr(spec, "ball", None), getattr(before, "ball", None)
    if not isinstance(ball, Ball) or not isinstance(meant, Ball):
        return spec
    paths = {each.partition("=")[0] for each in settings}
    if "ball.eps" not in paths and f"ball={type(ball).__name__}".lower() in map(str.lower, settings):
        spec = spec.replace(ball=opened_in(type(ball), before, opening))
    return spec if "eps" in paths else followed(spec, meant)


def _notes(spec: Analysis) -> list[str]:
    data = getattr(spec, "data", None)
    return list(shared.data_notes(data)) if isinstance(data, DataSpec) else []
