"""Recipes: how a network is trained, completely, so that training it again gives the same network."""

from dataclasses import dataclass, replace
from typing import ClassVar

from lab.errors import FieldError, SpecError
from lab.specs.augmentation import Augmentation, Unchanged
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORMS
from lab.specs.data import DataSpec, Digits
from lab.specs.examples import FixedExamples, OwnExamples, Source
from lab.specs.models import Architecture, SmallCNN
from lab.specs.optimisers import Adam, Constant, Optimiser, Schedule
from lab.specs.similarity import NoSimilarity, Similarity
from lab.specs.spec import Spec, param

REDRAWN, CLIPPED = "drawn again", "clipped"


@dataclass(frozen=True)
class Recipe(Spec):
    """Data, network, optimiser and seed: what every kind of training has.

    The initial weights depend on ``architecture`` and ``seed`` only, so two recipes of equal seeds start alike.
    """

    data: DataSpec = param(Digits(), meaning="data set")
    architecture: Architecture = param(SmallCNN(), meaning="network")
    epochs: int = param(10, 1, 10_000, "passes over the training images", usual=(1, 100))
    batch: int = param(64, 1, 4096, "training images read for a step", unit="images", log=True, label="Batch size")
    optimiser: Optimiser = param(Adam(), meaning="rule that moves the weights")
    schedule: Schedule = param(Constant(), meaning="how the learning rate changes")
    weight_decay: float = param(0.0, 0.0, 1.0, "weight of the squared weights in the loss", usual=(0.0, 1e-2))
    label_smoothing: float = param(0.0, 0.0, 1.0, "probability that is spread over all classes", usual=(0.0, 0.2))
    augmentation: Augmentation = param(Unchanged(), meaning="random changes of the training images")
    precision: str = param("float32", meaning="arithmetic of the passes", choices=("float32", "bfloat16"))
    seed: int = param(0, 0, 2**31 - 1, "seed of the initial weights, the order and the random starts")

    long: ClassVar[bool] = True

    @property
    def trained_against(self) -> Ball | None:
        """The threat model it trains against, if any. Raises :class:`SpecError` where its class does not state it."""
        raise SpecError(
            f"{type(self).__name__} does not state the threat model it trains against: give it a property "
            "'trained_against'."
        )

    @property
    def fixed(self) -> FixedExamples | None:
        """What it needs of fixed networks, if any. Raises :class:`SpecError` where its class does not state it."""
        raise SpecError(
            f"{type(self).__name__} does not state which examples of fixed networks it needs: give it a property "
            "'fixed'."
        )


@dataclass(frozen=True)
class Standard(Recipe, title="Standard"):
    """Ordinary training on clean images."""

    @property
    def trained_against(self) -> None:
        return None

    @property
    def fixed(self) -> None:
        return None


@dataclass(frozen=True)
class Adversarial(Recipe, title="Adversarial"):
    """Training on clean and adversarial images. Kurakin et al. 2017, Algorithm 1; Na et al. 2018, §3.3.

    The loss of a batch of m images of which k are attacked is, with L the cross-entropy and d the distance of the
    embeddings of a clean image and its attacked copy,
    ``(Σ L(clean) + λ Σ L(adversarial) + λ₂ Σ d) / (number of clean + λ · number of adversarial)``.

    With ``share`` ½ and the attacked images replaced it is Kurakin et al.'s (λ 0.3), with ``share`` 1 and the clean
    ones kept Tramèr et al. 2018's (§4.1, λ 1) and Na et al.'s (λ 0.3), with ``share`` 1 and replaced Madry et al.
    2017's (§2.1, adversarial only). eps may differ from image to image, begin late or grow slowly; Madry et al. do
    neither, but small networks need the last at eps 0.3 (§4: too little capacity collapses).
    """

    source: Source = param(OwnExamples(), meaning="whose adversarial examples")
    ball: Ball = param(Linf(0.3), meaning="threat model trained against", label="Norm")
    spread: float = param(
        0.0, 0.0, 10.0, "standard deviation of each image's eps = |N(0, spread·ε)|, at most ε; 0: all have ε"
    )
    beyond: str = param(
        REDRAWN,
        meaning="what becomes of an eps beyond ε: drawn again (Kurakin et al. 2017, footnote 1) or clipped to ε (Na et "
        "al. 2018, App. A)",
        choices=(REDRAWN, CLIPPED),
        label="Eps beyond ε",
    )
    share: float = param(
        1.0, 0.0, 1.0, "fraction k / m of a batch's images that are attacked, k rounded down", label="Fraction attacked"
    )
    keep_clean: bool = param(True, meaning="keep the clean originals of attacked images in the batch")
    weight: float = param(1.0, 0.0, 1000.0, "λ: weight of an adversarial image, a clean one's being 1", usual=(0, 1))
    similarity: Similarity = param(
        NoSimilarity(), meaning="what draws clean and adversarial embeddings together", label="Similarity of embeddings"
    )
    delay: int = param(0, 0, 10_000_000, "steps on clean images only before the attacks begin", usual=(0, 1000))
    warm_up: int = param(0, 0, 10_000, "epochs over which eps grows from 0", usual=(0, 50))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.similarity, NoSimilarity) and not self.keep_clean:
            raise FieldError(
                "Adversarial", "similarity", "compares attacked images with their clean ones: set keep_clean."
            )
        if self.weight == 0 and self.share == 1 and not self.keep_clean:
            raise FieldError(
                "Adversarial", "weight", "must be above 0 where a batch has no clean images: nothing is learnt."
            )

    @property
    def trained_against(self) -> Ball:
        return self.ball

    @property
    def fixed(self) -> FixedExamples | None:
        """As its source states it, but stored only where a training image's examples are the same each time."""
        found = self.source.fixed
        if found is None:
            return None
        same = found.attack.capabilities.deterministic and isinstance(self.augmentation, Unchanged)
        changing = self.warm_up or (self.spread and found.own_eps)
        return replace(found, stored=found.stored and same and not changing)


@dataclass(frozen=True)
class TRADES(Recipe, title="TRADES"):
    """Clean loss plus β times the divergence of the answers to a clean image and the worst near it. Zhang et al. 2019.

    The inner maximum is over the same divergence KL(p(x) ‖ p(x')), by projected gradient steps from a small random
    change (their eq. 5 and Algorithm 1). Steps and β are those of their MNIST code; on CIFAR-10 they take β 6 and 10
    steps of 0.007 in a ball of 0.031.
    """

    ball: Ball = param(Linf(0.3), meaning="threat model trained against", choices=NORMS, label="Norm")
    steps: int = param(40, 1, 1000, "gradient steps of the inner maximum", usual=(1, 100))
    step_size: float = param(0.01, 1e-5, 100.0, "length of a step, in the ball's norm", usual=(0.001, 0.5), log=True)
    beta: float = param(1.0, 0.0, 1000.0, "β: weight of the divergence", usual=(0, 10), label="β")
    warm_up: int = param(0, 0, 10_000, "epochs over which eps grows from 0", usual=(0, 50))

    @property
    def trained_against(self) -> Ball:
        return self.ball

    @property
    def fixed(self) -> None:
        return None
