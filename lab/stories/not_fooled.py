"""The story of numbers that are worth nothing. Tramèr et al. 2018, §3, §4; Croce & Hein 2020; Carlini et al. 2019."""

from lab.counts import percent
from lab.results import evaluation_verdict, masking_verdict
from lab.results.curves import CurvesResult
from lab.results.evaluation import EvaluationResult
from lab.results.explore import ExploreResult
from lab.results.masking import MaskingResult
from lab.specs.attacks import FGSM, PGD, RandomSign
from lab.specs.balls import Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.evaluation import Evaluation
from lab.specs.explore import SCALES, Explore
from lab.specs.masking import Masking
from lab.specs.models import Trained
from lab.stories.story import Amount, Story, StoryOutcome, StoryStep
from lab.stories.words import fooled, of

_MASKED, _ROBUST = Trained("fgsm-trained"), Trained("pgd-trained")
_VERDICTS = (
    evaluation_verdict.BROKEN, evaluation_verdict.MASKED, evaluation_verdict.ROBUST, evaluation_verdict.UNDECIDED,
)  # fmt: skip


def _scaled(result: ExploreResult) -> StoryOutcome:
    [sweep] = result.sweeps
    plain, ours = sweep.fooled_plain, sweep.fooled_ours
    lost = int((ours - plain).argmax())
    words = (
        f"The plain gradient succeeds from {percent(plain[0])} of the starts on the model as it is, and from "
        f"{percent(plain[lost])} on logits × {SCALES[lost]:,.0f}; there a gradient that cannot underflow succeeds from "
        f"{percent(ours[lost])}."
    )
    return StoryOutcome(words, 0 if plain.min() < plain[0] else 1)


def _noise(result: CurvesResult) -> StoryOutcome:
    [model] = result.models
    noise, step = map(fooled, model.right)
    gap = noise.mean() - step.mean()
    words = f"At ε {result.spec.ball.eps:g} random signs fool {of(noise)} and FGSM fools {of(step)}."
    return StoryOutcome(words, 2 if abs(gap) < 0.05 else int(gap > 0))


def _verdict(result: MaskingResult) -> StoryOutcome:
    [model] = result.models
    said = masking_verdict.verdict(result, model)
    found = [sign for sign in said.signs if sign.found]
    sign = f" {found[0].words}" if found else ""
    words = f"The verdict is “{said.kind}”, with {len(found)} of {len(said.signs)} signs of masking.{sign}"
    return StoryOutcome(words, _VERDICTS.index(said.kind))


def _restarted(result: CurvesResult) -> StoryOutcome:
    [model] = result.models
    once, often = model.right[:, -1]
    words = f"From one start PGD leaves {of(once)} correctly classified, from ten {of(often)}."
    return StoryOutcome(words, 0 if once.mean() - often.mean() >= 0.02 else 1)


def _worst_case(result: EvaluationResult) -> StoryOutcome:
    [model] = result.models
    broke = " · ".join(f"{each.name} {int(each.broken.sum())}" for each in model.stages if each.broken.any())
    words = (
        f"{percent(model.clean_accuracy)} of {model.n} images are correctly classified, and "
        f"{percent(model.robust_accuracy)} withstand every attack. Images that each attack broke: {broke or 'none'}."
    )
    return StoryOutcome(words, round(100 * model.robust_accuracy))


STORY = Story(
    "not-fooled",
    "How not to be fooled",
    "A robust accuracy is an upper bound. Recognise the numbers that are worth nothing.",
    "6_how_not_to_fool_yourself.ipynb",
    (
        StoryStep(
            "scaled-logits",
            "attack-explorer",
            Explore(models=(Trained("standard"),), image=7, attack=PGD(steps=20), ball=Linf(0.1), logit_scale=1000.0),
            "A defence in one line: multiply all logits by a large factor. No prediction changes. Does an attack by "
            "the plain gradient of the cross-entropy succeed less often?",
            ("yes, less often", "no, as often"),
            _scaled,
            enough=lambda result: len(result.sweeps) == 1,  # the attacks beside the chosen one come later
        ),
        StoryStep(
            "noise",
            "robustness-curves",
            RobustnessCurves(
                models=(_MASKED,), attacks=(RandomSign(), FGSM()), ball=Linf(0.3), levels=6, images=120, searched=0
            ),
            "Noise should do far less harm than an attack. Which fools fgsm-trained more often at ε 0.3: FGSM, or "
            "random signs?",
            ("FGSM", "random signs", "both alike, within 5 points"),
            _noise,
        ),
        StoryStep(
            "verdict",
            "masking",
            Masking(models=(_MASKED,), ball=Linf(0.2), eps=(0.1,), images=60, steps=20),
            "Signs tell a robust model from one that only masks its gradient. What is the verdict on fgsm-trained?",
            _VERDICTS,
            _verdict,
        ),
        StoryStep(
            "restarts",
            "robustness-curves",
            RobustnessCurves(
                models=(_ROBUST,),
                attacks=(PGD(steps=10), PGD(steps=10, restarts=10)),
                ball=Linf(0.3),
                levels=1,
                images=100,
                searched=0,
            ),
            "PGD with 10 steps attacks pgd-trained at ε 0.3. Do ten random starts instead of one lower its robust "
            "accuracy by 2 percentage points or more?",
            ("yes: one start was not enough", "no: one start was enough"),
            _restarted,
        ),
        StoryStep(
            "worst-case",
            "evaluation",
            Evaluation(models=(_ROBUST,), ball=Linf(0.3), images=60),
            "Several attacks, each on what those before it have left. What percentage of the images does pgd-trained "
            "still classify correctly after all of them?",
            Amount("%", 0, 100, 5),
            _worst_case,
        ),
    ),
)
