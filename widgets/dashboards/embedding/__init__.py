"""The page Embeddings."""

from widgets.dashboards.embedding.page import ENTRY as ENTRY, EmbeddingsPage as EmbeddingsPage
