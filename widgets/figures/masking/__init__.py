"""The evidence for and against gradient masking."""

from widgets.figures.masking.curves import accuracy_over_eps, gradient_correlation, gradient_frame
from widgets.figures.masking.evidence import approximation, cosine, error_rates, orthogonal, per_image_frame
from widgets.figures.masking.label_leaking import leaks, leaks_frame

__all__ = [
    "accuracy_over_eps",
    "approximation",
    "cosine",
    "error_rates",
    "gradient_correlation",
    "gradient_frame",
    "leaks",
    "leaks_frame",
    "orthogonal",
    "per_image_frame",
]
