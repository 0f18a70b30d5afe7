"""The labels an attack works on: picked here alone, from the logits of the clean images."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lab.attacks.objectives import ascent, log_factor, value
from lab.context import Context
from lab.errors import AttackError
from lab.specs.attacks import CHOSEN, EVERY_CLASS, PGD, Objective


@dataclass(frozen=True, eq=False)
class Aim:
    """(n,) labels whose loss an attack raises or, going ``toward`` them, lowers."""

    labels: Tensor
    toward: bool = False

    def value(self, objective: Objective, logits: Tensor) -> Tensor:
        """(n,) how far the attack has come, the larger the better for the adversary."""
        return value(objective, logits, self.labels, self.toward)

    def ascent(self, objective: Objective, logits: Tensor) -> Tensor:
        """(n, classes) the direction in logit space, up to a positive factor per image."""
        return ascent(objective, logits, self.labels, self.toward)

    def log_factor(self, objective: Objective, logits: Tensor) -> Tensor:
        """(n,) logarithm of the factor that :meth:`ascent` leaves out."""
        return log_factor(objective, logits, self.labels)

    def of(self, images: Tensor) -> "Aim":
        """The same aim for some of the images, by their positions."""
        return Aim(self.labels[images], self.toward)


def aim(labels: str, logits: Tensor, y: Tensor, ctx: Context) -> Aim:
    """Return the aim of ``labels`` for images with these clean ``logits`` (n, classes) and true labels ``y``.

    'true' and 'predicted' are moved away from; 'least likely' (Kurakin et al. 2017, §2.2) and 'random', one of the
    wrong classes, are moved toward.
    """
    if labels == "true":
        return Aim(y)
    if labels == "predicted":
        return Aim(logits.argmax(1))
    if labels == "least likely":
        return Aim(logits.argmin(1), toward=True)
    return Aim(_random_wrong(logits.shape[1], y, ctx), toward=True)


def clean_aim(labels: str, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> Aim:
    """:func:`aim` from the model's answers to the clean images, which 'true' does without."""
    return Aim(y) if labels == "true" else aim(labels, answer(model, x), y, ctx)


def aims(spec: PGD, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> list[Aim]:
    """Return the aims of PGD: one, or one for each class in turn."""
    if spec.labels == "true":
        return [Aim(y)]
    return aims_among(spec, answer(model, x, spec.passes), y, ctx)


def aims_among(spec: PGD, logits: Tensor, y: Tensor, ctx: Context) -> list[Aim]:
    """:func:`aims` where the clean logits are known."""
    classes = logits.shape[1]
    if spec.labels == EVERY_CLASS:
        return [Aim(torch.full_like(y, each), toward=True) for each in range(classes)]
    if spec.labels == CHOSEN:
        return [_chosen(spec.target, classes, y)]
    return [aim(spec.labels, logits, y, ctx)]


def answer(model: nn.Module, x: Tensor, passes: int = 1) -> Tensor:
    """(n, classes) logits without a gradient, averaged over passes."""
    with torch.no_grad():
        if passes == 1:
            return model(x)
        return torch.stack([model(x) for _ in range(passes)]).mean(0)


def _chosen(target: int, classes: int, y: Tensor) -> Aim:
    if target >= classes:
        raise AttackError(f"The target must lie between 0 and {classes - 1}, the classes of the model, not {target}.")
    already = (y == target).nonzero().flatten()
    if len(already):
        raise AttackError(
            f"The target {target} is already the label of {len(already)} of the images: leave them out, or choose "
            "another target."
        )
    return Aim(torch.full_like(y, target), toward=True)


def _random_wrong(classes: int, y: Tensor, ctx: Context) -> Tensor:
    if classes < 2:
        raise AttackError("The model has a single class, so there is no wrong class to go toward.")
    draws = ctx.seeded("target").draws(
        range(len(y)), 0, lambda generator: torch.randint(classes - 1, (), generator=generator)
    )
    drawn = torch.stack(draws).to(y) if draws else y
    return drawn + (drawn >= y)
