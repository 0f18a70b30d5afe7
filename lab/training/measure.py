"""The accuracies that stand beside a trained network."""

from torch import Tensor, nn

from lab.attacks.attack import attack, maximise
from lab.attacks.judge import judge
from lab.catalogue import models, parts
from lab.context import Context
from lab.data import Dataset
from lab.models import load
from lab.results.run import Measured
from lab.specs.attacks import FGSM, PGD, RFGSM, AttackSpec, StepLL
from lab.specs.balls import Ball, Linf
from lab.specs.models import Trained
from lab.specs.recipes import TRADES, Adversarial, Recipe
from lab.training.prepared import begins_alike

IMAGES = 1000  # test images measured on; with 1,000 an accuracy of 50 % is known to ±3 points (95 %)
STRANGERS = ("standard-b", "standard")  # shipped networks, undefended, that black-box images are made on


def measure(model: nn.Module, data: Dataset, ball: Ball, ctx: Context, source: str = "") -> Measured:
    """Accuracies on the first test images, under the judge: clean, FGSM, R+FGSM, Step-LL, PGD and black-box FGSM.

    All white-box attacks but Step-LL raise the loss of the true label. PGD takes 40 steps of eps / 16 from one random
    start, so that it can cross the ball 1¼ times: Madry et al. 2017's 0.01 at eps 0.3 is half as long, and from a
    random start it does not always reach the ball's other side. ``source`` names the network whose FGSM images are the
    black-box ones (Tramèr et al. 2018, Table 7); without one, there are none.
    """
    images = range(min(IMAGES, len(data.test)))
    x, y = data.test.images(images), data.test.labels(images)
    steps = PGD(steps=40, step_size=max(ball.eps / 16, 1e-5))

    def accuracy(spec: AttackSpec, part: Context) -> float:
        return judge(x, y, attack(spec, model, x, y, ball, part), model, ball).robust_accuracy

    one_step, iterative = ctx.span(0, 0.1, 1), ctx.span(0.1, 1, 1)
    return Measured(
        clean=judge(x, y, x, model, ball).clean_accuracy,
        fgsm=accuracy(FGSM(), one_step.part(0, 3, "FGSM")),
        rfgsm=accuracy(RFGSM(), one_step.part(1, 3, "R+FGSM")),
        step_ll=accuracy(StepLL(), one_step.part(2, 3, "Step-LL")),
        pgd=accuracy(steps, iterative.part(0, 1, "PGD")),
        black_box=_black_box(source, model, x, y, ball) if source else None,
        n=len(images),
        ball=ball,
        attack=steps,
        source=source,
    )


def stranger(recipe: Recipe, data: Dataset) -> str:
    """The shipped, undefended network that a recipe's network has nothing to do with, '' for none.

    It was trained on these data from other initial weights, and the recipe does not name it: a fixed network of an
    ensemble is no black box to what was trained on its images (Tramèr et al. 2018, §4.2: holdout models).
    """
    named = set(parts(recipe))
    known = [
        each.name for each in models() if each.origin == "zoo" and each.data == data.name and each.spec not in named
    ]
    return next((each for each in STRANGERS if each in known and not begins_alike(recipe, each)), "")


def ball_of(recipe: Recipe, data: Dataset) -> Ball:
    """The threat model a recipe's network is measured in: the one it was trained against, else the papers' usual one.

    L∞ with eps 0.3 for grey images (Madry et al. 2017, Table 1; Tramèr et al. 2018, App. C) and 8/255 for colour.
    """
    if isinstance(recipe, Adversarial | TRADES):
        return recipe.ball
    return Linf(0.3) if data.shape[0] == 1 else Linf(8 / 255)


def _black_box(source: str, model: nn.Module, x: Tensor, y: Tensor, ball: Ball) -> float:
    return judge(x, y, maximise(FGSM(), load(Trained(source)), x, y, ball), model, ball).robust_accuracy
