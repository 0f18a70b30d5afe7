"""The story of the single step: why withstanding it is not being robust. Tramèr et al. 2018, §3.3, §4.1."""

import numpy as np

from lab.results.curves import CurvesResult
from lab.results.surface import SurfaceResult
from lab.specs.attacks import FGSM, PGD, RFGSM
from lab.specs.balls import Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.models import Trained
from lab.specs.surface import LossSurface
from lab.stories.story import Amount, Story, StoryOutcome, StoryStep
from lab.stories.words import fooled, of

_MASKED = (Trained("fgsm-trained"),)
_BOTH = (Trained("standard"), *_MASKED)
_EQUAL = 0.02
"""Losses that differ by less than this fraction of the largest are alike, as in the caption of the loss surface."""


def _by_one_step(result: CurvesResult) -> StoryOutcome:
    left = [model.right[0, -1] for model in result.models]
    names = [model.model for model in result.models]
    words = " and ".join(f"{name} classifies {of(each)} correctly" for name, each in zip(names, left, strict=True))
    gap = left[1].mean() - left[0].mean()
    return StoryOutcome(f"After one step of ε {result.spec.ball.eps:g} {words}.", 2 if abs(gap) < 0.1 else int(gap > 0))


def _by_many(result: CurvesResult) -> StoryOutcome:
    [model] = result.models
    one, many = map(fooled, model.right)
    words = f"One step fools {of(one)}; {result.spec.attacks[1].steps} steps fool {of(many)}."  # type: ignore[attr-defined]
    return StoryOutcome(words, round(100 * float(many.mean())))


def _along_gradient(result: SurfaceResult) -> StoryOutcome:
    [model] = result.models
    row = int(np.abs(result.across).argmin())
    inside = (result.along > -1e-9) & (result.along < result.spec.ball.eps * (1 + 1e-9))
    steps, losses = result.along[inside], model.answers.quantity("loss")[row, inside]
    first, top, last = float(losses[0]), float(losses.max()), float(losses[-1])
    ends = f"{_nats(first)} at the image and {_nats(last)} a whole ε away"
    if not top - first > _EQUAL * top:
        return StoryOutcome(f"Along its gradient the loss of {model.model} does not rise: it is {ends}.", 2)
    if top - last <= _EQUAL * top:
        return StoryOutcome(f"Along its gradient the loss of {model.model} rises to the end: it is {ends}.", 0)
    peak = steps[int(losses.argmax())]
    words = (
        f"Along its gradient the loss of {model.model} is largest, {_nats(top)} nats, at ε₁ {peak:.2g}: it is {ends}."
    )
    return StoryOutcome(words, 1)


def _nats(loss: float) -> str:
    return f"{loss:.2g}" if loss >= 0.001 or loss == 0 else "below 0.001"


def _random_step(result: CurvesResult) -> StoryOutcome:
    [model] = result.models
    plain, random = map(fooled, model.right)
    gain = random.mean() - plain.mean()
    words = f"FGSM fools {of(plain)}; with half of ε spent on a random step first it fools {of(random)}."
    return StoryOutcome(words, 2 if abs(gain) < 0.05 else 0 if gain > 0 else 1)


STORY = Story(
    "one-step",
    "Why one step is not enough",
    "A model learns to withstand single-step attacks. Has it become robust?",
    "2_why_one_step_is_not_enough.ipynb",
    (
        StoryStep(
            "by-one-step",
            "robustness-curves",
            RobustnessCurves(models=_BOTH, attacks=(FGSM(),), ball=Linf(0.3), levels=6, images=100, searched=0),
            "fgsm-trained was trained on its own FGSM examples, standard on clean images. Judged by FGSM alone, which "
            "one is more robust?",
            ("standard", "fgsm-trained", "neither, within 10 points"),
            _by_one_step,
        ),
        StoryStep(
            "by-many-steps",
            "robustness-curves",
            RobustnessCurves(
                models=_MASKED, attacks=(FGSM(), PGD(steps=40)), ball=Linf(0.3), levels=3, images=100, searched=0
            ),
            "Now PGD with 40 small steps, within the same ε 0.3. How many of 100 images does it fool on fgsm-trained?",
            Amount(" of 100", 0, 100, 5),
            _by_many,
        ),
        StoryStep(
            "along-the-gradient",
            "loss-surface",
            LossSurface(models=_MASKED, image=3, points=41, pgd=PGD(steps=20)),
            "One step goes a whole ε along the gradient g. Where on this line is the loss of fgsm-trained largest?",
            ("at the end, where FGSM arrives", "before: FGSM steps past it", "nowhere: it does not rise"),
            _along_gradient,
        ),
        StoryStep(
            "random-step",
            "robustness-curves",
            RobustnessCurves(
                models=_MASKED, attacks=(FGSM(), RFGSM()), ball=Linf(0.2), levels=4, images=100, searched=0
            ),
            "R+FGSM spends half of ε on a random step and takes the gradient from there. Is it stronger or weaker than "
            "FGSM with the whole ε?",
            ("stronger", "weaker", "no different, within 5 points"),
            _random_step,
        ),
    ),
)
