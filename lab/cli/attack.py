"""``attack``: attack a model on test images and judge the result; without ``--attack``, the quick evaluation."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

from lab.catalogue import find_data, find_model
from lab.cli import options as shared, quick
from lab.cli.answers import require_loadable
from lab.cli.evaluation import unweighted
from lab.cli.output import print_json
from lab.cli.progress import progress_bar
from lab.cli.saving import add_save, save, save_folder
from lab.cli.threat import add_ball, ball_of
from lab.context import Context
from lab.counts import counted, percent
from lab.pairing import at_home
from lab.reports.records import health_record
from lab.results import AttackResult, Examples
from lab.specs import PGD, AttackSpec, Ball, DataSpec, Digits, ModelSpec, crossing, to_dict
from lab.specs.models import names_of
from lab.specs.pace import pace_in_words
from lab.specs.spec import family_of, spec_called
from lab.specs.threat import threat


@dataclass(frozen=True)
class AttackRequest:
    """One attack to try: on which model, which first test images, in which ball, from which seed."""

    data: DataSpec
    model: ModelSpec
    name: str
    attack: AttackSpec
    ball: Ball
    images: int
    seed: int
    eight_bit: bool = False
    bfloat16: bool = False
    source: ModelSpec | None = None
    save: bool = False


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("attack", help="attack a model and report its accuracy")
    shared.add_models(parser)
    about = "an attack or a preset of one, see 'list attacks' (default: those of the quick evaluation; PGD with --set)"
    parser.add_argument("--attack", metavar="NAME", help=about)
    add_ball(parser, family_of(Ball))
    parser.add_argument("--images", type=shared.positive, default=200, help="how many test images (default: 200)")
    parser.add_argument("--source", metavar="NAME", help="also attack the model with images made on this source model")
    parser.add_argument("--eight-bit", action="store_true", help="predict again with pixels rounded to 8 bits")
    about = "with --attack: search in bfloat16; predictions that count are made in float32"
    parser.add_argument("--bfloat16", action="store_true", help=about)
    add_save(parser)
    shared.add_computation(parser)
    parser.set_defaults(run=run, computes=True)


def run(options: argparse.Namespace) -> int:
    """Attack, judge, print."""
    shared.use_data_folder(options.data_dir)
    folder = save_folder(options)
    if options.attack is None and not options.settings:
        return quick.run(options, folder)
    requests, records, saved = _requests(options), [], []
    require_loadable([each.model for each in requests])
    for number, request in enumerate(requests):
        shared.warn_of_steps(request.attack, request.ball)
        shared.warn_of_pairs(request.data, request.model, request.attack, *([request.source] if request.source else []))
        outcome = _attacked(request, options.download)
        records.append(_record(request, outcome))
        if folder:
            saved.append(outcome.examples)
        if not options.json:
            print("\n\n" * bool(number) + _words(request, outcome), flush=True)
    if folder:
        save(folder, [each for each in saved if each])
    if options.json:
        print_json(records if len(records) > 1 else records[0])
    return 0


def _requests(options: argparse.Namespace) -> list[AttackRequest]:
    """One request for each of the models."""
    models = shared.models(options.model or ["standard"], options.weights, options.name)
    if options.data and not options.model:
        models = tuple(at_home(each, find_data(options.data)) for each in models)
    return [_request(options, model, name) for model, name in zip(models, names_of(models), strict=True)]


def _request(options: argparse.Namespace, model: ModelSpec, name: str) -> AttackRequest:
    data = shared.data_set(options, options.data, [model]) or Digits()
    return AttackRequest(
        data,
        model,
        name,
        shared.with_settings(spec_called(AttackSpec, options.attack or PGD.__name__), options.settings),
        ball_of(options, data),
        options.images,
        options.seed or 0,
        options.eight_bit,
        options.bfloat16,
        find_model(options.source) if options.source else None,
        options.save is not None,
    )


@dataclass(frozen=True)
class AttackOutcome:
    """The judge's verdict, that on the images made on another model if one was named, and notes about the data."""

    result: AttackResult
    transferred: AttackResult | None
    notes: tuple[str, ...]
    examples: Examples | None  # the adversarial examples, if they are to be saved
    instability: str  # how the model is another one each time it is built; empty if it is not


def _attacked(request: AttackRequest, download: bool) -> AttackOutcome:
    from lab.attacks import attack, attack_in_bfloat16, examples, further_restart, judge
    from lab.data import load
    from lab.models import instability_of, load as load_model

    with progress_bar() as show:
        if download:
            shared.download(request.data, show)
        data = load(request.data, Context(on_progress=show, doing="reading the data"))
        test = data.test
        model, instability = load_model(request.model), instability_of(request.model)
        index = list(range(min(request.images, len(test))))
        x, y = test.images(index), test.labels(index)
        ctx = Context(request.seed, on_progress=show, doing="attacking")
        start = time.perf_counter()
        x_adv = (attack_in_bfloat16 if request.bfloat16 else attack)(request.attack, model, x, y, request.ball, ctx)
        gain = None
        if request.attack.capabilities.retried:
            again = replace(ctx, doing="running one more restart")
            x_adv, gain = further_restart(request.attack, model, x, y, x_adv, request.ball, again)
        seconds = time.perf_counter() - start
        classes = data.classes if data.gapless else None
        result = judge(x, y, x_adv, model, request.ball, 256 if request.eight_bit else None, classes)
        result = replace(result, seconds=seconds)
        if gain is not None:
            result = result.beside_restart(gain)
        kept = None
        if request.save:
            kept = examples(model, x, y, x_adv, request.ball, name=request.name, spec=request.attack, seed=request.seed)
        if request.source is None:
            return AttackOutcome(result, None, data.notes, kept, instability)
        made = attack(
            request.attack, load_model(request.source), x, y, request.ball, replace(ctx, doing="transferring")
        )
        transferred = judge(x, y, made, model, request.ball)
        return AttackOutcome(result.beside_transfer(transferred), transferred, data.notes, kept, instability)


def _record(request: AttackRequest, outcome: AttackOutcome) -> dict[str, object]:
    result, transferred = outcome.result, outcome.transferred
    health = result.health
    return {
        "clean_accuracy": result.clean_accuracy,
        "robust_accuracy": result.robust_accuracy,
        "n": len(result.y),
        "eps": result.eps,
        "norm": type(request.ball).__name__,
        "seconds": round(result.seconds, 3),
        "rounded_accuracy": result.rounded_accuracy if request.eight_bit else None,
        "transferred_accuracy": transferred.robust_accuracy if transferred else None,
        "source": to_dict(request.source) if request.source else None,
        "precision": "bfloat16" if _in_bfloat16(request) else "float32",
        "health": health_record(health) | {"warnings": _warnings(request, outcome)} if health else None,
        "data": to_dict(request.data),
        "data_notes": list(outcome.notes),
        "model": to_dict(request.model),
        "model_name": request.name,
        "attack": to_dict(request.attack),
        "seed": request.seed,
    }


def _words(request: AttackRequest, outcome: AttackOutcome) -> str:
    result, transferred = outcome.result, outcome.transferred
    lines = [
        *filter(None, (shared.words(request.attack), pace_in_words(request.attack, request.ball))),
        f"against {request.name}{unweighted(request.model)} on {counted(len(result.y), 'test image')} of "
        f"{shared.words(request.data)}, {threat(request.ball)}, seed {request.seed}",
        *outcome.notes,
        "",
        f"clean accuracy   {percent(result.clean_accuracy, 1):>7}",
        f"robust accuracy  {percent(result.robust_accuracy, 1):>7}",
    ]
    if request.eight_bit:
        lines.append(
            f"  in 8 bits      {percent(result.rounded_accuracy, 1):>7}  (adversarial pixels rounded to 256 levels)"
        )
    if request.source and transferred:
        made_on = f"(on images made on {shared.words(request.source)})"
        lines.append(f"  transferred    {percent(transferred.robust_accuracy, 1):>7}  {made_on}")
    lines.append(f"time             {result.seconds:>5.1f} s{_precision(request)}")
    warnings = _warnings(request, outcome)
    return "\n".join([*lines, *(["", *(f"Warning: {each}" for each in warnings)] if warnings else [])])


def _warnings(request: AttackRequest, outcome: AttackOutcome) -> list[str]:
    short, result = crossing(request.attack, request.ball), outcome.result
    unstable = f"{request.name}: {outcome.instability}" if outcome.instability else ""
    return [*filter(None, (short, unstable)), *(result.health.warnings if result.health else ())]


def _precision(request: AttackRequest) -> str:
    if not request.bfloat16:
        return ""
    return " in bfloat16, verdicts in float32" if _in_bfloat16(request) else " in float32: this device has no bfloat16"


def _in_bfloat16(request: AttackRequest) -> bool:
    if not request.bfloat16:
        return False
    from lab.attacks import computes_bfloat16
    from lab.models import default_device

    return computes_bfloat16(default_device())
