"""The accuracies that stand beside a trained network."""

from torch import nn

from lab.attacks.attack import attack
from lab.attacks.judge import judge
from lab.context import Context
from lab.data import Dataset
from lab.results.run import Measured
from lab.specs.attacks import FGSM, PGD
from lab.specs.balls import Ball, Linf
from lab.specs.recipes import Adversarial, Recipe

IMAGES = 1000  # test images measured on; with 1,000 an accuracy of 50 % is known to ±3 points (95 %)


def measure(model: nn.Module, data: Dataset, ball: Ball, ctx: Context) -> Measured:
    """Clean, FGSM and PGD accuracy on the first test images, under the judge.

    PGD takes 40 steps of eps / 16 from one random start, so that it can cross the ball 1¼ times. Madry et al.
    2017's 0.01 at eps 0.3 is half as long: from a random start it does not always reach the ball's other side.
    """
    images = list(range(min(IMAGES, len(data.test))))
    x, y = data.test.images(images), data.test.labels(images)
    one_step = judge(x, y, attack(FGSM(), model, x, y, ball, ctx.part(0, 2, "FGSM")), model, ball)
    steps = PGD(steps=40, step_size=max(ball.eps / 16, 1e-5))
    iterative = judge(x, y, attack(steps, model, x, y, ball, ctx.part(1, 2, "PGD")), model, ball)
    return Measured(
        one_step.clean_accuracy, one_step.robust_accuracy, iterative.robust_accuracy, len(images), ball, steps
    )


def ball_of(recipe: Recipe, data: Dataset) -> Ball:
    """The threat model a recipe's network is measured in: the one it was trained against, else the papers' usual one.

    L∞ with eps 0.3 for grey images (Madry et al. 2017, Table 1; Tramèr et al. 2018, App. C) and 8/255 for colour.
    """
    if isinstance(recipe, Adversarial):
        return recipe.ball
    return Linf(0.3) if data.shape[0] == 1 else Linf(8 / 255)
