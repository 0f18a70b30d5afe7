"""Whose adversarial examples a network is trained on.

Fixed networks never change, so what they have to say about a training image is always the same where nothing is random.
"""

from dataclasses import dataclass
from typing import ClassVar

from lab.errors import FieldError, SpecError
from lab.specs.attacks import BIM, FGSM, AttackSpec, StepLL
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class FixedExamples:
    """What training needs of fixed networks: adversarial images of all ``models`` by one attack.

    ``levels`` are the equal steps of eps, up to the ball's, at which there are images. ``stored``: they are made once,
    before the first step. ``own_eps``: an image's own eps, where a recipe draws one, is theirs, too. ``same_start``:
    the networks should have had the initial weights that training begins with.
    """

    models: tuple[ModelSpec, ...]
    attack: AttackSpec
    levels: int
    stored: bool
    own_eps: bool
    same_start: bool


@dataclass(frozen=True)
class Source(Spec):
    """Where the adversarial examples of a batch come from.

    ``short`` is what stands before the attack's title where a recipe is summed up in a line.
    """

    short: ClassVar[str]

    @property
    def fixed(self) -> FixedExamples | None:
        """What it needs of fixed networks, if any. Raises :class:`SpecError` where its class does not state it."""
        raise SpecError(
            f"{type(self).__name__} does not state which examples of fixed networks it needs: give it a property "
            "'fixed'."
        )


@dataclass(frozen=True)
class OwnExamples(Source, title="White box: the model being trained"):
    """Attacks on the network itself, as it is now. Kurakin et al. 2017, Algorithm 1; Madry et al. 2017, §2.1."""

    short: ClassVar[str] = ""

    attack: AttackSpec = param(FGSM(labels="predicted"), meaning="attack on the current network")

    @property
    def fixed(self) -> None:
        return None


@dataclass(frozen=True)
class EnsembleExamples(Source, title="Ensemble: the model being trained, or a fixed one"):
    """Each batch's source is drawn from the network itself and fixed, trained ones. Tramèr et al. 2018, §3.4, §4.2.

    All are equally likely. The fixed networks' examples are made once, before the first step, and then read; where
    they would differ from one time to the next (random starts, random targets, a growing eps or an eps of its own for
    each image, augmentation), or need too much memory, they are made anew for each batch.
    """

    short: ClassVar[str] = "Ensemble"

    attack: AttackSpec = param(FGSM(labels="predicted"), meaning="attack on whichever network was drawn")
    models: tuple[ModelSpec, ...] = param((Trained("standard-b"),), meaning="the fixed networks")
    stored: bool = param(
        True, meaning="make their examples once and read them, where that is the same", label="Stored examples"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.models:
            raise FieldError("EnsembleExamples", "models", "must name at least one fixed network, but is empty.")

    @property
    def fixed(self) -> FixedExamples:
        return FixedExamples(self.models, self.attack, levels=1, stored=self.stored, own_eps=True, same_start=False)


@dataclass(frozen=True)
class CascadeExamples(Source, title="Cascade: the model being trained, and a defended one"):
    """Half attacks on the network itself, half stored iterative ones on a defended network. Na et al. 2018, §3.2.

    The stored images have eps 1, 2, …, 16 sixteenths of the ball's, each time one of these at random (§5.2: 1/255 to
    16/255); a spread of eps concerns the other half only. They are made once and then read, in the cases of
    :class:`EnsembleExamples`. The defended network should have the same initialisation (§5.1): the same architecture
    and seed. Na et al. defend it with the pivot loss (Table 7).
    """

    short: ClassVar[str] = "Cascade"

    attack: AttackSpec = param(StepLL(), meaning="attack on the current network")
    defended: ModelSpec = param(Trained("pivot-trained"), meaning="the already defended model", label="Defended model")
    iterative: AttackSpec = param(BIM(), meaning="attack on the defended model", label="Attack on the defended model")
    levels: int = param(
        16, 1, 255, "how many equal steps of eps the stored images have, up to the ball's", label="Levels of ε"
    )
    share: float = param(
        0.5,
        0.0,
        1.0,
        "fraction of the adversarial images that come from the defended model",
        label="Fraction from the defended model",
    )
    stored: bool = param(
        True, meaning="make its examples once and read them, where that is the same", label="Stored examples"
    )

    @property
    def fixed(self) -> FixedExamples:
        return FixedExamples((self.defended,), self.iterative, self.levels, self.stored, own_eps=False, same_start=True)
