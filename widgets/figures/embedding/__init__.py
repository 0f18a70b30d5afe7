"""Images as a model's last layer sees them."""

from widgets.figures.embedding.curves import curves_frame, distance_over_eps, logits_over_eps
from widgets.figures.embedding.plane import embedding_frame, embedding_plane

__all__ = [
    "curves_frame",
    "distance_over_eps",
    "embedding_frame",
    "embedding_plane",
    "logits_over_eps",
]
