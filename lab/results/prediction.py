"""Predicted classes, or none where logits are not finite."""

from collections.abc import Sequence

import numpy as np

NO_CLASS = -1
"""What a model predicts whose logits are not numbers: no class at all, so the image is not classified correctly."""


def predictions(logits: np.ndarray) -> np.ndarray:
    """(…) the class of the largest of (…, classes) logits; :data:`NO_CLASS` where that is not a finite number."""
    found: np.ndarray = np.where(np.isfinite(logits.max(-1)), logits.argmax(-1), NO_CLASS)
    return found


def class_in_words(prediction: int, class_names: Sequence[str]) -> str:
    """The predicted class in words; that there is none where the logits are not numbers."""
    return "not a number" if prediction == NO_CLASS else class_names[prediction]
