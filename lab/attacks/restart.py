"""One further restart of an attack on the images that withstood it: do restarts still gain?"""

from torch import Tensor, nn

from lab.attacks.attack import attack
from lab.attacks.batches import logits_of
from lab.attacks.checks import taken, tensor_of
from lab.attacks.gradient import device_of, frozen
from lab.attacks.objectives import predicted
from lab.context import Context
from lab.models.adapter import adapted
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball


def further_restart(
    spec: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, x_adv: Tensor, ball: Ball, ctx: Context | None = None
) -> tuple[Tensor, float]:
    """An attack's adversarial images with one further random start for those that withstood it, and what it gained.

    ``x``, ``x_adv`` (n, …), ``y`` (n,), all of the attack ``spec``, which has restarts. Returns (n, …) images, where
    those that only the further start fooled stand in the place of the others, and the fraction of the n images that
    these are. What is found counts: show the judge the images that come back, and let
    :meth:`AttackResult.beside_restart` say the gain. Raises as :func:`attack` does.
    """
    model = adapted(model)
    x, y = taken(x, y, device_of(model))
    x_adv = tensor_of(x_adv, "adversarial images").to(x).clone()
    with frozen(model):
        withstood = _correct(model, x, y) & _correct(model, x_adv, y)
    left = withstood.nonzero().flatten()
    if not len(left):
        return x_adv, 0.0
    other = (ctx or Context()).seeded("further restart").only(left.tolist())
    found = attack(spec.replace(restarts=1), model, x[left], y[left], ball, other)
    with frozen(model):
        fooled = ~_correct(model, found, y[left])
    x_adv[left[fooled]] = found[fooled]
    return x_adv, int(fooled.sum()) / len(x)


def _correct(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """(n,) whether the images are correctly classified."""
    correct: Tensor = predicted(logits_of(model, x)) == y
    return correct
