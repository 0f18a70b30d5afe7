"""Number and size of an iterative attack's steps in a ball, where its spec leaves them to ε."""

from functools import singledispatch
from math import floor, sqrt
from typing import NamedTuple

from lab.errors import SpecError
from lab.specs.attacks import PGD, AttackSpec, Iterated
from lab.specs.balls import Ball
from lab.specs.query import QueryPGD
from lab.specs.spec import title_of

LEVEL = 1 / 255
"""The step of Kurakin et al. 2017, §2.2: one grey level."""


class Pace(NamedTuple):
    """The number of gradient steps and the length of each, in the ball's norm."""

    steps: int
    step_size: float


def step_share(steps: int) -> float:
    """Step size of PGD as a fraction of ε when its ``step_size`` is 0: 1.25 / √steps, at least 2 / steps.

    Then all steps together always cross the ball. Chosen by ``tests/benchmarks/step_size.py`` among ten rules, on eight
    models of the digits and of MNIST (trained by PGD, TRADES, FGSM, ensembles, Step-LL and in one step), 200 images, L∞
    0.1 and 0.3, L2 1 and 2. Points of robust accuracy above the lowest that any rule reached, mean and worst:

    =====  ===========  ===========  ===========  ===========  ===========
    steps  0.01         2.5 ε/steps  ε/10         ε/5          this one
    =====  ===========  ===========  ===========  ===========  ===========
    5      33.9 / 92.0  1.1 / 9.5    18.8 / 61.5  8.3 / 33.0   0.9 / 7.0
    10     30.3 / 90.0  1.5 / 7.0    9.4 / 33.5   2.7 / 13.5   0.2 / 1.0
    20     24.6 / 86.0  2.1 / 7.5    3.4 / 13.5   0.6 / 3.0    0.3 / 1.5
    40     19.1 / 76.5  2.5 / 10.0   0.9 / 6.5    0.2 / 2.0    0.3 / 1.5
    100    11.6 / 63.0  2.5 / 10.0   0.4 / 2.0    0.2 / 0.5    0.2 / 1.0
    =====  ===========  ===========  ===========  ===========  ===========

    Few steps must be long, many need not be. Too long they jump from side to side: under 5 steps of ε a model whose
    gradient is masked (``fast-trained``, ε 0.1) keeps 39.5%, under 5 of ε / 5 nothing.
    """
    return max(1.25 / sqrt(steps), 2 / steps)


@singledispatch
def pace(attack: AttackSpec, eps: float) -> Pace:
    """The steps of an iterative attack in a ball of radius ``eps``. Raises :class:`SpecError` for any other attack."""
    raise SpecError(f"{title_of(attack)} takes no gradient steps whose size could follow ε.")


@pace.register(PGD)
@pace.register(QueryPGD)
def _(attack: PGD | QueryPGD, eps: float) -> Pace:
    return Pace(attack.steps, attack.step_size or step_share(attack.steps) * eps)


@pace.register
def _(attack: Iterated, eps: float) -> Pace:
    """Kurakin et al. 2017, §2.2, for what is not set; steps that are set share ε (Tramèr et al. 2018, Table 2)."""
    if attack.steps:
        return Pace(attack.steps, attack.step_size or eps / attack.steps)
    return Pace(papers_steps(eps), attack.step_size or LEVEL)


def pace_in_words(attack: AttackSpec, ball: Ball) -> str:
    """Steps of an iterative attack as ε sets them, "40 steps of 0.06"; empty where ε sets nothing."""
    if not attack.capabilities.to_cross or all(vars(attack)[each] for each in ("steps", "step_size")):
        return ""  # all is said by the attack itself
    steps, size = pace(attack, ball.eps)
    return f"{steps} step{'s' * (steps > 1)} of {size:.3g}"


def papers_steps(eps: float) -> int:
    """⌊min(ε + 4, 1.25 ε)⌋ with ε in 1/255, at least 1 and at most 1000. Kurakin et al. 2017, §2.2."""
    levels = eps * 255
    rule = round(min(levels + 4, 1.25 * levels), 6)  # 4/255 times 255 is not exactly 4
    return min(max(floor(rule), 1), 1000)
