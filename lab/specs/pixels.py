"""A few pixels changed at will: the threat model, and the attack that flips them."""

from dataclasses import dataclass

from lab.specs.attacks import AttackSpec, CrossEntropy, Objective
from lab.specs.balls import Ball
from lab.specs.capabilities import Capabilities
from lab.specs.spec import param


@dataclass(frozen=True)
class L0(Ball, title="L0"):
    """At most ε pixels change, each to any colour. Tramèr et al. 2018, App. C.1 (five flipped pixels)."""

    eps: float = param(5.0, 0.0, 1e6, "number of pixels that may change", usual=(0.0, 50.0), label="ε")


@dataclass(frozen=True)
class FlipPixels(AttackSpec, title="Flip pixels"):
    """Flips ε pixels, v becoming 1 - v in every channel. Tramèr et al. 2018, App. C.1.

    'random' tries sets of pixels; 'greedy' repeatedly flips the pixel that increases the loss most, trying all;
    'gradient' flips those whose flip a linear model of the loss favours most.
    """

    search: str = param("random", meaning="how pixels are chosen", choices=("random", "greedy", "gradient"))
    tries: int = param(
        1,
        1,
        100_000,
        "random sets of pixels; the strongest result per image is kept",
        usual=(1, 1000),
        log=True,
        brief=10,
    )
    objective: Objective = param(CrossEntropy(), meaning="loss that is maximised")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=(L0,),
            gradient=self.search == "gradient",
            deterministic=self.search != "random",
            eps_per_image=False,
            retried=False,
            to_cross=0,
        )
