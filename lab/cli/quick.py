"""``attack`` without ``--attack``: the quick evaluation, so that no number comes from one weak attack by default."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lab.catalogue import find_model
from lab.cli.answers import attacked, require_loadable
from lab.cli.cluster import Cluster, cluster_of
from lab.cli.evaluation import Request, evaluated, in_words, plain, requests
from lab.cli.in_turn import in_turn
from lab.cli.output import print_json
from lab.cli.progress import progress_bar
from lab.cli.saving import examples_of, save
from lab.context import Context
from lab.counts import percent
from lab.errors import SpecError
from lab.reports.records import health_record
from lab.results import AttackResult, EvaluationResult, Examples
from lab.results.evaluation_transfer import with_transfer
from lab.specs import PGD, ModelSpec, SingleAttack, to_dict
from lab.specs.evaluation import QUICK
from lab.specs.models import name_of


@dataclass(frozen=True)
class EvaluationOutcome:
    """An evaluation, the examples in 8 bits if they were asked for, and what images made on another model achieve."""

    request: Request
    result: EvaluationResult
    examples: Examples | None
    source: ModelSpec | None
    transferred: AttackResult | None

    @property
    def alone(self) -> float:
        """Robust accuracy under the attacks on the model itself."""
        [model] = self.result.models
        return model.accuracies()[-2 if self.transferred else -1]


def run(options: argparse.Namespace, folder: Path | None) -> int:
    """Evaluate, print each model as it is known, save. What the options of one attack mean here, they say in words."""
    if options.bfloat16:
        raise SpecError("--bfloat16 is for the search of one attack: name it with --attack, as --attack PGD.")
    asked = requests(options, QUICK)
    source = find_model(options.source) if options.source else None

    def compute(request: Request, stopped: Callable[[], bool]) -> EvaluationOutcome:
        return _outcome(request, source, options, stopped, cluster)

    def show(number: int, outcome: EvaluationOutcome) -> None:
        if not options.json:
            print("\n\n" * bool(number) + _words(outcome, options.eight_bit), flush=True)

    with cluster_of(options) as cluster:
        require_loadable([each.model for each in asked], cluster)
        found, code = in_turn(asked, compute, show, cluster)
    if folder:
        save(folder, [each.examples for each in found if each.examples])
    if options.json and found:
        records = [_record(each, options.eight_bit) for each in found]
        print_json(records if len(asked) > 1 else records[0])
    return code


def _outcome(
    request: Request,
    source: ModelSpec | None,
    options: argparse.Namespace,
    cancelled: Callable[[], bool],
    cluster: Cluster | None,
) -> EvaluationOutcome:
    result, transferred = evaluated(request, options.download, cancelled, cluster), None
    if source:
        result, transferred = _beside_transfer(request, result, source, cancelled, cluster)
    kept = examples_of(result) if options.eight_bit or options.save else None
    return EvaluationOutcome(request, result, kept, source, transferred)


def _beside_transfer(
    request: Request,
    result: EvaluationResult,
    source: ModelSpec,
    cancelled: Callable[[], bool],
    cluster: Cluster | None,
) -> tuple[EvaluationResult, AttackResult]:
    """The evaluation with a last stage, PGD's adversarial examples of another model, and what these achieve alone."""
    start, spec, attack = time.perf_counter(), request.spec, PGD()
    transfer = SingleAttack(
        spec.data, (request.model,), (source,), attack, spec.ball, spec.images, largest=True, kept=True, seed=spec.seed
    )
    with progress_bar() as show:
        found = attacked(transfer, Context(spec.seed, on_progress=show, cancelled=cancelled), cluster)
    seconds = time.perf_counter() - start
    worst = with_transfer(result.models[0], name_of(source), attack, found.verdict, found.x_adv, seconds)
    return replace(result, models=(worst,)), found.verdict


def _record(outcome: EvaluationOutcome, eight_bit: bool) -> dict[str, object]:
    """Return what ``--json`` prints: the record of one attack, and the evaluation."""
    [model], source, transferred = outcome.result.models, outcome.source, outcome.transferred
    found = plain(outcome.request, model)
    stronger = None if transferred is None else transferred.robust_accuracy < outcome.alone
    return found | {
        "model": found["model_spec"],
        "attack": to_dict(outcome.request.spec),
        "precision": "float32",
        "rounded_accuracy": outcome.examples.rounded_accuracy if eight_bit and outcome.examples else None,
        "transferred_accuracy": transferred.robust_accuracy if transferred else None,
        "source": to_dict(source) if source else None,
        "health": health_record(model.health) | {"transfer_stronger": stronger},
    }


def _words(outcome: EvaluationOutcome, eight_bit: bool) -> str:
    lines = [in_words(outcome.request, outcome.result.models[0])]
    if eight_bit and outcome.examples:
        about = "adversarial pixels rounded to 256 levels inside the threat model"
        lines.append(f"  in 8 bits      {percent(outcome.examples.rounded_accuracy, 1):>7}  ({about})")
    if outcome.source and outcome.transferred:
        about = f"on images made on {name_of(outcome.source)}; the robust accuracy counts them"
        lines.append(f"  transferred    {percent(outcome.transferred.robust_accuracy, 1):>7}  ({about})")
    return "\n".join(lines)
