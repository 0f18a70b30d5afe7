"""The inner maximum of TRADES. Zhang et al. 2019, Algorithm 1."""

import torch
from torch import Tensor, nn

from lab.attacks.ball import project
from lab.attacks.gradient import frozen, pulled_back
from lab.attacks.iterative import step_in
from lab.attacks.noise import drawn, normal
from lab.context import Context
from lab.specs.balls import Ball
from lab.specs.recipes import TRADES

START = 1e-3  # standard deviation of the random start: at the image itself the divergence has no gradient


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
