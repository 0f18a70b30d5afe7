"""Numbers as a report says them."""

from __future__ import annotations

from lab.results.evaluation import ModelEvaluation


def percent(fraction: float) -> str:
    """A fraction in per cent, without the sign; a dash where there is none."""
    return "–" if fraction != fraction else f"{100 * fraction:.1f}"


def with_interval(model: ModelEvaluation, accuracy: float) -> str:
    """An accuracy in per cent with its 95% interval: "40.5 (33.9–47.4)"."""
    low, high = model.interval(accuracy)
    return f"{percent(accuracy)} ({percent(low)}–{percent(high)})"
