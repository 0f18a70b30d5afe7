"""The accuracies that stand beside a trained network."""

from dataclasses import replace

from torch import Tensor, nn

from lab import datafiles
from lab.attacks.attack import attack, maximise
from lab.attacks.evaluation import evaluate
from lab.attacks.judge import judge
from lab.catalogue import models, parts, shipped_on
from lab.context import Context
from lab.data import Dataset
from lab.models import load
from lab.results.run import Measured
from lab.specs.attacks import FGSM, PGD, RFGSM, AttackSpec, StepLL
from lab.specs.balls import L2, Ball, Linf
from lab.specs.evaluation import QUICK
from lab.specs.models import Trained
from lab.specs.opening import threat_model
from lab.specs.recipes import Recipe
from lab.training.prepared import begins_alike

IMAGES = 1000  # test images measured on; with 1,000 an accuracy of 50% is known to ±3 points (95%)
EVALUATED = 100  # of these: an evaluation takes several times as long for an image as the single attacks together
SOURCES = ("standard-b", "standard")  # shipped networks of each data set that black-box images are made on


def measure(model: nn.Module, data: Dataset, ball: Ball, ctx: Context, source: str = "") -> Measured:
    """Accuracies on the first test images: clean, under single attacks, and under the quick evaluation.

    The single ones are FGSM, R+FGSM, Step-LL, PGD as it is by default, and FGSM on the model ``source`` names, a black
    box (Tramèr et al. 2018, Table 7); without one, there is none. All but Step-LL raise the loss of the true label. The
    evaluation's strong attacks share the first :data:`EVALUATED` images: what they leave is the robust accuracy; the
    others show what a single attack misses.
    """
    images = range(min(IMAGES, len(data.test)))
    x, y = data.test.images(images), data.test.labels(images)
    iterated = PGD()

    def accuracy(spec: AttackSpec, part: Context) -> float:
        return judge(x, y, attack(spec, model, x, y, ball, part), model, ball).robust_accuracy

    one_step, iterative, strong = ctx.span(0, 0.1, 1), ctx.span(0.1, 0.5, 1), ctx.span(0.5, 1, 1)
    evaluated = min(EVALUATED, len(images)) if isinstance(ball, Linf | L2) else 0
    return Measured(
        clean=judge(x, y, x, model, ball).clean_accuracy,
        fgsm=accuracy(FGSM(), one_step.part(0, 3, "FGSM")),
        rfgsm=accuracy(RFGSM(), one_step.part(1, 3, "R+FGSM")),
        step_ll=accuracy(StepLL(), one_step.part(2, 3, "Step-LL")),
        pgd=accuracy(iterated, iterative.part(0, 1, "PGD")),
        black_box=_black_box(source, model, x, y, ball) if source else None,
        n=len(images),
        ball=ball,
        attack=iterated,
        source=source,
        evaluation=_evaluate(model, x[:evaluated], y[:evaluated], ball, strong) if evaluated else None,
        evaluated=evaluated,
    )


def holdout(recipe: Recipe, data: Dataset) -> str:
    """The shipped, undefended network that a recipe's network has nothing to do with, '' for none.

    It was trained on these data from other initial weights, and the recipe does not name it: a fixed network of an
    ensemble is no black box to what was trained on its images (Tramèr et al. 2018, §4.2: holdout models).
    """
    named = set(parts(recipe))
    known = [
        each.name for each in models() if each.origin == "zoo" and each.data == data.name and each.spec not in named
    ]
    sources = [shipped_on(data.name, each) for each in SOURCES]
    return next((each for each in sources if each in known and not begins_alike(recipe, each)), "")


def measured_in(recipe: Recipe) -> Ball:
    """The threat model in which a recipe's network is measured: the one it trains against, or its data's."""
    return recipe.trained_against or threat_model(datafiles.opening(recipe.data))


def _evaluate(model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> float:
    unseen = replace(ctx.part(0, 1, "evaluating"), on_partial=lambda _: None)
    return evaluate(model, x, y, ball, QUICK, unseen).robust_accuracy


def _black_box(source: str, model: nn.Module, x: Tensor, y: Tensor, ball: Ball) -> float:
    return judge(x, y, maximise(FGSM(), load(Trained(source)), x, y, ball), model, ball).robust_accuracy
