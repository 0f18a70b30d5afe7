"""The figures of PGD restarts, Madry et al. 2017, §3.1, and the numbers that each of them draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.results import RestartsResult
from widgets.figures.concentration import concentration
from widgets.figures.final_losses import (
    final_losses,
    final_losses_by_image,
    final_losses_by_image_frame,
    final_losses_frame,
)
from widgets.figures.images import adversarial_images, adversarial_images_frame
from widgets.figures.loss_paths import loss_paths, loss_paths_frame
from widgets.figures.pairs import pair_angles, pair_angles_frame, pair_distances, pair_distances_frame

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

__all__ = [
    "adversarial_images",
    "concentration",
    "csv",
    "final_losses",
    "final_losses_by_image",
    "loss_paths",
    "pair_angles",
    "pair_distances",
    "to_frame",
]

_FRAMES: dict[str, Callable[[RestartsResult, int, bool], pd.DataFrame]] = {
    "final_losses": lambda result, image, log: final_losses_frame(result, image, log=log),
    "final_losses_by_image": lambda result, _, log: final_losses_by_image_frame(result, log=log),
    "loss_paths": lambda result, image, _: loss_paths_frame(result, image),
    "concentration": lambda result, *_: result.concentration(),
    "pair_distances": lambda result, image, _: pair_distances_frame(result, image),
    "pair_angles": lambda result, image, _: pair_angles_frame(result, image),
    "adversarial_images": lambda result, *_: adversarial_images_frame(result),
}


def to_frame(result: RestartsResult, which: str, image: int = 0, log: bool = False) -> pd.DataFrame:
    """The numbers that the figure called ``which`` draws for the same ``image`` and ``log``.

    Losses in nats, distances in pixel units (black to white = 1), angles in degrees. ``KeyError`` for another name.
    """
    return _FRAMES[which](result, image, log)


def csv(result: RestartsResult | None, which: str, image: int = 0, log: bool = False) -> str:
    """:func:`to_frame` as comma-separated text, to be downloaded; empty without a result."""
    return "" if result is None else to_frame(result, which, image, log).to_csv(index=False)
