"""Concentration of the final losses. Madry et al. 2017, §3.1."""

import numpy as np
import plotly.graph_objects as go

from lab.results import ModelRestarts, RestartsResult
from widgets.figures.drawing import figure
from widgets.figures.restarts.parts import LOWEST_ON_LOG, SLOTS, caption, clipped, label, loss_axis
from widgets.figures.slots import Slot, slots

SYMBOLS = ("circle", "square", "diamond", "cross")


def concentration(result: RestartsResult | None, log: bool = False) -> go.Figure:
    """Mean ± standard deviation of the final losses and the largest of them, for every image and model.

    Madry et al. 2017, §3.1: "a well-concentrated distribution without extreme outliers".
    """
    kept = slots(result.models if result else (), SLOTS)
    finals = [slot.shown.final_loss for slot in kept if slot.shown and len(slot.shown.loss)]
    traces = []
    for i, slot in enumerate(kept):
        shift = (i - (len(finals) - 1) / 2) * min(0.2, 0.8 / max(len(finals), 1))
        traces += _whiskers(slot, shift, SYMBOLS[i], log)
    note = caption(
        result, None, "mean ± one standard deviation", "△ largest", clipped([each.mean(0) for each in finals], log)
    )
    axes = {
        "xaxis": _image_axis(result),
        "yaxis": loss_axis("final loss (nats)", log),
    }
    if not log:
        axes["yaxis"]["rangemode"] = "tozero"
    return figure(traces, note, f"{log}", **axes)


def _whiskers(slot: Slot[ModelRestarts], shift: float, symbol: str, log: bool) -> list[dict[str, object]]:
    """The means with their standard deviations, and the largest final losses, of one model over the images."""
    final = slot.shown.final_loss if slot.shown else np.zeros((0, 0))
    images = final.shape[1]
    mean = final.mean(0) if len(final) else np.zeros(images)
    deviation = final.std(0, ddof=1) if len(final) > 1 else np.zeros(images)
    largest = final.max(0) if len(final) else np.zeros(images)
    above = np.divide(largest - mean, deviation, out=np.zeros(images), where=deviation > 0)
    floor = LOWEST_ON_LOG if log else 0.0
    shared = {
        "type": "scatter",
        "mode": "markers",
        "x": np.arange(images) + shift,
        "name": slot.name,
        "legendgroup": slot.name,
        "visible": len(final) > 0,
    }
    error = {"type": "data", "symmetric": False, "array": deviation, "color": slot.colour, "thickness": 2, "width": 6}
    error["arrayminus"] = np.minimum(deviation, np.maximum(mean - floor, 0))
    dots = {
        "y": np.maximum(mean, floor),
        "error_y": error,
        "marker": {"symbol": symbol, "size": 8, "color": slot.colour},
        "customdata": deviation,
        "hovertemplate": f"%{{y:.3g}} ± %{{customdata:.2g}} nats<extra>{slot.name}</extra>",
        "showlegend": len(final) > 0,
    }
    outliers = {
        "y": np.maximum(largest, floor),
        "marker": {"symbol": "triangle-up-open", "size": 9, "color": slot.colour, "line": {"width": 2}},
        "customdata": above,
        "hovertemplate": "largest %{y:.3g} nats, %{customdata:.1f} standard deviations above the mean"
        f"<extra>{slot.name}</extra>",
        "showlegend": False,
    }
    return [shared | dots, shared | outliers]


def _image_axis(result: RestartsResult | None) -> dict[str, object]:
    if result is None:
        return {"title": {"text": "test image"}, "showticklabels": False}
    images = result.spec.images
    labels = [label(result, i) for i in range(len(images))]
    room = len(images) * max(len(each) for each in labels) <= 48
    ticks = [f"{image}<br>({name})" if room else str(image) for image, name in zip(images, labels, strict=True)]
    return {
        "title": {"text": "test image (label)" if room else "test image"},
        "tickvals": list(range(len(images))),
        "ticktext": ticks,
        "tickangle": 0,
        "range": [-0.5, len(images) - 0.5],
        "showgrid": False,
    }
