"""Named recipes of both groups: the papers' whole trainings beside the methods on the data at hand."""

from lab.specs import presets
from lab.specs.papers import kurakin, madry, na, tramer
from lab.specs.presets import Preset

PAPERS = (kurakin, madry, tramer, na)

WHOLE: tuple[Preset, ...] = tuple(each for paper in PAPERS for each in paper.PRESETS)


def named() -> tuple[Preset, ...]:
    """Every named recipe: methods on the data at hand, plug-ins' among them, then the papers' whole trainings."""
    return (*presets.every(), *WHOLE)


def train_first(name: str) -> str:
    """The sentence that a model on which a recipe builds is missing, with the command if a whole preset trains it."""
    known = name in [each.name for each in WHOLE]
    how = f" with 'python -m lab train {name}'" if known else ""
    return f"The model '{name}' on which this recipe builds is missing: train it first{how}."
