"""Images as a model's last layer sees them."""

from widgets.figures.embedding.curves import (
    bands_frame as bands_frame,
    distance_bands as distance_bands,
    distance_over_eps as distance_over_eps,
    logit_bands as logit_bands,
    logits_over_eps as logits_over_eps,
)
from widgets.figures.embedding.plane import embedding_frame as embedding_frame, embedding_plane as embedding_plane
