"""Images as a model's last layer sees them."""

from widgets.figures.embedding.curves import (
    curves_frame as curves_frame,
    distance_over_eps as distance_over_eps,
    logits_over_eps as logits_over_eps,
)
from widgets.figures.embedding.plane import embedding_frame as embedding_frame, embedding_plane as embedding_plane
