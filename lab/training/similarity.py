"""Low-level similarity learning: the distance of clean and adversarial embeddings. Na et al. 2018, §3.3."""

from functools import singledispatch

from torch import Tensor, nn

from lab.errors import LabError
from lab.models import embed
from lab.specs.similarity import EMBEDDING, Bidirectional, Distance, NoSimilarity, Pivot, Similarity


def embeddings(similarity: Similarity, model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the embeddings that the similarity compares, (n, …), and the (n, classes) logits, from one pass."""
    if isinstance(similarity, Distance) and similarity.layer == EMBEDDING:
        return embed(model, x)
    logits = model(x)
    return logits, logits


@singledispatch
def dissimilarity(similarity: Similarity, clean: Tensor, adversarial: Tensor) -> Tensor:
    """λ₂ times the summed distances of (k, …) clean and adversarial embeddings, a scalar."""
    raise LabError(f"There is no similarity called {type(similarity).__name__}.")


@dissimilarity.register
def _(similarity: NoSimilarity, clean: Tensor, adversarial: Tensor) -> Tensor:
    return adversarial.new_zeros(())


@dissimilarity.register
def _(similarity: Bidirectional, clean: Tensor, adversarial: Tensor) -> Tensor:
    return similarity.weight * (adversarial - clean).abs().pow(similarity.norm).sum()


@dissimilarity.register
def _(similarity: Pivot, clean: Tensor, adversarial: Tensor) -> Tensor:
    return similarity.weight * (adversarial - clean.detach()).abs().pow(similarity.norm).sum()
