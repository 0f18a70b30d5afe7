"""MultiTargeted: the lead of one wrong class after another, raised by steps that shrink evenly to nothing."""

from dataclasses import dataclass
from math import ceil

from lab.specs.auto_attack import Climbing
from lab.specs.spec import param


@dataclass(frozen=True)
class MultiTargeted(Climbing, title="MultiTargeted"):
    """PGD on z_t - z_y, toward the likeliest wrong classes t side by side, by a shrinking step. Gowal et al. 2019.

    The step falls evenly from 2 ε to nothing. After an eighth, a quarter and a half of the steps the better half of an
    image's targets goes on. So it breaks as much as APGD-T with a fraction of the gradients.
    """

    steps: int = param(20, 1, 10_000, "gradient steps of each restart", usual=(5, 200), log=True)
    targets: int = param(
        9, 0, 1000, "most likely wrong classes targeted; 0 for the strongest rival at each step", usual=(0, 9)
    )


def halvings(steps: int) -> frozenset[int]:
    """After how many steps the better half of an image's targets goes on."""
    return frozenset(ceil(steps * part) for part in (1 / 8, 1 / 4, 1 / 2))
