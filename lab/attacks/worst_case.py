"""The worst of several attacks, image by image."""

from torch import Tensor, nn

from lab.attacks.attack import ascend, perturb
from lab.attacks.best import Best
from lab.attacks.labels import answer
from lab.attacks.objectives import cross_entropy, predicted
from lab.attacks.radii import Region, around
from lab.context import Context
from lab.specs.attacks import WorstCase


@ascend.register
def worst_case(spec: WorstCase, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """Of every attack's proposal, the one with the largest cross-entropy of the true label."""
    best = Best(x)
    for i, each in enumerate(spec.attacks):
        x_adv = ascend(each, model, x, y, ball, ctx.part(i, len(spec.attacks), type(each).__name__))
        best.offer(x_adv, cross_entropy(answer(model, x_adv), y))
    return best.x_adv


@perturb.register
def worst_case_verdict(spec: WorstCase, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """One attack after another on the images that are left; where all fail, the one of the largest loss."""
    best = Best(x)
    standing = (predicted(answer(model, x)) == y).nonzero().flatten()
    for i, each in enumerate(spec.attacks):
        if not len(standing):
            break
        part = ctx.part(i, len(spec.attacks), type(each).__name__).only(standing.tolist())
        x_adv = perturb(each, model, x[standing], y[standing], around(ball, standing), part)
        logits = answer(model, x_adv)
        broken = predicted(logits) != y[standing]
        best.offer_some(standing[~broken], x_adv[~broken], cross_entropy(logits, y[standing])[~broken])
        best.x_adv[standing[broken]] = x_adv[broken]
        standing = standing[~broken]
    return best.x_adv
