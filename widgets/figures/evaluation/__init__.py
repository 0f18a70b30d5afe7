"""What an evaluation found, stage by stage and image by image."""

from widgets.figures.evaluation.chart import waterfall
from widgets.figures.evaluation.images import image_matrix, matrix_frame
from widgets.figures.evaluation.stages import waterfall_frame

__all__ = [
    "image_matrix",
    "matrix_frame",
    "waterfall",
    "waterfall_frame",
]
