"""APGD-T: Auto-PGD toward each of the likeliest wrong classes. Croce & Hein 2020."""

from torch import Tensor, nn

from lab.attacks.attack import ascend, perturb
from lab.attacks.best import Best
from lab.attacks.climbs import Climbs, random_starts
from lab.attacks.goals import Toward
from lab.attacks.labels import answer
from lab.attacks.objectives import likeliest_wrong, margin, predicted
from lab.attacks.radii import Region
from lab.context import Context
from lab.specs.auto_attack import APGDTargeted


@ascend.register
def apgd_targeted(spec: APGDTargeted, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """Of every target's and restart's highest point, the one with the smallest margin of the true label."""
    climbs = _climbs(spec, model, x, y, ball, answer(model, x, spec.passes), ctx)
    climbs.largest(ctx)
    return climbs.best.x_adv


@perturb.register
def apgd_targeted_verdict(
    spec: APGDTargeted, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context
) -> Tensor:
    """APGD-T until the image is misclassified, as whatever class; else the point with the smallest margin.

    The likeliest target comes first. As many targets as fill a batch go side by side.
    """
    clean = answer(model, x, spec.passes)
    climbs = _climbs(spec, model, x, y, ball, clean, ctx)
    climbs.until_broken((predicted(clean) == y).nonzero().flatten(), ctx)
    return climbs.best.x_adv


def _climbs(
    spec: APGDTargeted, model: nn.Module, x: Tensor, y: Tensor, ball: Region, clean: Tensor, ctx: Context
) -> Climbs:
    targets = likeliest_wrong(clean, y, spec.targets)
    count = targets.shape[1]  # fewer than asked for where there are fewer wrong classes

    def goal(owner: Tensor, number: Tensor) -> Toward:
        return Toward(y[owner], targets[owner, number % count])

    def reached(logits: Tensor, owner: Tensor) -> Tensor:
        return -margin(logits, y[owner])

    start = random_starts(x, ball, ctx.seeded("apgd-t"))
    return Climbs(spec, model, x, y, ball, count * spec.restarts, goal, start, reached, Best(x))
