"""Histograms of the final losses over many restarts. Madry et al. 2017, Figure 1."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.results import RestartsResult
from widgets.figures.restarts.losses import Bars, first_images, histograms
from widgets.paper.sheet import in_print, sheet
from widgets.theme import model_colour


def final_losses(result: RestartsResult, columns: int = 1) -> Figure:
    """A panel for each of the first four images, every model in its colour, all with the same bins.

    Across: the final loss in nats; up: how many restarts end in each bin.
    """
    shown = histograms(result, first_images(result))
    with in_print():
        figure = sheet(columns, 2.2)
        panels = figure.subplots(1, len(shown.images), sharex=True, sharey=True, squeeze=False)[0]
        for panel, image, bars in zip(panels, shown.images, shown.bars, strict=True):
            _overlaid(panel, bars, shown.edges)
            panel.set_title(f"image {result.spec.images[image]}: {result.class_names[int(result.y[image])]}")
        panels[0].set_ylabel("restarts per bin")
        figure.supxlabel("final loss (nats)", fontsize="medium")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=len(result.models))
    return figure


def _overlaid(panel: Axes, bars: Sequence[Bars], edges: np.ndarray) -> None:
    for each in bars:
        colour = model_colour(each.model)
        panel.stairs(each.restarts, edges, color=colour, label=each.model)
        panel.stairs(each.restarts, edges, fill=True, color=colour, alpha=0.3)
