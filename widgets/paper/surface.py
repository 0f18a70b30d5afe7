"""The loss on a plane through an image, as a 3-D surface. Tramèr et al. 2018, Figures 1, 4 and 5."""

import numpy as np
from matplotlib.figure import Figure

from lab.results import SurfaceResult
from widgets.figures.surface.parts import limits, panels
from widgets.paper.sheet import in_print, scale, sheet
from widgets.theme import HEIGHTS

_UNITS = {
    "loss": "loss (nats)",
    "log loss": r"$\log_{10}$ loss",
    "margin": "margin of logits",
    "probability": "p(label)",
}


def loss_surface(result: SurfaceResult, columns: int = 1, quantity: str = "loss") -> Figure:
    """A panel for each model, below each other in one column, with a common scale; both ε in pixel units of [0, 1].

    Seen from the corner where both ε are negative, as on the page.
    """
    first, second = np.meshgrid(result.along, result.across)
    places = panels(result, quantity)
    low, high = limits(places, quantity)
    filled = [each for each in places if each.z is not None]
    with in_print():
        rows = 1 if columns > 1 else len(filled)
        figure = sheet(columns, 2.7 * rows)
        for i, shown in enumerate(filled):
            panel = figure.add_subplot(rows, len(filled) // rows, i + 1, projection="3d")
            panel.plot_surface(
                first, second, shown.z, cmap=scale(HEIGHTS), vmin=low, vmax=high, rcount=60, ccount=60, linewidth=0
            )
            panel.set(
                xlabel=r"$\varepsilon_1$ along $g$",
                ylabel=r"$\varepsilon_2$ along $g^\perp$",
                zlabel=_UNITS[quantity],
                zlim=(low, high),
            )
            panel.set_title(result.models[i].model, y=0.9)
            panel.locator_params(axis="both", nbins=4)
            panel.zaxis.labelpad = 2
            panel.view_init(elev=26, azim=-131)
            panel.set_box_aspect((1, 1, 0.7), zoom=0.8)
    return figure
