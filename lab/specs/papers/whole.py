"""Whole presets: a paper's complete training, named by the paper and the model."""

from collections.abc import Callable

from lab.specs.presets import Preset
from lab.specs.recipes import Recipe
from lab.specs.summary import summary


def whole(build: Callable[..., Recipe], paper: str) -> Preset:
    """The preset of a function: ``tramer-mnist-a-adv`` for ``tramer.mnist_a_adv``. Its meaning begins the docstring."""
    module = build.__module__.rpartition(".")[2]
    return Preset(f"{module}-{build.__name__}".replace("_", "-"), build, paper, summary(build), whole=True)


def nearest_epochs(steps: int, batch: int, images: int) -> int:
    """The whole number of epochs whose number of steps is nearest to ``steps``: training here ends with an epoch."""
    return max(1, round(steps / -(-images // batch)))
