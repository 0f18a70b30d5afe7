"""The page Embeddings."""

from widgets.dashboards.embedding.page import EmbeddingsPage as EmbeddingsPage
