"""Cost of an analysis, by its spec alone. A new one registers its :func:`cost`: there is no default."""

import math
from dataclasses import dataclass, replace
from functools import singledispatch

from lab import datafiles
from lab.cost.attacks import Asked, effort
from lab.cost.balls import lattice_size
from lab.cost.training import training_passes
from lab.errors import SpecError
from lab.memory import COPIES
from lab.specs.analyses import Preview, Restarts
from lab.specs.attacks import FGSM, RFGSM, AttackSpec, attacks_in
from lab.specs.balls import Ball, Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.embedding import Embeddings
from lab.specs.evaluation import Evaluation
from lab.specs.explore import SCALES, STARTS, Explore
from lab.specs.image_sweep import ImageSweep
from lab.specs.masking import Masking
from lab.specs.recipes import Recipe
from lab.specs.runs import TrainingRun
from lab.specs.screening import ATTACKED, DISTANCES, LABELS, Screening
from lab.specs.single_attack import SingleAttack
from lab.specs.spec import Spec
from lab.specs.stages import DEPTHS, stages
from lab.specs.surface import LossSurface
from lab.specs.transfer import TransferMatrix

_NUMBER = 4  # bytes of a float32
_JUDGED = 6  # passes of the judge for an image: clean twice, adversarial, the gradient and a step along it
_CALL = 8  # passes of single images that each call of an attack, or of the judge, begins with, and a custom model
_LOADED = 24  # passes of single images that find out how a model is to be called, for the attack and for the judge
_CHECKED = 80  # passes of the sanity checks for an image, besides those that a budget sets
_UNBOUNDED = 50  # least steps of the unbounded attack
_PROBED = 550  # passes of single images that find out what kind of model it is, and follow its margin
_DIRECTIONS = 221 + 12  # orthogonal directions that are counted on an image: every order, its gradient and its label
_DIRECTED = 40  # images on which they are counted
_CORRELATED = 128  # images whose perturbations are compared
_COMPARED = 100  # restarts whose end points are compared in pairs
_WALKERS = 128  # restarts of the page PGD restarts that walk together


@dataclass(frozen=True)
class Cost:
    """Forward ``passes`` of single images at most, and bytes of ``memory`` that are needed besides models and data.

    ``lanes`` pieces of the work, each of ``each`` further bytes, may run side by side, one on each core.
    """

    passes: int
    memory: int = 0
    lanes: int = 1
    each: int = 0

    def bytes_on(self, cores: int) -> int:
        """The memory on a machine of so many cores."""
        return self.memory + min(self.lanes, cores) * self.each


@singledispatch
def cost(spec: Spec) -> Cost:
    """Return the cost of the request. Raises :class:`SpecError` for one without a declared cost.

    Raises :class:`lab.errors.DataError` when the data set is not there.
    """
    raise SpecError(f"{type(spec).__name__} has no declared cost: register one with lab.cost.cost.")


@cost.register
def _(spec: Recipe) -> Cost:
    return Cost(training_passes(spec))


@cost.register
def _(spec: TrainingRun) -> Cost:
    return cost(spec.recipe)


@cost.register
def _(spec: Preview) -> Cost:
    return Cost(0, len(spec.images) * _asked(spec, Linf()).values * 3 * _NUMBER)


@cost.register
def _(spec: Screening) -> Cost:
    asked = _asked(spec, spec.ball)
    n = min(spec.images, asked.data.n_test)
    asked, models = replace(asked, images=n), 0 if spec.extent == LABELS else len(spec.models)
    attacks: list[AttackSpec] = [spec.attack] if spec.reaches(ATTACKED) else []
    attacks += [spec.search] if spec.reaches(DISTANCES) else []
    kept = (1 + len(attacks)) * n * asked.values * _NUMBER
    passes = n + sum(_passes(each, asked) + n for each in attacks)
    return Cost(models * passes, kept, models, kept + max((_held(each, asked) for each in attacks), default=0))


@cost.register
def _(spec: SingleAttack) -> Cost:
    asked = _asked(spec, spec.ball, verdict=not spec.largest)
    asked = replace(asked, images=min(spec.images, asked.data.n_test))
    passes = (2 if spec.bfloat16 else 1) * _passes(spec.attack, asked) + _judging(asked) + _LOADED
    if spec.retried:
        passes += _passes(spec.attack.replace(restarts=1), asked) + 2 * asked.images
    if spec.eight_bit:
        passes += asked.images
    return Cost(passes, 3 * _NUMBER * asked.images * asked.values, 1, _held(spec.attack, asked))


@cost.register
def _(spec: Restarts) -> Cost:
    attack, n, models = spec.attack, len(spec.images), len(spec.models)
    values = _asked(spec, spec.ball).values
    turns = math.ceil(attack.restarts / max(1, _WALKERS // n))
    named = n * attack.passes if attack.labels != "true" else 0
    walks = n * attack.restarts * attack.passes * (attack.steps + 1)
    compared = min(_COMPARED, attack.restarts)
    numbers = 3 * attack.restarts * (attack.steps + 3) * n + n * values * (2 * compared + 2)
    pairs = n * (4 * compared * values + 6 * compared**2)  # in double precision, a model at a time
    averaged = 3 * attack.passes * max(_WALKERS, n) * values if attack.passes > 1 else 0
    return Cost(
        models * (walks + turns * (_CALL + named)),
        _NUMBER * (models * numbers + pairs),
        models,
        _NUMBER * (COPIES * values + averaged),
    )


@cost.register
def _(spec: Explore) -> Cost:
    asked = _asked(spec, spec.ball)
    attacks = [spec.attack, *spec.compared, spec.pgd]
    tried = sum(_passes(each, asked) + _judging(asked) for each in attacks) + _judging(asked)
    swept = 2 * len(SCALES) * STARTS * (spec.pgd.steps + 1)
    return Cost(len(spec.models) * (tried + swept), 0, len(attacks), max(_held(each, asked) for each in attacks))


@cost.register
def _(spec: ImageSweep) -> Cost:
    asked, models = _asked(spec, spec.ball, spec.levels, verdict=False), len(spec.models)
    kept = (spec.attack.steps + 1) * spec.levels * asked.values  # a byte each, and as numbers while they are made
    passes = _passes(spec.attack, asked) + spec.levels * spec.attack.passes + 1
    return Cost(models * passes, models * kept, models, 3 * _NUMBER * kept + _held(spec.attack, asked))


@cost.register
def _(spec: TransferMatrix) -> Cost:
    n, models = spec.images, len(spec.models)
    first = _asked(spec, spec.ball, n, verdict=False)
    sets = [replace(first, ball=ball) for ball in spec.balls]
    made = sum(_passes(each, asked) + n * models for asked in sets for each in spec.attacks)
    compared, pairs = min(n, _CORRELATED) * first.values, models * (models - 1) // 2
    memory = _NUMBER * n * first.values + compared * (20 * models + 24 * pairs)
    each = max(_held(each, asked) for asked in sets for each in spec.attacks) + 3 * _NUMBER * n * first.values
    return Cost(models * (n + made), memory, models * len(sets) * len(spec.attacks), each)


@cost.register
def _(spec: RobustnessCurves) -> Cost:
    n, models, levels = spec.images, len(spec.models), spec.levels
    largest = _asked(spec, spec.ball, n)
    balls = [replace(largest, ball=spec.ball.replace(eps=eps)) for eps in spec.eps[1:]]
    attacked = sum(_passes(each, asked) for asked in balls for each in spec.attacks)
    predicted = len(spec.attacks) * (levels + 1) * n
    search = replace(largest, images=spec.searched, verdict=False)
    searched = _passes(spec.search, search) + spec.searched if spec.searched else 0
    each = 5 * _NUMBER * (levels + 1) * n * largest.values
    each += max(_held(each, asked) for asked in (*balls, search) for each in (*spec.attacks, spec.search))
    memory = _NUMBER * n * largest.values + 2 * models * predicted
    return Cost(models * (attacked + predicted + searched), memory, models * len(spec.attacks), each)


@cost.register
def _(spec: Masking) -> Cost:
    n, models, made = spec.images, len(spec.models), len(Masking.attacks)
    passes, first = 0, _asked(spec, spec.ball, n, verdict=False)
    for ball in spec.balls:
        asked = replace(first, ball=ball)
        passes += sum(_passes(each, asked) for each in spec.white_box) + n * (made + 4)
    own = 2 * n + n * _JUDGED + _CALL
    directed = min(n, _DIRECTED) * _DIRECTIONS + _CALL
    set_ = _NUMBER * made * n * first.values
    total = models * (passes + own + directed + models * made * n)
    evaluated = cost(spec.evaluation)
    memory = _NUMBER * n * first.values + models * set_ + evaluated.memory
    return Cost(total + evaluated.passes, memory, models * len(spec.balls), max(4 * set_, evaluated.each))


@cost.register
def _(spec: Evaluation) -> Cost:
    """Of models that are what they seem: a random one costs as many times as much as EOT takes passes."""
    n, models, depth = spec.images, len(spec.models), DEPTHS[spec.budget]
    asked, checked = _asked(spec, spec.ball, n), min(n, depth.images)
    attacks = [(each.attack, each.most(n)) for each in stages(spec.budget, spec.ball)]
    tried = sum(_passes(each, replace(asked, images=min(n, most))) + n for each, most in attacks)
    gradients = 8 * depth.steps + max(_UNBOUNDED, depth.steps) + _CHECKED
    checks = checked * gradients + n * _JUDGED + _PROBED
    each = 4 * _NUMBER * n * asked.values + max(_held(each, asked) for each, _ in attacks)
    return Cost(models * (tried + checks), _NUMBER * n * asked.values * (1 + models), models, each)


@cost.register
def _(spec: Embeddings) -> Cost:
    models, followed, averaged = len(spec.models), len(spec.images), spec.averaged
    turns = math.ceil(averaged / 16)
    largest = _asked(spec, spec.ball, max(followed, 16) * spec.levels, verdict=False)
    passes = spec.count + (2 * followed + averaged) * (spec.levels + 1)
    for eps in spec.eps[1:]:
        asked = replace(largest, ball=spec.ball.replace(eps=eps), images=followed + averaged)
        passes += _passes(spec.attack, asked) + turns * _CALL
    shown = _NUMBER * (spec.levels + 1) * largest.values
    each = 5 * max(followed, 16) * shown + _held(spec.attack, largest)
    return Cost(models * passes, 2 * models * followed * shown + spec.count * 2**12 * models, models * turns, each)


@cost.register
def _(spec: LossSurface) -> Cost:
    asked = _asked(spec, spec.ball)
    attacks: list[AttackSpec] = [*attacks_in(spec.along), *attacks_in(spec.across), FGSM(), RFGSM(), spec.pgd]
    marked = sum(_passes(each, asked) for each in attacks) + 2 * spec.pgd.steps
    held = max(_held(each, asked) for each in attacks)
    return Cost(len(spec.models) * (spec.points**2 + marked + 2 * _CALL), 2**28, len(spec.models), held)


def _asked(spec: Spec, ball: Ball, images: int = 1, verdict: bool = True) -> Asked:
    """Return the workload of an attack in the analysis; the data's headers are read for it, so that one is enough."""
    data = datafiles.outline(getattr(spec, "data"))  # noqa: B009 every analysis is about some data
    return Asked(data, ball, images, verdict)


def _passes(attack: AttackSpec, asked: Asked) -> int:
    """Passes of one call of an attack on all its images, the looks at its distance among them."""
    return asked.images * (effort(attack, asked).passes + lattice_size(asked.ball) - 1) + _CALL


def _judging(asked: Asked) -> int:
    return asked.images * (_JUDGED + lattice_size(asked.ball) - 1) + _CALL


def _held(attack: AttackSpec, asked: Asked) -> int:
    """Bytes that a call of an attack holds: for a batch of one image, and beyond its batch."""
    return _NUMBER * asked.values * (COPIES + effort(attack, asked).held)
