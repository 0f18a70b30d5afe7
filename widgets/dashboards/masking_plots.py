"""The figures of the page Masking, and the one setting that changes only how they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from lab.results import MaskingResult
from lab.specs import Spec, param
from widgets.figures.masking import approximation, cosine, error_rates, orthogonal, per_image_frame
from widgets.figures.masking_curves import accuracy_over_eps, gradient_correlation, gradient_frame

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True)
class MaskingLook(Spec):
    """How a result is drawn, which needs no computing. ``model`` is a position in the result."""

    model: int = param(1, 0, 3, "the model that the curves over ε show")


@dataclass(frozen=True)
class Plot:
    """A figure of the page: its heading, how it is drawn, the numbers behind it, and its place."""

    heading: str
    draw: Callable[[MaskingResult | None, int], go.Figure]
    frame: Callable[[MaskingResult], pd.DataFrame]
    place: str = "lab-half"
    height: int = 340


PLOTS = {
    "errors": Plot(
        "One step, a random step first, many steps, other models",
        lambda result, _: error_rates(result),
        MaskingResult.to_frame,
        "lab-full",
        310,
    ),
    "accuracy": Plot("Accuracy over ε", accuracy_over_eps, MaskingResult.to_frame, height=380),
    "gradients": Plot("Does the gradient still point there?", gradient_correlation, gradient_frame, height=380),
    "approximation": Plot(
        "What one step reaches of the loss", lambda result, _: approximation(result), per_image_frame, "lab-third"
    ),
    "cosine": Plot(
        "Do one step and many go the same way?", lambda result, _: cosine(result), per_image_frame, "lab-third"
    ),
    "orthogonal": Plot(
        "Orthogonal adversarial directions", lambda result, _: orthogonal(result), per_image_frame, "lab-third"
    ),
}
