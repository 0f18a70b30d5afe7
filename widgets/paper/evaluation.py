"""Accuracy after each attack of an evaluation, from the clean images down to the worst case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.counts import counted
from lab.results import EvaluationResult, ModelEvaluation
from lab.results.evaluation import UNBROKEN
from lab.results.evaluation_columns import columns
from lab.results.intervals import wilson
from lab.specs.threat import threat
from widgets.paper.sheet import in_print, literally, sheet, spread
from widgets.theme import model_colour

_DODGE = 0.07  # between the bars of two models, in stages
_MARKS = "osD^vP"


@dataclass(frozen=True, eq=False)
class StageAccuracies:
    """Values of the figure: ``accuracy``, ``low``, ``high`` (models, stages) in %, the clean images first.

    A stage that a model did not go through leaves its accuracy as it was.
    """

    stages: tuple[str, ...]
    models: tuple[str, ...]
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray


def stage_accuracies(result: EvaluationResult) -> StageAccuracies:
    """The worst case so far of each model after each attack of the budget, and each check that broke an image."""
    names = columns(result.models)
    right = np.array([_left(each, names) for each in result.models])
    of = np.array([[each.n] for each in result.models])
    low, high = wilson(right, np.broadcast_to(of, right.shape))
    accuracy = 100 * right / np.maximum(of, 1)
    return StageAccuracies(
        ("clean", *names), tuple(each.model for each in result.models), accuracy, 100 * low, 100 * high
    )


def accuracy_waterfall(result: EvaluationResult, columns: int = 1) -> Figure:
    """A line for each model in its colour, decreasing from stage to stage; its name is at its end.

    Across: the attacks in the order in which they ran; up: the accuracy in %, with bars for 95% intervals.
    """
    shown = stage_accuracies(result)
    with in_print():
        figure = sheet(columns, 2.6)
        panel = figure.subplots()
        for i in range(len(shown.models)):
            _line(panel, shown, i)
        _names(panel, shown)
        ticks = range(len(shown.stages)), [literally(each) for each in shown.stages]
        if len(shown.stages) > 4:
            panel.set_xticks(*ticks, rotation=30, ha="right", rotation_mode="anchor")
        else:
            panel.set_xticks(*ticks)
        images = counted(max(each.n for each in result.models), "image") if result.models else "no images"
        panel.set(ylabel="accuracy so far (%)", ylim=(-3, 103), title=f"{threat(result.spec.ball)}, {images}")
        panel.grid(axis="y", linewidth=0.4)
        panel.set_axisbelow(True)
    return figure


def _left(model: ModelEvaluation, names: tuple[str, ...]) -> list[int]:
    """Count the images that are correctly classified when clean, and still so after each of these stages."""
    order = np.array([names.index(stage.name) if stage.name in names else 0 for stage in model.stages] or [0])
    stage_of = np.where(model.broken_by >= 0, order[np.maximum(model.broken_by, 0)], model.broken_by)
    return [int(((stage_of == UNBROKEN) | (stage_of >= i)).sum()) for i in range(len(names) + 1)]


def _line(panel: Axes, shown: StageAccuracies, i: int) -> None:
    accuracy = shown.accuracy[i]
    across = np.arange(len(accuracy)) + _DODGE * (i - (len(shown.models) - 1) / 2)
    bars = np.stack([accuracy - shown.low[i], shown.high[i] - accuracy]).clip(min=0)
    colour, mark = model_colour(shown.models[i]), _MARKS[i % len(_MARKS)]
    panel.errorbar(across, accuracy, bars, color=colour, marker=mark, markersize=3, capsize=1.5, elinewidth=0.6)


def _names(panel: Axes, shown: StageAccuracies) -> None:
    """Each model's name and its last accuracy beside the end of its line, none on another."""
    ends = shown.accuracy[:, -1]
    for i, height in enumerate(spread(ends, 7.0, highest=100.0)):
        words = literally(f"{shown.models[i]} {ends[i]:.1f}")
        colour, across = model_colour(shown.models[i]), panel.get_yaxis_transform()
        panel.text(1.02, height, words, color=colour, transform=across, va="center", fontsize="small")
