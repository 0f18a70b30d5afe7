"""A plausible answer to :class:`lab.specs.Explore`, made without PyTorch."""

import numpy as np

from lab.results import ExploreResult, Health, ModelExplored, ScaleSweep, Tried
from lab.specs import FGSM, PGD, Explore
from lab.specs.explore import SCALES

TRIED = (FGSM(), PGD())


def explored(spec: Explore, stage: int = 3, classes: int = 10, error: str = "") -> ExploreResult:
    """The first model is fooled, the others hold; of four stages, the last is complete.

    ``error`` is the sentence of the first of the compared attacks.
    """
    x = np.full((1, 28, 28), 0.25, np.float32)
    names = [each.name for each in spec.models]
    models = tuple(_model(name, x, spec, classes, fooled=i == 0) for i, name in enumerate(names))
    ones, drop = np.ones(len(SCALES), np.float32), np.array([1, 0, 0, 0, 0, 0], np.float32)
    sweeps = tuple(ScaleSweep(name, ones, drop, 11 * ones, 11 * drop) for name in names)
    tried = tuple(_tried(attack, name, error if attack == TRIED[0] else "") for attack in TRIED for name in names)
    found = (models, sweeps if stage > 1 else (), tried[: len(tried) if stage > 2 else 0])
    return ExploreResult(spec, x, 2, tuple(map(str, range(classes))), *found, 1.0 if stage > 2 else 0.1 * stage)


def _model(name: str, x: np.ndarray, spec: Explore, classes: int, fooled: bool) -> ModelExplored:
    clean, adversarial = np.zeros((2, classes), np.float32)
    clean[2] = adversarial[3 if fooled else 2] = 8
    x_adv = x.copy()
    x_adv[0, :2, :7] += spec.ball.eps
    rise = np.linspace(0, 1, 6, dtype=np.float32)
    health = Health(0.0, 1.0 if fooled else 0.0, 0.0, probabilities=False, one_step_stronger=False)
    return ModelExplored(name, x_adv, clean, adversarial, 9 * rise, 8 - 16 * fooled * rise, True, health, "")


def _tried(attack: FGSM | PGD, name: str, error: str) -> Tried:
    picture = np.full((1, 28, 28), 90, np.uint8)
    if error:
        return Tried(attack, name, np.zeros((0, 0, 0), np.uint8), -1, np.nan, np.nan, np.nan, 0, error)
    return Tried(attack, name, picture, 3, -1.5, 0.2, 4.25, 600, "")
