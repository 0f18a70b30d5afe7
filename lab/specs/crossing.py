"""How far an iterative attack's steps go, and whether that is across the ball: known before anything is computed."""

from math import floor

from lab.specs.attacks import PGD, AttackSpec, Iterated
from lab.specs.balls import L2, Ball, Linf
from lab.specs.ensemble import EnsembleAttack
from lab.specs.query import QueryPGD


def crossing(attack: AttackSpec, ball: Ball) -> str:
    """A sentence when the steps end before the far side of the ball; empty when they do not, or when none are taken.

    From a random point of the ball its far side is up to 2 eps away, from the image itself eps. Where the steps are
    too few or too short, images seem robust that only were not reached.
    """
    if isinstance(attack, EnsembleAttack):
        return crossing(attack.attack, ball)
    if not isinstance(ball, Linf | L2) or not isinstance(attack, PGD | QueryPGD | Iterated):
        return ""
    if not attack.step_size:
        return ""  # steps of eps / steps get as far as the ball does
    steps = attack.steps or papers_steps(ball.eps)
    somewhere = not isinstance(attack, Iterated) and attack.random_start
    far, needed = steps * attack.step_size, ball.eps * (2 if somewhere else 1)
    if far >= needed * (1 - 1e-6):
        return ""
    start = "from a random start the far side" if somewhere else "from the image the edge"
    return (
        f"{steps} steps of {attack.step_size:g} go {far:.3g} far, but {start} of this ball is up to {needed:.3g} "
        f"away: take steps of {needed / steps:.2g} or longer, or more of them."
    )


def papers_steps(eps: float) -> int:
    """⌊min(eps + 4, 1.25 eps)⌋ with eps in 1/255, at least 1 and at most 1000. Kurakin et al. 2017, §2.2."""
    levels = eps * 255
    rule = round(min(levels + 4, 1.25 * levels), 6)  # 4/255 times 255 is not exactly 4
    return min(max(floor(rule), 1), 1000)
