"""Sources of the adversarial examples in training.

Static models never change, so their examples of a training image are always the same where nothing is random.
"""

from dataclasses import dataclass
from typing import ClassVar

from lab.errors import FieldError, SpecError
from lab.specs.attacks import BIM, FGSM, AttackSpec, StepLL
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import Spec, param

UNIFORM, HALF_NORMAL = "uniform", "half-normal"
EVALUATION, TRAINING = "evaluation", "training"


def _mode() -> str:
    """The field ``mode`` of every source that attacks models during training."""
    return param(
        EVALUATION,
        meaning="mode of the attacked models while examples are made: evaluation, or training as in Tramèr et al. "
        "2018's code, where dropout is drawn for the gradient and the predicted label, too",
        choices=(EVALUATION, TRAINING),
        label="Mode of the attacked models",
    )


@dataclass(frozen=True)
class FixedExamples:
    """Adversarial examples of static models for training: of all ``models`` under one attack.

    ``levels`` are the equal steps of ε, up to the ball's, at which there are images. ``stored``: they are made once,
    before the first step. ``own_eps``: an image's own ε, where a recipe draws one, is theirs, too. ``same_start``:
    the models should have had the initial weights that training starts from. ``mode`` is theirs while attacked.
    """

    models: tuple[ModelSpec, ...]
    attack: AttackSpec
    levels: int
    stored: bool
    own_eps: bool
    same_start: bool
    mode: str = EVALUATION


@dataclass(frozen=True)
class Source(Spec):
    """Source of the adversarial examples of a batch.

    ``short`` precedes the attack's title where a recipe is summed up in a line.
    """

    short: ClassVar[str]

    @property
    def fixed(self) -> FixedExamples | None:
        """Examples of static models that it needs, if any. Raises :class:`SpecError` where the class states nothing."""
        raise SpecError(
            f"{type(self).__name__} does not state which examples of static models it needs: give it a property "
            "'fixed'."
        )

    @property
    def attacks(self) -> tuple[AttackSpec, ...]:
        """The attacks of which one makes an image's example. Raises :class:`SpecError` where the class names none."""
        raise SpecError(f"{type(self).__name__} does not state its attacks: give it a property 'attacks'.")


@dataclass(frozen=True)
class OwnExamples(Source, title="White box: the model itself"):
    """White-box attacks on the model being trained. Kurakin et al. 2017, Algorithm 1; Madry et al. 2017, §2.1."""

    short: ClassVar[str] = ""

    attack: AttackSpec = param(FGSM(labels="predicted"), meaning="attack on the model being trained")
    mode: str = _mode()

    @property
    def fixed(self) -> None:
        return None

    @property
    def attacks(self) -> tuple[AttackSpec, ...]:
        return (self.attack,)


@dataclass(frozen=True)
class EnsembleExamples(Source, title="Ensemble: this or a static model"):
    """Each batch's source is drawn from the model being trained and static models. Tramèr et al. 2018, §3.4, §4.2.

    All are equally likely. The static models' examples are computed once, before the first step, and then reused;
    where they would differ from one time to the next (random starts, random targets, a growing ε or an ε of its own
    for each image, augmentation, models in training mode), or need too much memory, they are recomputed for each batch.
    """

    short: ClassVar[str] = "Ensemble"

    attack: AttackSpec = param(FGSM(labels="predicted"), meaning="attack on the model drawn for the batch")
    models: tuple[ModelSpec, ...] = param((Trained("standard-b"),), meaning="static models whose examples are used too")
    stored: bool = param(
        True, meaning="compute their examples once and reuse them, where that is equivalent", label="Stored examples"
    )
    mode: str = _mode()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.models:
            raise FieldError("EnsembleExamples", "models", "must name at least one static model, but is empty.")

    @property
    def fixed(self) -> FixedExamples:
        stored = self.stored and self.mode == EVALUATION
        return FixedExamples(self.models, self.attack, 1, stored, own_eps=True, same_start=False, mode=self.mode)

    @property
    def attacks(self) -> tuple[AttackSpec, ...]:
        return (self.attack,)


@dataclass(frozen=True)
class CascadeExamples(Source, title="Cascade: and a defended model"):
    """Half attacks on the model being trained, half stored ones on a defended model. Na et al. 2018, §3.2.

    The stored examples have ε of 1, 2, …, 16 sixteenths of the ball's (§5.2: 1/255 to 16/255), each time one of them
    at random: uniformly, as the paper may be read, or |N(0, ε/2)| rounded down to a level, as in the authors' code,
    where small ε are the most frequent. A spread of ε concerns the other half only. They are computed once and then
    reused, in the cases of :class:`EnsembleExamples`; as bytes, as Na et al. keep theirs, where ε, its levels and the
    steps are whole grey levels, so that nothing is lost (16/255 on CIFAR-10). Augmented images' are computed for each
    batch, where the authors store those of the centre crops and train on clean centre crops beside them. The defended
    model should have the same initialisation (§5.1): the same architecture and seed, or the same start. Na et al.
    defend it with the pivot loss (Table 7).
    """

    short: ClassVar[str] = "Cascade"

    attack: AttackSpec = param(StepLL(), meaning="attack on the model being trained")
    defended: ModelSpec = param(Trained("pivot-trained"), meaning="the already defended model", label="Defended model")
    iterative: AttackSpec = param(
        BIM(), meaning="attack whose examples are stored before training", label="Attack on the defended model"
    )
    levels: int = param(
        16, 1, 255, "number of equally spaced ε of the stored examples, up to the threat model's", label="Levels of ε"
    )
    levels_drawn: str = param(
        UNIFORM,
        meaning="how an image's level is drawn: all levels alike, or |N(0, ε/2)| rounded down as in the authors' code",
        choices=(UNIFORM, HALF_NORMAL),
        label="Draw of the level",
    )
    share: float = param(
        0.5,
        0.0,
        1.0,
        "fraction of the adversarial images that come from the defended model",
        label="Fraction from the defended model",
    )
    stored: bool = param(
        True, meaning="compute its examples once and reuse them, where that is equivalent", label="Stored examples"
    )
    mode: str = _mode()

    @property
    def fixed(self) -> FixedExamples:
        stored = self.stored and self.mode == EVALUATION
        return FixedExamples(
            (self.defended,), self.iterative, self.levels, stored, own_eps=False, same_start=True, mode=self.mode
        )

    @property
    def attacks(self) -> tuple[AttackSpec, ...]:
        return (self.attack, self.iterative)
