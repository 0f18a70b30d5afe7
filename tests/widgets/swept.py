"""A plausible result of :class:`lab.specs.ImageSweep`, made without PyTorch."""

import numpy as np

from lab.results import ImageSweepResult, ModelSwept
from lab.results.image_sweep import UNITS
from lab.specs import ImageSweep

LABEL, WRONG = 2, 3


def swept(spec: ImageSweep, done: int | None = None) -> ImageSweepResult:
    """The i-th model is fooled from level i + 1 on, by the second half of the steps; ``done`` models are there."""
    count = len(spec.models) if done is None else done
    models = tuple(_model(spec, getattr(each, "name", "custom"), i + 1) for i, each in enumerate(spec.models[:count]))
    x = np.arange(784, dtype=np.uint8).reshape(1, 28, 28)
    return ImageSweepResult(spec, x, LABEL, tuple("0123456789"), models, count / len(spec.models))


def _model(spec: ImageSweep, name: str, first: int) -> ModelSwept:
    levels, steps = len(spec.eps), spec.attack.steps
    strength = np.linspace(0, 1, levels)[:, None] * np.linspace(0, 1, steps + 1)
    delta = np.zeros((levels, steps + 1, 1, 28, 28), np.int8)
    delta[..., :14] = (UNITS * strength).round().astype(np.int8)[..., None, None, None]
    logits = np.zeros((levels, steps + 1, 10), np.float32)
    logits[..., LABEL] = 4
    wrong = WRONG if spec.target is None else spec.target
    logits[first:, steps // 2 :, wrong] = 8
    return ModelSwept(name, delta, logits)
