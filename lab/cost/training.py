"""Cost of a training: passes for every training image and epoch, and those that measure its accuracies."""

import math

from lab import datafiles
from lab.cost.attacks import Asked, effort
from lab.cost.balls import lattice_size
from lab.specs.balls import Linf
from lab.specs.recipes import Recipe

_PROBE, _PROBED = 128, 30  # test images that are looked at after an epoch, and the passes for each
_MEASURE, _MEASURED = 1000, 90  # test images whose accuracies are measured at the end, and the passes for each
_EVALUATE, _EVALUATED = 100, 1900  # test images of the quick evaluation at the end, and the most passes for each


def training_passes(recipe: Recipe) -> int:
    """Every pass of a single image through the network or a fixed one, those that measure it among them."""
    data = datafiles.outline(recipe.data)
    looked = recipe.epochs * _PROBED * min(_PROBE, data.n_test) + _MEASURED * min(_MEASURE, data.n_test)
    looked += _EVALUATED * min(_EVALUATE, data.n_test)
    return training_steps(recipe) + looked * lattice_size(recipe.trained_against or Linf()) + _prepared(recipe)


def training_steps(recipe: Recipe) -> int:
    """Passes of single images that the steps of the weights take, those of its attacks included."""
    return math.ceil(datafiles.outline(recipe.data).n_train * recipe.epochs * passes_of_image(recipe))


def images_in_step(recipe: Recipe) -> int:
    """Return how many images, clean and adversarial, go through the model at once."""
    return math.ceil(min(recipe.batch, datafiles.outline(recipe.data).n_train) * recipe.step_cost.images)


def passes_of_image(recipe: Recipe) -> float:
    """Passes for each training image and epoch: the step's own, and the attack's."""
    step = recipe.step_cost
    asked = _asked(recipe)
    return step.passes + step.share * max((effort(each, asked).passes for each in step.attacks), default=0)


def _prepared(recipe: Recipe) -> int:
    """Passes before the first step, in which the examples of fixed networks are made, where they are stored."""
    fixed = recipe.fixed
    if fixed is None or not fixed.stored:
        return 0
    made = datafiles.outline(recipe.data).n_train * len(fixed.models) * fixed.levels
    return made * effort(fixed.attack, _asked(recipe)).passes


def _asked(recipe: Recipe) -> Asked:
    return Asked(datafiles.outline(recipe.data), recipe.trained_against or Linf(), recipe.batch, verdict=False)
