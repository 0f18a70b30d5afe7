"""What the figures of restarts share: four places for models, captions, and plain figures without a template."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lab.pairing import unmarked
from lab.results import ModelRestarts, RestartsResult
from widgets.theme import MUTED, TEXT, model_colour

SLOTS = 4
LINE_LENGTH = 80
"""Characters of a caption's line that fit into the narrowest figure, 600 px."""

UNUSED = {"showticklabels": False, "ticks": "", "showgrid": False, "range": [0, 1]}
"""Axes of a figure without data: their numbers would mean nothing."""

LOWEST_ON_LOG = 1e-4
"""A logarithmic axis has no zero: smaller losses, in nats, are drawn here."""


@dataclass(frozen=True, eq=False)
class Slot:
    """One of the four places for a model in every figure. It is empty until a restart of its model is finished."""

    name: str = ""
    colour: str = MUTED
    model: ModelRestarts | None = None

    def loss(self, image: int) -> np.ndarray:
        """(R, T + 1) losses of one image over the steps, in nats."""
        return self.model.loss[:, :, image] if self.model else np.zeros((0, 0))

    def final(self, image: int) -> np.ndarray:
        """(R,) losses of one image at the end of every restart, in nats."""
        return self.model.final_loss[:, image] if self.model else np.zeros(0)


def mark_below(name: str) -> str:
    """The mark of a model that was trained on other data, in lines of its own below a name that may be shortened."""
    mark = name.removeprefix(unmarked(name)).strip()
    return "<br>" + escape(mark).replace("(trained ", "(trained<br>") if mark else ""


def slots(result: RestartsResult | None) -> tuple[Slot, ...]:
    """Always four places, so that a figure has the same traces whatever is drawn."""
    models = result.models if result else ()
    filled = [Slot(escape(each.model), model_colour(each.model), each if len(each.loss) else None) for each in models]
    return (*filled, *[Slot()] * (SLOTS - len(filled)))


def label(result: RestartsResult, image: int) -> str:
    """The class name of an image's label."""
    return escape(result.class_names[int(result.y[image])])


def caption(result: RestartsResult | None, image: int | None, *remarks: str) -> str:
    """Which image, how many restarts so far, and what else must be said to read the figure honestly."""
    if result is None:
        return ""
    which = [] if image is None else [f"image {result.spec.images[image]}", f"label {label(result, image)}"]
    lines = [""]
    for part in [*which, restarts(result), *[each for each in remarks if each]]:
        if lines[-1] and len(lines[-1]) + len(part) > LINE_LENGTH:
            lines.append("")
        lines[-1] += " · " * bool(lines[-1]) + part
    return "<br>".join(lines)


def restarts(result: RestartsResult) -> str:
    """How many restarts, in words; of how many, while they are still being computed."""
    asked = result.spec.attack.restarts
    if result.done >= 1:
        return f"{asked} restart" + "s" * (asked != 1)
    counts = [len(each.loss) for each in result.models] + [0] * (len(result.spec.models) - len(result.models))
    so_far = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)}–{max(counts)}"
    return f"{so_far} of {asked} restarts so far"


def clipped(losses: Sequence[np.ndarray], log: bool) -> str:
    """What a caption must say when a logarithmic axis cannot show some of the losses where they are."""
    below = log and any((each < LOWEST_ON_LOG).any() for each in losses)
    return f"losses below {LOWEST_ON_LOG} drawn at {LOWEST_ON_LOG}" if below else ""


def figure(traces: list[dict[str, Any]], title: str, revision: str, **layout: Any) -> go.Figure:
    """A plain figure whose caption heads the legend, where no number of legend rows can overlap it.

    While ``revision`` stays the same, a redraw keeps zoom and hidden models. The empty template keeps plotly from
    validating its own; the plot view brings the theme's.
    """
    drawn = any(each.get("visible", True) for each in traces)
    names = "|".join(each.get("legendgroup") or each.get("name") or "" for each in traces)
    base: dict[str, Any] = {
        "template": {},
        "uirevision": revision,
        "showlegend": drawn,
        "legend": {
            "title": {"text": title, "side": "top", "font": {"size": TEXT - 1, "color": MUTED}},
            "uirevision": names,
            "itemsizing": "constant",
            "tracegroupgap": 0,
        },
        "margin": {"l": 56, "r": 16, "t": 56, "b": 48},
    }
    if not drawn:
        layout = {name: each | UNUSED if "axis" in name else each for name, each in layout.items()}
        layout["annotations"] = [nothing_to_draw(title or "No restarts yet")]
    return go.Figure({"data": traces, "layout": base | layout})


def room(least: int, captions: Sequence[float] = ()) -> dict[str, Any]:
    """What a figure needs of its place, for its layout: the least width in pixels at which it can be read.

    In a narrower place it can be moved sideways. ``captions`` says for each annotation what part of the plot's width it
    may take before it goes on in another line; 0 for one that is no caption. The legend's title always does.
    """
    return {"meta": {"least": least, "captions": list(captions)}}


def placeholder(traces: list[dict[str, Any]], why: str) -> go.Figure:
    """A short figure of words: why there is nothing to draw, and what to do about it. No trace is visible."""
    lines = wrap(why, 46)
    axis = {"visible": False, "fixedrange": True}
    layout = {"template": {}, "xaxis": axis, "yaxis": axis, "showlegend": False, "height": 56 + 22 * len(lines)}
    margin = {"l": 8, "r": 8, "t": 8, "b": 8}
    words = nothing_to_draw("<br>".join(map(escape, lines)))
    return go.Figure({"data": traces, "layout": layout | {"margin": margin, "annotations": [words]}})


def nothing_to_draw(why: str) -> dict[str, Any]:
    """The words in the middle of a figure without data."""
    font = {"size": TEXT, "color": MUTED}
    where = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "xanchor": "center", "yanchor": "middle"}
    return {"text": why, "showarrow": False, "font": font} | where


def loss_axis(title: str, log: bool) -> dict[str, Any]:
    """An axis of losses in nats."""
    # Without a format plotly writes "2" on a logarithmic axis where it means 20; with more ticks 8, 9 and 10 touch.
    shape = {"type": "log", "tickformat": "~g", "nticks": 4} if log else {"type": "linear"}
    return {"title": {"text": title}, **shape}
