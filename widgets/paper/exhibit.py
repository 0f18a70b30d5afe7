"""Exhibits of the papers as tables with colours: the paper's values, then ours in the same layout."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab import exhibits
from lab.results.exhibit import ExhibitResult, ExhibitTable
from widgets.paper.sheet import in_print, literally, scale, sheet
from widgets.theme import MUTED, SEQUENTIAL, words_on


def exhibit_tables(result: ExhibitResult, columns: int = 1) -> Figure:
    """The paper's table above ours, if it prints its values; ours alone otherwise. Colours share one range."""
    exhibit = exhibits.find(result.exhibit)
    shown = {f"measured here, {result.scale}": result.table}
    if exhibit.published is not None:
        shown = {exhibit.label: exhibit.published} | shown
    values = np.concatenate([each.values.ravel() for each in shown.values()])
    low, high = np.nanmin(values), np.nanmax(values)
    with in_print():
        figure = sheet(columns, sum(1.1 + 0.2 * len(each.rows) for each in shown.values()))
        heights = [1 + len(each.rows) for each in shown.values()]
        panels = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights).ravel()
        for panel, (title, each) in zip(panels, shown.items(), strict=True):
            _table(panel, each, low, high)
            panel.set_title(literally(f"{title} ({each.unit})"), pad=14 if any(each.groups) else 6)
    return figure


def _table(panel: Axes, shown: ExhibitTable, low: float, high: float) -> None:
    panel.imshow(shown.values, cmap=scale(SEQUENTIAL), vmin=low, vmax=high, aspect="auto")
    for (row, column), value in np.ndenumerate(shown.values):
        if np.isfinite(value):
            part = (value - low) / (high - low) if high > low else 0.0
            text = f"{value:.0f}" if high > 20 else f"{value:.2g}"
            panel.text(column, row, text, ha="center", va="center", color=words_on(part), fontsize=6)
    for group in dict.fromkeys(filter(None, shown.groups)):
        under = [i for i, each in enumerate(shown.groups) if each == group]
        panel.text(float(np.mean(under)), -0.65, literally(group), ha="center", va="bottom", color=MUTED, fontsize=6)
    names = [literally(each) for each in shown.columns]
    panel.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=6)
    panel.set_yticks(range(len(shown.rows)), [literally(each) for each in shown.rows], fontsize=6)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
