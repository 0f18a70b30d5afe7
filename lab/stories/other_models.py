"""The story of training on other models' examples. Tramèr et al. 2018, §3.4, §4.2; Na et al. 2018, §3.1, §4.2, §5."""

import numpy as np

from lab.counts import percent
from lab.results.curves import CurvesResult
from lab.results.embedding import EmbeddingsResult
from lab.results.transfer import ERROR, TransferResult
from lab.specs.attacks import BIM, FGSM, PGD
from lab.specs.balls import Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.embedding import Embeddings
from lab.specs.models import Trained
from lab.specs.transfer import TransferMatrix
from lab.stories.story import Story, StoryOutcome, StoryStep
from lab.stories.words import leading, of

_SOURCE, _ALONE, _ENSEMBLE = Trained("standard-b"), Trained("fgsm-trained"), Trained("ensemble-trained")
_DEFENDED = ("fgsm-trained", "kurakin-trained", "ensemble-trained", "cascade-trained", "pivot-trained", "pgd-trained")
_LIKE = ("standard", "ensemble-trained", "pgd-trained")


def _holdout(result: TransferResult) -> StoryOutcome:
    [attack] = result.spec.attacks
    shown = result.at(attack)
    assert shown is not None  # the result is complete
    _, alone, ensemble = result.rates(shown, ERROR)[0]
    words = (
        f"Of the FGSM images made on {result.models[0]}, fgsm-trained misclassifies {percent(alone)} and "
        f"ensemble-trained {percent(ensemble)}."
    )
    return StoryOutcome(words, 2 if abs(alone - ensemble) < 0.05 else int(alone > ensemble))


def _white_box(result: CurvesResult) -> StoryOutcome:
    kept = {each.model: each.right[0, -1] for each in result.models}
    robust = [name for name, right in kept.items() if right.mean() >= 0.1]
    keep = "keeps" if len(robust) == 1 else "keep"
    best = max(kept, key=lambda name: kept[name].mean())
    words = (
        f"At ε {result.spec.ball.eps:g}, {len(robust) or 'none'} of {len(kept)} models {keep} a tenth or more: "
        f"the best, {best}, classifies {of(kept[best])} correctly."
    )
    return StoryOutcome(words, min(len(robust), 3))


def _alike(result: TransferResult) -> StoryOutcome:
    [attack] = result.spec.attacks
    shown = result.at(attack)
    assert shown is not None  # the result is complete
    likeness = [float(np.nanmean(shown.pair(0, 1 + i))) for i in range(len(_LIKE))]
    told = ", ".join(f"{name} {value:.2f}" for name, value in zip(_LIKE, likeness, strict=True))
    words = f"The mean correlation of fgsm-trained's PGD perturbations with those of each other model: {told}."
    return StoryOutcome(words, leading(likeness, 0.02))


def _moved(result: EmbeddingsResult) -> StoryOutcome:
    (name, first), (other, second) = (
        (each.model, float(each.distance[-1].mean() / each.between)) for each in result.models
    )
    words = (
        f"At ε {result.spec.ball.eps:g} images move by {first:.2f} times the mean distance between two classes "
        f"in {name}, and by {second:.2f} times in {other}."
    )
    return StoryOutcome(words, 2 if abs(first - second) < 0.1 * max(first, second) else int(second > first))


STORY = Story(
    "other-models",
    "Examples of other models",
    "A model can cheat on its own examples. What if it has to learn from those of others?",
    "5_ensemble_and_cascade_training.ipynb",
    (
        StoryStep(
            "holdout",
            "transfer",
            TransferMatrix(models=(_SOURCE, _ALONE, _ENSEMBLE), attacks=(FGSM(),), ball=Linf(0.2), eps=(), images=120),
            "ensemble-trained also learnt from other models' examples. Neither it nor fgsm-trained knows those of "
            "standard-b: which of the two is more robust to them?",
            ("fgsm-trained", "ensemble-trained", "both alike, within 5 points"),
            _holdout,
            look={"measure": ERROR},
        ),
        StoryStep(
            "white-box",
            "robustness-curves",
            RobustnessCurves(
                models=tuple(map(Trained, _DEFENDED)),
                attacks=(PGD(steps=20),),
                ball=Linf(0.3),
                levels=1,
                images=60,
                searched=0,
            ),
            "Six models, trained on adversarial examples in six ways. How many still classify a tenth of the images "
            "correctly under white-box PGD?",
            ("none", "one", "two", "three or more"),
            _white_box,
        ),
        StoryStep(
            "similar",
            "transfer",
            TransferMatrix(
                models=(_ALONE, *map(Trained, _LIKE)), attacks=(PGD(steps=10),), ball=Linf(0.2), eps=(), images=80
            ),
            "Cascade training relies on other models' PGD perturbations being similar. With whose do those of "
            "fgsm-trained correlate most?",
            (*_LIKE, "two or all alike, within 0.02"),
            _alike,
        ),
        StoryStep(
            "embedding",
            "embeddings",
            Embeddings(
                models=(Trained("flat-standard"), Trained("flat-pivot")),
                images=(3, 7, 0),
                averaged=32,
                attack=BIM(steps=10),
                levels=3,
            ),
            "The pivot loss pulls adversarial embeddings toward the clean ones. Compared with the distance between "
            "classes, where does an attack move images farther?",
            ("flat-standard", "flat-pivot", "both alike, within 10%"),
            _moved,
        ),
    ),
)
