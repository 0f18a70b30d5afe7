"""One image over ε: PGD at every level, all levels in one batch. Madry et al. 2017, §2.1."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from lab.analysis.analyse import analyse
from lab.analysis.forward import predict_logits
from lab.analysis.pieces import together
from lab.analysis.scene import images_at
from lab.attacks.batches import in_batches
from lab.attacks.iterative import follow_path
from lab.attacks.judge import check_proposal
from lab.attacks.radii import Region, radii
from lab.context import Context
from lab.data import load as load_data
from lab.models import load_adapted as load_model
from lab.pairing import names_on
from lab.results.image_sweep import UNITS, ImageSweepResult, ModelSwept
from lab.results.thumbnails import in_bytes, sparse
from lab.specs.image_sweep import ImageSweep

SIDE = 224  # pixels of a side that are kept: a photograph's own


@analyse.register
def image_sweep(spec: ImageSweep, ctx: Context) -> ImageSweepResult:
    """The image at once, then model by model what the attack makes of it."""
    data = load_data(spec.data, ctx.silent())
    x, y = images_at([spec.image], data)
    found = ImageSweepResult(spec, in_bytes(sparse(x[0].numpy(), SIDE)), int(y), data.class_names, (), 0.0)
    ctx.partial(found)
    subjects = list(zip(names_on(spec.models, spec.data), map(load_model, spec.models), strict=True))
    for _, swept in together(lambda subject, lane: _swept(spec, *subject, x, y, lane), subjects, ctx):
        found = replace(found, models=(*found.models, swept), done=(len(found.models) + 1) / len(subjects))
        if found.done < 1:
            ctx.partial(found)
    return found


def _swept(spec: ImageSweep, name: str, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> ModelSwept:
    """The attack on one model; level 0 is the image itself at every step."""
    points, logits = attack_paths(spec, model, x, y, ctx)
    for eps, end in zip(spec.eps[1:], points[-1].split(1), strict=True):
        check_proposal(x, end, spec.ball.replace(eps=eps))
    delta = sparse((points - x).transpose(0, 1).numpy(), SIDE) * (UNITS / spec.ball.eps)
    clean = predict_logits(model, x).expand(1, len(points), -1)
    return ModelSwept(
        name,
        np.concatenate([np.zeros_like(delta[:1], np.int8), delta.round().astype(np.int8)]),
        torch.cat([clean, logits.transpose(0, 1)]).numpy(),
    )


def attack_paths(spec: ImageSweep, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> tuple[Tensor, Tensor]:
    """(T + 1, L, …) the points of the attack at the levels of ε above 0, and (T + 1, L, K) the logits there.

    The levels share their batches, as those of :func:`lab.attacks.attack_sweep` do, and their random draws.
    """
    count, found = spec.levels, {}
    eps = torch.tensor(spec.eps[1:], dtype=torch.float64)

    def propose(model: nn.Module, x: Tensor, y: Tensor, ball: Region, part: Context) -> Tensor:
        points, logits = follow_path(spec.attack, model, x, y, ball, part)
        found[count - len(part.places or ())] = points.cpu(), logits.cpu()
        return points[-1]

    copies = x.repeat(count, *[1] * (x.dim() - 1))
    in_batches(propose, model, copies, y.repeat(count), radii(spec.ball, eps), ctx.only([0] * count))
    batches = [found[first] for first in sorted(found)]
    points, logits = (torch.cat(each, 1) for each in zip(*batches, strict=True))
    return points, logits
