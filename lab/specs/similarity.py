"""Low-level similarity learning: a second loss that draws embeddings together. Na et al. 2018, §3.3.

The paper speaks of the embedding right before the softmax layer; the authors' code takes the argument of the softmax,
the logits, and their weights λ₂ are for those. Here that is the default, and what the last linear layer receives the
alternative.
"""

from dataclasses import dataclass

from lab.specs.spec import Spec, param

LOGITS, EMBEDDING = "logits", "embedding"


@dataclass(frozen=True)
class Similarity(Spec):
    """Similarity loss between the embeddings of a clean image and its adversarial example."""


@dataclass(frozen=True)
class NoSimilarity(Similarity, title="None"):
    """Nothing."""


@dataclass(frozen=True)
class Distance(Similarity):
    """A small distance ‖E' − E‖ₙⁿ of the two embeddings."""

    weight: float = param(1e-4, 0.0, 10.0, "λ₂: weight of the distance; above 0.3 training diverges", usual=(0, 0.3))
    norm: int = param(2, 1, 2, "N of the distance ‖E' − E‖ₙⁿ")
    layer: str = param(
        LOGITS,
        meaning="layer compared: the logits, or the input of the last linear layer",
        choices=(LOGITS, EMBEDDING),
    )


@dataclass(frozen=True)
class Bidirectional(Distance, title="Bidirectional"):
    """Their distance ‖E' − E‖ₙⁿ is lowered by moving both. Na et al. 2018, §3.3, Figure 3 left."""


@dataclass(frozen=True)
class Pivot(Distance, title="Pivot: only the adversarial embedding moves"):
    """The attacked copy's embedding is drawn to the clean one, which stays: the pivot. Na et al. 2018, §3.3."""
