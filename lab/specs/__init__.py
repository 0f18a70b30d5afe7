"""Specs: what to compute, as frozen values without PyTorch."""

from lab.specs.analyses import Analysis, Preview, Restarts
from lab.specs.attacks import FGSM, PGD, AttackSpec, CrossEntropy, Margin, Objective
from lab.specs.balls import L2, Ball, Linf
from lab.specs.data import CIFAR10, MNIST, DataSpec, Digits, FashionMNIST, ImageFolder, NpzFile
from lab.specs.models import (
    Architecture,
    Custom,
    MadryMNIST,
    ModelSpec,
    SmallCNN,
    Trained,
    TramerA,
    TramerB,
    TramerBStar,
    TramerC,
    TramerD,
)
from lab.specs.recipes import Adversarial, Recipe, Standard, fgsm_training, pgd_training
from lab.specs.spec import Param, Spec, from_dict, from_json, key, param, params, to_dict, to_json

__all__ = [
    "CIFAR10",
    "FGSM",
    "L2",
    "MNIST",
    "PGD",
    "Adversarial",
    "Analysis",
    "Architecture",
    "AttackSpec",
    "Ball",
    "CrossEntropy",
    "Custom",
    "DataSpec",
    "Digits",
    "FashionMNIST",
    "ImageFolder",
    "Linf",
    "MadryMNIST",
    "Margin",
    "ModelSpec",
    "NpzFile",
    "Objective",
    "Param",
    "Preview",
    "Recipe",
    "Restarts",
    "SmallCNN",
    "Spec",
    "Standard",
    "Trained",
    "TramerA",
    "TramerB",
    "TramerBStar",
    "TramerC",
    "TramerD",
    "fgsm_training",
    "from_dict",
    "from_json",
    "key",
    "param",
    "params",
    "pgd_training",
    "to_dict",
    "to_json",
]
