"""One image under attack."""

from widgets.figures.explore.attack import path, path_frame, probabilities, probabilities_frame
from widgets.figures.explore.scale import loss_by_scale, scale_frame, success_by_scale

__all__ = [
    "loss_by_scale",
    "path",
    "path_frame",
    "probabilities",
    "probabilities_frame",
    "scale_frame",
    "success_by_scale",
]
