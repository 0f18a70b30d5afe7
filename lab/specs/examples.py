"""Whose adversarial examples a network is trained on.

Fixed networks never change, so what they have to say about a training image is always the same where nothing is random.
"""

from dataclasses import dataclass

from lab.errors import SpecError
from lab.specs.attacks import BIM, FGSM, AttackSpec, StepLL
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Source(Spec):
    """Where the adversarial examples of a batch come from."""


@dataclass(frozen=True)
class OwnExamples(Source):
    """Attacks on the network itself, as it is now. Kurakin et al. 2017, Algorithm 1; Madry et al. 2017, §2.1."""

    attack: AttackSpec = param(FGSM(labels="predicted"), meaning="attack on the current network")


@dataclass(frozen=True)
class EnsembleExamples(Source):
    """Each batch's source is drawn from the network itself and fixed, trained ones. Tramèr et al. 2018, §3.4, §4.2.

    All are equally likely. The fixed networks' examples are made once, before the first step, and then read; where
    they would differ from one time to the next (random starts, random targets, a growing eps or an eps of its own for
    each image, augmentation), or need too much memory, they are made anew for each batch.
    """

    attack: AttackSpec = param(FGSM(labels="predicted"), meaning="attack on whichever network was drawn")
    models: tuple[ModelSpec, ...] = param((Trained("standard-b"),), meaning="the fixed networks")
    stored: bool = param(True, meaning="make their examples once and read them, where that is the same")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.models:
            raise SpecError("EnsembleExamples.models must name at least one fixed network, but is empty.")


@dataclass(frozen=True)
class CascadeExamples(Source):
    """Half attacks on the network itself, half stored iterative ones on a defended network. Na et al. 2018, §3.2.

    The stored images have eps 1, 2, …, 16 sixteenths of the ball's, each time one of these at random (§5.2: 1/255 to
    16/255); a spread of eps concerns the other half only. They are made once and then read, in the cases of
    :class:`EnsembleExamples`. The defended network should have the same initialisation (§5.1): the same architecture
    and seed. Na et al. defend it with the pivot loss (Table 7).
    """

    attack: AttackSpec = param(StepLL(), meaning="attack on the current network")
    defended: ModelSpec = param(Trained("pivot-trained"), meaning="the already defended network")
    iterative: AttackSpec = param(BIM(), meaning="attack on the defended network")
    levels: int = param(16, 1, 255, "how many equal steps of eps the stored images have, up to the ball's")
    share: float = param(0.5, 0.0, 1.0, "share of the adversarial images that come from the defended network")
    stored: bool = param(True, meaning="make its examples once and read them, where that is the same")
