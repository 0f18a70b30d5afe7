"""One-step attacks: a single gradient, a single step of full length."""

from torch import Tensor, nn

from lab.attacks.attack import ascend
from lab.attacks.ball import project, steepest
from lab.attacks.gradient import input_gradient
from lab.context import Context
from lab.specs.attacks import FGSM
from lab.specs.balls import Ball


@ascend.register
def fgsm(spec: FGSM, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """x + eps · sign(∇ₓ loss), clipped to [0, 1]. Kurakin et al. 2017, eq. 1.

    With L2, the step goes along the gradient itself, divided by its Euclidean norm.
    """
    gradient, _ = input_gradient(model, x, None if spec.labels == "predicted" else y, spec.objective)
    ctx.report(1, 1)
    return project(ball, x + ball.eps * steepest(ball, gradient), x)
