"""A plausible answer to :class:`lab.specs.LossSurface`, made without PyTorch."""

import numpy as np

from lab.results import Answers, Marker, ModelSurface, SurfaceResult
from lab.specs import LossSurface

LABEL = 2


def surfaced(spec: LossSurface, points: int = 11, done: float = 1.0, classes: int = 10) -> SurfaceResult:
    """A slope along ε₁: the label is lost where ε₁ is above eps / 3, the second model's slope half as steep."""
    eps = spec.ball.eps
    half = eps / spec.zoom
    along = spec.centre_along * eps + np.linspace(-half, half, points)
    across = spec.centre_across * eps + np.linspace(-half, half, points)
    x = np.full((1, 28, 28), 0.5, np.float32)
    models = tuple(
        _model(each.name, along, across, eps, 60.0 / (1 + i), marks=done == 1) for i, each in enumerate(spec.models)
    )
    return SurfaceResult(spec, x, LABEL, tuple(map(str, range(classes))), along, across, models, done)


def answers(log_odds: np.ndarray) -> Answers:
    """The label is read below even odds, class 7 above."""
    return Answers(log_odds, -log_odds.astype(np.float32), np.where(log_odds < 0, LABEL, 7).astype(np.int16))


def _model(name: str, along: np.ndarray, across: np.ndarray, eps: float, slope: float, marks: bool) -> ModelSurface:
    g, g_across = np.ones((2, 1, 28, 28))
    g_across[0, 14:] = -1
    log_odds = np.broadcast_to(slope * (along - eps / 3), (len(across), len(along))).copy()
    turn = np.linspace(0, 2 * np.pi, 5)
    edge = eps * np.stack([np.cos(turn), np.sin(turn)], 1)
    return ModelSurface(name, g, g_across, 1e-15, 0.25, answers(log_odds), edge, _markers(eps, slope) if marks else ())


def _markers(eps: float, slope: float) -> tuple[Marker, ...]:
    def marker(name: str, along: np.ndarray) -> Marker:
        return Marker(name, along, np.zeros_like(along), np.full_like(along, 0.5), answers(slope * (along - eps / 3)))

    ends = {"FGSM": np.array([eps]), "R+FGSM": np.array([eps / 2]), "PGD": np.linspace(0, eps, 4)}
    return tuple(marker(name, along) for name, along in ends.items())
