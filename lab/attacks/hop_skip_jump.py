"""HopSkipJump: the decision boundary followed toward the image by normals that labels alone show. Chen et al. 2020."""

from dataclasses import dataclass
from math import ceil, sqrt

import torch
from torch import Tensor, nn

from lab.attacks.attack import perturb_from
from lab.attacks.ball import distance, project, steepest
from lab.attacks.batches import batch_size
from lab.attacks.query_model import Queries, Target, by_queries
from lab.attacks.radii import Radii, per_image
from lab.context import Context
from lab.errors import AttackError
from lab.specs.balls import L2, Ball, Linf
from lab.specs.query import HopSkipJump
from lab.specs.spec import title_of

_FIRST = 100  # labels for the first normal; the authors'
_FIRST_WIDTH = 0.1  # how far from the boundary they are asked for; the authors'
_HALVINGS = 15  # of a step that leads back into the class
_FINEST = 1e-5  # of the radius: a bisection cannot be told more exactly in float32


@by_queries.register
def hop_skip_jump(spec: HopSkipJump, target: Target, ctx: Context) -> Tensor:
    """Algorithm 2, in L2 and L∞, until the budget is used up; a verdict ends with the first point in the ball.

    Where all labels around a point agree, they are asked for twice as far away the next time: those of a quantised
    input agree in any small surroundings.
    """
    if not isinstance(target.ball, Linf | L2):
        raise AttackError(f"{title_of(spec)} requires the threat model L∞ or L2, not {title_of(target.ball)}.")
    walk, turn = BoundaryWalk.begun(spec, target, ctx), 0
    while len(running := walk.running()):
        ctx.report(int(walk.asked[running].min()), spec.queries, unbroken=len(running))
        walk.turn(running, turn, ctx.seeded("normal"))
        turn += 1
    ctx.report(1, 1)
    return walk.found()


@perturb_from.register
def hop_skip_jump_from(
    spec: HopSkipJump, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, start: Tensor, ctx: Context
) -> Tensor:
    """HopSkipJump from given points, of those of another class, until the image is misclassified within the ball."""
    target = Target(Queries(model, len(x), spec.sees), x, y, ball, verdict=True, start=start)
    return hop_skip_jump(spec, target, ctx)


@dataclass(eq=False)
class BoundaryWalk:
    """``point`` (n, …): the nearest misclassified one known of every image, in the distance ``radius`` (n,).

    The radius is infinite where none is known, and zero where the verdict is over before the search. ``spread`` (n,) is
    how many times as far as the authors the labels for a normal are asked for. All are changed in place.
    """

    spec: HopSkipJump
    target: Target
    point: Tensor
    radius: Tensor
    spread: Tensor

    @classmethod
    def begun(cls, spec: HopSkipJump, target: Target, ctx: Context) -> "BoundaryWalk":
        """From the given starts of another class, and elsewhere from random images."""
        x = target.x
        walk = cls(spec, target, x.clone(), x.new_full((len(x),), torch.inf), x.new_ones(len(x)))
        everyone = torch.arange(len(x), device=x.device)
        if target.verdict and len(x):
            walk.radius[walk._fooled(everyone, x)] = 0
        if target.start is not None:
            image = walk._unknown()
            walk._begin(image, target.start[image])
        trial = 0
        while len(image := walk._unknown()):
            drawn = ctx.seeded("start").draws(
                image.tolist(), trial, lambda draw: torch.rand(x.shape[1:], dtype=x.dtype, generator=draw)
            )
            walk._begin(image, torch.stack(drawn).to(x))
            trial += 1
        return walk

    @property
    def asked(self) -> Tensor:
        """(n,) queries so far."""
        return self.target.queries.count.to(self.radius.device)

    def running(self) -> Tensor:
        """Positions (k,) of the images that are still searched for."""
        everyone = torch.arange(len(self.radius), device=self.radius.device)
        return (self._open(everyone) & self.radius.isfinite()).nonzero().flatten()

    def turn(self, image: Tensor, turn: int, ctx: Context) -> None:
        """A step along the estimated normal, as long as it stays in the other class, then straight to the image."""
        ball, normal = self.target.ball, self._normal(image, turn, ctx)
        step = steepest(ball, normal)
        length = self.radius[image] / sqrt(turn + 1)
        moves = (normal != 0).flatten(1).any(1)
        for _ in range(_HALVINGS):
            rest = (moves & self._open(image)).nonzero().flatten()
            if not len(rest):
                break
            tried = (self.point[image[rest]] + per_image(length[rest], step) * step[rest]).clamp(0, 1)
            reached = self._fooled(image[rest], tried)
            self._come_nearer(image[rest[reached]], tried[reached])
            moves[rest[reached]] = False
            length[rest] = length[rest] / 2

    def found(self) -> Tensor:
        """(n, …) the nearest points, none further than the ball's edge."""
        return project(self.target.ball, self.point, self.target.x)

    def _unknown(self) -> Tensor:
        """Positions (k,) of the images without a point of another class that may still be asked for."""
        return (self.radius.isinf() & (self.asked < self.spec.queries)).nonzero().flatten()

    def _open(self, image: Tensor) -> Tensor:
        """(k,) whether these images (k,) may be asked for again, and have to be."""
        over = self.target.verdict & (self.radius[image] <= self.target.ball.eps)
        return (self.asked[image] < self.spec.queries) & ~over

    def _begin(self, image: Tensor, points: Tensor) -> None:
        """Go from those of the points (k, …) that are of another class straight to the boundary."""
        reached = self._fooled(image, points)
        self._come_nearer(image[reached], points[reached])

    def _come_nearer(self, image: Tensor, points: Tensor) -> None:
        """Follow misclassified points (k, …) straight toward their images, to the boundary; kept where it is nearer."""
        if not len(image):
            return
        x, norm = self.target.x[image], self.target.ball
        points = points.clone()
        high = distance(norm, points, x)
        low, precision = torch.zeros_like(high), high * self._precision
        while True:
            some = ((high - low > precision) & self._open(image)).nonzero().flatten()
            if not len(some):
                break
            middle = (low[some] + high[some]) / 2
            tried = project(Radii(norm, middle.cpu().double()), points[some], x[some])
            fooled = self._fooled(image[some], tried)
            points[some[fooled]] = tried[fooled]
            high[some] = torch.where(fooled, distance(norm, tried, x[some]), high[some])
            low[some] = torch.where(fooled, low[some], middle)
            self._keep(image[some[fooled]], tried[fooled], high[some[fooled]])
        self._keep(image, points, high)

    def _keep(self, image: Tensor, points: Tensor, radius: Tensor) -> None:
        nearer = radius < self.radius[image]
        self.point[image[nearer]], self.radius[image[nearer]] = points[nearer], radius[nearer]

    @property
    def _precision(self) -> float:
        """The authors' width, relative to the radius, at which a bisection ends."""
        values = self.point[0].numel()
        return max(values ** (-2.0 if isinstance(self.target.ball, Linf) else -1.5), _FINEST)

    def _normal(self, image: Tensor, turn: int, ctx: Context) -> Tensor:
        """(k, …) the boundary's normals, which point out of the class. Chen et al. 2020, eq. 16."""
        most = ceil(_FIRST * sqrt(turn + 1))
        together = max(1, batch_size(image.device) // most)
        return torch.cat([self._normal_of(some, turn, most, ctx) for some in image.split(together)])

    def _normal_of(self, image: Tensor, turn: int, most: int, ctx: Context) -> Tensor:
        point, linf = self.point[image], isinstance(self.target.ball, Linf)
        left = (self.spec.queries - self.asked[image]).clamp(max=most)
        owner = torch.arange(len(image), device=image.device).repeat_interleave(left)

        def draw(generator: torch.Generator) -> Tensor:
            drawn = torch.empty(most, *point.shape[1:], dtype=point.dtype)
            return drawn.uniform_(-1, 1, generator=generator) if linf else drawn.normal_(generator=generator)

        drawn = torch.cat(
            [each[:count] for each, count in zip(ctx.draws(image.tolist(), turn, draw), left.tolist(), strict=True)]
        ).to(point)
        away = drawn / per_image(drawn.flatten(1).norm(dim=1), drawn)
        authors = self.radius[image] / point[0].numel() if turn else torch.full_like(self.radius[image], _FIRST_WIDTH)
        width = per_image((authors * self.spread[image])[owner], point)
        asked = (point[owner] + width * away).clamp(0, 1)
        out = self._fooled(image[owner], asked).to(point) * 2 - 1
        away = (asked - point[owner]) / width
        mean = torch.zeros_like(self.radius[image]).index_add_(0, owner, out) / left
        agree = mean.abs() == 1
        self.spread[image] = torch.where(agree, self.spread[image] * 2, (self.spread[image] / 2).clamp(min=1))
        weight = torch.where(agree[owner], out, out - mean[owner])
        return torch.zeros_like(point).index_add_(0, owner, per_image(weight, away) * away)

    def _fooled(self, image: Tensor, points: Tensor) -> Tensor:
        """(k,) whether points are misclassified: a query each on behalf of these images (k,)."""
        if not len(image):
            return torch.zeros_like(image, dtype=torch.bool)
        return self.target.queries.labels(points, image) != self.target.y[image]
