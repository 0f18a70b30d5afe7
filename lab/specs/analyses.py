"""Analyses: the questions of the pages."""

from dataclasses import dataclass
from typing import ClassVar

from lab.errors import FieldError
from lab.specs.attacks import PGD
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORM_BALLS
from lab.specs.data import DataSpec, Digits
from lab.specs.models import ModelSpec, Trained
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Analysis(Spec):
    """An analysis of one or more models; its result is a record of arrays."""

    long: ClassVar[bool] = False


@dataclass(frozen=True)
class Preview(Analysis, title="Image preview"):
    """Some test images to look at and choose from."""

    data: DataSpec = param(Digits(), meaning="data set the images come from")
    images: tuple[int, ...] = param(tuple(range(24)), 0, 10_000_000, "indices of the test images")

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.images) > 200:
            raise FieldError("Preview", "images", f"must be at most 200, but there are {len(self.images)}.")


@dataclass(frozen=True)
class Restarts(Analysis, title="PGD restarts"):
    """Final losses of PGD from many random starts. Madry et al. 2017, §3.1, Figures 1 and 2."""

    data: DataSpec = param(Digits(), meaning="data set the images come from")
    models: tuple[ModelSpec, ...] = param((Trained("standard"),), meaning="one to four models")
    images: tuple[int, ...] = param((0, 1, 2, 3), 0, 10_000_000, "indices of the test images")
    attack: PGD = param(PGD(restarts=200), meaning="attack run from every start")
    ball: Ball = param(Linf(0.3), meaning="threat model", choices=NORM_BALLS, label="Norm")
    seed: int = param(0, 0, 2**31 - 1, "seed of the random starts")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, most in (("models", 4), ("images", 16)):
            count = len(getattr(self, name))
            if not 1 <= count <= most or len(set(getattr(self, name))) != count:
                raise FieldError("Restarts", name, f"must be 1 to {most} different ones, but there are {count}.")
