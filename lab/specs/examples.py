"""Whose adversarial examples a network is trained on."""

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
    """Each batch's source is drawn from the network itself and fixed, trained ones. Tramèr et al. 2018, §3.4.

    The fixed networks never change, so their examples are made once, before the first step, and then read
    (``stored``); with random starts, per-image eps or augmentation they are made anew for each batch.
    """

    attack: AttackSpec = param(FGSM(labels="predicted"), meaning="attack on whichever network was drawn")
    models: tuple[ModelSpec, ...] = param((Trained("standard-b"),), meaning="the fixed networks")
    stored: bool = param(True, meaning="make the fixed networks' examples once and read them where that is the same")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.models:
            raise SpecError("EnsembleExamples.models must name at least one fixed network, but is empty.")


@dataclass(frozen=True)
class CascadeExamples(Source):
    """Half attacks on the network itself, half stored iterative ones on a defended network. Na et al. 2018, §3.2.

    The stored images have eps 1, 2, …, 16 sixteenths of the ball's, image by image at random (1/255 to 16/255 in the
    paper). The defended network should have the same initialisation: the same architecture and seed.
    """

    attack: AttackSpec = param(StepLL(), meaning="attack on the current network")
    defended: ModelSpec = param(Trained("fgsm-trained"), meaning="the already defended network")
    iterative: AttackSpec = param(BIM(), meaning="attack on the defended network")
    levels: int = param(16, 1, 255, "how many equal steps of eps the stored images have, up to the ball's")
    share: float = param(0.5, 0.0, 1.0, "share of the adversarial images that come from the defended network")
