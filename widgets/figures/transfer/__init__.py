"""Adversarial examples of one model shown to another."""

from widgets.figures.transfer.black_boxes import (
    black_box as black_box,
    black_box_frame as black_box_frame,
    error_rates as error_rates,
)
from widgets.figures.transfer.curves import (
    correlation_frame as correlation_frame,
    over_eps as over_eps,
    over_eps_frame as over_eps_frame,
    perturbation_correlation as perturbation_correlation,
)
from widgets.figures.transfer.matrix import (
    Cell as Cell,
    transfer_matrix as transfer_matrix,
    transfer_matrix_frame as transfer_matrix_frame,
)
