"""Adversarial examples of one model shown to another."""

from widgets.figures.transfer.black_boxes import black_box, black_box_frame, error_rates
from widgets.figures.transfer.curves import correlation_frame, over_eps, over_eps_frame, perturbation_correlation
from widgets.figures.transfer.matrix import Cell, transfer_matrix, transfer_matrix_frame

__all__ = [
    "Cell",
    "black_box",
    "black_box_frame",
    "correlation_frame",
    "error_rates",
    "over_eps",
    "over_eps_frame",
    "perturbation_correlation",
    "transfer_matrix",
    "transfer_matrix_frame",
]
