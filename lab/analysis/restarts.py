"""Where PGD ends from many random starts. Madry et al. 2017, §3.1."""

import numpy as np
import torch
from torch import Tensor, nn

from lab.analysis.analyse import analyse
from lab.attacks.ball import project, random_delta
from lab.attacks.checks import check_images, check_logits
from lab.attacks.gradient import device_of, frozen
from lab.attacks.iterative import Walk, walk
from lab.attacks.lanes import side_by_side
from lab.context import Context
from lab.data import load as load_data
from lab.errors import SpecError
from lab.models import load as load_model
from lab.results.restarts import ModelRestarts, RestartsResult
from lab.specs.analyses import Restarts
from lab.specs.models import name_of

WALKERS = 128  # images × restarts in one batch: small enough that the first picture comes early
COMPARED = 100  # restarts whose end points are compared in pairs; 4,950 pairs show the distribution


@analyse.register
def restarts(spec: Restarts, ctx: Context) -> RestartsResult:
    """PGD from many random starts for every model; the figures grow batch by batch.

    The models take turns, so that the first partial picture already compares them. They share the random starts.
    """
    data = load_data(spec.data, ctx.silent())
    missing = [i for i in spec.images if i >= len(data.test)]
    if missing:
        raise SpecError(f"There is no test image {missing[0]}: {data.name} has {len(data.test)}, counted from 0.")
    x, y = data.test.images(list(spec.images)), data.test.labels(list(spec.images))
    models = [load_model(each) for each in spec.models]
    between_random = _pairs(_random_points(spec, x, ctx), x)[0]
    walks: list[list[Walk]] = [[] for _ in models]

    def result(done: float) -> RestartsResult:
        answers = tuple(_answer(name_of(each), mine, x) for each, mine in zip(spec.models, walks, strict=True))
        return RestartsResult(spec, x.numpy(), y.numpy(), data.class_names, between_random, answers, done)

    together, total = max(1, WALKERS // len(x)), spec.attack.restarts
    turns = [range(first, min(first + together, total)) for first in range(0, total, together)]
    pieces = [(turn, i) for turn in turns for i in range(len(models))]
    contexts = dict(zip(pieces, ctx.lanes(len(pieces)), strict=True))
    found = side_by_side(lambda piece: _walked(spec, models[piece[1]], x, y, piece[0], contexts[piece]), pieces)
    for (turn, i), walked in zip(pieces, found, strict=True):
        walks[i].append(walked)
        if i == len(models) - 1 and turn.stop < total:
            ctx.partial(result(turn.stop / total))
    return result(1.0)


def _walked(spec: Restarts, model: nn.Module, x: Tensor, y: Tensor, turn: range, ctx: Context) -> Walk:
    """One batch of restarts, brought back to the CPU."""
    device = device_of(model)
    x, y = x.to(device), y.to(device)
    check_images(x, y)
    with frozen(model):
        check_logits(model, x[:1], y)
        found = walk(spec.attack, model, x, y, spec.ball, turn, ctx)
    return Walk(found.end.cpu(), found.loss.cpu(), found.margin.cpu(), found.prediction.cpu())


def _answer(name: str, walks: list[Walk], x: Tensor) -> ModelRestarts:
    end = torch.cat([each.end for each in walks])
    loss = torch.cat([each.loss for each in walks])
    distance, angle = _pairs(end[:COMPARED], x)
    worst = loss[:, -1].argmax(0)
    return ModelRestarts(
        model=name,
        loss=loss.numpy(),
        prediction=torch.cat([each.prediction for each in walks]).numpy(),
        distance=distance,
        angle=angle,
        worst=end[worst, torch.arange(len(x))].numpy(),
    )


def _random_points(spec: Restarts, x: Tensor, ctx: Context) -> Tensor:
    """(R, n, …) random points of the ball cut with [0, 1], as many as are compared, for Madry's yardstick."""
    ctx = ctx.seeded("points of the ball")
    points = []
    for restart in range(min(COMPARED, spec.attack.restarts)):
        delta = ctx.draws(range(len(x)), restart, lambda generator: random_delta(spec.ball, x[0], generator))
        points.append(project(spec.ball, x + torch.stack(delta), x))
    return torch.stack(points)


def _pairs(points: Tensor, x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(n, P) Euclidean distances and angles in degrees between the changes of all pairs of (R, n, …) points.

    In float64: the distance between two nearly equal points is a difference of large squares.
    """
    delta = (points - x).flatten(2).transpose(0, 1).double()
    first, second = torch.triu_indices(len(points), len(points), offset=1)
    length = delta.norm(dim=2)
    inner = (delta @ delta.transpose(1, 2))[:, first, second]
    squares = length[:, first].square() + length[:, second].square() - 2 * inner
    cosine = inner / (length[:, first] * length[:, second]).clamp(min=torch.finfo(torch.float64).tiny)
    angle = cosine.clamp(-1, 1).acos().rad2deg()
    return squares.clamp(min=0).sqrt().float().numpy(), angle.float().numpy()
