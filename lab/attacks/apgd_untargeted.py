"""APGD: Auto-PGD away from the true label, from random starts. Croce & Hein 2020."""

from torch import Tensor, nn

from lab.attacks.attack import ascend, perturb
from lab.attacks.best import Best
from lab.attacks.climbs import Climbs, random_starts
from lab.attacks.goals import AwayFrom
from lab.attacks.labels import answer
from lab.attacks.objectives import predicted
from lab.attacks.radii import Region
from lab.context import Context
from lab.specs.auto_attack import APGD


@ascend.register
def apgd(spec: APGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """The highest point of every restart, by the objective."""
    climbs = _climbs(spec, model, x, y, ball, ctx)
    climbs.largest(ctx)
    return climbs.best.x_adv


@perturb.register
def apgd_verdict(spec: APGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """APGD until the image is misclassified; where no restart achieves that, the highest point of all of them."""
    climbs = _climbs(spec, model, x, y, ball, ctx)
    climbs.until_broken((predicted(answer(model, x, spec.passes)) == y).nonzero().flatten(), ctx)
    return climbs.best.x_adv


def _climbs(spec: APGD, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Climbs:
    def goal(owner: Tensor, restart: Tensor) -> AwayFrom:
        return AwayFrom(spec.objective, y[owner])

    def reached(logits: Tensor, owner: Tensor) -> Tensor:
        return goal(owner, owner).height(logits)

    start = random_starts(x, ball, ctx.seeded("apgd"))
    return Climbs(spec, model, x, y, ball, spec.restarts, goal, start, reached, Best(x))
