"""Training that has gone out of bounds, and why that may be."""

from math import isfinite

from lab.errors import LabError
from lab.specs.recipes import Recipe
from lab.specs.similarity import Distance
from lab.specs.spec import title_of

HIGH_WEIGHT = 0.3  # λ₂ above which training diverges; Na et al. 2018, §4.3


class Diverged(LabError):
    """The loss or its gradient is no number any more: training cannot go on."""


def require_finite(recipe: Recipe, step: int, per_epoch: int, **numbers: float) -> None:
    """Raise :class:`Diverged` with the step (counted from 1), the number at fault and the likely cause."""
    for name, value in numbers.items():
        if not isfinite(value):
            raise Diverged(
                f"Training diverged in step {step + 1} (epoch {step // per_epoch + 1}): the {name} is {value}; "
                f"{likely_cause(recipe)}. The weights of its last checkpoint are still good."
            )


def likely_cause(recipe: Recipe) -> str:
    """Return the setting of a recipe that is known to let training diverge, with the fix."""
    similarity = getattr(recipe, "similarity", None)
    if isinstance(similarity, Distance) and similarity.weight > HIGH_WEIGHT:
        return (
            f"the similarity's weight λ₂ = {similarity.weight:g} is above {HIGH_WEIGHT:g}, where Na et al. 2018 (§4.3) "
            "saw this too: take a smaller one"
        )
    rate = recipe.optimiser.learning_rate
    if rate > recipe.optimiser.high_rate:
        return f"the learning rate {rate:g} is high for {title_of(recipe.optimiser)}: lower the learning rate"
    if recipe.precision == "bfloat16":
        return "bfloat16 keeps three digits only: set the precision to float32, or lower the learning rate"
    return "lower the learning rate, or warm ε up more slowly"
