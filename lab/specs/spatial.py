"""Rotations and translations: the threat model, and the attack that searches it."""

from dataclasses import dataclass

from lab.specs.attacks import AttackSpec, CrossEntropy, Objective
from lab.specs.balls import Ball
from lab.specs.capabilities import Capabilities
from lab.specs.spec import param


@dataclass(frozen=True)
class Spatial(Ball, title="Spatial"):
    """The image rotated and shifted, on a lattice. Engstrom et al. 2019; Tramèr et al. 2018, App. C.1.

    The lattice holds ``2 · angles + 1`` rotations and ``2 · shifts + 1`` translations along each axis, so that a judge
    can identify any of them; the defaults are Engstrom et al.'s 31 · 5 · 5. The distance is
    the larger of its rotation and translation, as fractions of the largest.
    """

    eps: float = param(1.0, 0.0, 1.0, "fraction of the largest rotation and translation allowed", label="ε")
    rotation: float = param(30.0, 0.0, 180.0, "largest rotation in either direction", usual=(0.0, 45.0), unit="°")
    translation: float = param(3.0, 0.0, 100.0, "largest shift in either direction", usual=(0.0, 6.0), unit="pixels")
    angles: int = param(15, 0, 180, "rotations on the lattice, in either direction", usual=(1, 30))
    shifts: int = param(2, 0, 100, "shifts on the lattice, in either direction along each axis", usual=(1, 6))


@dataclass(frozen=True)
class RotateTranslate(AttackSpec, title="Rotate and translate"):
    """The rotation and translation of the largest loss. Engstrom et al. 2019; Tramèr et al. 2018, App. C.1.

    'grid' tries the whole lattice, 'random' the worst of some, 'gradient' climbs from random ones and ends on the
    lattice.
    """

    search: str = param("grid", meaning="how rotations and shifts are searched", choices=("grid", "random", "gradient"))
    tries: int = param(
        10,
        1,
        100_000,
        "random transformations, or starting points of the gradient ascent",
        usual=(1, 100),
        log=True,
        brief=10,
    )
    steps: int = param(200, 1, 10_000, "steps of the gradient ascent", usual=(10, 200), brief=100)
    step_size: float = param(0.02, 1e-4, 1.0, "length of a step, as a fraction of the largest rotation and translation")
    objective: Objective = param(CrossEntropy(), meaning="loss that is maximised")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=(Spatial,),
            gradient=self.search == "gradient",
            deterministic=self.search == "grid",
            eps_per_image=False,
            retried=False,
            to_cross=0,
        )
