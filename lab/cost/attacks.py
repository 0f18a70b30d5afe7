"""Cost of an attack, by its spec alone. A new attack registers its :func:`effort`: there is no default."""

import math
from dataclasses import dataclass, replace
from functools import singledispatch

from lab.cost.balls import lattice_size
from lab.datafiles import Outline
from lab.errors import SpecError
from lab.specs.attacks import (
    BIM,
    EVERY_CLASS,
    PGD,
    AttackSpec,
    FastEntropy,
    GradientStep,
    IterLL,
    IterRnd,
    RandomSign,
    RStepLL,
    StepLL,
    StepRnd,
    TruncatedNormal,
    WorstCase,
)
from lab.specs.auto_attack import APGD, APGDTargeted, AutoAttack
from lab.specs.balls import Ball, Linf
from lab.specs.carlini_wagner import CarliniWagnerL2, CarliniWagnerLinf
from lab.specs.ensemble import EnsembleAttack
from lab.specs.extended import Extended, Staged
from lab.specs.fab import FAB, FABTargeted
from lab.specs.multi_targeted import MultiTargeted, halvings
from lab.specs.orthogonal import OrthogonalDirections
from lab.specs.pace import pace
from lab.specs.pixels import L0, FlipPixels
from lab.specs.query import NES, SPSA, Estimator, FiniteDifferences, HopSkipJump, QueryPGD, QueryRFGSM, RayS, Square
from lab.specs.spatial import RotateTranslate, Spatial

BATCH = 256
"""Images that are attacked at once: what is held for them is in no attack's account, what is held for more is."""

_DRAWN_BACK = 12  # halvings of the way from a nearest image to the clean one
_ADAM = 8  # copies of its images that a descent holds: points, gradient, two means, and the steps between
_QUERIED = 5  # copies that an estimated gradient holds: the directions, the points on both sides, the lines between


@dataclass(frozen=True)
class Asked:
    """Workload of an attack: ``images`` at once, of a data set's kind, in a ball.

    For a ``verdict`` it predicts before and after, without one it goes to the largest loss.
    """

    data: Outline
    ball: Ball
    images: int = 1
    verdict: bool = True

    @property
    def values(self) -> int:
        """Numbers in an image."""
        return math.prod(self.data.shape)

    @property
    def pixels(self) -> int:
        """Pixels of an image, whatever their channels."""
        return math.prod(self.data.shape[1:])

    @property
    def together(self) -> int:
        """Images in one batch."""
        return min(self.images, BATCH)


@dataclass(frozen=True)
class Effort:
    """``passes`` through the model for one image at most; ``held``, images kept at once beyond a batch's own."""

    passes: int
    held: int = 0


@singledispatch
def effort(attack: AttackSpec, asked: Asked) -> Effort:
    """Return the cost of the attack. Raises :class:`SpecError` for one without a declared cost."""
    raise SpecError(f"{type(attack).__name__} has no declared cost: register one with lab.cost.effort.")


@effort.register
def _(attack: GradientStep, asked: Asked) -> Effort:
    return Effort(_one_step(attack.alpha, attack.labels))


@effort.register(StepLL)
@effort.register(StepRnd)
@effort.register(RStepLL)
def _(attack: StepLL | StepRnd | RStepLL, asked: Asked) -> Effort:
    return Effort(_one_step(attack.alpha, attack.labels))


@effort.register
def _(attack: FastEntropy, asked: Asked) -> Effort:
    return Effort(1)


@effort.register(RandomSign)
@effort.register(TruncatedNormal)
def _(attack: RandomSign | TruncatedNormal, asked: Asked) -> Effort:
    return Effort(0)


@effort.register
def _(attack: PGD, asked: Asked) -> Effort:
    walks = attack.restarts * (asked.data.classes if attack.labels == EVERY_CLASS else 1)
    passes = walks * attack.steps
    if asked.verdict or walks > 1 or attack.keep_best:
        passes += walks  # the ends are predicted
    passes += asked.verdict or attack.labels != "true"
    averaged = attack.passes if attack.passes > 1 else 0
    return Effort(passes * attack.passes, 3 * averaged * max(asked.together, min(walks, BATCH)))


@effort.register(BIM)
@effort.register(IterLL)
@effort.register(IterRnd)
def _(attack: BIM | IterLL | IterRnd, asked: Asked) -> Effort:
    return Effort(pace(attack, asked.ball.eps).steps + (2 if asked.verdict else int(attack.labels != "true")))


@effort.register
def _(attack: APGD, asked: Asked) -> Effort:
    return _climbs(attack, attack.restarts, asked.verdict, asked)


@effort.register
def _(attack: MultiTargeted, asked: Asked) -> Effort:
    points, climbs = 0, max(min(attack.targets, asked.data.classes - 1), 1)
    halved = halvings(attack)
    for step in range(attack.steps + 1):
        points += climbs  # those that leave are those whose points are known
        climbs = math.ceil(climbs / 2) if step in halved else climbs
    averaged = attack.passes if attack.passes > 1 else 0
    held = 3 * averaged * max(asked.together, min(climbs, BATCH))
    return Effort((attack.restarts * points + 1) * attack.passes, held)


@effort.register
def _(attack: APGDTargeted, asked: Asked) -> Effort:
    targets = min(attack.targets, max(asked.data.classes - 1, 1))
    return _climbs(attack, attack.restarts * targets, True, asked)


@effort.register(WorstCase)
@effort.register(AutoAttack)
def _(attack: WorstCase | AutoAttack, asked: Asked) -> Effort:
    parts = [effort(each, asked) for each in attack.attacks]
    return Effort(sum(each.passes + 1 for each in parts) + asked.verdict, max(each.held for each in parts))


@effort.register
def _(attack: EnsembleAttack, asked: Asked) -> Effort:
    inner = effort(attack.attack, replace(asked, verdict=False))
    return Effort(inner.passes * len(attack.models), inner.held)


@effort.register
def _(attack: CarliniWagnerLinf, asked: Asked) -> Effort:
    lanes = len(attack.c) * (len(attack.tau) if attack.exhaustive else 1)
    descents = 1 if attack.exhaustive else len(attack.tau).bit_length()
    return Effort(lanes * descents * attack.steps + _DRAWN_BACK + 1, _ADAM * _beyond(lanes))


@effort.register
def _(attack: CarliniWagnerL2, asked: Asked) -> Effort:
    return Effort(attack.searches * attack.steps + _DRAWN_BACK + 1)


@effort.register
def _(attack: FAB, asked: Asked) -> Effort:
    steps = attack.restarts * attack.steps
    return Effort(steps * (asked.data.classes + 1) + _DRAWN_BACK + 3)


@effort.register
def _(attack: FABTargeted, asked: Asked) -> Effort:
    steps = attack.restarts * min(attack.targets, asked.data.classes - 1) * attack.steps
    return Effort(2 * steps + _DRAWN_BACK + 3)


@effort.register
def _(attack: OrthogonalDirections, asked: Asked) -> Effort:
    return Effort(1 + attack.k)


@effort.register
def _(attack: QueryRFGSM, asked: Asked) -> Effort:
    pairs = queries(attack.estimator, asked)
    return Effort(2 + 2 * pairs, _QUERIED * _random_directions(attack.estimator))


@effort.register
def _(attack: QueryPGD, asked: Asked) -> Effort:
    pairs = queries(attack.estimator, asked)
    return Effort(1 + attack.steps * (1 + 2 * pairs), _QUERIED * _random_directions(attack.estimator))


@effort.register
def _(attack: Square, asked: Asked) -> Effort:
    return Effort(2 * attack.queries)  # looking ahead wastes at most as many as it uses


@effort.register
def _(attack: RayS, asked: Asked) -> Effort:
    return Effort(attack.queries)


@effort.register
def _(attack: HopSkipJump, asked: Asked) -> Effort:
    return Effort(attack.queries)


@effort.register
def _(attack: RotateTranslate, asked: Asked) -> Effort:
    found = lattice_size(asked.ball)
    held = _images(8 * 4 * found + 16 * attack.tries * asked.together, asked)
    tried = {"grid": found, "random": attack.tries, "gradient": attack.tries * (attack.steps + 1)}
    return Effort(1 + tried[attack.search], held)


@effort.register
def _(attack: FlipPixels, asked: Asked) -> Effort:
    flips = min(int(asked.ball.eps), asked.pixels)
    tried = {"gradient": 2, "greedy": flips * asked.pixels, "random": attack.tries}
    sets = attack.tries * flips if attack.search == "random" else 0
    return Effort(1 + tried[attack.search], _images(16 * sets * asked.together, asked))


@effort.register
def _(attack: Staged, asked: Asked) -> Effort:
    ball = asked.ball
    if not isinstance(ball, Extended):
        return Effort(0)  # it refuses every other ball
    turned = Spatial(1.0, ball.rotation, ball.translation, ball.angles, ball.shifts)
    stages = ((attack.rotate, turned), (attack.flip, L0(ball.pixels)), (attack.perturb, Linf(ball.eps)))
    parts = [effort(each, replace(asked, ball=region)) for each, region in stages]
    return Effort(sum(each.passes for each in parts), max(each.held for each in parts))


@singledispatch
def queries(estimator: Estimator, asked: Asked) -> int:
    """Pairs of queries for one gradient. Raises :class:`SpecError` for an estimator that declares none."""
    raise SpecError(f"{type(estimator).__name__} has no declared cost: register one with lab.cost.attacks.queries.")


@queries.register
def _(estimator: FiniteDifferences, asked: Asked) -> int:
    return asked.values


@queries.register(NES)
@queries.register(SPSA)
def _(estimator: NES | SPSA, asked: Asked) -> int:
    return estimator.directions


def _random_directions(estimator: Estimator) -> int:
    return _beyond(estimator.directions) if isinstance(estimator, NES | SPSA) else 0


def _climbs(attack: APGD | APGDTargeted, climbs: int, first_clean: bool, asked: Asked) -> Effort:
    """Climbs of Auto-PGD, the points after the last steps predicted, and ``first_clean`` the image itself."""
    averaged = attack.passes if attack.passes > 1 else 0
    held = 3 * averaged * max(asked.together, min(climbs, BATCH))
    return Effort((climbs * (attack.steps + 1) + first_clean) * attack.passes, held)


def _one_step(alpha: float, labels: str) -> int:
    """The gradient, and behind a random step the labels, which are the clean image's."""
    return 1 + (alpha > 0 and labels != "true")


def _beyond(lanes: int) -> int:
    """Lanes of one image that are held at once, where they are more than a batch."""
    return lanes if lanes > BATCH else 0


def _images(held: int, asked: Asked) -> int:
    """Bytes as images of float32."""
    return held // (4 * asked.values)
