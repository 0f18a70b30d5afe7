"""``evaluate``: how robust models are, under the strongest attacks that need no setting."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from lab.cli import options as shared
from lab.cli.answers import require_loadable
from lab.cli.cluster import Cluster, add_scheduler, cluster_of
from lab.cli.evaluation import Request, evaluated, in_words, plain, requests, side_by_side
from lab.cli.in_turn import in_turn
from lab.cli.output import print_json
from lab.cli.reporting import add_report, report_files, write_reports
from lab.cli.saving import add_save, save_evaluations, save_folder
from lab.cli.threat import add_ball
from lab.results import EvaluationResult
from lab.specs import Evaluation
from lab.specs.evaluation import BUDGETS
from lab.specs.spec import default_of, kinds_of

_BUDGETS = {
    "quick": "the attacks that break most per second (default)",
    "standard": "AutoAttack's standard composition",
    "thorough": "more steps and restarts, every check on every image",
}


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="measure how robust a model is with attacks that need no tuning, and whether the number can be trusted",
    )
    shared.add_models(parser)
    add_ball(parser, kinds_of(Evaluation(), "ball"))
    effort = parser.add_mutually_exclusive_group()
    for each in BUDGETS:
        effort.add_argument(f"--{each}", dest="budget", action="store_const", const=each, help=_BUDGETS[each])
    count = default_of(Evaluation, "images")
    about = f"how many test images (default: {count})"
    parser.add_argument("--images", type=shared.positive, help=about)
    add_report(parser)
    add_save(parser)
    shared.add_computation(parser)
    add_scheduler(parser)
    parser.set_defaults(run=run, computes=True)


def run(options: argparse.Namespace) -> int:
    """Evaluate, print each model as it is known, save."""
    shared.use_data_folder(options.data_dir)
    files, folder = report_files(options), save_folder(options)
    asked = requests(options, options.budget, options.settings)
    with cluster_of(options) as cluster:
        require_loadable([each.model for each in asked], cluster)
        compute, show = partial(_evaluate, options.download, cluster), partial(_show, options.json)
        found, code = in_turn(asked, compute, show, cluster)
    if not found:
        return code
    results = [result for _, result in found]
    write_reports(files, results, options.arguments)
    if folder:
        save_evaluations(folder, results)
    if options.json:
        records = [plain(each, result.models[0]) for each, result in found]
        print_json(records if len(asked) > 1 else records[0])
    elif len(found) > 1:
        print(f"\n\n{side_by_side([result.models[0] for result in results])}", flush=True)
    return code


def _evaluate(
    download: bool, cluster: Cluster | None, request: Request, cancelled: Callable[[], bool]
) -> tuple[Request, EvaluationResult]:
    return request, evaluated(request, download, cancelled, cluster)


def _show(quiet: bool, number: int, found: tuple[Request, EvaluationResult]) -> None:
    request, result = found
    if not quiet:
        print("\n\n" * bool(number) + in_words(request, result.models[0]), flush=True)
