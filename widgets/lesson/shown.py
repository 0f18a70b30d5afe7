"""Figures and pictures in a notebook, as they look on the pages."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from widgets.figures.mosaic import picture, png
from widgets.parts.gallery import Gallery, Picture
from widgets.parts.page import Style
from widgets.plain import Box, shared
from widgets.plot import PlotView


def shown(figure: go.Figure, heading: str = "", height: int = 380) -> Box:
    """A plotly figure in the lab's style, with its downloads."""
    view = PlotView(heading, height=height)
    view.draw(figure)
    return _in_style(view)


def pictures(images: np.ndarray, words: Sequence[str], heading: str = "") -> Box:
    """Images (n, C, H, W) in [0, 1] side by side, each with a few words under it."""
    gallery = Gallery(heading, "lab-gallery-large")
    shots: list[Picture] = [
        {"source": png(picture(np.asarray(image))), "title": said} for image, said in zip(images, words, strict=True)
    ]
    gallery.show([{"title": "", "pictures": shots}], "")
    return _in_style(gallery)


def _in_style(view: PlotView | Gallery) -> Box:
    return Box([shared(Style), view], "lab", "lab-lesson")
