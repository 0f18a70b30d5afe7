"""TRADES: its loss and its inner maximum. Zhang et al. 2019, eq. 5 and Algorithm 1."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div

from lab.attacks.ball import distance, project
from lab.attacks.gradient import frozen, pulled_back
from lab.attacks.iterative import step_in
from lab.attacks.noise import drawn, normal
from lab.context import Context
from lab.specs.balls import Ball
from lab.specs.recipes import TRADES
from lab.training.losses.loss import accuracy, batch_loss
from lab.training.step import Batch, Moment, Step
from lab.training.strength import warmed_up

START = 1e-3  # standard deviation of the random start: at the image itself the divergence has no gradient


@batch_loss.register
def trades(recipe: TRADES, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """Mean of L(clean) + β · KL(p(x) ‖ p(x')). Zhang et al. 2019, eq. 5; they take two passes, here it is one."""
    ball = warmed_up(recipe.ball, moment.epoch, recipe.warm_up)
    x_adv = most_divergent(recipe, model, batch.x, ball, ctx.seeded("step", moment.step))
    clean, answers = model(torch.cat([batch.x, x_adv])).chunk(2)
    loss = cross_entropy(clean, batch.y, label_smoothing=recipe.label_smoothing)
    divergence = kl_div(answers.log_softmax(1), clean.log_softmax(1), reduction="batchmean", log_target=True)
    metrics = {
        "clean": accuracy(clean, batch.y),
        "adversarial": accuracy(answers, batch.y),
        "eps": distance(ball, x_adv, batch.x).mean(),
    }
    return Step(loss + recipe.beta * divergence, metrics)


def most_divergent(recipe: TRADES, model: nn.Module, x: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """Images of the ball that are answered most unlike ``x``: projected ascent of KL(p(x) ‖ p(x')) over x'.

    The model is in evaluation mode meanwhile, and exactly as it was afterwards.
    """
    with frozen(model):
        with torch.no_grad():
            p = model(x).softmax(1)
        x_adv = project(ball, x + START * drawn(x, ctx, normal), x)
        move = step_in(ball, x, recipe.step_size)
        for step in range(recipe.steps):
            ctx.report(step, recipe.steps)
            gradient, _ = pulled_back(model, x_adv, lambda logits: logits.softmax(1) - p)
            x_adv = move(x_adv, gradient)
    return x_adv
