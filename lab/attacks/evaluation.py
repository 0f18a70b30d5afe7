"""``evaluate``: how robust a model is, as far as strong attacks without a setting can tell. Croce & Hein 2020."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from time import monotonic

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from lab.attacks import sanity
from lab.attacks.batches import dry_pass, logits_of
from lab.attacks.black_box import black_box
from lab.attacks.checks import check_ball, taken
from lab.attacks.examination import pale
from lab.attacks.fresh import before_use
from lab.attacks.gain import FEW, gained
from lab.attacks.gradient import device_of, frozen, input_gradient
from lab.attacks.judge import judge
from lab.attacks.label_search import hidden_margin
from lab.attacks.rounds import BlockStore, Rounds
from lab.attacks.standing import Standing
from lab.attacks.state import BeforeUse, StateDependence
from lab.attacks.straight_through import straight_through
from lab.attacks.traits import Mode, company, cut_at_the_edge, in_training, mode, randomness, rescaled, slopes, steep
from lab.attacks.wrappers import Averaged, averaged, inside, one_by_one, standardised
from lab.context import Context
from lab.errors import AttackError
from lab.models.adapter import Adapted, adapted, name_of
from lab.results.evaluation import FAILED, Check, ModelEvaluation
from lab.results.evaluation_checks import sentence
from lab.results.health import Health
from lab.specs.attacks import CrossEntropy
from lab.specs.balls import L2, Ball, Linf
from lab.specs.evaluation import BUDGETS, QUICK
from lab.specs.spec import title_of
from lab.specs.stages import DEPTHS, Depth, Planned, from_outside, stages

_FEW_IMAGES = 16  # on which a gradient is looked for

Source = tuple[str, nn.Module]
"""An undefended model by its name."""


def evaluate(
    model: nn.Module,
    x: ArrayLike,
    y: ArrayLike,
    ball: Ball,
    budget: str = QUICK,
    ctx: Context | None = None,
    *,
    name: str = "",
    sources: Sequence[Source] = (),
    kept: BlockStore | None = None,
) -> ModelEvaluation:
    """Robust accuracy under attacks without a setting, each on the images that all before left, with sanity checks.

    ``x`` (n, …) in [0, 1], ``y`` (n,); ``budget`` 'quick', 'standard' or 'thorough', see :class:`lab.specs.Evaluation`.
    An image counts as broken when the model, shown the returned pixels again in float32, misclassifies it or returns
    what is not finite; a random model is judged in expectation (EOT, Athalye et al. 2018, §4.2). What a sanity check
    finds counts too. ``sources`` are undefended models whose adversarial images are tried; ``kept`` is where finished
    stages are looked for and kept. Partial results, of the same kind, go through ``ctx.partial``.

    Raises :class:`AttackError` for images, labels, models or threat models that cannot be evaluated.
    """
    if budget not in BUDGETS:
        raise AttackError(f"The budget must be one of {', '.join(BUDGETS)}, not {budget!r:.60}.")
    check_ball(ball)
    if not isinstance(ball, Linf | L2):
        raise AttackError(f"An evaluation requires the threat model L∞ or L2, not {title_of(ball)}.")
    plain, ctx = adapted(model), ctx or Context()
    x, y = taken(x, y, torch.device("cpu"))
    if not len(x):
        raise AttackError("An evaluation needs at least one image.")
    copy, training = before_use(plain), in_training(plain)
    with frozen(plain):
        device = device_of(plain)
        dry_pass(plain, x[:2].to(device), y)
        came = mode(copy, x[: DEPTHS[budget].images].to(device)) if training else Mode()
        if came.training and came.logits != 0:
            ctx.note(sentence(sanity.about_mode(came)))
        before = BeforeUse(copy, plain, x[: DEPTHS[budget].images].to(device), ball.eps)
        asked = plain, x, y, ball, budget, ctx, name or name_of(model), kept
        others = [(each, adapted(source)) for each, source in sources]
        try:
            return _Evaluation(*asked, came, before, before.state).run(others)
        except _Changed as changed:
            state = changed.state
        except AttackError:  # it may refuse because it was asked so often
            found = None if before.state.logits else before.left_by(plain)
            if found is None or not found.resets:
                raise
            state = found
        return _Evaluation(*asked, came, before, state).run(others)


class _Changed(Exception):
    """The model answers otherwise than before its many calls, but a copy that has not been called does not."""

    def __init__(self, state: StateDependence) -> None:
        self.state = state


class _Evaluation:
    """One evaluation of a frozen model: what is known so far, as a result."""

    def __init__(
        self,
        plain: Adapted,
        x: Tensor,
        y: Tensor,
        ball: Ball,
        budget: str,
        ctx: Context,
        name: str,
        kept: BlockStore | None,
        came: Mode,
        before: BeforeUse,
        state: StateDependence,
    ) -> None:
        self.asked, self.before, self.state = plain, before, state
        self.plain = before.fresh() if state.logits and state.resets else plain
        self.ball, self.budget, self.name, self.ctx = ball, budget, name, ctx
        self.began, self.checks, depth = monotonic(), [sanity.about_mode(came)], DEPTHS[budget]
        few = x[: depth.images].to(device_of(plain))
        labels = y[: len(few)].to(few.device)
        seen = self._as_seen(few, labels, depth, x)
        self.random = isinstance(seen.model, Averaged)
        seen = inside(seen) if cut_at_the_edge(seen, few, labels) else seen
        self.slopes = slopes(seen, few, labels, self.random)
        self.checks += [sanity.about_slopes(self.slopes), sanity.about_state(state)]
        if self.slopes.usable < 1 - FEW and not self.random and rescaled(seen, few):  # only proportions say anything
            seen = standardised(seen)
            self.slopes = slopes(seen, few, labels)
        self.steep = steep(seen, few, labels)
        self.standing = Standing(x, y, ball, logits_of(seen, x.to(few.device)).cpu())
        self.rounds = Rounds(self.plain, seen, self.standing, budget, ctx, self._show, self._watch, kept)

    def run(self, sources: Sequence[tuple[str, Adapted]]) -> ModelEvaluation:
        """The attacks in order, then the sanity checks."""
        rounds, slopes = self.rounds, self.slopes
        if not self.ball.eps:  # there is nothing to attack
            return self.known(1.0)
        suspicious = slopes.usable < 1 - FEW
        planned = self._worth_following(stages(self.budget, self.ball))
        rounds.ahead = [*(each.weight for each in planned), *sanity.ahead(rounds, len(sources))]
        for each in planned:  # where gradients say little, so do the margins that they lead to
            rounds.run(replace(each, within=inf) if suspicious else each)
        if suspicious:
            self._check(self._differentiable())
        boundary = hidden_margin(rounds)
        self._check(boundary)
        self._check(black_box(rounds, slopes, boundary.state == FAILED))
        self._check(sanity.transfer(rounds, sources))
        self._check(sanity.noise(rounds))
        if not slopes.missing:
            for check in (sanity.converged, sanity.monotone, sanity.unbounded):
                self._check(check(rounds))
        if not (slopes.missing or self.random):  # in expectation they would cost more than they tell
            self._check(sanity.saturated(rounds, slopes))
            self._check(sanity.one_step(rounds))
        self._check(sanity.about_logits(self.standing))
        self._watch()
        return self.known(1.0)

    def _worth_following(self, planned: Sequence[Planned]) -> list[Planned]:
        """The attacks that follow the gradient; none without one, and the cheapest two where it mostly says nothing.

        Square is among the sanity checks.
        """
        gradient = [each for each in planned if each.gradient]
        if self.slopes.missing or self.slopes.usable <= 0.5:
            return gradient[: 0 if self.slopes.missing else 2]
        return gradient + [*from_outside(self.ball)] * self.steep

    def known(self, done: float) -> ModelEvaluation:
        """Return the evaluation so far."""
        standing = self.standing
        return ModelEvaluation(
            model=self.name,
            y=standing.y.numpy(),
            clean=standing.clean.numpy(),
            stages=tuple(standing.stages),
            broken_by=standing.broken_by.numpy().copy(),
            adversarial=standing.adversarial.numpy().copy(),
            distance=standing.distance().numpy(),
            margin=standing.margin.numpy().copy(),
            x_adv=standing.examples(),
            checks=tuple(self.checks),
            health=self._health() if done == 1.0 else Health(0.0, 0.0, 0.0, False, False),
            ball=self.ball,
            budget=self.budget,
            seconds=monotonic() - self.began + self.rounds.saved,
            done=done,
        )

    def _as_seen(self, few: Tensor, labels: Tensor, depth: Depth, x: Tensor) -> Adapted:
        """The model as attacks have to see it: one image at a time, or in expectation."""
        random = randomness(self.plain, few)
        larger = len(x) > len(few) and not random.matters  # whole batches have shown nothing yet
        whole = logits_of(self.plain, x.to(few.device))[: len(few)] if larger else None
        together = company(self.plain, few, labels, random.size, whole)
        if together.logits and not random.matters:  # it may be random only where it is not sure of an image
            random = randomness(self.plain, torch.cat([pale(few), few]), 2 * len(few))
            together = company(self.plain, few, labels, random.size) if random.matters else together
        alone = bool(together.predictions and not random.matters and together.alone > together.together - 0.1)
        seen = one_by_one(self.plain) if alone else self.plain
        self.checks.append(sanity.about_randomness(random, depth.passes))
        self.checks.append(sanity.about_company(together, alone, random.matters))
        return averaged(seen, depth.passes) if random.matters else seen

    def _differentiable(self) -> Check:
        """BPDA on what is left: the gradient attacks with straight-through operations. Athalye et al. 2018, §4.1."""
        x, y = self.standing.x[:_FEW_IMAGES], self.standing.y[:_FEW_IMAGES]

        def run(_: Tensor) -> None:
            followed = None
            for modules_too in (True, False) if self.slopes.false > 0.5 else (False, True):
                passing = straight_through(self.rounds.seen, modules_too)
                if not (len(self.standing.left) and _leads_anywhere(passing, x, y)):
                    continue
                gradient, _ = input_gradient(
                    passing, x.to(device_of(passing)), y.to(device_of(passing)), CrossEntropy()
                )
                if followed is not None and torch.equal(gradient, followed):
                    continue  # no module of the model is passed otherwise
                followed = gradient
                for each in stages(self.budget, self.ball):
                    if each.gradient:
                        self.rounds.run(Planned(f"BPDA {each.name}", each.attack, each.weight), passing)

        return gained(self.rounds, "differentiable", self.standing.left, run, "straight-through")

    def _watch(self) -> None:
        """See whether the model still answers as before. Raises :class:`_Changed` where a copy of it does, but not it.

        One that nobody can copy goes on, for its finding and a number that is not to be trusted.
        """
        if self.state.logits or getattr(self.plain.model, "harmless", False):
            return
        found = self.before.left_by(self.plain)
        if found is None:
            return
        if found.resets:
            raise _Changed(found)
        self.state = found
        self.checks = [sanity.about_state(found) if each.kind == "state" else each for each in self.checks]

    def _check(self, check: Check) -> None:
        self.checks.append(check)
        self.ctx.report(self.rounds.done, 1)
        self._show()

    def _show(self) -> None:
        self.ctx.partial(self.known(min(self.rounds.done, 0.999)))

    def _health(self) -> Health:
        standing = self.standing
        health = judge(standing.x, standing.y, standing.point, self.plain, self.ball).health
        assert health is not None
        return health


def _leads_anywhere(passing: Adapted, x: Tensor, y: Tensor) -> bool:
    """Return whether a model behind straight-through operations has a gradient; one that takes none of them has not."""
    try:
        found = slopes(passing, x, y)
    except AttackError:
        return False
    return not found.missing and found.zero <= 0.5
