"""``attack``: attack a model on test images and judge the result; without ``--attack``, the quick evaluation."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from lab.catalogue import find_data, find_model
from lab.cli import options as shared, quick
from lab.cli.answers import attacked, require_loadable
from lab.cli.cluster import Cluster, add_scheduler, cluster_of
from lab.cli.evaluation import unweighted
from lab.cli.output import print_json
from lab.cli.progress import progress_bar, say
from lab.cli.saving import add_save, examples_made, save, save_folder
from lab.cli.threat import add_ball, ball_of
from lab.context import Context
from lab.counts import counted, percent
from lab.pairing import at_home
from lab.reports.records import health_record
from lab.results import AttackResult, SingleAttackResult
from lab.specs import PGD, AttackSpec, Ball, Digits, ModelSpec, SingleAttack, crossing, to_dict
from lab.specs.models import names_of
from lab.specs.pace import pace_in_words
from lab.specs.spec import family_of, spec_called
from lab.specs.threat import threat


@dataclass(frozen=True)
class AttackRequest:
    """One attack on one model, which is called ``name`` here."""

    spec: SingleAttack
    name: str
    source: ModelSpec | None = None

    @property
    def model(self) -> ModelSpec:
        """The model that is attacked."""
        return self.spec.models[0]

    @property
    def transfer(self) -> SingleAttack | None:
        """The same attack on the source, whose images the model is shown; None without one."""
        if self.source is None:
            return None
        return self.spec.replace(sources=(self.source,), eight_bit=False, bfloat16=False, kept=False)


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
    add_scheduler(parser)
    parser.set_defaults(run=run, computes=True)


def run(options: argparse.Namespace) -> int:
    """Attack, judge, print."""
    shared.use_data_folder(options.data_dir)
    folder = save_folder(options)
    if options.attack is None and not options.settings:
        return quick.run(options, folder)
    requests, records, saved = _requests(options), [], []
    with cluster_of(options) as cluster:
        require_loadable([each.model for each in requests], cluster)
        for number, request in enumerate(requests):
            spec = request.spec
            shared.warn_of_steps(spec.attack, spec.ball)
            shared.warn_of_pairs(spec.data, *filter(None, (request.model, spec.attack, request.source)))
            outcome = _attacked(request, options.download, cluster)
            records.append(_record(request, outcome))
            if folder:
                saved.append(outcome)
            if not options.json:
                print("\n\n" * bool(number) + _words(request, outcome), flush=True)
    if folder:
        save(folder, [examples_made(each.found, request.name) for each, request in zip(saved, requests, strict=True)])
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
    spec = SingleAttack(
        data,
        (model,),
        (),
        shared.with_settings(spec_called(AttackSpec, options.attack or PGD.__name__), options.settings),
        ball_of(options, data),
        options.images,
        eight_bit=options.eight_bit,
        bfloat16=options.bfloat16,
        kept=options.save is not None,
        seed=options.seed or 0,
    )
    return AttackRequest(spec, name, find_model(options.source) if options.source else None)


@dataclass(frozen=True)
class AttackOutcome:
    """What the attack found, and the judge's verdict on the images made on another model if one was named."""

    found: SingleAttackResult
    transferred: AttackResult | None

    @property
    def result(self) -> AttackResult:
        """The judge's verdict, with what the other verdict says about it."""
        verdict = self.found.verdict
        return verdict if self.transferred is None else verdict.beside_transfer(self.transferred)


def _attacked(request: AttackRequest, download: bool, cluster: Cluster | None) -> AttackOutcome:
    with progress_bar() as show:
        if download:
            shared.download(request.spec.data, show)
        ctx = Context(request.spec.seed, on_progress=show, on_note=say)
        found = attacked(request.spec, ctx, cluster)
        transferred = attacked(request.transfer, ctx, cluster).verdict if request.transfer else None
    return AttackOutcome(found, transferred)


def _record(request: AttackRequest, outcome: AttackOutcome) -> dict[str, object]:
    spec, result, transferred = request.spec, outcome.result, outcome.transferred
    health = result.health
    return {
        "clean_accuracy": result.clean_accuracy,
        "robust_accuracy": result.robust_accuracy,
        "n": len(result.y),
        "eps": result.eps,
        "norm": type(spec.ball).__name__,
        "seconds": round(result.seconds, 3),
        "rounded_accuracy": result.rounded_accuracy if spec.eight_bit else None,
        "transferred_accuracy": transferred.robust_accuracy if transferred else None,
        "source": to_dict(request.source) if request.source else None,
        "precision": "bfloat16" if outcome.found.in_bfloat16 else "float32",
        "health": health_record(health) | {"warnings": _warnings(request, outcome)} if health else None,
        "data": to_dict(spec.data),
        "data_notes": list(outcome.found.notes),
        "model": to_dict(request.model),
        "model_name": request.name,
        "attack": to_dict(spec.attack),
        "seed": spec.seed,
    }


def _words(request: AttackRequest, outcome: AttackOutcome) -> str:
    spec, result, transferred = request.spec, outcome.result, outcome.transferred
    lines = [
        *filter(None, (shared.words(spec.attack), pace_in_words(spec.attack, spec.ball))),
        f"against {request.name}{unweighted(request.model)} on {counted(len(result.y), 'test image')} of "
        f"{shared.words(spec.data)}, {threat(spec.ball)}, seed {spec.seed}",
        *outcome.found.notes,
        "",
        f"clean accuracy   {percent(result.clean_accuracy, 1):>7}",
        f"robust accuracy  {percent(result.robust_accuracy, 1):>7}",
    ]
    if spec.eight_bit:
        lines.append(
            f"  in 8 bits      {percent(result.rounded_accuracy, 1):>7}  (adversarial pixels rounded to 256 levels)"
        )
    if request.source and transferred:
        made_on = f"(on images made on {shared.words(request.source)})"
        lines.append(f"  transferred    {percent(transferred.robust_accuracy, 1):>7}  {made_on}")
    lines.append(f"time             {result.seconds:>5.1f} s{_precision(outcome.found)}")
    warnings = _warnings(request, outcome)
    return "\n".join([*lines, *(["", *(f"Warning: {each}" for each in warnings)] if warnings else [])])


def _warnings(request: AttackRequest, outcome: AttackOutcome) -> list[str]:
    short, result = crossing(request.spec.attack, request.spec.ball), outcome.result
    unstable = f"{request.name}: {outcome.found.instability}" if outcome.found.instability else ""
    return [*filter(None, (short, unstable)), *(result.health.warnings if result.health else ())]


def _precision(found: SingleAttackResult) -> str:
    if not found.spec.bfloat16:
        return ""
    return " in bfloat16, verdicts in float32" if found.in_bfloat16 else " in float32: this device has no bfloat16"
