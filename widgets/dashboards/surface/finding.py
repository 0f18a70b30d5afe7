"""A sentence that says what a surface shows, computed from the result: it cannot outlive its figure."""

import numpy as np

from lab.results import ModelSurface, SurfaceResult

_EQUAL = 0.02
"""Losses that differ by less than this fraction of the largest are called equal."""
_SMALL = 0.001  # nats


def loss_along_g(result: SurfaceResult) -> str:
    """For each model, where the loss is largest on the way from the image along its gradient."""
    return " · ".join(f"{each.model}: {_along(result, each)}" for each in result.models)


def _along(result: SurfaceResult, model: ModelSurface) -> str:
    eps, row = result.spec.ball.eps, int(np.abs(result.across).argmin())
    inside = (result.along > -1e-9) & (result.along < eps * (1 + 1e-9))
    step = np.ptp(result.across) / max(len(result.across) - 1, 1)
    if abs(result.across[row]) > step or inside.sum() < 2:
        return "the window does not show the line from the image along g"
    places, losses = result.along[inside], model.answers.quantity("loss")[row, inside]
    edge = (
        "at the edge of the ball" if places[-1] > eps * (1 - 1e-6) else f"at ε₁ {places[-1]:.3g}, where the window ends"
    )
    broken = np.flatnonzero(np.isnan(losses))
    if len(broken):
        where = edge if broken[0] == len(losses) - 1 else f"from ε₁ {abs(places[broken[0]]):.3g} on"
        return f"along g the loss is not a number {where}"
    first, top, last = float(losses[0]), float(losses.max()), float(losses[-1])
    if top < _SMALL:
        return f"along g the loss stays {nats(top)} nats"
    if top - first <= _EQUAL * top:
        return f"along g the loss does not rise ({nats(first)} nats at the image, {nats(last)} {edge})"
    if top - last <= _EQUAL * top:
        return f"along g the loss is largest {edge} ({nats(first)} → {nats(last)} nats)"
    peak = places[int(losses.argmax())]
    return f"along g the loss rises to {nats(top)} nats at ε₁ {peak:.3g} and falls to {nats(last)} {edge}"


def nats(loss: float) -> str:
    """Word a loss; one that is so small that its digits say nothing by what it is below."""
    return f"{loss:.3g}" if loss >= _SMALL else f"below {_SMALL}"
