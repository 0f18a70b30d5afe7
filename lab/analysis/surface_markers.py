"""Positions of attacked images relative to a plane through the image."""

import torch
from torch import Tensor, nn

from lab.analysis.directions import Axes
from lab.analysis.scene import Scene, proposed
from lab.attacks.gradient import device_of
from lab.attacks.iterative import climb, start_points
from lab.attacks.labels import aims
from lab.context import Context
from lab.specs.attacks import FGSM, RFGSM
from lab.specs.surface import LossSurface

_STEPS = 50  # of the search for the nearest point of a clipped surface; it ends long before


def paths(scene: Scene[LossSurface], model: nn.Module, ctx: Context) -> dict[str, Tensor]:
    """(T, C, H, W) the points of FGSM, R+FGSM and, from its random start to its end, PGD."""
    one_step = {"FGSM": FGSM(), "R+FGSM": RFGSM()}
    found = {name: proposed(spec, scene, model, ctx.silent().seeded(name)) for name, spec in one_step.items()}
    return found | {"PGD": _pgd(scene, model, ctx.seeded("PGD"))}


def _pgd(scene: Scene[LossSurface], model: nn.Module, ctx: Context) -> Tensor:
    """(steps + 1, C, H, W) every point of one random start. Madry et al. 2017, §2.1."""
    device, ball = device_of(model), scene.spec.ball
    pgd = scene.spec.pgd.replace(restarts=1)
    x, y = scene.x.to(device), scene.y.to(device)
    seen: list[Tensor] = []
    start = start_points(pgd, x, ball, ctx, [0], [0])
    goal = aims(pgd, model, x, y, ctx)[0]
    end = climb(pgd, model, start, x, goal, ball, ctx.silent(), lambda _, x_adv, __: seen.append(x_adv))
    return torch.cat([*seen, end]).cpu()


def nearest(scene: Scene[LossSurface], axes: Axes, points: Tensor) -> tuple[Tensor, Tensor]:
    """Return (T, 2) coordinates on the plane nearest to (T, C, H, W) points, and (T,) the Euclidean distances to them.

    Without clipping that is the orthogonal projection. On the clipped surface, Gauss-Newton steps are taken: least
    squares over the pixels that are not clipped, until the distance no longer decreases.
    """
    basis = torch.stack([axes.g.flatten(), axes.across.flatten()], 1)
    x = scene.x.double().flatten()
    change = points.double().flatten(1) - x
    place = torch.linalg.lstsq(basis, change.T).solution.T
    if not scene.spec.clip:
        return place, (change - place @ basis.T).norm(dim=1)
    best, away = place, (_clip(x, place @ basis.T) - change).norm(dim=1)
    for _ in range(_STEPS):
        moved = place @ basis.T
        left = change - _clip(x, moved)
        free = (x + moved >= 0) & (x + moved <= 1)
        slopes = basis * free.unsqueeze(2)  # a clipped pixel does not move with the plane: its row is zero
        place = place + (torch.linalg.pinv(slopes) @ left.unsqueeze(2)).squeeze(2)
        now = (_clip(x, place @ basis.T) - change).norm(dim=1)
        better = now < away
        best, away = torch.where(better.unsqueeze(1), place, best), torch.minimum(now, away)
        if not better.any():
            break
    return best, away


def _clip(x: Tensor, change: Tensor) -> Tensor:
    return (x + change).clamp(0, 1) - x
