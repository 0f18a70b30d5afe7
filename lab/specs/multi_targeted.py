"""MultiTargeted: the lead of one wrong class after another, raised by steps that shrink evenly to nothing."""

from dataclasses import dataclass
from math import ceil

from lab.specs.auto_attack import Climbing
from lab.specs.spec import param

_OUTSIDE = 0.6  # of the steps, as in Croce & Hein 2021


@dataclass(frozen=True)
class MultiTargeted(Climbing, title="MultiTargeted"):
    """PGD on z_t - z_y, toward the likeliest wrong classes t side by side, by a shrinking step. Gowal et al. 2019.

    The step falls evenly from 2 ε to nothing. After an eighth, a quarter and a half of the steps the better half of an
    image's targets goes on. So it breaks as much as APGD-T with a fraction of the gradients.

    With an initial radius above ε it starts outside the ball, which shrinks onto ε in three fifths of the steps, as in
    l1-APGD from 3 ε by 2 ε (Croce & Hein 2021, multi-ε): so it finds what ascent inside misses. The steps are longer
    by the same factor, and all targets go on for the first half of them.
    """

    steps: int = param(20, 1, 10_000, "gradient steps of each restart", usual=(5, 200), log=True)
    targets: int = param(
        9, 0, 1000, "most likely wrong classes targeted; 0 for the strongest rival at each step", usual=(0, 9)
    )
    initial_radius: float = param(
        1.0, 1.0, 100.0, "radius of the ball at the start, as a multiple of ε, to which it shrinks", usual=(1, 10)
    )

    @property
    def outside(self) -> int:
        """Number of steps after which all points lie in the ball."""
        return ceil(_OUTSIDE * self.steps) if self.initial_radius > 1 else 0


def radius(spec: MultiTargeted, step: int) -> float:
    """Radius of the ball after so many steps, as a multiple of ε."""
    if step >= spec.outside:
        return 1.0
    return spec.initial_radius + (1 - spec.initial_radius) * step / spec.outside


def halvings(spec: MultiTargeted) -> frozenset[int]:
    """After how many steps the better half of an image's targets goes on: far outside the ball none is known."""
    parts = (1 / 2, 5 / 8, 3 / 4) if spec.outside else (1 / 8, 1 / 4, 1 / 2)
    return frozenset(ceil(spec.steps * part) for part in parts)
