"""Cost of a distance between two images: one comparison, or one for each point of a lattice."""

from functools import singledispatch

from lab.errors import SpecError
from lab.specs.balls import L2, Ball, Linf
from lab.specs.extended import Extended
from lab.specs.pixels import L0
from lab.specs.spatial import Spatial


@singledispatch
def lattice_size(ball: Ball) -> int:
    """Images that are compared to measure a distance. Raises :class:`SpecError` where nobody has declared it."""
    raise SpecError(f"{type(ball).__name__} has no declared cost: register one with lab.cost.balls.lattice_size.")


@lattice_size.register(Linf)
@lattice_size.register(L2)
@lattice_size.register(L0)
def _(ball: Ball) -> int:
    return 1


@lattice_size.register(Spatial)
@lattice_size.register(Extended)
def _(ball: Spatial | Extended) -> int:
    turns = 2 * ball.angles + 1 if ball.rotation else 1
    return turns * ((2 * ball.shifts + 1) ** 2 if ball.translation else 1)
