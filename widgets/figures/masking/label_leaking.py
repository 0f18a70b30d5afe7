"""Label leaking, image by image. Kurakin et al. 2017, §4.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import MaskingResult
from lab.specs.masking import MOST_MODELS
from widgets.figures.drawing import figure, placeholder
from widgets.figures.eps_axis import AT_EPS, eps_axis, with_eps
from widgets.figures.masking.evidence import WAITING
from widgets.figures.slots import Slot, slots

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_SYMBOLS = ("circle", "square", "diamond", "triangle-up")  # one for each model, where marks would hide each other


@dataclass(frozen=True, eq=False)
class Leaks:
    """Of a model, for each of its ``radii`` whether each of the n images leaked its label: ``leaked`` (radii, n)."""

    model: str
    radii: tuple[float, ...]
    leaked: np.ndarray


def leaked_labels(result: MaskingResult | None) -> list[Leaks]:
    """The leaked labels of each model: what is drawn, what is said of it, and what the table of numbers holds."""
    return [Leaks(each.model, each.radii, result.leaked(each)) for each in result.models] if result else []


def leaks(result: MaskingResult | None) -> go.Figure:
    """A mark for each image whose label leaked, over eps; ``customdata`` is the image. Kurakin et al. 2017, §4.2.

    The model classifies FGSM's example correctly when it was made with the true label, and misclassifies the one that
    was made with the label that the model itself predicts.
    """
    found = slots(leaked_labels(result), MOST_MODELS)
    balls = result.spec.balls if result else ()
    traces = with_eps((_marks(slot, _SYMBOLS[i]) for i, slot in enumerate(found)), balls)
    axes: dict[str, object] = {
        "xaxis": eps_axis(balls),
        "yaxis": {"title": {"text": "test image"}, "range": [-0.03 * _count(result), 1.03 * _count(result)]},
    }
    nothing = _nothing(result)
    return placeholder(traces, nothing) if nothing else figure(traces, _note(result), "leaks", **axes)


def leaks_frame(result: MaskingResult) -> pd.DataFrame:
    """One row per model, eps and image whose label leaked, and one without an image where none did."""
    import pandas as pd

    rows = []
    for each in leaked_labels(result):
        for eps, leaked in zip(each.radii, each.leaked, strict=True):
            images = leaked.nonzero()[0].tolist() or [None]
            rows += [{"model": each.model, "eps": eps, "image": image, "of": len(leaked)} for image in images]
    return pd.DataFrame(rows)


def _marks(slot: Slot[Leaks], symbol: str) -> dict[str, object]:
    shown = slot.shown
    radii, images = shown.leaked.nonzero() if shown else np.zeros((2, 0), int)
    most = int(shown.leaked.sum(1).max()) if shown else 0
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.array(shown.radii)[radii] if shown else np.zeros(0),
        "y": images,
        "customdata": images,
        "marker": {"symbol": symbol, "size": 9, "color": slot.colour, "opacity": 0.75},
        "name": f"{slot.name}: at most {most}",
        "visible": len(images) > 0,
        "showlegend": True,
        "hovertemplate": f"{AT_EPS}image %{{y}}, click to open it<extra>{slot.name}</extra>",
    }


def _count(result: MaskingResult | None) -> int:
    return len(result.y) if result else 1


def _note(result: MaskingResult | None) -> str:
    if result is None or not result.models:
        return WAITING
    return f"{counted(len(result.y), 'image')} · a mark is a leaked label"


def _nothing(result: MaskingResult | None) -> str:
    """That there is no mark to draw, if there is none."""
    if result is None or not result.models or any(each.leaked.any() for each in leaked_labels(result)):
        return ""
    return f"No label of the {counted(len(result.y), 'image')} leaked at any ε{' so far' * (result.done < 1)}."
