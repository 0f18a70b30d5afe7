"""Overlaid histograms: common bins, one outlined and half-transparent step curve per model, a line at a value."""

from collections.abc import Sequence

import numpy as np

from widgets.figures.restarts.parts import LOWEST_ON_LOG
from widgets.theme import fade

FEWEST_BINS, MOST_BINS = 15, 60


def bin_edges(samples: Sequence[np.ndarray], bins: int | None = None, log: bool = False) -> np.ndarray:
    """(bins + 1,) edges of equal width, on a logarithmic axis of equal ratio, that hold all samples.

    Without ``bins`` they are as wide as Freedman and Diaconis' rule asks for the most concentrated sample.
    """
    finite = [each[np.isfinite(each)].astype(np.float64) for each in samples]
    drawn = [np.log(np.maximum(each, LOWEST_ON_LOG)) if log else each for each in finite if len(each)]
    if not drawn:
        return np.linspace(0.0, 1.0, (bins or FEWEST_BINS) + 1)
    low, high = min(each.min() for each in drawn), max(each.max() for each in drawn)
    if high - low < 1e-6 * max(abs(low), 1e-3):
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, (bins or _bins(drawn, high - low)) + 1)
    return np.exp(edges) if log else edges


def _bins(samples: Sequence[np.ndarray], span: float) -> int:
    quartiles = [np.percentile(each, (25, 75)) for each in samples]
    widths = [2 * (q[1] - q[0]) / len(each) ** (1 / 3) for q, each in zip(quartiles, samples, strict=True)]
    narrowest = min((width for width in widths if width > 0), default=span)
    return int(np.clip(span / narrowest, FEWEST_BINS, MOST_BINS))


def counts(sample: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(bins,) how many finite values fall into each bin; what lies below the lowest edge counts in the lowest bin."""
    values = sample[np.isfinite(sample)]
    return np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]


def step_trace(edges: np.ndarray, heights: np.ndarray, colour: str, log: bool = False) -> dict[str, object]:
    """One histogram as a filled step curve: points at the bins' middles, and zero on both sides of its data."""
    if not heights.any():
        return {"type": "scatter", "x": np.zeros(0), "y": np.zeros(0), "visible": False}
    drawn = np.log(edges) if log else edges
    width = drawn[1] - drawn[0]
    filled = np.flatnonzero(heights)
    first, last = filled[0], filled[-1] + 1
    middles = drawn[0] + width * (np.arange(first - 1, last + 1) + 0.5)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.exp(middles) if log else middles,
        "y": np.pad(heights[first:last], 1),
        "line": {"shape": "hvh", "color": colour, "width": 1.5},
        "fill": "tozeroy",
        "fillcolor": fade(colour, 0.3),
        "showlegend": True,
        "visible": True,
    }


def line_trace(value: float, top: float, colour: str, dash: str = "dash") -> dict[str, object]:
    """A vertical line from zero to the top at a value; nothing where the value is NaN."""
    seen = bool(np.isfinite(value))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.array([value, value] if seen else []),
        "y": np.array([0.0, top] if seen else []),
        "line": {"color": colour, "width": 2, "dash": dash},
        "hoverinfo": "skip",
        "showlegend": False,
        "visible": seen,
    }
