"""The figures of the page PGD restarts, and the settings that change only how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from lab.results import RestartsResult
from lab.specs import Spec, param
from widgets.dashboards.restarts.finding import (
    angle_of_maxima,
    distance_of_maxima,
    fooled_images,
    gain_of_loss,
    outliers,
    spread_of_losses,
)
from widgets.figures.restarts.images import adversarial_images, adversarial_images_frame
from widgets.figures.restarts.losses import (
    final_losses,
    final_losses_by_image,
    final_losses_by_image_frame,
    final_losses_frame,
)
from widgets.figures.restarts.pairs import pair_angles, pair_angles_frame, pair_distances, pair_distances_frame
from widgets.figures.restarts.paths import loss_paths, loss_paths_frame
from widgets.figures.restarts.spread import concentration
from widgets.parts.page import Plot, of_result

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True)
class RestartsLook(Spec):
    """Display of a result, which needs no computing. ``image`` is an index among the result's images."""

    image: int = param(0, 0, 15, "the image that the figures of one image show")
    all_images: bool = param(True, meaning="histograms of all images, not only of the one that is shown")
    log_axis: bool = param(False, meaning="logarithmic axis for the losses")
    bins: int = param(60, 5, 500, "bins of the histograms of final losses", usual=(10, 200))


def _histograms(result: RestartsResult | None, look: RestartsLook) -> go.Figure:
    if look.all_images:
        return final_losses_by_image(result, look.bins, look.log_axis)
    return final_losses(result, look.image, look.bins, look.log_axis)


def _histograms_frame(result: RestartsResult, look: RestartsLook) -> pd.DataFrame:
    if look.all_images:
        return final_losses_by_image_frame(result, look.bins, look.log_axis)
    return final_losses_frame(result, look.image, look.bins, look.log_axis)


def _spread(result: RestartsResult, look: RestartsLook) -> str:
    return spread_of_losses(result, None if look.all_images else look.image)


PLOTS: dict[str, Plot[RestartsResult, RestartsLook]] = {
    "final-losses": Plot("Final losses", _histograms, _histograms_frame, "lab-wide lab-main", 420, finding=_spread),
    "loss-paths": Plot(
        "Loss over the steps",
        lambda result, look: loss_paths(result, look.image, look.log_axis),
        lambda result, look: loss_paths_frame(result, look.image),
        "lab-narrow lab-main",
        420,
        finding=lambda result, look: gain_of_loss(result, look.image),
    ),
    "concentration": Plot(
        "Concentration",
        lambda result, look: concentration(result, look.log_axis),
        lambda result, _: result.concentration(),
        "lab-third lab-alone",
        finding=of_result(outliers),
    ),
    "distances": Plot(
        "Pairwise distances",
        lambda result, look: pair_distances(result, look.image),
        lambda result, look: pair_distances_frame(result, look.image),
        "lab-third",
        finding=lambda result, look: distance_of_maxima(result, look.image),
    ),
    "angles": Plot(
        "Pairwise angles",
        lambda result, look: pair_angles(result, look.image),
        lambda result, look: pair_angles_frame(result, look.image),
        "lab-third",
        finding=lambda result, look: angle_of_maxima(result, look.image),
    ),
    "images": Plot(
        "Adversarial images",
        lambda result, _: adversarial_images(result),
        lambda result, _: adversarial_images_frame(result),
        "lab-full",
        finding=of_result(fooled_images),
    ),
}
