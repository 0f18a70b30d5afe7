"""A plausible answer to :class:`lab.specs.RobustnessCurves`, made without PyTorch."""

import numpy as np

from lab.results import CurvesResult, ModelCurves
from lab.specs import RobustnessCurves


def curved(spec: RobustnessCurves, attacks: int | None = None, searched: bool = True) -> CurvesResult:
    """Every later model falls more slowly; the first ``attacks`` attacks are finished, later ones being stronger."""
    attacks = len(spec.attacks) if attacks is None else attacks
    level, image = np.meshgrid(np.arange(len(spec.eps)), np.arange(spec.images), indexing="ij")
    models = []
    for place, each in enumerate(spec.models):
        still = 1 - level * (0.3 / (1 + place))
        right = [
            image < np.round(spec.images * np.clip(still - 0.1 * attack * (level > 0), 0, 1))
            for attack in range(attacks)
        ]
        nothing = np.zeros((0, len(spec.eps), spec.images), bool)
        distance = np.linspace(0, 0.1 * (1 + place), spec.searched, dtype=np.float32) if searched else np.zeros(0)
        models.append(ModelCurves(each.name, np.stack(right) if right else nothing, distance))
    return CurvesResult(spec, tuple(models), 1.0 if searched and attacks == len(spec.attacks) else 0.5)
