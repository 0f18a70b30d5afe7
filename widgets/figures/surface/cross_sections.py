"""The loss along each axis of the plane alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import Answers, SurfaceResult
from lab.results.surface import QUANTITIES
from widgets.figures.drawing import figure
from widgets.figures.slots import Slot, slots
from widgets.figures.surface.parts import SLOTS, UNITS, WAITING, window_name
from widgets.figures.tables import stacked
from widgets.theme import MUTED

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


ALONG, ACROSS = AXES = ("along g", "along g⊥")


@dataclass(frozen=True, eq=False)
class CrossSection:
    """A model's surface along one ``axis`` of the plane, through the middle of the window.

    ``along`` and ``across`` (n,) are the points' coordinates; ``answers`` what the model says there, and
    ``misclassified`` (n,) whether it predicts another class than the label.
    """

    model: str
    axis: str
    along: np.ndarray
    across: np.ndarray
    answers: Answers
    misclassified: np.ndarray


def sections(result: SurfaceResult | None, axis: str) -> list[CrossSection]:
    """The cross-section of each model along an axis."""
    if result is None:
        return []
    middle = len(result.along) // 2
    along, across = np.meshgrid(result.along, result.across)
    pick = (middle, slice(None)) if axis == ALONG else (slice(None), middle)
    found = []
    for each in result.models:
        answers = each.answers.each(lambda values: values[pick])
        found.append(CrossSection(each.model, axis, along[pick], across[pick], answers, answers.prediction != result.y))
    return found


def cross_sections(result: SurfaceResult | None, quantity: str = "loss") -> go.Figure:
    """Left along g, right along g⊥, through the middle of the window; dotted where another class is predicted."""
    traces = [
        _trace(slot, axis, dotted, quantity)
        for axis in AXES
        for slot in slots(sections(result, axis), SLOTS)
        for dotted in (False, True)
    ]
    middle = (len(result.along) // 2) if result else 0
    fixed = (result.across[middle], result.along[middle]) if result else (0.0, 0.0)
    titles = (f"ε₁ along g, at ε₂ = {fixed[0]:.3g}", f"ε₂ along g⊥, at ε₁ = {fixed[1]:.3g}")
    upright = {"title": {"text": UNITS[quantity]}, "uirevision": f"{window_name(result)} {quantity}"}
    layout: dict[str, object] = {"yaxis": upright, "yaxis2": {"matches": "y", "showticklabels": False, "anchor": "x2"}}
    for i, (name, domain) in enumerate({"xaxis": [0, 0.46], "xaxis2": [0.54, 1]}.items()):
        style = {"domain": domain, "anchor": ("y", "y2")[i], "nticks": 5, "uirevision": window_name(result)}
        values = (result.along, result.across)[i] if result else None
        reach = {} if values is None else {"range": [float(values[0]), float(values[-1])]}
        layout[name] = {"title": {"text": titles[i]}} | style | reach
    if result:
        layout["shapes"] = _ball(result)
    return figure(traces, "dotted: another class is predicted" if result else WAITING, "cuts", **layout)


def cross_sections_frame(result: SurfaceResult) -> pd.DataFrame:
    """One row per model, axis and point: what :func:`cross_sections` draws, in every quantity."""
    import pandas as pd

    rows = []
    for each in (section for axis in AXES for section in sections(result, axis)):
        values = {name.replace(" ", "_"): each.answers.quantity(name) for name in QUANTITIES}
        where = {"model": each.model, "along": each.along, "across": each.across}
        rows.append(pd.DataFrame(where | values | {"prediction": each.answers.prediction, "cut": each.axis}))
    return stacked(rows)


def _trace(slot: Slot[CrossSection], axis: str, dotted: bool, quantity: str) -> dict[str, object]:
    base: dict[str, object] = {"type": "scatter", "mode": "lines", "name": slot.name, "legendgroup": slot.name}
    section = slot.shown
    if section is None:
        return base | {"visible": False}
    kept = section.misclassified if dotted else ~section.misclassified
    # The solid part reaches one point into the dotted one, so that the line has no gap where the class changes.
    if not dotted:
        kept = kept | np.r_[kept[1:], False] | np.r_[False, kept[:-1]]
    first = axis == ALONG
    return base | {
        "x": section.along if first else section.across,
        "y": np.where(kept, section.answers.quantity(quantity).astype(float), np.nan),
        "xaxis": "x" if first else "x2",
        "yaxis": "y" if first else "y2",
        "line": {"color": slot.colour, "width": 2.5, "dash": "dot" if dotted else "solid"},
        "connectgaps": False,
        "showlegend": first and not dotted,
        "hovertemplate": f"%{{x:.3g}}: {quantity}%{{y:.3g}}<extra>{slot.name}</extra>",
        "visible": True,
    }


def _ball(result: SurfaceResult) -> list[dict[str, object]]:
    """Upright lines where the cross-sections through the image leave the ball, if that is in sight."""
    eps = result.spec.ball.eps
    found = []
    for axis, values in (("x", result.along), ("x2", result.across)):
        for place in (-eps, 0.0, eps):
            if values[0] <= place <= values[-1]:
                style = {"color": MUTED, "width": 1, "dash": "dot" if place == 0 else "dash"}
                where = {"type": "line", "xref": axis, "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1}
                found.append(where | {"line": style})
    return found
