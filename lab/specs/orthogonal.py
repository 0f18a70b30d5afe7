"""Orthogonal directions: how many independent ways lead from an image to an adversarial one."""

from dataclasses import dataclass

from lab.specs.attacks import AttackSpec
from lab.specs.capabilities import NORM_BALLS, Capabilities
from lab.specs.spec import param


@dataclass(frozen=True)
class OrthogonalDirections(AttackSpec, title="Orthogonal directions"):
    """One step along each of k orthogonal directions near the gradient; the worst counts. Tramèr et al. 2018, App. E.

    In L∞ the alignment k^-1/2 with the signed gradient is the best possible for k = 1, 4, 16, 36, 64 and 100; another k
    takes rows of the next larger matrix. In L2 it is the best possible for every k.
    """

    k: int = param(16, 1, 100, "orthogonal directions; 1: the signed gradient alone", label="Directions")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=NORM_BALLS,
            gradient=True,
            deterministic=False,
            eps_per_image=False,
            retried=False,
            to_cross=0,
        )
