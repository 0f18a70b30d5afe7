"""Sanity checks of an evaluation. Athalye et al. 2018, §3; Carlini et al. 2019, §4 and §5; Tramèr et al. 2020, §3.

Each returns a :class:`lab.results.Check`. What one finds on the way counts: the image is broken, by a stage of its own.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lab.attacks.attack import attack, maximise
from lab.attacks.ball import project, steepest
from lab.attacks.best import Best
from lab.attacks.black_box import score_attacks
from lab.attacks.gain import FEW, gained
from lab.attacks.gradient import device_of, plain_gradient
from lab.attacks.label_search import IN_PASSING
from lab.attacks.objectives import margin, predicted
from lab.attacks.rounds import Rounds
from lab.attacks.standing import Standing
from lab.attacks.state import StateDependence
from lab.attacks.traits import Company, Mode, Randomness, Slopes
from lab.context import Context
from lab.models.adapter import Adapted
from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, SKIPPED, UNBROKEN, UNCLEAR, Check
from lab.results.masking_verdict import SIGNIFICANT, luck
from lab.results.prediction import NO_CLASS
from lab.specs.attacks import FGSM, PGD, AttackSpec, Margin, RandomSign
from lab.specs.auto_attack import APGD
from lab.specs.balls import L2, Ball, Linf
from lab.specs.stages import Planned

_POINT = 0.01  # of the correctly classified images: what further restarts may gain on a sound model
_PARTS = (1 / 2, 1 / 4, 1 / 8)  # of ε
_PLAIN_STEPS = 20
_DRAWS = 5  # of noise
_NOT = float("nan")


def ahead(rounds: Rounds, sources: int) -> list[float]:
    """Return how many gradients each round of the checks takes for an image that is left, with so many sources."""
    depth, sampled = rounds.depth, min(1.0, rounds.depth.images / len(rounds.standing.y))
    tried = [2 * depth.steps] * sources + [_DRAWS, 4 * depth.steps, depth.steps]
    asked = IN_PASSING.passes / 2 * min(1.0, IN_PASSING.images / len(rounds.standing.y))
    return [*(each.weight for each in score_attacks(rounds)), asked, *(each * sampled for each in tried)]


def about_mode(found: Mode) -> Check:
    """``value``: fraction of the images whose logits in training mode, in which the model came, are others."""
    state = UNCLEAR if found.training and found.logits != 0 else PASSED
    return Check("mode", state, found.logits, _NOT, found.images, "training" if found.training else "")


def about_state(found: StateDependence) -> Check:
    """``value``: fraction of the images whose logits depend on earlier calls; ``reference``: whose predictions do."""
    state = FAILED if found.logits else PASSED
    detail = ("fresh copies" if found.resets else "") if found.logits else ""
    return Check("state", state, found.logits, found.predictions, found.images, detail)


def about_randomness(found: Randomness, passes: int) -> Check:
    """``value``: fraction of the images whose logits differ; ``reference``: whose predictions do."""
    state = FAILED if found.logits else PASSED
    detail = (f"EOT with {passes} passes" if found.matters else f"{found.size:.0e}") if found.logits else ""
    return Check("randomness", state, found.logits, found.predictions, found.images, detail)


def about_company(found: Company, one_by_one: bool, random: bool) -> Check:
    """``value``: fraction of the images predicted otherwise in company; ``reference``: whose logits are others."""
    if random:
        return Check("batch", SKIPPED, _NOT, _NOT, 0, "the model is random, so its predictions differ anyway")
    state = FAILED if max(found.predictions, found.logits - FEW) > 0 else UNCLEAR if found.logits else PASSED
    return Check("batch", state, found.predictions, found.logits, found.images, "one by one" if one_by_one else "")


def about_slopes(found: Slopes) -> Check:
    """``value``: fraction of the images without a usable gradient; ``detail``: what is wrong with most of them."""
    bad = 1 - found.usable
    kinds = {"zero": found.zero, "not finite": found.not_finite, "false": found.false}
    kind = "missing" if found.missing else max(kinds, key=lambda each: kinds[each])
    state = FAILED if bad > FEW else UNCLEAR if bad else PASSED
    return Check("gradients", state, bad, _NOT, found.images, kind if bad else "")


def transfer(rounds: Rounds, sources: Sequence[tuple[str, Adapted]]) -> Check:
    """Adversarial images of undefended models on images that the attacks left. Tramèr et al. 2018, §4.1."""
    if not sources:
        return Check("transfer", SKIPPED, _NOT, _NOT, 0, "no undefended model fits these data")
    standing, spec = rounds.standing, APGD(steps=rounds.depth.steps, objective=Margin())

    def run(images: Tensor) -> None:
        for name, source in sources:
            rest = images[standing.broken_by[images] == UNBROKEN]
            rounds.enter(f"transfer from {name}", spec, rest, partial(_transfer, standing, spec, source))

    return gained(rounds, "transfer", rounds.sample(standing.left), run, ", ".join(name for name, _ in sources))


def _transfer(standing: Standing, spec: AttackSpec, source: Adapted, block: Tensor, ctx: Context) -> Tensor:
    return maximise(spec, source, standing.x[block], standing.y[block], standing.ball, ctx).cpu()


def noise(rounds: Rounds) -> Check:
    """Random signs of size ε on images that the attacks left. Carlini et al. 2019, §4.6."""
    standing = rounds.standing

    def worst(block: Tensor, ctx: Context) -> Tensor:
        """Of several draws, the one with the smallest margin."""
        x, y, best = standing.x[block], standing.y[block], Best(standing.x[block])
        for i in range(_DRAWS):
            x_adv = attack(RandomSign(), rounds.seen, x, y, standing.ball, ctx.seeded(i)).cpu()
            best.offer(x_adv, -margin(rounds.logits(x_adv), y).nan_to_num(-torch.inf, torch.inf, -torch.inf))
        return best.x_adv

    def run(images: Tensor) -> None:
        rounds.enter("noise", RandomSign(), images, worst)

    return gained(rounds, "noise", rounds.sample(standing.left), run, f"random signs, {_DRAWS} draws")


def converged(rounds: Rounds) -> Check:
    """More steps from other random starts on the nearest of the images left. Carlini et al. 2019, §5.1.

    These are not like the others: what counts as much is a point of robust accuracy, not a part of the images tried.
    """
    spec = APGD(steps=2 * rounds.depth.steps, restarts=2, objective=Margin())
    images = rounds.standing.nearest(len(rounds.sample(rounds.standing.left)))

    def run(images: Tensor) -> None:
        rounds.run(Planned("further restarts", spec, 1), images=images)

    few = _POINT * len(rounds.standing.correct)
    return gained(rounds, "converged", images, run, f"{spec.restarts} × {spec.steps} steps", few)


def monotone(rounds: Rounds) -> Check:
    """An attack at ε / 2 on images that those at ε left: what it finds lies in the larger ball too."""
    standing, spec = rounds.standing, APGD(steps=rounds.depth.steps, objective=Margin())
    ball = standing.ball.replace(eps=standing.ball.eps / 2)

    def inside(block: Tensor, ctx: Context) -> Tensor:
        return attack(spec, rounds.seen, standing.x[block], standing.y[block], ball, ctx).cpu()

    def run(images: Tensor) -> None:
        rounds.enter("at half the ε", spec, images, inside)

    return gained(rounds, "monotone", rounds.sample(standing.left), run, f"ε {ball.eps:g}")


def unbounded(rounds: Rounds) -> Check:
    """An attack on the images left that may change them into anything must succeed. Athalye et al. 2018, §3.1."""
    standing = rounds.standing
    images = rounds.sample(standing.left)
    ball = _whole(standing.ball, standing.x)
    spec = APGD(steps=max(50, rounds.depth.steps), objective=Margin())
    ctx = rounds.ctx.silent().seeded("unbounded").only(images.tolist())
    kept = 0.0
    if len(images):
        x_adv = attack(spec, rounds.seen, standing.x[images], standing.y[images], ball, ctx).cpu()
        kept = float((predicted(rounds.logits(x_adv)) == standing.y[images]).float().mean())
    state = NOT_NEEDED if not len(images) else PASSED if not kept else FAILED if kept > FEW else UNCLEAR
    return Check("unbounded", state, kept, 0.0, len(images), f"ε {ball.eps:g}")


def one_step(rounds: Rounds) -> Check:
    """FGSM at ε against FGSM with a half to an eighth of it. Tramèr et al. 2018, §4.1: a masked gradient turns away.

    On sound models the longer step breaks nearly all that the shorter ones do. ``value``: accuracy under FGSM,
    ``reference``: under APGD.
    """
    standing = rounds.standing
    images = rounds.sample(standing.correct)
    if not len(images):
        return Check("one step", SKIPPED, _NOT, _NOT, 0, "no image is correctly classified")
    x, y, ball = standing.x[images], standing.y[images], standing.ball
    ctx = rounds.ctx.silent().seeded("one step").only(images.tolist())

    def breaks(spec: AttackSpec, ball: Ball) -> np.ndarray:
        x_adv = attack(spec, rounds.seen, x, y, ball, ctx).cpu()
        return (predicted(rounds.logits(x_adv)) != y).numpy()

    full, many = breaks(FGSM(), ball), breaks(APGD(steps=rounds.depth.steps), ball)
    part = full  # where nearly all is broken, shorter steps cannot show that they break more
    if _can_tell(~full):
        part = np.any([breaks(FGSM(), ball.replace(eps=ball.eps * each)) for each in _PARTS], axis=0)
    masked = luck(part, full) < SIGNIFICANT
    weaker = luck(full, many) < SIGNIFICANT
    detail = f"shorter steps leave {1 - part.mean():.0%}" if masked else ""
    state = FAILED if masked or weaker else PASSED
    return Check("one step", state, 1 - full.mean(), 1 - many.mean(), len(images), detail)


def saturated(rounds: Rounds, found: Slopes) -> Check:
    """PGD on plain cross-entropy, which underflows where the softmax is one, against ours. Carlini & Wagner 2017, §IV.

    ``value``: accuracy under the plain one, ``reference``: under ours of the same steps, on the same images.
    """
    standing = rounds.standing
    images = rounds.sample(standing.correct)
    if found.saturated <= FEW or not len(images) or not standing.ball.eps:
        return Check("saturated", PASSED, _NOT, _NOT, found.images, "")
    x, y = (each[images].to(device_of(rounds.seen)) for each in (standing.x, standing.y))
    plain = (predicted(rounds.logits(_attack_plain_cross_entropy(rounds, x, y))) != standing.y[images]).numpy()
    ctx = rounds.ctx.silent().seeded("saturated").only(images.tolist())
    length = min(standing.ball.eps, _whole(standing.ball, x).eps) / 5  # no step needs to cross all images
    same = PGD(steps=_PLAIN_STEPS, step_size=min(length, 100.0), random_start=False)
    x_adv = attack(same, rounds.seen, x, y, standing.ball, ctx)
    ours = (predicted(rounds.logits(x_adv)) != standing.y[images]).numpy()
    state = FAILED if luck(ours, plain) < SIGNIFICANT else PASSED
    return Check("saturated", state, 1 - plain.mean(), 1 - ours.mean(), len(images), f"{found.saturated:.0%}")


def _attack_plain_cross_entropy(rounds: Rounds, x: Tensor, y: Tensor) -> Tensor:
    """Run PGD on the cross-entropy as PyTorch computes it, up to the first success."""
    ball, x_adv, left = rounds.standing.ball, x.clone(), torch.arange(len(x), device=x.device)
    for _ in range(_PLAIN_STEPS):
        point = x_adv[left]
        gradient, logits = plain_gradient(rounds.seen, point, y[left])
        moved = project(ball, point + ball.eps / 5 * steepest(ball, gradient.nan_to_num(0)), x[left])
        withstands = predicted(logits) == y[left]
        left = left[withstands]
        x_adv[left] = moved[withstands]
        if not len(left):
            break
    return x_adv


def about_logits(standing: Standing) -> Check:
    """``value``: fraction of the images whose adversarial example, or the image itself, has no finite logits."""
    missing = (standing.adversarial == NO_CLASS).float().mean().item()
    return Check("logits", FAILED if missing else PASSED, missing, _NOT, len(standing.y), "")


def _can_tell(left: np.ndarray) -> bool:
    """Return whether an attack that broke all of the images that another left would surely be the stronger one."""
    return luck(left, np.zeros_like(left)) < SIGNIFICANT


def _whole(ball: Ball, x: Tensor) -> Ball:
    """The ball that holds every image."""
    return Linf(1.0) if isinstance(ball, Linf) else L2(min(x[0].numel() ** 0.5, 1000.0))
