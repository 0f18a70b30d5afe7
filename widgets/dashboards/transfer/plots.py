"""The figures of the page Transfer, and the settings that change only how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from lab.results.transfer import MEASURES, TRANSFER, TRANSFER_BOTH, TransferResult
from lab.specs import Spec, param
from widgets.figures.transfer.black_boxes import black_box, black_box_frame
from widgets.figures.transfer.curves import correlation_frame, over_eps, over_eps_frame, perturbation_correlation
from widgets.figures.transfer.matrix import Cell, transfer_matrix, transfer_matrix_frame
from widgets.parts.page import Plot

_FORMER = "transfer rate, target right before"
"""What :data:`TRANSFER_BOTH` is called in older links."""


@dataclass(frozen=True)
class TransferLook(Spec):
    """Display of a result, which needs no computing. Attack, source and target are indices in the result."""

    measure: str = param(TRANSFER, meaning="what a cell of the matrix counts", choices=tuple(MEASURES))
    attack: int = param(0, 0, 5, "the attack whose matrix is shown")
    source: int = param(0, 0, 9, "the model that the images were made on")
    target: int = param(2, 0, 9, "the model that classifies them")
    top: int = param(1, 1, 10_000, "correct means that the label is among the k likeliest classes", usual=(1, 5))

    def __post_init__(self) -> None:
        if self.measure == _FORMER:
            object.__setattr__(self, "measure", TRANSFER_BOTH)
        super().__post_init__()

    @property
    def cell(self) -> Cell:
        """The same for the figures."""
        return Cell(self.attack, self.measure, self.top, self.source, self.target)


PLOTS: dict[str, Plot[TransferResult, Cell]] = {
    "matrix": Plot("Transfer matrix", transfer_matrix, transfer_matrix_frame, "lab-wide lab-main", 482),
    "over-eps": Plot("Over ε, for the chosen cell", over_eps, over_eps_frame, "lab-narrow lab-main", 482),
    "black-box": Plot("White box and black box", black_box, black_box_frame),
    "correlation": Plot("Similarity of the perturbations", perturbation_correlation, correlation_frame),
}
