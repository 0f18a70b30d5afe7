"""Threat models in words, as pages, commands and reports say them: "L∞, ε = 0.3"."""

from lab.specs.balls import Ball
from lab.specs.spec import title_of


def radius(eps: float) -> str:
    """A radius as the field writes it: 0.3, or 8/255 for so many steps of an 8-bit pixel."""
    steps = eps * 255
    whole = round(steps) and abs(steps - round(steps)) < 1e-6
    return f"{round(steps)}/255" if whole and round(eps, 3) != eps else f"{eps:.4g}"


def in_grey_levels(eps: float) -> bool:
    """Whether the field writes this radius in steps of an 8-bit pixel."""
    return "/" in radius(eps)


def length(value: float, ball: Ball) -> str:
    """A measured length in three digits: 0.296, or 7.9/255 where the ball's radius is written in steps of a pixel."""
    return f"{255 * value:.3g}/255" if value and in_grey_levels(ball.eps) else f"{value:.3g}"


def threat(ball: Ball) -> str:
    """A threat model in words: "L∞, ε = 0.3"."""
    return f"{title_of(ball)}, ε = {radius(ball.eps)}"
