"""AutoAttack: several attacks one after another, the survivors of each to the next. Croce & Hein 2020."""

from torch import Tensor, nn

from lab.attacks.attack import ascend, perturb
from lab.attacks.radii import Region
from lab.context import Context
from lab.specs.attacks import WorstCase
from lab.specs.auto_attack import AutoAttack


@ascend.register
def auto_attack(spec: AutoAttack, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """Of every attack's proposal, the one with the largest loss."""
    return ascend(WorstCase(spec.attacks), model, x, y, ball, ctx)


@perturb.register
def auto_attack_verdict(spec: AutoAttack, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """One attack after another on the images that withstood those before."""
    return perturb(WorstCase(spec.attacks), model, x, y, ball, ctx)
