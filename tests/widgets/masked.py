"""A plausible answer to :class:`lab.specs.Masking`, made without PyTorch."""

import numpy as np

from lab.results import Health, MaskingResult, ModelEvaluation, ModelMasking
from lab.specs import Masking
from lab.specs.models import name_of
from tests.evaluations import sample_evaluation

IMAGES = 100
SOUND = Health(0.0, 0.0, 0.0, probabilities=False, one_step_stronger=False)


def examined(
    spec: Masking,
    name: str = "a",
    sources: tuple[str, ...] = ("b",),
    health: Health = SOUND,
    evaluation: ModelEvaluation | None = None,
) -> ModelMasking:
    """A model without defence: every attack fools every image but noise, which fools none; black boxes fool 80."""
    attacks, radii, n = len(Masking.attacks), len(spec.radii), IMAGES
    wrong = np.ones((attacks, radii, n), bool)
    wrong[0] = False
    black = np.broadcast_to(np.arange(n) < 80, (len(sources), 2, n)).copy()
    return ModelMasking(
        model=name,
        clean_loss=np.zeros(n, np.float32),
        clean_wrong=np.zeros(n, bool),
        radii=spec.radii,
        loss=np.full((attacks, radii, n), 9.0, np.float32),
        wrong=wrong,
        sources=sources,
        black_loss=np.full((len(sources), 2, n), 5.0, np.float32),
        black_wrong=black,
        cosine=np.linspace(0.2, 0.9, n).astype(np.float32),
        gradient_norm=np.full(n, 0.4, np.float32),
        correlation=np.full((4, radii, n), 0.7, np.float32),
        orders=(1, 4, 16),
        orthogonal=np.array([0, 4, 16, 16]),
        health=health,
        evaluation=evaluation,
    )


def masked(spec: Masking, count: int | None = None) -> MaskingResult:
    """The models of a spec, or the first ones of them."""
    names = [name_of(each) for each in spec.models]
    kept = names[: len(names) if count is None else count]
    evaluated = {name: sample_evaluation(name, IMAGES, 0, ball=spec.ball, checks=()) for name in kept}
    models = tuple(
        examined(spec, name, tuple(each for each in names if each != name), evaluation=evaluated[name]) for name in kept
    )
    return MaskingResult(spec, np.arange(IMAGES) % 10, 10, models, len(kept) / len(names))
