"""The evidence for and against gradient masking."""

from widgets.figures.masking.curves import (
    accuracy_over_eps as accuracy_over_eps,
    gradient_correlation as gradient_correlation,
    gradient_frame as gradient_frame,
)
from widgets.figures.masking.evidence import (
    approximation as approximation,
    cosine as cosine,
    error_rates as error_rates,
    orthogonal as orthogonal,
    per_image_frame as per_image_frame,
)
from widgets.figures.masking.label_leaking import leaks as leaks, leaks_frame as leaks_frame
