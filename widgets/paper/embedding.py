"""Embeddings of clean images, and arrows along their ways under attack. Na et al. 2018, Figure 4."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.results import EmbeddingsResult, ModelEmbeddings
from widgets.figures.embedding.view import AS_IT_IS, seen
from widgets.paper.sheet import in_print, sheet
from widgets.theme import INK, class_colour


def embedding_arrows(result: EmbeddingsResult, columns: int = 1, projection: str = AS_IT_IS) -> Figure:
    """A panel for each model: a point for each clean image in its class's colour, an arrow to the largest ε.

    Models of more than two dimensions are drawn by principal components, whose share the axes say.
    """
    with in_print():
        figure = sheet(columns, 3.0 if columns > 1 or len(result.models) == 1 else 2.4)
        panels = figure.subplots(1, len(result.models), squeeze=False)[0]
        for panel, each in zip(panels, result.models, strict=True):
            _arrows(panel, result, each, projection)
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=min(len(names), 5 * columns), markerscale=2)
    return figure


def _arrows(panel: Axes, result: EmbeddingsResult, model: ModelEmbeddings, projection: str) -> None:
    view = seen(result, model, projection, 0)
    clean, way = view.layout.clean, view.layout.way
    for label in np.unique(result.y):
        mine = result.y == label
        name = result.class_names[int(label)]
        panel.scatter(clean[mine, 0], clean[mine, 1], s=4, color=class_colour(int(label)), linewidths=0, label=name)
    for i in range(way.shape[1]):
        panel.plot(way[:, i, 0], way[:, i, 1], color=INK, linewidth=0.7)
        arrow = {"arrowstyle": "->", "color": INK, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0}
        panel.annotate("", xy=way[-1, i], xytext=way[-2, i], arrowprops=arrow)
    panel.set(xlabel=view.titles[0], ylabel=view.titles[1], title=model.model)
