"""One image under attack."""

from widgets.figures.explore.attack import (
    path as path,
    path_frame as path_frame,
    probabilities as probabilities,
    probabilities_frame as probabilities_frame,
)
from widgets.figures.explore.scale import (
    loss_by_scale as loss_by_scale,
    scale_frame as scale_frame,
    success_by_scale as success_by_scale,
)
