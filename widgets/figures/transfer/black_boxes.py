"""White box against black box: what the strongest attack and the worst source do to each model. Tramèr et al. 2018."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import TransferResult
from lab.results.transfer import ERROR
from lab.specs.threat import threat
from widgets.figures.drawing import UPRIGHT_NAMES, figure, room
from widgets.figures.names import wrapped
from widgets.figures.transfer.matrix import WAITING, Cell
from widgets.theme import DANGER, FAINT, INK, MUTED

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

_NAME = 80  # pixels that a model's name needs under its column
_MARKS = (
    ("clean", "line-ew-open", 16, MUTED),
    ("white box", "square-open", 11, INK),
    ("worst black box", "triangle-up", 12, DANGER),
    ("mean black box", "circle", 9, FAINT),
)


def black_box(result: TransferResult | None, cell: Cell) -> go.Figure:
    """Error rates of every target over all attacks. Max. and avg. black box of Tramèr et al. 2018, Table 8.

    A worst black box above the white box means that attacks on the model itself find less than attacks on others:
    its gradient is masked (Tramèr et al. 2018, §4.1), or the white-box attacks were too weak.
    """
    names = [escape(name) for name in result.models] if result else []
    rows = error_rates(result, cell.top) if result else np.zeros((4, 0))
    traces = [_marks(i, 100 * rates, names) for i, rates in enumerate(rows)]
    masked = [i for i, (white, worst) in enumerate(rows[1:3].T) if worst > white]
    layout: dict[str, object] = {
        "xaxis": {"tickvals": list(range(len(names))), "ticktext": [wrapped(name) for name in names], "tickangle": 0}
        | {"showgrid": False}
        | {"range": [-0.5, max(len(names), 1) - 0.5]},
        "yaxis": {"title": {"text": f"top-{cell.top} error rate (%)"}, "range": [-3, 112]},
        "annotations": [_warning(i, 100 * rows[2, i]) for i in masked],
    }
    note = (
        f"{threat(result.spec.ball)} · over all {len(result.spec.attacks)} attacks and other sources"
        if result
        else WAITING
    )
    return figure(traces, note, "black box", **layout, **room(64 + _NAME * len(names), narrow=UPRIGHT_NAMES))


def error_rates(result: TransferResult, k: int) -> np.ndarray:
    """(4, T) error rates: clean, white box of the strongest attack, worst and mean black box over all attacks.

    The matrix's own eps, as far as it is computed; NaN where there is nothing yet.
    """
    clean = (result.clean >= k).mean(1)
    white = np.full(len(result.models), np.nan)
    for attack in result.spec.attacks:
        if (shown := result.at(attack)) is not None:
            own = np.diagonal(result.rates(shown, ERROR, k))
            white[: len(own)] = np.fmax(white[: len(own)], own)
    return np.stack([clean, white, *result.black_box(result.spec.attacks, ERROR, k)])


def black_box_frame(result: TransferResult, cell: Cell) -> pd.DataFrame:
    """One row per target: what :func:`black_box` draws."""
    import pandas as pd

    columns = ("clean", "white_box_strongest", "black_box_worst", "black_box_mean")
    found = dict(zip(columns, error_rates(result, cell.top), strict=True))
    return pd.DataFrame({"target": result.models, "top": cell.top, **found})


def _marks(i: int, rates: np.ndarray, names: list[str]) -> dict[str, object]:
    label, symbol, size, colour = _MARKS[i]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.arange(len(rates)),
        "y": rates,
        "marker": {"symbol": symbol, "size": size, "color": colour, "line": {"width": 2.5, "color": colour}},
        "name": label,
        "text": names,
        "visible": len(rates) > 0,
        "showlegend": True,
        "hovertemplate": f"%{{text}}: {label}%{{y:.1f}}%<extra></extra>",
    }


def _warning(place: int, height: float) -> dict[str, object]:
    font = {"size": 11, "color": DANGER}
    return {"x": place, "y": height, "text": "above<br>white box", "showarrow": False, "yshift": 20, "font": font}
