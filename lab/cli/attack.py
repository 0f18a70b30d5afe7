"""``attack``: attack a model on test images and judge the result."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from lab.catalogue import find_data
from lab.cli import options as shared
from lab.cli.progress import progress_bar
from lab.cli.tables import percent
from lab.context import Context
from lab.results.attack import AttackResult
from lab.specs import AttackSpec, Ball, DataSpec, ModelSpec, to_dict
from lab.specs.spec import family_of, spec_named


@dataclass(frozen=True)
class Trial:
    """One attack to try: on which model, which first test images, in which ball, from which seed."""

    data: DataSpec
    model: ModelSpec
    attack: AttackSpec
    ball: Ball
    images: int
    seed: int


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("attack", help="attack a model and report its accuracy")
    parser.add_argument("--data", default="digits", metavar="NAME", help="data set, .npz file or image folder")
    parser.add_argument("--model", default="standard", metavar="NAME", help="a model, or package.module:function")
    parser.add_argument("--weights", action="append", default=[], metavar="FILE", help="weights of a built model")
    parser.add_argument("--attack", default="PGD", metavar="NAME", help="see 'list attacks' (default: PGD)")
    norms = [each.__name__ for each in family_of(Ball)]
    parser.add_argument("--norm", default="Linf", metavar="NORM", help=f"{' or '.join(norms)} (default: Linf)")
    parser.add_argument("--eps", type=float, help="size of the ball, black to white being 1")
    parser.add_argument("--images", type=shared.positive, default=200, help="how many test images (default: 200)")
    shared.add_set(parser)
    shared.add_seed(parser)
    shared.add_download(parser)
    shared.add_data_folder(parser)
    shared.add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Attack, judge, print."""
    shared.use_data_folder(options.data_dir)
    trial = _trial(options)
    result = _tried(trial, options.download)
    print(json.dumps(_record(trial, result), ensure_ascii=False) if options.json else _words(trial, result))
    return 0


def _trial(options: argparse.Namespace) -> Trial:
    ball = spec_named(Ball, options.norm)()
    [model] = shared.models([options.model], options.weights)
    return Trial(
        find_data(options.data),
        model,
        shared.with_settings(spec_named(AttackSpec, options.attack)(), options.settings),
        ball if options.eps is None else ball.replace(eps=options.eps),
        options.images,
        options.seed,
    )


def _tried(trial: Trial, download: bool) -> AttackResult:
    from lab.attacks import attack, judge
    from lab.data import load
    from lab.models import load as load_model

    with progress_bar() as show:
        test = load(trial.data, Context(on_progress=show, doing="reading the data"), download).test
        model = load_model(trial.model)
        index = list(range(min(trial.images, len(test))))
        x, y = test.images(index), test.labels(index)
        start = time.perf_counter()
        x_adv = attack(trial.attack, model, x, y, trial.ball, Context(trial.seed, on_progress=show, doing="attacking"))
        seconds = time.perf_counter() - start
        return replace(judge(x, y, x_adv, model, trial.ball), seconds=seconds)


def _record(trial: Trial, result: AttackResult) -> dict[str, Any]:
    health = result.health
    return {
        "clean_accuracy": result.clean_accuracy,
        "robust_accuracy": result.robust_accuracy,
        "n": len(result.y),
        "eps": result.eps,
        "norm": type(trial.ball).__name__,
        "seconds": round(result.seconds, 3),
        "health": asdict(health) | {"warnings": list(health.warnings)} if health else None,
        "data": to_dict(trial.data),
        "model": to_dict(trial.model),
        "attack": to_dict(trial.attack),
        "seed": trial.seed,
    }


def _words(trial: Trial, result: AttackResult) -> str:
    lines = [
        f"{shared.words(trial.attack)}",
        f"against {shared.words(trial.model)} on {len(result.y)} test images of {shared.words(trial.data)}, "
        f"{shared.words(trial.ball)}, seed {trial.seed}",
        "",
        f"clean accuracy   {percent(result.clean_accuracy):>7}",
        f"robust accuracy  {percent(result.robust_accuracy):>7}",
        f"time             {result.seconds:>5.1f} s",
    ]
    warnings = result.health.warnings if result.health else ()
    return "\n".join([*lines, *(["", *(f"Take care: {each}" for each in warnings)] if warnings else [])])
