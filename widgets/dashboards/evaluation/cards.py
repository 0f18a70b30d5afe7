"""Results of an evaluation in words: one verdict per model, and the sanity checks for a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.counts import counted
from lab.results import Check, EvaluationResult, ModelEvaluation
from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, SKIPPED, UNCLEAR
from lab.results.evaluation_checks import KINDS, sentence
from lab.results.evaluation_verdict import verdict
from lab.specs.threat import threat
from widgets.dashboards.evaluation.checks import CheckCell, CheckColumn, CheckRow
from widgets.parts.gallery import Card
from widgets.theme import model_paint

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_WORST_FIRST = (FAILED, UNCLEAR, PASSED, NOT_NEEDED, SKIPPED)


def verdict_cards(result: EvaluationResult) -> list[Card]:
    """A card for each model: what its verdict is, why, and the flaws that were found."""
    return [_verdict_card(each) for each in result.models]


def verdict_note(result: EvaluationResult) -> str:
    """For which threat model and budget, and how many models are still to come."""
    missing = len(result.spec.models) - len(result.models)
    coming = f" · {counted(missing, 'model')} to come" if missing and result.done < 1 else ""
    return f"{threat(result.spec.ball)} · {result.spec.budget}{coming}"


def check_columns(result: EvaluationResult) -> list[CheckColumn]:
    """A column of the table for each model."""
    return [{"name": each.model, "colour": model_paint(each.model)} for each in result.models]


def check_rows(result: EvaluationResult) -> list[CheckRow]:
    """A row of the table for each sanity check that ran on any model, in the order of the list of all checks."""
    ran = {check.kind for model in result.models for check in model.checks}
    return [
        {"title": title, "cells": [_cell(model, kind) for model in result.models]}
        for kind, title in KINDS.items()
        if kind in ran
    ]


def check_note(result: EvaluationResult) -> str:
    """Word how many checks failed on which model."""
    failed = {each.model: sum(check.state == FAILED for check in each.checks) for each in result.models}
    if not any(each.checks for each in result.models):
        return "The checks run after the attacks"
    found = ", ".join(f"{name} fails {counted(count, 'check')}" for name, count in failed.items() if count)
    return f"{found}." if found else "No check failed."


def checks_frame(result: EvaluationResult) -> pd.DataFrame:
    """One row per model and check: its outcome, the two numbers that it compares, on how many images, in words."""
    import pandas as pd

    return pd.DataFrame(
        {
            "model": model.model,
            "check": check.kind,
            "state": check.state,
            "value": check.value,
            "reference": check.reference,
            "images": check.images,
            "detail": check.detail,
            "words": sentence(check),
        }
        for model in result.models
        for check in model.checks
    )


def _verdict_card(model: ModelEvaluation) -> Card:
    found = verdict(model)
    so_far = "" if model.done >= 1 else " so far"
    return {
        "title": f"{model.model}{so_far}",
        "colour": model_paint(model.model),
        "pictures": [],
        "facts": [found.words],
        "badges": [{"words": f"✗ {each}", "good": False} for each in found.flaws],
    }


def _cell(model: ModelEvaluation, kind: str) -> CheckCell:
    """The worst outcome of the checks of a kind, and what each of them measured."""
    checks = sorted((each for each in model.checks if each.kind == kind), key=_badness)
    if not checks:
        return {"state": "", "words": ""}
    return {"state": checks[0].state, "words": " ".join(sentence(each) for each in checks)}


def _badness(check: Check) -> int:
    return _WORST_FIRST.index(check.state)
