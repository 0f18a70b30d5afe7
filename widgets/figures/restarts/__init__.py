"""Many random starts of one attack."""

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

__all__ = [
    "adversarial_images",
    "adversarial_images_frame",
    "concentration",
    "final_losses",
    "final_losses_by_image",
    "final_losses_by_image_frame",
    "final_losses_frame",
    "loss_paths",
    "loss_paths_frame",
    "pair_angles",
    "pair_angles_frame",
    "pair_distances",
    "pair_distances_frame",
]
