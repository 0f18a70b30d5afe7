"""Figures of an evaluation, stage by stage and image by image."""

from widgets.figures.evaluation.chart import waterfall as waterfall
from widgets.figures.evaluation.images import image_matrix as image_matrix, matrix_frame as matrix_frame
from widgets.figures.evaluation.stages import waterfall_frame as waterfall_frame
