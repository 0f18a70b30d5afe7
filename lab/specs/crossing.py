"""Reach of an iterative attack's steps, compared with the ball before anything is computed."""

from lab.specs.attacks import AttackSpec, attacks_in
from lab.specs.balls import Ball
from lab.specs.capabilities import NORM_BALLS
from lab.specs.pace import pace


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
