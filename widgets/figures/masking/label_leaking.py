"""Label leaking, image by image. Kurakin et al. 2017, §4.2."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import MaskingResult, ModelMasking
from lab.specs.masking import MOST_MODELS
from widgets.figures.drawing import figure, placeholder
from widgets.figures.masking.evidence import WAITING
from widgets.theme import INK, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_SYMBOLS = ("circle", "square", "diamond", "triangle-up")  # one for each model, where marks would hide each other


def leaks(result: MaskingResult | None) -> go.Figure:
    """A mark for each image whose label leaked, over eps; ``customdata`` is the image. Kurakin et al. 2017, §4.2.

    The model reads FGSM's image rightly when it was made with the true label, and misreads the one that was made
    with the label that the model itself predicts.
    """
    models = list(result.models) if result else []
    slots = [*models, *[None] * (MOST_MODELS - len(models))]
    traces = [_marks(result, model, i) for i, model in enumerate(slots)]
    axes: dict[str, Any] = {
        "xaxis": {"title": {"text": "ε"}, "range": [0, 1.05 * max(result.spec.radii) or 1.0] if result else None},
        "yaxis": {"title": {"text": "test image"}, "range": [-0.03 * _count(result), 1.03 * _count(result)]},
    }
    nothing = _nothing(result)
    return placeholder(traces, nothing) if nothing else figure(traces, _note(result), "leaks", **axes)


def leaks_frame(result: MaskingResult) -> pd.DataFrame:
    """One row per model, eps and image whose label leaked, and one without an image where none did."""
    import pandas as pd

    rows = []
    for model in result.models:
        for eps, leaked in zip(model.radii, result.leaked(model), strict=True):
            images = leaked.nonzero()[0].tolist() or [None]
            rows += [{"model": model.model, "eps": eps, "image": image, "of": len(leaked)} for image in images]
    return pd.DataFrame(rows)


def _marks(result: MaskingResult | None, model: ModelMasking | None, i: int) -> dict[str, Any]:
    radii, images = result.leaked(model).nonzero() if result and model else np.zeros((2, 0), int)
    name = escape(model.model) if model else ""
    most = int(result.leaked(model).sum(1).max()) if result and model else 0
    colour = model_colour(model.model) if model else INK
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.array(model.radii)[radii] if model else np.zeros(0),
        "y": images,
        "customdata": images,
        "marker": {"symbol": _SYMBOLS[i], "size": 9, "color": colour, "opacity": 0.75},
        "name": f"{name}: at most {most}",
        "visible": len(images) > 0,
        "showlegend": True,
        "hovertemplate": f"ε %{{x:.3g}}: image %{{y}}, click to open it<extra>{name}</extra>",
    }


def _count(result: MaskingResult | None) -> int:
    return len(result.y) if result else 1


def _note(result: MaskingResult | None) -> str:
    if result is None or not result.models:
        return WAITING
    return f"{counted(len(result.y), 'image')} · a mark is a leaked label"


def _nothing(result: MaskingResult | None) -> str:
    """That there is no mark to draw, if there is none."""
    if result is None or not result.models or any(result.leaked(model).any() for model in result.models):
        return ""
    return f"No label of the {counted(len(result.y), 'image')} leaked at any ε{' so far' * (result.done < 1)}."
