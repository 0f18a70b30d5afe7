"""Capabilities of attacks, as their specs state them."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.specs.balls import L2, Ball, Linf

NORM_BALLS: tuple[type[Ball], ...] = (Linf, L2)
"""The threat models that are a norm's: a straight line leads from an image to the edge, and a projection back to it."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """Capabilities of an attack. There are no defaults: every attack states all of them.

    ``balls`` are the kinds of threat model that it finds images in. ``gradient``: it differentiates the model.
    ``deterministic``: the same model, image and ball always give the same adversarial image. ``eps_per_image``: each
    image of a batch can have its own ε. ``retried``: a further random start of it is tried, which tells whether
    restarts still gain. ``to_cross`` is how many radii its steps have to go to get everywhere in the ball, 2 from a
    random start and 1 from the image itself; 0 where it takes no steps that :func:`lab.specs.pace.pace` knows.
    """

    balls: tuple[type[Ball], ...]
    gradient: bool
    deterministic: bool
    eps_per_image: bool
    retried: bool
    to_cross: int


def of_all(parts: Sequence[Capabilities]) -> Capabilities:
    """The capabilities of several attacks that are run in the same ball, one after another."""
    first, *others = parts
    return Capabilities(
        balls=tuple(ball for ball in first.balls if all(ball in each.balls for each in others)),
        gradient=any(each.gradient for each in parts),
        deterministic=all(each.deterministic for each in parts),
        eps_per_image=all(each.eps_per_image for each in parts),
        retried=False,
        to_cross=0,
    )
