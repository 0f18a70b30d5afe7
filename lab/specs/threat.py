"""Threat models in words, as pages, commands and reports say them: "L∞, ε = 0.3"."""

from lab.specs.balls import Ball
from lab.specs.spec import title_of


def radius(eps: float) -> str:
    """A radius as the field writes it: 0.3, or 8/255 for so many steps of an 8-bit pixel."""
    steps = eps * 255
    whole = round(steps) and abs(steps - round(steps)) < 1e-6
    return f"{round(steps)}/255" if whole and round(eps, 3) != eps else f"{eps:.4g}"


def threat(ball: Ball) -> str:
    """A threat model in words: "L∞, ε = 0.3"."""
    return f"{title_of(ball)}, ε = {radius(ball.eps)}"
