"""The story of the black box. Kurakin et al. 2017, §4.4; Tramèr et al. 2018, §4.1; Na et al. 2018, §3.1."""

import numpy as np

from lab.counts import percent
from lab.results.curves import CurvesResult
from lab.results.transfer import ERROR, TRANSFER, TransferResult
from lab.specs.attacks import FGSM, PGD, StepLL
from lab.specs.balls import Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.models import Trained
from lab.specs.query import Square
from lab.specs.transfer import TransferMatrix
from lab.stories.story import Amount, Story, StoryOutcome, StoryStep
from lab.stories.words import fooled, leading, of

_TWINS = (Trained("standard"), Trained("standard-b"))
_FOUR = (*_TWINS, Trained("fgsm-trained"), Trained("pgd-trained"))
_KINDS = {"FGSM": FGSM(), "Step-LL": StepLL(), "PGD": PGD(steps=20)}


def _transferred(result: TransferResult) -> StoryOutcome:
    [attack] = result.spec.attacks
    shown = result.at(attack)
    assert shown is not None  # the result is complete
    hits, asked = (int(each[0, 1]) for each in result.counts(shown, TRANSFER))
    source, target = result.models
    rate = hits / max(asked, 1)
    fooled_too = f"{hits} of these ({percent(rate)}) fool {target}, too"
    words = f"PGD fools {source} on {asked} of {len(result.y)} images; {fooled_too}."
    return StoryOutcome(words, round(100 * rate))


def _best(result: TransferResult) -> StoryOutcome:
    shown = [result.at(each) for each in _KINDS.values()]
    rates = [float(result.rates(each, TRANSFER)[0, 1]) for each in shown if each is not None]
    told = ", ".join(f"{name} {percent(rate)}" for name, rate in zip(_KINDS, rates, strict=True))
    source, target = result.models
    words = f"Of the images that fool {source}, so many also fool {target}: {told}."
    return StoryOutcome(words, leading(rates, 0.03))


def _blind(result: TransferResult) -> StoryOutcome:
    [attack] = result.spec.attacks
    shown = result.at(attack)
    assert shown is not None  # the result is complete
    target = result.models.index("fgsm-trained")
    rates = result.rates(shown, ERROR)[:, target]
    others = np.where(np.arange(len(rates)) == target, -1, rates)
    worst = int(others.argmax())
    gap = rates[worst] - rates[target]
    words = (
        f"fgsm-trained misclassifies {percent(rates[target])} of its own FGSM images and {percent(rates[worst])} of "
        f"those made on {result.models[worst]}, the worst of the other models."
    )
    return StoryOutcome(words, 2 if abs(gap) <= 0.03 else int(gap > 0))


def _queries(result: CurvesResult) -> StoryOutcome:
    [model] = result.models
    hits = fooled(model.right[0])
    [square] = result.spec.attacks
    words = f"With {square.queries} queries for each image and no gradient, the adversary fools {of(hits)}."  # type: ignore[attr-defined]
    return StoryOutcome(words, round(100 * float(hits.mean())))


STORY = Story(
    "transfer",
    "Transfer and black boxes",
    "The adversary has neither your weights nor your gradient. Are you safe?",
    "4_transfer_and_black_boxes.ipynb",
    (
        StoryStep(
            "twins",
            "transfer",
            TransferMatrix(models=_TWINS, attacks=(PGD(steps=20),), ball=Linf(0.2), eps=(), images=120),
            "standard and standard-b differ only in the seed of their training. PGD attacks standard: what percentage "
            "of the images that fool it also fool standard-b?",
            Amount("%", 0, 100, 5),
            _transferred,
            look={"measure": TRANSFER},
        ),
        StoryStep(
            "which-attack",
            "transfer",
            TransferMatrix(models=_TWINS, attacks=tuple(_KINDS.values()), ball=Linf(0.15), eps=(), images=120),
            "Which attack's examples transfer best from standard to standard-b at ε 0.15?",
            (*_KINDS, "two or all alike, within 3 points"),
            _best,
            look={"measure": TRANSFER},
        ),
        StoryStep(
            "blind-spot",
            "transfer",
            TransferMatrix(models=_FOUR, attacks=(FGSM(),), ball=Linf(0.2), eps=(), images=120),
            "Look at the column of fgsm-trained: of whose FGSM images does it misclassify the most?",
            ("its own: the white box is worst", "another model's: a black box is worse", "both alike, within 3 points"),
            _blind,
            look={"measure": ERROR},
        ),
        StoryStep(
            "queries",
            "robustness-curves",
            RobustnessCurves(
                models=_TWINS[:1], attacks=(Square(queries=200),), ball=Linf(0.2), levels=2, images=50, searched=0
            ),
            "No gradient, no other model: Square may only query the logits, 200 times for each image. What percentage "
            "does it fool at ε 0.2?",
            Amount("%", 0, 100, 10),
            _queries,
        ),
    ),
)
