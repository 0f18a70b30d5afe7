"""Parts of the figures of a loss surface: slots for two models, scales, decision boundaries, marks."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import combinations

import numpy as np

from lab.results import Marker, ModelSurface, SurfaceResult
from lab.results.prediction import class_in_words
from widgets.figures.slots import padded
from widgets.theme import DIVERGING, HEIGHTS, INK, PANEL, TEXT, class_colour, fade, model_colour

SLOTS = 2
CLASS_SLOTS = 5
"""Classes whose boundary is drawn, beside the label's own."""

COLOURS = 10
LEVELS = 12
"""Steps of height between contour lines."""

WAITING = "Not computed yet"
UNITS = {"loss": "loss (nats)", "log loss": "log₁₀ loss", "margin": "margin of logits", "probability": "p(label)"}
SYMBOLS = {"FGSM": "square", "R+FGSM": "diamond", "PGD": "x"}
"""The attacks that are marked, and their signs."""


Marks = dict[str, np.ndarray | list[float]]
"""Coordinates of points, and what is said of each, by plotly's names."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One of the two slots of models; empty without a model. ``z`` (n, n) the quantity that is drawn."""

    model: ModelSurface | None = None
    z: np.ndarray | None = None

    @property
    def name(self) -> str:
        """The model's name, safe to draw."""
        return escape(self.model.model) if self.model else ""

    @property
    def colour(self) -> str:
        """The model's colour on every page."""
        return model_colour(self.model.model) if self.model else INK

    def marker(self, name: str) -> Marker | None:
        """The marks of an attack; None while they are being found."""
        return next((each for each in self.model.markers if each.name == name), None) if self.model else None


def panels(result: SurfaceResult | None, quantity: str) -> tuple[Panel, ...]:
    """Always two slots, so that a figure has the same traces whatever is drawn."""
    found = padded(result.models if result else (), SLOTS)
    return tuple(Panel(each, each.answers.quantity(quantity)) if each else Panel() for each in found)


def limits(places: tuple[Panel, ...], quantity: str) -> tuple[float, float]:
    """The common scale: from the smallest to the largest value of all surfaces; around zero for the margin."""
    values = [each.z for each in places if each.z is not None]
    if not values:
        return 0.0, 1.0
    low, high = min(float(each.min()) for each in values), max(float(each.max()) for each in values)
    if quantity == "margin":
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def colouring(quantity: str, by_class: bool, low: float, high: float) -> dict[str, object]:
    """The colour scale of a surface: of its height, or of the class read there."""
    if not by_class:
        scale = DIVERGING[::-1] if quantity == "margin" else HEIGHTS
        return {"colorscale": [list(stop) for stop in scale], "cmin": low, "cmax": high}
    steps = [[(i + end) / COLOURS, class_colour(i)] for i in range(COLOURS) for end in (0, 1)]
    return {"colorscale": steps, "cmin": -0.5, "cmax": COLOURS - 0.5}


def other_classes(result: SurfaceResult | None) -> list[int]:
    """The classes predicted somewhere besides the label, the widest first, at most as many as there are slots."""
    if result is None:
        return []
    found, counts = np.unique(np.concatenate([each.answers.prediction for each in result.models]), return_counts=True)
    ordered = [int(each) for each in found[np.argsort(-counts, kind="stable")]]
    return [each for each in ordered if each != result.y][:CLASS_SLOTS]


def boundary(inside: np.ndarray) -> np.ndarray:
    """(S, 2, 2) segments in (row, column) around the points of a grid that are ``inside``: marching squares.

    They run through the middles between neighbours that differ.
    """
    low, high = inside[:-1], inside[1:]
    corners = {"bottom": low[:, :-1] != low[:, 1:], "top": high[:, :-1] != high[:, 1:],
               "left": low[:, :-1] != high[:, :-1], "right": low[:, 1:] != high[:, 1:]}  # fmt: skip
    middles = {"bottom": (0, 0.5), "top": (1, 0.5), "left": (0.5, 0), "right": (0.5, 1)}
    crossings = sum(each.astype(int) for each in corners.values())
    segments = []
    for first, second in combinations(corners, 2):
        both = corners[first] & corners[second] & (crossings == 2)
        if (first, second) in (("bottom", "left"), ("top", "right")):
            both |= crossings == 4
        cells = np.argwhere(both).astype(float)
        segments.append(np.stack([cells + middles[first], cells + middles[second]], 1))
    return np.concatenate(segments)


def borders(result: SurfaceResult | None, panel: Panel, classes: list[int]) -> list[tuple[str, str, np.ndarray]]:
    """For each slot of a class: its words, its colour and its boundary's segments, none for an empty slot."""
    found = []
    for each in padded(classes, CLASS_SLOTS):
        if result is None or panel.model is None or each is None:
            found.append(("", INK, np.zeros((0, 2, 2))))
            continue
        segments = boundary(panel.model.answers.prediction == each)
        name = escape(class_in_words(each, result.class_names))
        found.append((f"predicted {name}", class_colour(each), segments))
    return found


def label_in_legend(result: SurfaceResult | None, by_class: bool) -> dict[str, object]:
    """A trace of nothing that tells the colour of the label's own class, where colours tell classes."""
    shown = result is not None and by_class
    name = f"predicted {escape(result.class_names[result.y])} (label)" if result else ""
    colour = class_colour(result.y) if result else INK
    marker = {"color": colour, "symbol": "square", "size": 10}
    return {"mode": "markers", "marker": marker, "name": name, "visible": shown, "showlegend": shown}


def line(segments: np.ndarray, *grids: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each grid's values along the segments, one after another with a gap after each: a line as plotly draws it."""
    return tuple(
        np.hstack([interpolated(grid, segments), np.full((len(segments), 1), np.nan)]).ravel() for grid in grids
    )


def interpolated(grid: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Bilinear values of a grid (n, n) at (…, 2) fractional (row, column); NaN outside."""
    last = np.array(grid.shape) - 1
    outside = ((places < 0) | (places > last) | np.isnan(places)).any(-1)
    whole = np.clip(np.nan_to_num(np.floor(places)), 0, last - 1).astype(int)
    row, column = np.moveaxis(whole, -1, 0)
    down, right = np.moveaxis(places - whole, -1, 0)
    upper = grid[row, column] * (1 - right) + grid[row, column + 1] * right
    lower = grid[row + 1, column] * (1 - right) + grid[row + 1, column + 1] * right
    return np.where(outside, np.nan, upper * (1 - down) + lower * down)


def in_grid(result: SurfaceResult, along: np.ndarray, across: np.ndarray) -> np.ndarray:
    """(…, 2) fractional (row, column) of places in the plane."""
    step = (result.along[-1] - result.along[0]) / (len(result.along) - 1)
    return np.stack([(across - result.across[0]) / step, (along - result.along[0]) / step], -1)


def window_name(result: SurfaceResult | None) -> str:
    """Return the key of an axis's range: while it stays the same, a redraw keeps the user's range."""
    if result is None:
        return ""
    return f"{result.along[0]:.9g},{result.along[-1]:.9g},{result.across[0]:.9g},{result.across[-1]:.9g}"


def headings(places: tuple[Panel, ...], corners: tuple[tuple[float, float], ...]) -> list[dict[str, object]]:
    """The models' names inside their panels, at these upper left corners."""
    where = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "showarrow": False}
    paint = {"bgcolor": fade(PANEL, 0.85), "borderpad": 3}
    return [
        where
        | paint
        | {"x": x, "y": y, "text": f"<b>{each.name}</b>", "font": {"size": TEXT - 1, "color": each.colour}}
        for each, (x, y) in zip(places, corners, strict=False)
        if each.model
    ]


def marked(panel: Panel, name: str, quantity: str) -> Marks:
    """Return the hover data of an attack's points: coordinates, values at the points, distance from the plane."""
    marker = panel.marker(name)
    if marker is None:
        return {"x": [], "y": [], "customdata": [], "z": []}
    z = marker.answers.quantity(quantity)
    told = np.stack([z, marker.away, marker.answers.prediction.astype(float)], 1)
    return {"x": marker.along, "y": marker.across, "z": z, "customdata": told}


def hover(name: str, quantity: str) -> str:
    """The words beside a mark."""
    return (
        f"{name}: {quantity}%{{customdata[0]:.3g}} at the image itself, which lies "
        f"%{{customdata[1]:.2g}} (L2) from the surface<extra></extra>"
    )
