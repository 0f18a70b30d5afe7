"""Threat models: the set of images an adversary may show instead of x."""

from dataclasses import dataclass
from typing import ClassVar

from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Ball(Spec):
    """All images of [0, 1] within a distance ε of x, in some norm."""

    wanted: ClassVar[str] = "a ball such as Linf(0.3) or L2(2.0)"

    eps: float = param(0.0, 0.0, 1000.0, "largest distance from the image", label="ε")


@dataclass(frozen=True)
class Linf(Ball, title="L∞"):
    """No pixel changes by more than eps. Kurakin et al. 2017, §2; Madry et al. 2017, §2."""

    eps: float = param(0.3, 0.0, 1.0, "L∞ radius, for pixels in [0, 1]", usual=(0.0, 0.5), pixels=True, label="ε")


@dataclass(frozen=True)
class L2(Ball, title="L2"):
    """The change's Euclidean length is at most eps. Madry et al. 2017, long version on arXiv, Figure 6, right half."""

    eps: float = param(2.0, 0.0, 1000.0, "L2 radius, for pixels in [0, 1]", usual=(0.0, 8.0), label="ε")
