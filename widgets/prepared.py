"""What the first figure of every visitor would compute again, done once in the process that kernels are forked from."""

import numpy as np
from plotly.io.json import to_json_plotly

from lab.catalogue import deciding
from widgets.figures.drawing import figure

_TRACES = ("bar", "contour", "heatmap", "image", "scatter", "scatter3d", "surface")


def prepare() -> None:
    """Hash the implementation, and have NumPy and plotly import and build what they only do when it is asked for.

    Begins no thread and makes no widget: a fork copies neither.
    """
    deciding.implementation()
    np.random.default_rng(0)
    axis = {"title": {"text": "x"}}
    traces = [{"type": each, "meta": np.int64(0), "customdata": np.zeros(1)} for each in _TRACES]
    axes = {f"{each}axis{number}": axis for each in "xy" for number in ("", "2")}
    to_json_plotly(figure(traces, "title", "", **axes).to_dict())
