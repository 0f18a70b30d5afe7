"""Recipes: the complete settings of a training run, so that training again gives the same model."""

from dataclasses import dataclass, replace
from typing import ClassVar

from lab.errors import FieldError, SpecError
from lab.specs.augmentation import Augmentation, Unchanged
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORM_BALLS
from lab.specs.data import DataSpec, Digits
from lab.specs.examples import FixedExamples, OwnExamples, Source
from lab.specs.initial import INITIAL, OWN
from lab.specs.models import Architecture, SmallCNN
from lab.specs.optimisers import Adam, Constant, Optimiser, Schedule
from lab.specs.similarity import NoSimilarity, Similarity
from lab.specs.spec import Spec, param
from lab.specs.start import NewWeights, Start
from lab.specs.step_cost import StepCost

REDRAWN, CLIPPED = "drawn again", "clipped"


@dataclass(frozen=True)
class Recipe(Spec):
    """Data, architecture, optimiser and seed: the settings that every kind of training has.

    New weights depend on ``architecture``, ``initial`` and ``seed`` only, so recipes of equal ones start alike.
    """

    data: DataSpec = param(Digits(), meaning="data set")
    architecture: Architecture = param(SmallCNN(), meaning="architecture of the model")
    epochs: int = param(10, 1, 10_000, "passes over the training images", usual=(1, 100))
    batch: int = param(64, 1, 4096, "batch size: training images per step", unit="images", log=True, label="Batch size")
    optimiser: Optimiser = param(Adam(), meaning="how the weights follow the gradient")
    schedule: Schedule = param(Constant(), meaning="learning-rate schedule")
    weight_decay: float = param(0.0, 0.0, 1.0, "weight decay (L2 penalty)", usual=(0.0, 1e-2))
    label_smoothing: float = param(
        0.0, 0.0, 1.0, "label smoothing: probability spread evenly over all classes", usual=(0.0, 0.2)
    )
    initial: str = param(
        OWN,
        meaning="initial weights of convolutions and linear layers: the architecture's own (PyTorch's rule; for "
        "ResNets He et al.'s), Glorot uniform or He normal with biases 0 (Keras), or a truncated normal of standard "
        "deviation 0.1 with biases 0.1 (Madry et al.'s MNIST code)",
        choices=INITIAL,
        label="Initial weights",
    )
    start: Start = param(
        NewWeights(),
        meaning="weights before the first step: new ones, or a trained model's",
        label="Starting weights",
    )
    augmentation: Augmentation = param(Unchanged(), meaning="data augmentation")
    precision: str = param(
        "float32", meaning="precision of forward and backward passes", choices=("float32", "bfloat16")
    )
    seed: int = param(0, 0, 2**31 - 1, "seed of the initial weights, the order of the images and the random starts")

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
        """Examples of static models that it needs, if any. Raises :class:`SpecError` where the class states nothing."""
        raise SpecError(
            f"{type(self).__name__} does not state which examples of static models it needs: give it a property "
            "'fixed'."
        )

    @property
    def step_cost(self) -> StepCost:
        """The cost of a training step. Raises :class:`SpecError` where its class does not state it."""
        raise SpecError(
            f"{type(self).__name__} does not state what a training step costs: give it a property 'step_cost'."
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

    @property
    def step_cost(self) -> StepCost:
        return StepCost(passes=1, images=1)


@dataclass(frozen=True)
class Adversarial(Recipe, title="Adversarial"):
    """Training on clean and adversarial images. Kurakin et al. 2017, Algorithm 1; Na et al. 2018, §3.3.

    The loss of a batch of m images of which k are attacked is, with L the cross-entropy and d the distance of the
    embeddings of a clean image and its attacked copy,
    ``(Σ L(clean) + λ Σ L(adversarial) + λ₂ Σ d) / (number of clean + λ · number of adversarial)``, or with λ₂ in the
    units of Na et al.'s code ``(Σ L(clean) + λ Σ L(adversarial)) / (…) + λ₂ · ½ Σ d``.

    With ``share`` ½ and the attacked images replaced it is Kurakin et al.'s (λ 0.3), with ``share`` 1 and the clean
    ones kept Tramèr et al. 2018's (§4.1, λ 1) and Na et al.'s (λ 0.3), with ``share`` 1 and replaced Madry et al.
    2017's (§2.1, adversarial only). ε may differ from image to image, start late or grow slowly; Madry et al. do
    neither, but small models need the last at ε 0.3 (§4: too little capacity collapses).
    """

    source: Source = param(OwnExamples(), meaning="source of the adversarial examples")
    ball: Ball = param(Linf(0.3), meaning="threat model trained against", label="Norm")
    spread: float = param(
        0.0,
        0.0,
        10.0,
        "standard deviation of the ε per image, |N(0, spread·ε)| up to ε, as a fraction of ε; 0: fixed ε",
    )
    beyond: str = param(
        REDRAWN,
        meaning="samples above ε are drawn again (Kurakin et al. 2017, footnote 1) or clipped to ε (Na et "
        "al. 2018, App. A)",
        choices=(REDRAWN, CLIPPED),
        label="Samples above ε",
    )
    share: float = param(
        1.0, 0.0, 1.0, "fraction k / m of a batch that is attacked, k rounded down", label="Fraction attacked"
    )
    keep_clean: bool = param(True, meaning="also train on the clean originals of the attacked images")
    weight: float = param(1.0, 0.0, 1000.0, "λ: weight of an adversarial example; a clean image weighs 1", usual=(0, 1))
    similarity: Similarity = param(
        NoSimilarity(),
        meaning="similarity loss between clean and adversarial embeddings",
        label="Similarity of embeddings",
    )
    delay: int = param(
        0, 0, 10_000_000, "training steps on clean images only, before the attacks begin", usual=(0, 1000)
    )
    warm_up: int = param(0, 0, 10_000, "epochs over which ε grows linearly from 0", usual=(0, 50))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.similarity, NoSimilarity) and not self.keep_clean:
            raise FieldError(
                "Adversarial", "similarity", "compares attacked images with their clean ones: keep these in the batch."
            )
        if self.weight == 0 and self.share == 1 and not self.keep_clean:
            raise FieldError(
                "Adversarial", "weight", "must be above 0 where a batch has no clean images, or nothing is learnt."
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

    @property
    def step_cost(self) -> StepCost:
        images = 1 + self.share * self.keep_clean
        return StepCost(passes=images, images=images, attacks=self.source.attacks, share=self.share)


@dataclass(frozen=True)
class TRADES(Recipe, title="TRADES"):
    """Clean loss plus β times the largest divergence of the predictions within the ball. Zhang et al. 2019.

    The inner maximum is over the same divergence KL(p(x) ‖ p(x')), by projected gradient steps from a small random
    change (their eq. 5 and Algorithm 1). Steps and β are those of their MNIST code; on CIFAR-10 they take β 6 and 10
    steps of 0.007 in a ball of 0.031.
    """

    ball: Ball = param(Linf(0.3), meaning="threat model trained against", choices=NORM_BALLS, label="Norm")
    steps: int = param(40, 1, 1000, "gradient steps of the inner maximisation", usual=(1, 100))
    step_size: float = param(0.01, 1e-5, 100.0, "length of a step, in the ball's norm", usual=(0.001, 0.5), log=True)
    beta: float = param(1.0, 0.0, 1000.0, "β: weight of the KL divergence", usual=(0, 10), label="β")
    warm_up: int = param(0, 0, 10_000, "epochs over which ε grows linearly from 0", usual=(0, 50))

    @property
    def trained_against(self) -> Ball:
        return self.ball

    @property
    def fixed(self) -> None:
        return None

    @property
    def step_cost(self) -> StepCost:
        """The clean predictions that the divergence is from, the steps, and the loss of both."""
        return StepCost(passes=3 + self.steps, images=2)
