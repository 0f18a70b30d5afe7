"""The story of the first adversarial example. Kurakin, Goodfellow, Bengio 2017, §2."""

import numpy as np

from lab.counts import percent
from lab.results.curves import CurvesResult
from lab.results.explore import ExploreResult
from lab.results.prediction import predictions
from lab.specs.attacks import FGSM, RandomSign, StepLL
from lab.specs.balls import Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.explore import Explore
from lab.specs.models import Trained
from lab.stories.story import Amount, Story, StoryOutcome, StoryStep
from lab.stories.words import of

_STANDARD = (Trained("standard"),)


def _fooled(result: ExploreResult) -> StoryOutcome:
    [model] = result.models
    before, after = (result.class_names[int(predictions(each))] for each in (model.clean, model.adversarial))
    label, eps = result.class_names[result.y], result.spec.ball.eps
    if before != label:
        return StoryOutcome(f"The model predicts {before} instead of {label} even without an attack.", 2)
    if after == label:
        return StoryOutcome(f"At ε {eps:g} the model still predicts {label} after the step.", 1)
    sure = np.exp(model.adversarial - model.adversarial.max())
    return StoryOutcome(
        f"One step of ε {eps:g} changes the prediction from {before} to {after}, which the model gives a probability "
        f"of {percent(float(sure.max() / sure.sum()), 1)}.",
        0,
    )


def _half(result: CurvesResult) -> StoryOutcome:
    [model] = result.models
    accuracy, eps = model.right[0].mean(1), np.array(result.spec.eps)
    below = np.flatnonzero(accuracy <= accuracy[0] / 2)
    clean = f"The accuracy is {percent(accuracy[0])} without an attack"
    left = f"{percent(accuracy[-1])} at ε {eps[-1]:g}"
    if not len(below):
        return StoryOutcome(f"{clean} and {left}, which is more than half of it.", eps[-1])
    first = max(int(below[0]), 1)
    half = float(np.interp(-accuracy[0] / 2, -accuracy[first - 1 : first + 1], eps[first - 1 : first + 1]))
    return StoryOutcome(f"{clean}, half of that at ε {half:.2f}, and {left}.", half)


def _direction(result: CurvesResult) -> StoryOutcome:
    [model] = result.models
    noise, step = model.right[:, -1]
    eps, lead = result.spec.ball.eps, noise.mean() - step.mean()
    words = f"At ε {eps:g} random signs leave {of(noise)} correctly classified, FGSM leaves {of(step)}."
    return StoryOutcome(words, 1 if lead > 0.2 else 2 if lead < -0.05 else 0)


def _least_likely(result: CurvesResult) -> StoryOutcome:
    [model] = result.models
    own, least = model.right.mean(2)
    level = int(np.abs(own - least).argmax())
    gap = least[level] - own[level]
    words = (
        f"At ε {result.spec.eps[level]:.2g} FGSM leaves {of(model.right[0, level])} correctly classified and Step-LL "
        f"{of(model.right[1, level])}: nowhere do the two differ more."
    )
    return StoryOutcome(words, 2 if abs(gap) < 0.05 else 0 if gap < 0 else 1)


STORY = Story(
    "first-example",
    "The first adversarial example",
    "A change too small to matter, and a model that is wrong about it.",
    "1_adversarial_examples.ipynb",
    (
        StoryStep(
            "one-image",
            "attack-explorer",
            Explore(models=_STANDARD, image=7, attack=FGSM(), ball=Linf(0.1)),
            "FGSM takes one step along the sign of the gradient and changes every pixel by a tenth of the range from "
            "black to white. Does the model then predict another digit?",
            ("yes, another digit", "no, still the label", "it was wrong before"),
            _fooled,
            enough=lambda result: len(result.models) == 1,  # the attacks beside the chosen one come later
        ),
        StoryStep(
            "how-much",
            "robustness-curves",
            RobustnessCurves(models=_STANDARD, attacks=(FGSM(),), ball=Linf(0.3), levels=12, searched=0),
            "FGSM on 200 digits, with ever larger ε. At which ε has this model lost half of its accuracy?",
            Amount("", 0.0, 0.3, 0.03),
            _half,
        ),
        StoryStep(
            "direction",
            "robustness-curves",
            RobustnessCurves(models=_STANDARD, attacks=(RandomSign(), FGSM()), ball=Linf(0.15), levels=6, searched=0),
            "Random signs move every pixel as far as FGSM does. Does the size of a perturbation fool the model, or "
            "its direction?",
            ("the size: both do as much", "the direction: FGSM does far more", "random signs do more"),
            _direction,
        ),
        StoryStep(
            "least-likely",
            "robustness-curves",
            RobustnessCurves(models=_STANDARD, attacks=(FGSM(), StepLL()), ball=Linf(0.2), levels=8, searched=0),
            "Step-LL steps toward the class that the model finds least likely, FGSM away from the label. Which of them "
            "leaves fewer images correctly classified?",
            ("Step-LL", "FGSM", "both as many, within 5 points"),
            _least_likely,
        ),
    ),
)
