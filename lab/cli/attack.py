"""``attack``: attack a model on test images and judge the result."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from lab.catalogue import find_data, find_model
from lab.cli import options as shared
from lab.cli.progress import progress_bar
from lab.cli.tables import percent
from lab.context import Context
from lab.results.attack import AttackResult
from lab.specs import PGD, AttackSpec, Ball, DataSpec, ModelSpec, crossing, to_dict
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
    eight_bit: bool = False
    bfloat16: bool = False
    source: ModelSpec | None = None


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("attack", help="attack a model and report its accuracy")
    parser.add_argument("--model", default="standard", metavar="NAME", help="a model, or package.module:function")
    shared.add_weights(parser)
    parser.add_argument("--attack", default="PGD", metavar="NAME", help="see 'list attacks' (default: PGD)")
    norms = [each.__name__ for each in family_of(Ball)]
    parser.add_argument("--norm", default="Linf", metavar="NORM", help=f"{' or '.join(norms)} (default: Linf)")
    parser.add_argument("--eps", type=float, help="size of the ball, black to white being 1")
    parser.add_argument("--images", type=shared.positive, default=200, help="how many test images (default: 200)")
    parser.add_argument("--source", metavar="NAME", help="also show the model images made on this other one")
    parser.add_argument("--eight-bit", action="store_true", help="predict again with pixels rounded to 8 bits")
    parser.add_argument("--bfloat16", action="store_true", help="search in bfloat16; verdicts stay float32's")
    shared.add_computation(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Attack, judge, print."""
    shared.use_data_folder(options.data_dir)
    trial = _trial(options)
    outcome = _tried(trial, options.download)
    print(json.dumps(_record(trial, outcome), ensure_ascii=False) if options.json else _words(trial, outcome))
    return 0


def _trial(options: argparse.Namespace) -> Trial:
    ball = spec_named(Ball, options.norm)()
    [model] = shared.models([options.model], options.weights)
    return Trial(
        find_data(options.data or "digits"),
        model,
        shared.with_settings(spec_named(AttackSpec, options.attack)(), options.settings),
        ball if options.eps is None else ball.replace(eps=options.eps),
        options.images,
        options.seed or 0,
        options.eight_bit,
        options.bfloat16,
        find_model(options.source) if options.source else None,
    )


@dataclass(frozen=True)
class Outcome:
    """The judge's verdict, and that on the images made on another model if one was named."""

    result: AttackResult
    transferred: AttackResult | None


def _tried(trial: Trial, download: bool) -> Outcome:
    from lab.attacks import attack, attack_in_bfloat16, further_restart, judge
    from lab.data import load
    from lab.models import load as load_model

    with progress_bar() as show:
        test = load(trial.data, Context(on_progress=show, doing="reading the data"), download).test
        model = load_model(trial.model)
        index = list(range(min(trial.images, len(test))))
        x, y = test.images(index), test.labels(index)
        ctx = Context(trial.seed, on_progress=show, doing="attacking")
        start = time.perf_counter()
        x_adv = (attack_in_bfloat16 if trial.bfloat16 else attack)(trial.attack, model, x, y, trial.ball, ctx)
        seconds = time.perf_counter() - start
        result = judge(x, y, x_adv, model, trial.ball, 256 if trial.eight_bit else None)
        result = replace(result, seconds=seconds)
        if isinstance(trial.attack, PGD) and trial.attack.random_start:
            again = replace(ctx, doing="trying one more restart")
            result = further_restart(trial.attack, model, x, y, result, trial.ball, again)
        if trial.source is None:
            return Outcome(result, None)
        made = attack(trial.attack, load_model(trial.source), x, y, trial.ball, replace(ctx, doing="transferring"))
        transferred = judge(x, y, made, model, trial.ball)
        return Outcome(result.beside_transfer(transferred), transferred)


def _record(trial: Trial, outcome: Outcome) -> dict[str, Any]:
    result, transferred = outcome.result, outcome.transferred
    health = result.health
    return {
        "clean_accuracy": result.clean_accuracy,
        "robust_accuracy": result.robust_accuracy,
        "n": len(result.y),
        "eps": result.eps,
        "norm": type(trial.ball).__name__,
        "seconds": round(result.seconds, 3),
        "rounded_accuracy": result.rounded_accuracy if trial.eight_bit else None,
        "transferred_accuracy": transferred.robust_accuracy if transferred else None,
        "source": to_dict(trial.source) if trial.source else None,
        "precision": "bfloat16" if _in_bfloat16(trial) else "float32",
        "health": asdict(health) | {"warnings": _warnings(trial, result)} if health else None,
        "data": to_dict(trial.data),
        "model": to_dict(trial.model),
        "attack": to_dict(trial.attack),
        "seed": trial.seed,
    }


def _words(trial: Trial, outcome: Outcome) -> str:
    result, transferred = outcome.result, outcome.transferred
    lines = [
        f"{shared.words(trial.attack)}",
        f"against {shared.words(trial.model)} on {len(result.y)} test images of {shared.words(trial.data)}, "
        f"{shared.words(trial.ball)}, seed {trial.seed}",
        "",
        f"clean accuracy   {percent(result.clean_accuracy):>7}",
        f"robust accuracy  {percent(result.robust_accuracy):>7}",
    ]
    if trial.eight_bit:
        lines.append(
            f"  in 8 bits      {percent(result.rounded_accuracy):>7}  (adversarial pixels rounded to 256 levels)"
        )
    if trial.source and transferred:
        made_on = f"(on images made on {shared.words(trial.source)})"
        lines.append(f"  transferred    {percent(transferred.robust_accuracy):>7}  {made_on}")
    lines.append(f"time             {result.seconds:>5.1f} s{_precision(trial)}")
    warnings = _warnings(trial, result)
    return "\n".join([*lines, *(["", *(f"Take care: {each}" for each in warnings)] if warnings else [])])


def _warnings(trial: Trial, result: AttackResult) -> list[str]:
    short = crossing(trial.attack, trial.ball)
    return [*([short] if short else []), *(result.health.warnings if result.health else ())]


def _precision(trial: Trial) -> str:
    if not trial.bfloat16:
        return ""
    return " in bfloat16, verdicts in float32" if _in_bfloat16(trial) else " in float32: this device has no bfloat16"


def _in_bfloat16(trial: Trial) -> bool:
    if not trial.bfloat16:
        return False
    from lab.attacks import computes_bfloat16
    from lab.models import default_device

    return computes_bfloat16(default_device())
