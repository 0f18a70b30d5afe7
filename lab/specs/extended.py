"""Rotation, flipped pixels and an L∞ change together: the threat model, and the attack that goes stage by stage."""

from dataclasses import dataclass, replace

from lab.specs.attacks import PGD, AttackSpec
from lab.specs.balls import Ball
from lab.specs.capabilities import Capabilities, of_all
from lab.specs.pixels import FlipPixels
from lab.specs.spatial import RotateTranslate
from lab.specs.spec import param


@dataclass(frozen=True)
class Extended(Ball, title="Combined"):
    """The image rotated and shifted, some pixels changed at will, all by up to eps. Tramèr et al. 2018, App. C.1.

    Rotations and shifts lie on the lattice of :class:`Spatial`. The distance of a picture is its largest change of a
    pixel against the best rotated and shifted image, without the pixels that may change at will.
    """

    eps: float = param(0.3, 0.0, 1.0, "L∞ radius, for pixels in [0, 1]", usual=(0.0, 0.5), pixels=True, label="ε")
    pixels: int = param(5, 0, 1_000_000, "number of pixels that may change arbitrarily", usual=(0, 50))
    rotation: float = param(20.0, 0.0, 180.0, "largest rotation in either direction", usual=(0.0, 45.0), unit="°")
    translation: float = param(0.0, 0.0, 100.0, "largest shift in either direction", usual=(0.0, 6.0), unit="pixels")
    angles: int = param(10, 0, 180, "rotations on the lattice, in either direction", usual=(1, 30))
    shifts: int = param(2, 0, 100, "shifts on the lattice, in either direction along each axis", usual=(1, 6))


@dataclass(frozen=True)
class Staged(AttackSpec, title="Rotate, flip, then change"):
    """First rotates and shifts, then flips pixels, then attacks in the L∞ ball. Tramèr et al. 2018, App. C.1.

    The paper rotates every image by 20°; here each takes the worst rotation of the lattice, which is stronger.
    """

    rotate: RotateTranslate = param(RotateTranslate(), meaning="the first stage")
    flip: FlipPixels = param(FlipPixels(), meaning="the second stage")
    perturb: AttackSpec = param(PGD(), meaning="the last stage, an attack in the L∞ ball", label="Last stage")

    @property
    def capabilities(self) -> Capabilities:
        stages = of_all([each.capabilities for each in (self.rotate, self.flip, self.perturb)])
        return replace(stages, balls=(Extended,))
