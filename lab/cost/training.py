"""Cost of a training: passes for every training image and epoch, and those that measure its accuracies."""

import math
from functools import singledispatch

from lab import datafiles
from lab.cost.attacks import Asked, effort
from lab.cost.balls import lattice_size
from lab.errors import SpecError
from lab.specs.balls import Linf
from lab.specs.examples import CascadeExamples, EnsembleExamples, OwnExamples, Source
from lab.specs.recipes import TRADES, Adversarial, Recipe, Standard

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


@singledispatch
def images_in_step(recipe: Recipe) -> int:
    """Return how many images, clean and adversarial, go through the model at once."""
    raise _undeclared(recipe)


@images_in_step.register
def _(recipe: Standard) -> int:
    return _batch(recipe)


@images_in_step.register
def _(recipe: Adversarial) -> int:
    return math.ceil(_batch(recipe) * (1 + recipe.share * recipe.keep_clean))


@images_in_step.register
def _(recipe: TRADES) -> int:
    return 2 * _batch(recipe)


@singledispatch
def passes_of_image(recipe: Recipe) -> float:
    """Passes for each training image and epoch: the attack's, then the step's own."""
    raise _undeclared(recipe)


@passes_of_image.register
def _(recipe: Standard) -> float:
    return 1


@passes_of_image.register
def _(recipe: Adversarial) -> float:
    return 1 + recipe.share * (_attacked(recipe.source, _asked(recipe)) + recipe.keep_clean)


@passes_of_image.register
def _(recipe: TRADES) -> float:
    return 3 + recipe.steps  # the clean answers that the divergence is from, the steps, and the loss of both


@singledispatch
def _attacked(source: Source, asked: Asked) -> int:
    """Passes for the example of one image."""
    raise _undeclared(source)


@_attacked.register(OwnExamples)
@_attacked.register(EnsembleExamples)
def _(source: OwnExamples | EnsembleExamples, asked: Asked) -> int:
    return effort(source.attack, asked).passes


@_attacked.register
def _(source: CascadeExamples, asked: Asked) -> int:
    return max(effort(each, asked).passes for each in (source.attack, source.iterative))


def _prepared(recipe: Recipe) -> int:
    """Passes before the first step, in which the examples of fixed networks are made, where they are stored."""
    fixed = recipe.fixed
    if fixed is None or not fixed.stored:
        return 0
    made = datafiles.outline(recipe.data).n_train * len(fixed.models) * fixed.levels
    return made * effort(fixed.attack, _asked(recipe)).passes


def _asked(recipe: Recipe) -> Asked:
    return Asked(datafiles.outline(recipe.data), recipe.trained_against or Linf(), recipe.batch, verdict=False)


def _batch(recipe: Recipe) -> int:
    return min(recipe.batch, datafiles.outline(recipe.data).n_train)


def _undeclared(spec: Recipe | Source) -> SpecError:
    return SpecError(f"{type(spec).__name__} has no declared cost: register one in lab.cost.training.")
