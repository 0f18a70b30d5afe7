"""Is the gradient masked? What the attacks reach on each model, image by image. Tramèr et al. 2018, §4.1, Figure 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.counts import counted
from lab.results import MaskingResult, ModelMasking
from lab.results.intervals import wilson
from lab.results.masking import BLACK_BOX
from lab.specs.masking import MOST_MODELS
from lab.specs.threat import threat
from widgets.figures.drawing import UPRIGHT_NAMES, figure, room
from widgets.figures.slots import Slot, slots
from widgets.figures.tables import stacked
from widgets.theme import INK

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

WAITING = "Nothing computed yet"
_GROUP = 84  # pixels that the name under a group of bars needs
COMPARED = ("random sign", "Step-LL", "FGSM", "R+FGSM", "two steps", "PGD")


@dataclass(frozen=True, eq=False)
class PerImage:
    """What was measured on each of n images of a model; NaN where it is of no meaning."""

    model: str
    values: np.ndarray

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        """The images whose value is known, and their values, by rising value."""
        images = np.argsort(self.values, kind="stable")[: int((~np.isnan(self.values)).sum())]
        return images, self.values[images]


def error_rates(result: MaskingResult | None) -> go.Figure:
    """Error rate of every attack on every model, white box and the worst black boxes. Tramèr et al. 2018, Tables 1, 2.

    Bars are 95% intervals. Two steps of ε/2 take as many gradients and as long a way as R+FGSM's two parts.
    """
    bars: dict[str, object] = {"barmode": "group", "bargap": 0.25}
    traces = [_bars(result, slot) for slot in _slots(result)]
    note = (
        f"{threat(result.spec.ball)} · {counted(len(result.y), 'image')} · lines: 95% interval" if result else WAITING
    )
    y_axis = {"title": {"text": "misclassified (%)"}, "range": [0, 106]}
    attacks = len(COMPARED) + len(BLACK_BOX)
    x_axis = {"showgrid": False, "tickangle": 0}
    bars |= room(_GROUP * attacks, narrow=UPRIGHT_NAMES)
    return figure(traces, note, "errors", yaxis=y_axis, xaxis=x_axis, **bars)


def approximation(result: MaskingResult | None) -> go.Figure:
    """Plot the loss of one step as a fraction of the best loss found, over the images. Tramèr et al. 2018, §4.1."""
    values = [PerImage(each.model, result.approximation(each)) for each in result.models] if result else []
    axis = {"title": {"text": "FGSM's loss / best loss found"}, "range": [0, 1.02]}
    return _distribution(result, values, axis, "approximation")


def cosine(result: MaskingResult | None) -> go.Figure:
    """Cosine between the changes by FGSM and by PGD, as a fraction of the images up to it. Tramèr et al. 2018, §4.1."""
    values = [PerImage(each.model, each.cosine) for each in result.models] if result else []
    lowest = min((float(np.nanmin(each.values)) for each in values if len(each.values)), default=0.0)
    axis = {"title": {"text": "cosine of the FGSM and PGD perturbations"}, "range": [min(0.0, lowest) - 0.02, 1.02]}
    return _distribution(result, values, axis, "cosine")


def orthogonal(result: MaskingResult | None) -> go.Figure:
    """Fraction of the images with at least k orthogonal directions that fool. Tramèr et al. 2018, Figure 2."""
    traces = [_directions(slot) for slot in _slots(result)]
    count = max((len(model.orthogonal) for model in result.models), default=0) if result else 0
    drawn = result is not None and count > 0
    note = f"{threat(result.spec.ball)} · first {counted(count, 'image')}" if result and drawn else WAITING
    x_axis = {"title": {"text": "k orthogonal directions that fool the model"}, "type": "log", "range": [-0.05, 2.05]}
    x_axis |= {"tickvals": [1, 4, 16, 36, 64, 100], "ticktext": ["1", "4", "16", "36", "64", "100"]}
    y_axis = {"title": {"text": "images with at least k (%)"}, "range": [-3, 103]}
    return figure(traces, note, "orthogonal", xaxis=x_axis, yaxis=y_axis)


def per_image_frame(result: MaskingResult) -> pd.DataFrame:
    """One row per model and image: approximation, cosine, gradient norm, and orthogonal directions where counted."""
    import pandas as pd

    frames = []
    for model in result.models:
        directions = np.full(len(result.y), np.nan)
        directions[: len(model.orthogonal)] = model.orthogonal
        frames.append(
            pd.DataFrame(
                {
                    "model": model.model,
                    "image": range(len(result.y)),
                    "label": result.y,
                    "clean_misclassified": model.clean_wrong,
                    "approximation": result.approximation(model),
                    "cosine": model.cosine,
                    "gradient_norm": model.gradient_norm,
                    "orthogonal_directions": directions,
                }
            )
        )
    return stacked(frames)


def errors_of(result: MaskingResult, model: ModelMasking) -> dict[str, np.ndarray]:
    """(n,) images that each attack makes the model misclassify, by its name; the worst source for each black box."""
    found = {attack: result.wrong(model, attack) for attack in COMPARED}
    for i, attack in enumerate(BLACK_BOX if model.sources else ()):
        worst = model.black_wrong[:, i].mean(1).argmax()
        found[f"{attack},<br>black box"] = model.black_wrong[worst, i]
    return found


def _slots(result: MaskingResult | None) -> list[Slot[ModelMasking]]:
    return slots(result.models if result else (), MOST_MODELS)


def _bars(result: MaskingResult | None, slot: Slot[ModelMasking]) -> dict[str, object]:
    errors = errors_of(result, slot.shown) if result and slot.shown else {}
    hits, of = np.array([each.sum() for each in errors.values()]), np.array([len(each) for each in errors.values()])
    low, high = wilson(hits, of)
    rate = 100 * hits / np.maximum(of, 1)
    error = {"type": "data", "symmetric": False, "array": 100 * high - rate, "arrayminus": rate - 100 * low}
    return {
        "type": "bar",
        "x": list(errors),
        "y": rate,
        "error_y": error | {"color": INK, "thickness": 1, "width": 2},
        "marker": {"color": slot.colour},
        "name": slot.name,
        "visible": slot.shown is not None,
        "showlegend": True,
        "hovertemplate": f"%{{x}}: %{{y:.1f}}%<extra>{slot.name}</extra>",
    }


def _distribution(
    result: MaskingResult | None, values: list[PerImage], x_axis: Mapping[str, object], name: str
) -> go.Figure:
    """Plot the fraction of the images with at most a value, a step line per model; its legend has the mean.

    ``customdata`` of a point is the image that has this value.
    """
    traces = []
    for slot in slots(values, MOST_MODELS):
        images, known = slot.shown.known() if slot.shown else np.zeros((2, 0))
        shares = 100 * np.arange(1, len(known) + 1) / max(len(known), 1)
        mean = f", mean {known.mean():.2f}" if len(known) else ""
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": known,
                "y": shares,
                "customdata": images,
                "line": {"color": slot.colour, "width": 2.5, "shape": "hv"},
                "name": slot.name + mean,
                "visible": bool(len(known)),
                "showlegend": True,
                "hovertemplate": "image %{customdata}: %{x:.2f}, click to open<br>%{y:.0f}% of the images up to here"
                f"<extra>{slot.name}</extra>",
            }
        )
    note = threat(result.spec.ball) if result else WAITING
    return figure(traces, note, name, xaxis=x_axis, yaxis={"title": {"text": "images (%)"}, "range": [-3, 103]})


def _directions(slot: Slot[ModelMasking]) -> dict[str, object]:
    counts = slot.shown.orthogonal if slot.shown else np.zeros(0)
    k = np.arange(1, 101) if len(counts) else np.zeros(0)
    shares = [100 * float((counts >= each).mean()) for each in k]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": k,
        "y": shares,
        "line": {"color": slot.colour, "width": 2.5, "shape": "vh"},
        "name": slot.name,
        "visible": len(k) > 0,
        "showlegend": True,
        "hovertemplate": f"%{{y:.0f}}% of the images have at least %{{x}}<extra>{slot.name}</extra>",
    }
