"""The page Embeddings."""

from widgets.dashboards.embedding.page import EmbeddingsPage

__all__ = ["EmbeddingsPage"]
