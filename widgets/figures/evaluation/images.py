"""Matrix of the attacks of an evaluation and the images of one model that each broke."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import EvaluationResult, ModelEvaluation
from lab.results.evaluation import CLEAN, UNBROKEN
from lab.results.prediction import NO_CLASS, class_in_words
from lab.specs.threat import length, threat
from widgets.figures.drawing import figure, room
from widgets.figures.evaluation.chart import WAITING, beside, headline, stage_lines
from widgets.figures.evaluation.stages import CLEAN_STAGE, drawn_stages
from widgets.figures.names import shortened
from widgets.figures.tables import stacked
from widgets.theme import INK, PANEL, fade, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

MOST_DRAWN = 1500
"""More columns than a screen has pixels show nothing; of more images every second, third and so on is drawn."""

NOT_ATTACKED, WITHSTOOD, BROKEN = 0, 1, 2
_ROW = 36  # pixels: two lines of a stage's name, also where the caption takes more of the height than expected
_NARROWEST = 160  # pixels of the matrix itself


@dataclass(frozen=True, eq=False)
class ImageMatrix:
    """Values that :func:`image_matrix` plots for one model, its images in the order in which they were broken.

    ``stages`` that tell something, the clean images first; ``images`` (m,) drawn, by their positions in the data;
    ``outcome`` (stages, m) of each: :data:`NOT_ATTACKED` (any more), :data:`WITHSTOOD`, :data:`BROKEN`; ``row`` (m,)
    where each broke, or the last one; ``survivors``, the column where those begin that nothing broke; ``words`` about
    each image.
    """

    model: str
    stages: tuple[str, ...]
    images: np.ndarray
    outcome: np.ndarray
    row: np.ndarray
    survivors: int
    words: tuple[str, ...]
    caption: str


def matrix(result: EvaluationResult, chosen: int) -> ImageMatrix:
    """The values that the matrix and its caption show of the chosen model, or of the last one there is."""
    model = result.models[min(chosen, len(result.models) - 1)]
    order = in_order(model)
    survivors = int((~model.robust).sum())
    every = max(1, math.ceil(len(order) / MOST_DRAWN))
    images = order[::every]
    outcome = _outcome(model)[:, images]
    return ImageMatrix(
        model=model.model,
        stages=(CLEAN_STAGE, *_stages(model)),
        images=images,
        outcome=outcome,
        row=np.where((outcome == BROKEN).any(0), (outcome == BROKEN).argmax(0), len(outcome) - 1),
        survivors=math.ceil(survivors / every),
        words=tuple(in_words(result, model, int(image)) for image in images),
        caption=_caption(result, model, every),
    )


def image_matrix(result: EvaluationResult | None, chosen: int, image: int) -> go.Figure:
    """Attacks down, images across: broken (full colour), withstood (faint) or not attacked any more (empty).

    Images stand in the order in which they were broken, and within an attack by the distance of their adversarial
    example; those that nothing broke are at the right, the smallest margin first. ``customdata`` of a point is the
    image; the marked one is ``image``.
    """
    if result is None or not result.models:
        return figure([_cells(None), _points(None), _mark(None, -1)], WAITING, "matrix", xaxis={}, yaxis={})
    shown = matrix(result, chosen)
    traces = [_cells(shown), _points(shown), _mark(shown, image)]
    rows = [stage_lines(stage) for stage in shown.stages]
    left = beside(rows)
    layout: dict[str, object] = {
        "xaxis": {
            "title": {"text": "images, first broken first"},
            "showticklabels": False,
            "ticks": "",
            "showgrid": False,
            "range": [-0.5, len(shown.images) - 0.5],
        },
        "yaxis": {
            "tickvals": list(range(len(rows))),
            "ticktext": ["<br>".join(map(escape, row)) for row in rows],
            "range": [len(rows) - 0.4, -1.1],
            "showgrid": False,
            "fixedrange": True,
        },
        "hovermode": "x",
        "hoverdistance": -1,
        "height": 124 + _ROW * (len(rows) + 1),
        "margin": {"l": left, "r": 16, "t": 46, "b": 36},
        "annotations": [headline(shown.caption, left)],
        "shapes": _boundary(shown),
        "showlegend": False,
    }
    return figure(traces, "", f"{shown.model}{shown.stages}", **layout, **room(left + _NARROWEST, [1]))


def matrix_frame(result: EvaluationResult) -> pd.DataFrame:
    """One row per model and image: what broke it first, at what distance, and the smallest margin."""

    frames = [each.of_image().reset_index().assign(model=each.model) for each in result.models]
    return stacked(frames)


def in_order(model: ModelEvaluation) -> np.ndarray:
    """(n,) images by what broke them, then by the distance; those that nothing broke last, by their margin."""
    stage = np.where(model.robust, len(model.stages), model.broken_by)
    within = np.where(model.robust, model.margin, model.distance)
    return np.lexsort((np.nan_to_num(within, nan=0.0, posinf=1e30, neginf=-1e30), stage))


def in_words(result: EvaluationResult, model: ModelEvaluation, image: int) -> str:
    """Word an image's outcome: "image 3, label 3: broken by PGD, classified as 7 at distance 0.29 (margin −1.2)"."""
    head = f"image {image}, label {_class(result, model.y[image])}"
    margin = f"margin {model.margin[image]:.3g}".replace("-", "−")
    if model.broken_by[image] == CLEAN:
        return f"{head}: misclassified as {_class(result, model.clean[image])} without an attack"
    if model.broken_by[image] == UNBROKEN:
        return f"{head}: withstands every attack, smallest {margin}"
    stage = escape(model.stages[int(model.broken_by[image])].name)
    became = _class(result, model.adversarial[image])
    distance = length(model.distance[image], model.ball)
    return f"{head}: broken by {stage}, classified as {became} at distance {distance} ({margin})"


def _class(result: EvaluationResult, prediction: float) -> str:
    return escape(class_in_words(int(np.nan_to_num(prediction, nan=NO_CLASS)), result.class_names))


def _stages(model: ModelEvaluation) -> list[str]:
    """Names of the attacks of the budget, and of the checks that broke an image; else the last one."""
    return drawn_stages([model], model) or [stage.name for stage in model.stages[-1:]]


def _outcome(model: ModelEvaluation) -> np.ndarray:
    rows = [np.where(model.broken_by == CLEAN, BROKEN, WITHSTOOD)]
    for stage in model.stages:
        if stage.name in _stages(model):
            rows.append(np.where(stage.broken, BROKEN, np.where(stage.attacked, WITHSTOOD, NOT_ATTACKED)))
    return np.array(rows, np.uint8)


def _caption(result: EvaluationResult, model: ModelEvaluation, every: int) -> str:
    n, left = model.n, int(model.robust.sum())
    broken = int((model.broken_by >= 0).sum())
    so_far = "" if model.done >= 1 else " so far"
    last = ""
    if broken:
        stage = model.stages[int(model.broken_by.max())]
        last = f", the last {int(stage.broken.sum())} by {escape(stage.name)}"
    idle = len(model.stages) - len(_stages(model))
    others = f" · not drawn: {counted(idle, 'check')} that broke none" if idle else ""
    thinned = f" · every {_ordinal(every)} image is drawn" if every > 1 else ""
    survivors = " · right of the dots: survivors" if 0 < left < n else ""
    name = shortened(escape(model.model))
    return (
        f"{name} under {threat(result.spec.ball)}: {broken} of {counted(n, 'image')} broken{so_far}{last}; "
        f"{left} withstand{'s' * (left == 1)} all."
        "<br>full colour: broken · faint: withstood · empty: not attacked (any more)"
        f"{survivors} · ▼ chosen{others}{thinned}"
    )


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def _cells(shown: ImageMatrix | None) -> dict[str, object]:
    colour = model_colour(shown.model) if shown else INK
    scale = [PANEL, PANEL, fade(colour, 0.22), fade(colour, 0.22), colour, colour]
    stops = (0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1)
    return {
        "type": "heatmap",
        "z": shown.outcome if shown else np.zeros((0, 0)),
        "zmin": 0,
        "zmax": 2,
        "colorscale": [[stop, each] for stop, each in zip(stops, scale, strict=True)],
        "showscale": False,
        "xgap": 1 if shown is not None and len(shown.images) <= 120 else 0,
        "ygap": 3,
        "hoverinfo": "skip",
        "visible": shown is not None,
    }


def _points(shown: ImageMatrix | None) -> dict[str, object]:
    """A point for each image where it was broken: unseen, but what is pointed at and pressed."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.arange(len(shown.images)) if shown else np.zeros(0),
        "y": shown.row if shown else np.zeros(0),
        "customdata": shown.images if shown else np.zeros(0),
        "text": list(shown.words) if shown else [],
        "marker": {"opacity": 0, "size": 6, "color": INK},
        "hovertemplate": "%{text}<br>click to choose it<extra></extra>",
        "visible": shown is not None,
        "showlegend": False,
    }


def _mark(shown: ImageMatrix | None, image: int) -> dict[str, object]:
    """The chosen image, above its column."""
    at = np.flatnonzero(shown.images == image) if shown is not None else np.zeros(0)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": at,
        "y": np.full(len(at), -0.75),
        "marker": {"symbol": "triangle-down", "size": 12, "color": INK},
        "hoverinfo": "skip",
        "visible": shown is not None,
        "showlegend": False,
    }


def _boundary(shown: ImageMatrix) -> list[dict[str, object]]:
    """Between the images that some attack broke and those that withstood all."""
    if not 0 < shown.survivors < len(shown.images):
        return []
    x = shown.survivors - 0.5
    return [{"type": "line", "x0": x, "x1": x, "y0": -0.5, "y1": len(shown.stages) - 0.5, "line": _DOTTED}]


_DOTTED = {"color": INK, "width": 1.5, "dash": "dot"}
