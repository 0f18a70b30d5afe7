"""Low-level similarity learning: a second loss that draws embeddings together. Na et al. 2018, §3.3."""

from dataclasses import dataclass

from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Similarity(Spec):
    """What is asked of the embeddings of a clean image and its attacked copy."""


@dataclass(frozen=True)
class NoSimilarity(Similarity):
    """Nothing."""


@dataclass(frozen=True)
class Bidirectional(Similarity):
    """Their distance ‖E' − E‖ₙⁿ is lowered by moving both. Na et al. 2018, §3.3, Figure 3 left."""

    weight: float = param(1e-4, 0.0, 10.0, "λ₂: weight of the distance; above 0.3 training diverges", log=True)
    norm: int = param(2, 1, 2, "N of the distance ‖E' − E‖ₙⁿ")


@dataclass(frozen=True)
class Pivot(Similarity):
    """The attacked copy's embedding is drawn to the clean one, which stays: the pivot. Na et al. 2018, §3.3."""

    weight: float = param(1e-4, 0.0, 10.0, "λ₂: weight of the distance; above 0.3 training diverges", log=True)
    norm: int = param(2, 1, 2, "N of the distance ‖E' − E‖ₙⁿ")
