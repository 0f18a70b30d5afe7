"""Reach of an iterative attack's steps, compared with the ball before anything is computed."""

from collections.abc import Iterator

from lab.specs.attacks import PGD, AttackSpec, Iterated, attacks_in
from lab.specs.balls import Ball, Linf
from lab.specs.capabilities import NORM_BALLS
from lab.specs.extended import Extended
from lab.specs.pace import pace
from lab.specs.query import QueryPGD
from lab.specs.recipes import TRADES
from lab.specs.spec import Spec, grey_levels

STEPPING = (PGD, Iterated, QueryPGD, TRADES)
"""Specs whose ``step_size`` is a length in the ball's norm; 0 follows ε."""


def crossing(attack: AttackSpec, ball: Ball) -> str:
    """A sentence when the steps end before the far side of the ball; empty when they do not, or when none are taken.

    From a random point of the ball its far side is up to 2 ε away, from the image itself ε. Where the steps are
    too few or too short, images seem robust
    only because the attack stopped short. Steps that follow ε always cross.
    """
    if not isinstance(ball, NORM_BALLS):
        return ""
    to_cross = attack.capabilities.to_cross
    if not to_cross:
        return next(filter(None, (crossing(each, ball) for each in attacks_in(attack))), "")
    steps, size = pace(attack, ball.eps)
    far, needed = steps * size, ball.eps * to_cross
    if far >= needed * (1 - 1e-6):
        return ""
    start = "from a random start the far side" if to_cross == 2 else "from the image the edge"
    return (
        f"{steps} steps of {size:g} go {far:.3g} far, but {start} of this ball is up to {needed:.3g} away: take steps "
        f"of {needed / steps:.2g} or longer, or more of them, or set the step size to 0, which follows ε."
    )


def longer_than_all(*specs: Spec) -> str:
    """A sentence when steps in L∞ are longer than from black to white, as grey levels are; empty when they are not."""
    inside = [each for spec in specs for each in _within(spec)]
    if any(isinstance(each, Ball) and not isinstance(each, Linf | Extended) for each in inside):
        return ""
    sizes = [each.step_size for each in inside if isinstance(each, STEPPING)]
    longest = max(sizes, default=0.0)
    return f"Steps of {longest:.6g} are longer than from black to white{grey_levels(longest)}" if longest > 1 else ""


def _within(spec: Spec) -> Iterator[Spec]:
    """The spec, and every spec within it."""
    yield spec
    for value in vars(spec).values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Spec):
                yield from _within(each)
