"""Attacks on several models at once, shown to another one."""

from dataclasses import dataclass

from lab.errors import FieldError
from lab.specs.attacks import PGD, AttackSpec
from lab.specs.capabilities import Capabilities, of_all
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import param

AVERAGES = ("probabilities", "logits")


@dataclass(frozen=True)
class EnsembleAttack(AttackSpec, title="Ensemble of models"):
    """Attack on the average of several models, to transfer to another. Liu et al. 2017; Tramèr 2018, §4.2.

    Predicted and least likely labels are the average's, too.
    """

    attack: AttackSpec = param(PGD(), meaning="attack on the average of the models")
    models: tuple[ModelSpec, ...] = param(
        (Trained("standard"), Trained("standard-b")), meaning="models that are averaged"
    )
    of: str = param("probabilities", meaning="quantity that is averaged", choices=AVERAGES, label="What is averaged")

    @property
    def capabilities(self) -> Capabilities:
        return of_all([self.attack.capabilities])

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.models:
            raise FieldError("EnsembleAttack", "models", "must name at least one model.")
