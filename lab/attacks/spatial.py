"""Rotations and translations of an image, by bilinear interpolation, and the search for the worst one."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from lab.attacks.attack import ascend, perturb
from lab.attacks.ball import distance, full_step, reserve
from lab.attacks.candidates import CandidateSearch
from lab.attacks.checks import check_pictures
from lab.attacks.gradient import input_gradient
from lab.context import Context
from lab.errors import AttackError
from lab.specs.balls import Ball
from lab.specs.spatial import RotateTranslate, Spatial
from lab.specs.spec import title_of

_SAME = 1e-4  # what float32 may change in a pixel when an interpolation is repeated elsewhere


def warp(x: Tensor, shares: Tensor, ball: Spatial) -> Tensor:
    """The images (n, …) rotated and shifted, black coming in from outside; differentiable in the shares.

    ``shares`` (n, 3) are those of the largest rotation, shift to the right and shift downwards, each from -1 to 1.
    Turning is counter-clockwise about the image's centre and comes before shifting. All zero gives the image itself.
    """
    height, width = x.shape[2:]
    angle = shares[:, 0] * math.radians(ball.rotation)
    right, down = (shares[:, 1:] * ball.translation).unbind(1)
    rows = torch.arange(height, device=x.device, dtype=x.dtype) - (height - 1) / 2
    columns = torch.arange(width, device=x.device, dtype=x.dtype) - (width - 1) / 2
    v, u = rows[None, :, None] - down[:, None, None], columns[None, None, :] - right[:, None, None]
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    source = torch.stack([(u * cos - v * sin) * 2 / width, (u * sin + v * cos) * 2 / height], 3)
    warped = grid_sample(x, source, padding_mode="zeros", align_corners=False).clamp(0, 1)
    unmoved = (shares == 0).all(1).view(-1, 1, 1, 1)
    return torch.where(unmoved, x + (warped - warped.detach()), warped)  # the exact pixels, with the gradient


def lattice(ball: Spatial, like: Tensor) -> Tensor:
    """(m, 3) the admissible shares, the smallest transformations first; the first is the image itself."""
    angles = _both_ways(ball.angles if ball.rotation else 0)
    shifts = _both_ways(ball.shifts if ball.translation else 0)
    shares = torch.cartesian_prod(angles, shifts, shifts)
    size = shares.abs().amax(1)
    size, order = size.sort(stable=True)
    allowed = order[size <= ball.eps * (1 + 1e-6)]
    return shares[allowed].to(like)


@ascend.register
def rotate_translate(spec: RotateTranslate, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """The transformation of the largest loss. Engstrom et al. 2019."""
    return _search(spec, model, x, y, ball, ctx, verdict=False)


@perturb.register
def rotate_translate_verdict(
    spec: RotateTranslate, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context
) -> Tensor:
    """The first transformation whose image is misclassified; in a grid search, that is the smallest one."""
    return _search(spec, model, x, y, ball, ctx, verdict=True)


@distance.register
def _(ball: Spatial, x_adv: Tensor, x: Tensor) -> Tensor:
    """(n,) the smallest share at which the lattice holds this picture; infinite when it does not."""
    found = torch.full((len(x),), torch.inf, dtype=x.dtype, device=x.device)
    for shares in lattice(ball.replace(eps=1.0), x):
        missing = found.isinf().nonzero().flatten()
        if not len(missing):
            break
        warped = warp(x[missing], shares.expand(len(missing), 3), ball)
        same = (warped - x_adv[missing]).flatten(1).abs().amax(1) <= _SAME
        found[missing[same]] = shares.abs().max()
    return found


@full_step.register
def _(ball: Spatial, x: Tensor, gradient: Tensor) -> Tensor:
    """The image itself: a step in pixels is no rotation."""
    return x


reserve(Spatial, RotateTranslate)


def _search(
    spec: RotateTranslate, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context, *, verdict: bool
) -> Tensor:
    if not isinstance(ball, Spatial):
        raise AttackError(f"{title_of(spec)} requires the threat model {title_of(Spatial)}, not {title_of(ball)}.")
    check_pictures(x, "RotateTranslate")
    search = CandidateSearch(model, x, y, spec.objective, verdict)
    points = lattice(ball, x)
    if spec.search == "grid":
        search.among(range(len(points)), lambda image, place: warp(x[image], points[place], ball), ctx)
        return search.best
    drawn = ctx.draws(range(len(x)), 0, lambda draw: torch.randint(len(points), (spec.tries,), generator=draw))
    places = torch.stack(drawn).to(x.device)

    def shown(image: Tensor, attempt: Tensor) -> Tensor:
        return warp(x[image], points[places[image, attempt]], ball)

    if spec.search == "random":
        search.among(range(spec.tries), shown, ctx)
        return search.best
    for start in range(spec.tries):
        image = search.standing
        shares = points[places[image, start]]
        shares = _climb(spec, model, x[image], y[image], shares, ball, ctx.part(start, spec.tries))
        places[image, start] = torch.cdist(shares, points).argmin(1)
        search.among(range(start, start + 1), shown, ctx.silent())
    return search.best


def _climb(
    spec: RotateTranslate, model: nn.Module, x: Tensor, y: Tensor, shares: Tensor, ball: Spatial, ctx: Context
) -> Tensor:
    """Run signed gradient ascent in rotation and translation; return where it ends."""
    for step in range(spec.steps if len(x) else 0):
        ctx.report(step, spec.steps)
        with torch.enable_grad():
            shares = shares.detach().requires_grad_()
            shown = warp(x, shares, ball)
            pixels, _ = input_gradient(model, shown, y, spec.objective)
            [slope] = torch.autograd.grad(shown, shares, pixels)
        shares = (shares + spec.step_size * slope.sign()).clamp(-ball.eps, ball.eps)
    return shares.detach()


def _both_ways(count: int) -> Tensor:
    """Shares from -1 to 1, ``count`` of them on either side of 0."""
    return torch.arange(-count, count + 1, dtype=torch.float64) / max(count, 1)
