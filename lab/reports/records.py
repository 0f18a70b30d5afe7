"""An evaluation as plain values for a program: what ``--json`` prints, and what a .json report holds."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np

from lab.reports.report import Report
from lab.results.evaluation import Check, ModelEvaluation
from lab.results.evaluation_checks import KINDS, sentence
from lab.results.evaluation_verdict import verdict
from lab.results.health import Health
from lab.specs.evaluation import QUICK
from lab.specs.spec import to_dict
from lab.specs.threat import radius


def record(model: ModelEvaluation, data: str) -> dict[str, object]:
    """Return one model's evaluation as plain values. Accuracies are fractions, ``seconds`` those of everything.

    ``verdict`` is all that is said: what holds, with its numbers, and every flaw that was found.

    ``robustbench`` repeats it under the names, and in the units, of RobustBench's model_info files (Croce et al. 2021).
    """
    found = verdict(model)
    low, high = model.interval(model.robust_accuracy)
    return {
        "model": model.model,
        "n": model.n,
        "eps": model.ball.eps,
        "norm": type(model.ball).__name__,
        "budget": model.budget,
        "clean_accuracy": model.clean_accuracy,
        "robust_accuracy": model.robust_accuracy,
        "robust_low": low,
        "robust_high": high,
        "seconds": round(model.seconds, 3),
        "verdict": " ".join([found.words, *found.flaws]),
        "verdict_kind": found.kind,
        "flaws": list(found.flaws),
        "stages": stages(model),
        "checks": [_check(each) for each in model.checks],
        "health": health_record(model.health),
        "robustbench": robustbench(model, data),
    }


def health_record(health: Health) -> dict[str, object]:
    """Return the ``findings`` of health with their kinds and numbers, and the same as sentences, ``warnings``."""
    return asdict(health) | {
        "findings": [asdict(each) for each in health.findings],
        "warnings": list(health.warnings),
    }


def stages(model: ModelEvaluation) -> list[dict[str, object]]:
    """A record for the clean images and for each attack: on how many images it ran, how many it broke, what remains."""
    attacks = [None, *(to_dict(each.attack) for each in model.stages)]
    rows = model.to_frame().drop(columns="model").to_dict("records")
    return [{**row, "attack": attack} for row, attack in zip(rows, attacks, strict=True)]


def images(model: ModelEvaluation) -> list[dict[str, object]]:
    """A record for each image: its label, its predictions, what broke it first, and at what distance."""
    frame = model.of_image().reset_index().astype({"adversarial": "Int64"}).astype(object)
    return frame.where(frame.notna(), None).to_dict("records")


def robustbench(model: ModelEvaluation, data: str) -> dict[str, object]:
    """The fields of RobustBench's model_info files that are known here. Accuracies are texts, in per cent.

    ``autoattack_acc`` stays None for a budget below AutoAttack's: it is no number for their table.
    """
    return {
        "name": model.model,
        "dataset": data,
        "threat_model": type(model.ball).__name__,
        "eps": radius(model.ball.eps),
        "clean_acc": f"{100 * model.clean_accuracy:.2f}",
        "autoattack_acc": None if model.budget == QUICK else f"{100 * model.robust_accuracy:.2f}",
    }


def json_report(report: Report) -> str:
    """Everything that was found: the models with each image, what was asked for, and the provenance."""
    models = [record(each, report.data) | {"images": images(each)} for each in report.models]
    content = {"evaluation": to_dict(report.spec), "provenance": asdict(report.provenance), "models": models}
    return json.dumps(finite(content), indent=1, allow_nan=False) + "\n"


def finite(value: object) -> object:
    """The value with None for each number that JSON has no word for, and numpy's numbers as Python's."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _check(check: Check) -> dict[str, object]:
    plain = {name: getattr(check, name) for name in ("kind", "state", "value", "reference", "images", "detail")}
    return plain | {"expected": KINDS[check.kind], "sentence": sentence(check)}
