"""``exhibit``: the papers' figures and tables by number: list them, look at one, measure it."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from lab import exhibits
from lab.cli import options as shared
from lab.cli.answers import answer
from lab.cli.cluster import Cluster, add_scheduler, cluster_of, train_run
from lab.cli.exhibit_tables import table_in, table_written
from lab.cli.exhibit_text import described, record_of, row_of, text_of
from lab.cli.figure import draw, require_format
from lab.cli.output import print_json
from lab.cli.pausing import pausing
from lab.cli.progress import progress_bar, say
from lab.cli.tables import table
from lab.context import Cancelled, Context, Progress
from lab.cost import training_steps
from lab.counts import counted
from lab.errors import LabError
from lab.exhibits import EXHIBITS, SCALES, Exhibit, Scale
from lab.files import write_whole
from lab.results.exhibit import ExhibitResult
from lab.results.result import Result
from lab.specs.analyses import Analysis
from lab.specs.runs import TrainingRun

_ALL = "digits"
"""The scale of ``--all`` unless another is asked for: that of the data and models that come with the lab."""


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("exhibit", help="list, show or measure the papers' figures and tables, by number")
    what = parser.add_subparsers(metavar="WHAT", required=True)
    listing = what.add_parser("list", help="list them, with what came out where one was measured")
    listing.add_argument("--paper", metavar="LETTER", help="only one paper's: K, T, N or M")
    shared.add_json(listing)
    listing.set_defaults(run=_list)
    one = what.add_parser("show", help="show one: its claims, the paper's values, and what came out here")
    _add_name(one)
    shared.add_json(one)
    one.set_defaults(run=_show)
    measuring = what.add_parser("run", help="measure one or all; models that are missing are trained first")
    _add_name(measuring, nargs="?")
    measuring.add_argument(
        "--all", action="store_true", help=f"measure every exhibit that is offered at the scale, or at {_ALL}"
    )
    measuring.add_argument("--figure", metavar="FILE", help="also draw it for print: .pdf, .svg or .png")
    measuring.add_argument("--table", metavar="FILE", help="also write our table: .tex, .csv or .md")
    measuring.add_argument("--ship", action="store_true", help="write the result into the package, as for a release")
    shared.add_data_folder(measuring)
    add_scheduler(measuring)
    shared.add_json(measuring)
    measuring.set_defaults(run=_run, computes=True)


def _add_name(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    about = "as T7 (Table 7 of Tramèr et al. 2018), TF2 (their Figure 2) or tramer.table7"
    parser.add_argument("name", metavar="NAME", nargs=nargs, help=about)
    scales = f"{', '.join(SCALES)} (default: the first that it is offered at)"
    parser.add_argument("--scale", metavar="SCALE", help=scales)


def _list(options: argparse.Namespace) -> int:
    chosen = exhibits.of_paper(options.paper)
    if options.json:
        print_json([record_of(each) for each in chosen])
    else:
        print(table([row_of(each) for each in chosen], ("name", "title", "scales", "in kind", "in size")))
    return 0


def _show(options: argparse.Namespace) -> int:
    exhibit = exhibits.find(options.name)
    scale = exhibit.require_scale(options.scale or exhibit.first_scale)
    if options.json:
        print_json(record_of(exhibit, scale))
    else:
        print(described(exhibit, scale))
    return 0


def _run(options: argparse.Namespace) -> int:
    shared.use_data_folder(options.data_dir)
    chosen = _chosen(options)
    figure = require_format(shared.output_file(options.figure)) if options.figure else None
    written = table_in(shared.output_file(options.table)) if options.table else None
    with cluster_of(options) as cluster, pausing() as stopped, progress_bar() as show:
        for exhibit in chosen:
            scale = exhibit.require_scale(options.scale or exhibit.first_scale)
            try:
                result = _measured(exhibit, scale, show, stopped, cluster)
            except Cancelled:
                say("Paused: the same command goes on where it was.")
                return 130
            exhibits.write(result, exhibits.SHIPPED if options.ship else exhibits.own_folder())
            _print(exhibit, result, options.json)
            if written:
                write_whole(written, table_written(result, exhibit, written.suffix))
            if figure:
                draw(result, figure)
    return 0


def _chosen(options: argparse.Namespace) -> list[Exhibit]:
    """The exhibit that is named, or all that are offered at the scale. Raises :class:`LabError` for neither or both."""
    if options.all == (options.name is not None):
        raise LabError("Name one exhibit, as in 'exhibit run T7', or give --all.")
    if not options.all:
        return [exhibits.find(options.name)]
    if options.table or options.figure:
        raise LabError("--table and --figure are of one exhibit: name it instead of --all.")
    return [each for each in EXHIBITS if (options.scale or _ALL) in each.scales]


def _measured(
    exhibit: Exhibit,
    scale: Scale,
    show: Callable[[Progress], None],
    stopped: Callable[[], bool],
    cluster: Cluster | None,
) -> ExhibitResult:
    """Train what is missing, having said what that is, then measure."""
    wanting = exhibits.missing(exhibit.needed(scale), scale)
    if wanting:
        passes = sum(training_steps(each.recipe) for each in wanting)
        names = ", ".join(each.name for each in wanting)
        say(f"{counted(len(wanting), 'network')} to be trained first, about {passes:,} passes of an image: {names}.")

    def train_one(run: TrainingRun) -> None:
        train_run(run, Context(on_progress=show, on_note=say, cancelled=stopped, doing=run.name), cluster)

    def ask(spec: Analysis) -> Result:
        return answer(spec, show, cancelled=stopped, doing=exhibit.short, cluster=cluster)

    exhibits.ensure(exhibit.needed(scale), scale, train_one)
    return exhibits.measure(exhibit, scale, ask)


def _print(exhibit: Exhibit, result: ExhibitResult, as_json: bool) -> None:
    if as_json:
        print_json(record_of(exhibit, exhibits.SCALES[result.scale], result))
    else:
        print(text_of(exhibit, result))
