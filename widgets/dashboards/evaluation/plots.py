"""The figures of the page Evaluation, and the settings that change only how they are drawn."""

from dataclasses import dataclass

from lab.results import EvaluationResult
from lab.specs import Spec, param
from lab.specs.evaluation import MOST_MODELS
from widgets.figures.evaluation.chart import waterfall
from widgets.figures.evaluation.images import image_matrix, matrix_frame
from widgets.figures.evaluation.stages import waterfall_frame
from widgets.parts.page import Plot

CLOSEST = -1
"""Instead of a chosen image: the one that decides most, whatever the result."""


@dataclass(frozen=True)
class EvaluationLook(Spec):
    """Display of a result, which needs no computing. ``model`` is an index in the result, ``image`` in the data."""

    model: int = param(0, 0, MOST_MODELS - 1, "the model whose images are shown")
    image: int = param(CLOSEST, CLOSEST, 1_000_000, "the image that is looked at, -1 for the closest call")


@dataclass(frozen=True)
class ChosenImage:
    """The chosen model and image, by their positions, as far as the result has them."""

    model: int
    image: int


PLOTS: dict[str, Plot[EvaluationResult, ChosenImage]] = {
    "waterfall": Plot(
        "Accuracy after each attack",
        lambda result, chosen: waterfall(result, chosen.model),
        lambda result, _: waterfall_frame(result),
        "lab-wide lab-main",
        420,
    ),
    "images": Plot(
        "Which attack broke which image",
        lambda result, chosen: image_matrix(result, chosen.model, chosen.image),
        lambda result, _: matrix_frame(result),
        "lab-full",
    ),
}
