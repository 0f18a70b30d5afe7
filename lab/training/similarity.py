"""Low-level similarity learning: the distance of clean and adversarial embeddings. Na et al. 2018, §3.3."""

from functools import singledispatch

from torch import Tensor, nn

from lab.errors import LabError
from lab.models import embed
from lab.specs.similarity import EMBEDDING, EQUATION, Bidirectional, Distance, NoSimilarity, Pivot, Similarity


def embeddings(similarity: Similarity, model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the embeddings that the similarity compares, (n, …), and the (n, classes) logits, from one pass."""
    if isinstance(similarity, Distance) and similarity.layer == EMBEDDING:
        return embed(model, x)
    logits = model(x)
    return logits, logits


@singledispatch
def dissimilarity(similarity: Similarity, clean: Tensor, adversarial: Tensor, counted: float) -> Tensor:
    """What the distances of (k, …) clean and adversarial embeddings add to the loss of a batch, a scalar.

    ``counted`` is what the batch's losses are divided by, n + λk.
    """
    raise LabError(f"There is no similarity called {type(similarity).__name__}.")


@dissimilarity.register
def _(similarity: NoSimilarity, clean: Tensor, adversarial: Tensor, counted: float) -> Tensor:
    return adversarial.new_zeros(())


@dissimilarity.register
def _(similarity: Bidirectional, clean: Tensor, adversarial: Tensor, counted: float) -> Tensor:
    return _weighted(similarity, adversarial - clean, counted)


@dissimilarity.register
def _(similarity: Pivot, clean: Tensor, adversarial: Tensor, counted: float) -> Tensor:
    return _weighted(similarity, adversarial - (clean.detach() if similarity.detached else clean), counted)


def _weighted(similarity: Distance, difference: Tensor, counted: float) -> Tensor:
    """λ₂ · Σ ‖d‖ₙⁿ / (n + λk) as printed, or λ₂ · ½ Σ ‖d‖ₙⁿ as in the authors' code (``model.py``)."""
    total = similarity.weight * difference.abs().pow(similarity.norm).sum()
    return total / counted if similarity.units == EQUATION else total / 2
