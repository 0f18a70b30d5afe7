"""The figures of the page Masking, and the one setting that changes only how they are drawn."""

from dataclasses import dataclass

from lab.results import MaskingResult
from lab.specs import Spec, param
from widgets.dashboards.masking.finding import (
    common_direction,
    fall_of_accuracy,
    found_by_one_step,
    likeness_of_gradients,
    most_leaked,
    one_step_and_strongest,
    typical_directions,
)
from widgets.figures.masking.curves import accuracy_over_eps, gradient_correlation, gradient_frame
from widgets.figures.masking.evidence import approximation, cosine, error_rates, orthogonal, per_image_frame
from widgets.figures.masking.label_leaking import leaks, leaks_frame
from widgets.parts.page import Plot, of_result


@dataclass(frozen=True)
class MaskingLook(Spec):
    """Display of a result, which needs no computing. ``model`` is an index in the result."""

    model: int = param(1, 0, 3, "the model that the curves over ε show")


_RATES = of_result(MaskingResult.to_frame)
_IMAGES = of_result(per_image_frame)

PLOTS: dict[str, Plot[MaskingResult, int]] = {
    "errors": Plot(
        "One step, a random step first, many steps, other models",
        of_result(error_rates),
        _RATES,
        "lab-full lab-main",
        310,
        finding=of_result(one_step_and_strongest),
    ),
    "accuracy": Plot("Accuracy over ε", accuracy_over_eps, _RATES, height=380, finding=fall_of_accuracy),
    "gradients": Plot(
        "Does the gradient keep its direction?",
        gradient_correlation,
        of_result(gradient_frame),
        height=380,
        finding=likeness_of_gradients,
    ),
    "approximation": Plot(
        "Fraction of the loss that one step finds",
        of_result(approximation),
        _IMAGES,
        finding=of_result(found_by_one_step),
    ),
    "cosine": Plot(
        "Do one step and many go in the same direction?",
        of_result(cosine),
        _IMAGES,
        finding=of_result(common_direction),
    ),
    "leaks": Plot("Leaked labels", of_result(leaks), of_result(leaks_frame), finding=of_result(most_leaked)),
    "orthogonal": Plot(
        "Orthogonal adversarial directions",
        of_result(orthogonal),
        _IMAGES,
        finding=of_result(typical_directions),
    ),
}
