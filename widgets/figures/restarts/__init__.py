"""Many random starts of one attack."""

from widgets.figures.restarts.images import (
    adversarial_images as adversarial_images,
    adversarial_images_frame as adversarial_images_frame,
)
from widgets.figures.restarts.losses import (
    final_losses as final_losses,
    final_losses_by_image as final_losses_by_image,
    final_losses_by_image_frame as final_losses_by_image_frame,
    final_losses_frame as final_losses_frame,
)
from widgets.figures.restarts.pairs import (
    pair_angles as pair_angles,
    pair_angles_frame as pair_angles_frame,
    pair_distances as pair_distances,
    pair_distances_frame as pair_distances_frame,
)
from widgets.figures.restarts.paths import loss_paths as loss_paths, loss_paths_frame as loss_paths_frame
from widgets.figures.restarts.spread import concentration as concentration
