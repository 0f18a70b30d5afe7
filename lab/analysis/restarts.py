"""Final losses of PGD from many random starts. Madry et al. 2017, §3.1."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from lab.analysis.analyse import analyse
from lab.analysis.pieces import together
from lab.analysis.scene import images_at
from lab.attacks.ball import project, random_delta
from lab.attacks.batches import dry_pass
from lab.attacks.checks import check_images
from lab.attacks.gradient import device_of, frozen, input_gradient
from lab.attacks.iterative import RestartPaths, follow_restarts
from lab.context import Context
from lab.data import load as load_data
from lab.models import load_adapted as load_model
from lab.pairing import names_on
from lab.results.restarts import ModelRestarts, RestartsResult
from lab.specs.analyses import Restarts
from lab.specs.attacks import PGD, CrossEntropy

WALKERS = 128  # images × restarts in one batch: small enough that the first picture comes early
COMPARED = 100  # restarts whose end points are compared in pairs; 4,950 pairs show the distribution
PICTURES = 100  # partial results at most: each compares the end points anew


@analyse.register
def restarts(spec: Restarts, ctx: Context) -> RestartsResult:
    """PGD from many random starts for every model; the figures grow batch by batch.

    The models take turns, so that the first partial picture already compares them. They share the random starts.
    """
    data = load_data(spec.data, ctx.silent())
    x, y = images_at(spec.images, data)
    models = [load_model(each) for each in spec.models]
    between_random = _pairs(_random_points(spec, x, ctx), x)[0]
    names = names_on(spec.models, spec.data)
    kept = [_Kept(name, spec.attack, x, _gradient(each, x, y)) for name, each in zip(names, models, strict=True)]

    def result(done: float) -> RestartsResult:
        answers = tuple(each.answer() for each in kept)
        return RestartsResult(spec, x.numpy(), y.numpy(), data.class_names, between_random, answers, done)

    size, total = max(1, WALKERS // len(x)), spec.attack.restarts
    shown = 0
    turns = [range(first, min(first + size, total)) for first in range(0, total, size)]
    pieces = [(turn, i) for turn in turns for i in range(len(models))]
    found = together(lambda piece, lane: _run_restarts(spec, models[piece[1]], x, y, piece[0], lane), pieces, ctx)
    for (turn, i), walked in found:
        kept[i].add(walked)
        if i == len(models) - 1 and shown + total / PICTURES <= turn.stop < total:
            shown = turn.stop
            ctx.partial(result(turn.stop / total))
    return result(1.0)


class _Kept:
    """Stored part of one model's restarts: of the end points only those that are compared, and the worst ones."""

    def __init__(self, model: str, attack: PGD, x: Tensor, gradient: Tensor) -> None:
        n = len(x)
        self._model, self._x, self._gradient, self._done = model, x, gradient, 0
        self._loss = np.empty((attack.restarts, attack.steps + 1, n), np.float32)
        self._prediction = np.empty((attack.restarts, n), np.int64)
        self._alignment = np.empty((attack.restarts, n), np.float32)
        self._compared = x.new_empty(0, *x.shape)
        self._worst, self._highest = x.clone(), x.new_full((n,), -torch.inf)

    def add(self, paths: RestartPaths) -> None:
        """Some more restarts."""
        here = slice(self._done, self._done + len(paths.loss))
        self._done = here.stop
        self._loss[here], self._prediction[here] = paths.loss.numpy(), paths.prediction.numpy()
        self._alignment[here] = cosine_similarity((paths.end - self._x).flatten(2), self._gradient, dim=2).numpy()
        self._compared = torch.cat([self._compared, paths.end[: COMPARED - len(self._compared)]])
        highest, which = paths.loss[:, -1].max(0)
        higher = ~(highest <= self._highest)  # also where it is no number
        self._worst[higher] = paths.end[which, torch.arange(len(which))][higher]
        self._highest = torch.where(higher, highest, self._highest)

    def answer(self) -> ModelRestarts:
        """The result so far; nothing is copied, for what is done does not change any more."""
        distance, angle = _pairs(self._compared, self._x)
        loss, prediction = self._loss[: self._done], self._prediction[: self._done]
        worst, alignment = self._worst.clone().numpy(), self._alignment[: self._done]
        return ModelRestarts(self._model, loss, prediction, distance, angle, worst, alignment)


def _gradient(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """(n, pixels) direction of the loss's gradient at the clean images, on the CPU."""
    device = device_of(model)
    x, y = x.to(device), y.to(device)
    check_images(x, y)
    with frozen(model):
        dry_pass(model, x, y)
        return input_gradient(model, x, y, CrossEntropy())[0].cpu().flatten(1)


def _run_restarts(spec: Restarts, model: nn.Module, x: Tensor, y: Tensor, turn: range, ctx: Context) -> RestartPaths:
    """One batch of restarts, brought back to the CPU."""
    device = device_of(model)
    x, y = x.to(device), y.to(device)
    check_images(x, y)
    with frozen(model):
        dry_pass(model, x, y)
        found = follow_restarts(spec.attack, model, x, y, spec.ball, turn, ctx)
    return RestartPaths(found.end.cpu(), found.loss.cpu(), found.margin.cpu(), found.prediction.cpu())


def _random_points(spec: Restarts, x: Tensor, ctx: Context) -> Tensor:
    """(R, n, …) random points of the ball within [0, 1], as many as are compared, for Madry's yardstick."""
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
