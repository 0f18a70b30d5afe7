"""Recipes: how a network is trained, completely, so that training it again gives the same network."""

from dataclasses import dataclass
from typing import ClassVar

from lab.specs.attacks import FGSM, PGD, AttackSpec
from lab.specs.balls import Ball, Linf
from lab.specs.data import DataSpec, Digits
from lab.specs.models import Architecture, SmallCNN
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Recipe(Spec):
    """Data, network, optimiser and seed: what every kind of training has."""

    data: DataSpec = param(Digits(), meaning="data set")
    architecture: Architecture = param(SmallCNN(), meaning="network")
    epochs: int = param(10, 1, 10_000, "passes over the training images", usual=(1, 100))
    batch: int = param(64, 1, 4096, "images a step", unit="images", log=True)
    learning_rate: float = param(1e-3, 1e-6, 1.0, "Adam's learning rate", log=True)
    seed: int = param(0, 0, 2**31 - 1, "seed of the initial weights, the order and the random starts")

    long: ClassVar[bool] = True


@dataclass(frozen=True)
class Standard(Recipe):
    """Ordinary training on clean images."""


@dataclass(frozen=True)
class Adversarial(Recipe):
    """Training on a mixture of clean images and images attacked against the network as it is now.

    The loss is ``(1 - weight) · clean + weight · adversarial``: Tramèr et al. 2018 (§4.1) take weight ½, Madry et
    al. 2017 (§2.1) weight 1. The ball's eps grows linearly from 0 over the first ``warm_up`` epochs, which the
    papers do not do; small networks need it at eps 0.3 (Madry et al. 2017, §4: too little capacity collapses).
    """

    attack: AttackSpec = param(FGSM(labels="predicted"), meaning="attack on the current network")
    ball: Ball = param(Linf(0.3), meaning="threat model trained against")
    weight: float = param(0.5, 0.0, 1.0, "share of the adversarial loss")
    warm_up: int = param(0, 0, 10_000, "epochs over which eps grows from 0", usual=(0, 50))


def fgsm_training(**changes: object) -> Adversarial:
    """One-step adversarial training without label leaking. Tramèr et al. 2018, §4.1."""
    return Adversarial().replace(**changes)


def pgd_training(**changes: object) -> Adversarial:
    """Adversarial training against PGD only. Madry et al. 2017, §2.1 and §5."""
    attack = PGD(steps=7, step_size=0.1)
    return Adversarial(attack=attack, weight=1.0).replace(**changes)
