"""``analyse``: put a question to models and print or save the answer."""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import singledispatch

import pandas as pd

from lab.catalogue import find_data, fingerprints
from lab.cli import options as shared
from lab.cli.figure import draw, require_format
from lab.cli.progress import progress_bar
from lab.context import Context
from lab.errors import LabError, SpecError
from lab.home import results_folder
from lab.results import (
    EmbeddingsResult,
    MaskingResult,
    PreviewResult,
    RestartsResult,
    Result,
    SurfaceResult,
    TransferResult,
)
from lab.results.masking_verdict import signs_frame
from lab.results.result import pack
from lab.specs import Analysis, to_dict
from lab.specs.spec import key, params, spec_named
from lab.store import Damaged, Store


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("analyse", help="run an analysis such as Restarts")
    parser.add_argument("analysis", metavar="ANALYSIS", help="see 'list analyses'")
    parser.add_argument("--model", action="append", metavar="NAME", help="a model, or package.module:function; again")
    shared.add_weights(parser)
    parser.add_argument("--csv", metavar="FILE", help="also write every row of the result to this file")
    parser.add_argument("--npz", metavar="FILE", help="also write the whole result, with its spec, to this file")
    parser.add_argument("--figure", metavar="FILE", help="also draw the result for print: .pdf, .svg or .png")
    shared.add_computation(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compute, print, save."""
    shared.use_data_folder(options.data_dir)
    csv, npz, figure = (
        shared.output_file(each) if each else None for each in (options.csv, options.npz, options.figure)
    )
    if figure:
        require_format(figure)
    spec = _spec(options)
    start = time.perf_counter()
    result = _answered(spec, options.download)
    seconds = round(time.perf_counter() - start, 3)
    if csv:
        rows(result).to_csv(csv, index=False)
    if npz:
        npz.write_bytes(pack(result))
    if figure:
        draw(result, figure)
    found = summary(result)
    if options.json:
        records = json.loads(found.to_json(orient="records"))
        print(json.dumps({"analysis": to_dict(spec), "seconds": seconds, "summary": records}))
    else:
        print(f"{found.to_string(index=False, float_format='{:.4g}'.format)}\n\n{seconds:.1f} s")
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
    """What a person reads first."""
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


@rows.register
def _(result: PreviewResult) -> pd.DataFrame:
    images = result.spec.images[: len(result.y)]
    return pd.DataFrame({"image": images, "label": result.y, "class": [result.class_names[i] for i in result.y]})


@summary.register
def _(result: SurfaceResult) -> pd.DataFrame:
    return result.markers_frame().groupby(["model", "attack"], sort=False).last().reset_index()


def _spec(options: argparse.Namespace) -> Analysis:
    kind = spec_named(Analysis, options.analysis)
    given = {
        "data": find_data(options.data) if options.data else None,
        "models": shared.models(options.model, options.weights) if options.model else None,
        "seed": options.seed,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if unknown := set(changes) - set(params(kind)):
        raise SpecError(f"{kind.__name__} takes no {unknown.pop()}: see 'list analyses'.")
    return shared.with_settings(kind().replace(**changes), options.settings)


def _answered(spec: Analysis, download: bool) -> Result:
    """The result, from the store if it was ever computed before, on a page or here."""
    with progress_bar() as show:
        if download and "data" in params(spec):
            shared.download(spec.data, show)  # type: ignore[attr-defined]
        store, name = Store(results_folder()), key(spec, *fingerprints(spec))
        found = _stored(store, name)
        if found is None:
            from lab.analysis import analyse

            found = analyse(spec, Context(getattr(spec, "seed", 0), on_progress=show))
            store.write(name, found)
    return found


def _stored(store: Store, name: str) -> Result | None:
    try:
        return store.read(name)
    except Damaged as damage:
        print(f"{damage} It is computed again.", file=sys.stderr)
        return None
