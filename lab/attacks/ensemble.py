"""Attacks by transfer from several models: Liu et al. 2017, *Delving into Transferable Adversarial Examples*."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from lab.attacks.attack import ascend
from lab.attacks.batches import dry_pass
from lab.attacks.gradient import frozen
from lab.attacks.radii import Region
from lab.context import Context
from lab.errors import AttackError
from lab.models import load
from lab.models.adapter import Adapted, adapted
from lab.specs.ensemble import AVERAGES, EnsembleAttack


class Average(nn.Module):
    """Logits of an ensemble: the log of its members' mean probabilities, or the mean of their logits.

    Logs of probabilities are logits whose softmax is those probabilities. They are computed without the
    probabilities themselves, which underflow where a member is sure.
    """

    def __init__(self, models: Iterable[nn.Module], of: str) -> None:
        super().__init__()
        self.models, self.of = nn.ModuleList(models), of

    def forward(self, x: Tensor) -> Tensor:
        """(n, …) images to (n, classes) logits."""
        logits = torch.stack([model(x) for model in self.models])
        if self.of == "logits":
            return logits.mean(0)
        return logits.log_softmax(2).logsumexp(0) - math.log(len(logits))


def average(models: Sequence[nn.Module], of: str = "probabilities") -> nn.Module:
    """The ensemble of the models as a model; the average of one is that one itself.

    Liu et al. 2017 average the probabilities. Raises :class:`AttackError` without models, or with another ``of``.
    """
    if not models or of not in AVERAGES:
        raise AttackError(f"An ensemble averages the {' or '.join(AVERAGES)} of at least one model.")
    return models[0] if len(models) == 1 else Average(map(adapted, models), of)


@ascend.register
def ensemble_attack(spec: EnsembleAttack, model: nn.Module, x: Tensor, y: Tensor, ball: Region, ctx: Context) -> Tensor:
    """The attack's largest loss on the ensemble; ``model``, which the images are for, is never queried.

    Also a verdict takes the largest loss: where the ensemble falls first says little about another model.
    """
    ensemble = adapted(average([load(each, x.device) for each in spec.models], spec.of))
    with frozen(ensemble):
        _check_members(ensemble, x, y)
        return ascend(spec.attack, ensemble, x, y, ball, ctx)


def _check_members(ensemble: Adapted, x: Tensor, y: Tensor) -> None:
    try:
        dry_pass(ensemble, x, y)
    except AttackError as error:  # images or classes of another size
        raise AttackError(
            f"The models of the ensemble cannot process images of shape {tuple(x.shape[1:])} together: "
            "choose models trained on these data."
        ) from error
