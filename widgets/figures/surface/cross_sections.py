"""The loss along each axis of the plane alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import SurfaceResult
from widgets.figures.drawing import figure
from widgets.figures.surface.parts import UNITS, WAITING, Panel, panels, window_name
from widgets.theme import MUTED

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


def cross_sections(result: SurfaceResult | None, quantity: str = "loss") -> go.Figure:
    """Left along g, right along g⊥, through the middle of the window; dotted where another class is predicted."""
    places = panels(result, quantity)
    traces = []
    for axis in (0, 1):
        for panel in places:
            for misclassified in (False, True):
                traces.append(_cut(result, panel, axis, misclassified, quantity))
    middle = (len(result.along) // 2) if result else 0
    fixed = (result.across[middle], result.along[middle]) if result else (0.0, 0.0)
    titles = (f"ε₁ along g, at ε₂ = {fixed[0]:.3g}", f"ε₂ along g⊥, at ε₁ = {fixed[1]:.3g}")
    upright = {"title": {"text": UNITS[quantity]}, "uirevision": f"{window_name(result)} {quantity}"}
    layout: dict[str, object] = {"yaxis": upright, "yaxis2": {"matches": "y", "showticklabels": False, "anchor": "x2"}}
    for i, (name, domain) in enumerate({"xaxis": [0, 0.485], "xaxis2": [0.515, 1]}.items()):
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

    whole = result.to_frame()
    middle = len(result.along) // 2
    first = whole[whole["across"] == result.across[middle]].assign(cut="along g")
    second = whole[whole["along"] == result.along[middle]].assign(cut="along g⊥")
    return pd.concat([first, second], ignore_index=True)


def _cut(
    result: SurfaceResult | None, panel: Panel, axis: int, misclassified: bool, quantity: str
) -> dict[str, object]:
    base: dict[str, object] = {"type": "scatter", "mode": "lines", "name": panel.name, "legendgroup": panel.name}
    if result is None or panel.model is None or panel.z is None:
        return base | {"visible": False}
    middle = len(result.along) // 2
    pick = (middle, slice(None)) if axis == 0 else (slice(None), middle)
    z, wrong = panel.z[pick].astype(float), panel.model.answers.prediction[pick] != result.y
    kept = wrong if misclassified else ~wrong
    # The solid part reaches one point into the dotted one, so that the line has no gap where the class changes.
    if not misclassified:
        kept = kept | np.r_[kept[1:], False] | np.r_[False, kept[:-1]]
    return base | {
        "x": (result.along, result.across)[axis],
        "y": np.where(kept, z, np.nan),
        "xaxis": "x2" if axis else "x",
        "yaxis": "y2" if axis else "y",
        "line": {"color": panel.colour, "width": 2.5, "dash": "dot" if misclassified else "solid"},
        "connectgaps": False,
        "showlegend": axis == 0 and not misclassified,
        "hovertemplate": f"%{{x:.3g}}: {quantity}%{{y:.3g}}<extra>{panel.name}</extra>",
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
