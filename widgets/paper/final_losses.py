"""Histograms of the final losses over many restarts. Madry et al. 2017, Figure 1."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.results import RestartsResult
from widgets.figures.restarts.histogram import bin_edges, counts
from widgets.paper.sheet import in_print, sheet
from widgets.theme import model_colour

MOST = 4  # panels beside each other


def final_losses(result: RestartsResult, columns: int = 1) -> Figure:
    """A panel for each of the first four images, every model in its colour, all with the same bins.

    Across: the final loss in nats; up: how many restarts end in each bin.
    """
    shown = min(len(result.spec.images), MOST)
    edges = bin_edges([each.final_loss[:, i] for each in result.models for i in range(shown)])
    with in_print():
        figure = sheet(columns, 2.2)
        panels = figure.subplots(1, shown, sharex=True, sharey=True, squeeze=False)[0]
        for i, panel in enumerate(panels):
            _histograms(panel, result, i, edges)
        panels[0].set_ylabel("restarts per bin")
        figure.supxlabel("final loss (nats)", fontsize="medium")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=len(result.models))
    return figure


def _histograms(panel: Axes, result: RestartsResult, i: int, edges: np.ndarray) -> None:
    for each in result.models:
        colour = model_colour(each.model)
        heights = counts(each.final_loss[:, i], edges)
        panel.stairs(heights, edges, color=colour, label=each.model)
        panel.stairs(heights, edges, fill=True, color=colour, alpha=0.3)
    panel.set_title(f"image {result.spec.images[i]}: {result.class_names[int(result.y[i])]}")
