"""Low-level similarity learning: a second loss that draws embeddings together. Na et al. 2018, §3.3.

The paper speaks of the embedding right before the softmax layer; the authors' code takes the argument of the softmax,
the logits, and their weights λ₂ are for those. Here that is the default, and what the last linear layer receives the
alternative.

Printed equation and code also differ in where the distances stand. In the equation they are summed inside the bracket
that is divided by n + λk; in the code, ``λ₂ · ½ Σ d`` is added to the mean outside it. With n = k = 64 and λ = 0.3 a
weight of the code is 41.6 times as strong as the same number in the equation.
"""

from dataclasses import dataclass

from lab.specs.spec import Spec, param

LOGITS, EMBEDDING = "logits", "embedding"
EQUATION, CODE = "printed equation", "authors' code"


@dataclass(frozen=True)
class Similarity(Spec):
    """Similarity loss between the embeddings of a clean image and its adversarial example."""


@dataclass(frozen=True)
class NoSimilarity(Similarity, title="None"):
    """Nothing."""


@dataclass(frozen=True)
class Distance(Similarity):
    """A small distance ‖E' − E‖ₙⁿ of the two embeddings."""

    weight: float = param(
        1e-4,
        0.0,
        10.0,
        "λ₂: weight of the distance; above 0.3 in the authors' units, training diverges",
        usual=(0, 0.3),
    )
    norm: int = param(2, 1, 2, "N of the distance ‖E' − E‖ₙⁿ")
    layer: str = param(
        LOGITS,
        meaning="layer compared: the logits, or the input of the last linear layer",
        choices=(LOGITS, EMBEDDING),
    )
    units: str = param(
        EQUATION,
        meaning="units of λ₂: as printed, inside the mean over the batch, or as in the authors' code, λ₂ · ½ Σ d "
        "outside the mean (41.6 times as strong with 64 images and their 64 copies)",
        choices=(EQUATION, CODE),
        label="Units of λ₂",
    )


@dataclass(frozen=True)
class Bidirectional(Distance, title="Bidirectional"):
    """Their distance ‖E' − E‖ₙⁿ is lowered by moving both. Na et al. 2018, §3.3, Figure 3 left."""


@dataclass(frozen=True)
class Pivot(Distance, title="Pivot: toward the clean embedding"):
    """The attacked copy's embedding is drawn to the clean one, the pivot. Na et al. 2018, §3.3, Figure 3 right.

    In the paper the pivot stays: no gradient reaches it. In the authors' code nothing keeps the gradient from it, so
    that their pivot loss moves both embeddings as :class:`Bidirectional` does; detached at their strength, training
    diverges without batch normalisation.
    """

    detached: bool = param(
        True, meaning="keep the clean embedding still, as the paper says; in the authors' code it moves, too"
    )
