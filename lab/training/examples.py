"""Whose adversarial examples: one function for each source."""

from dataclasses import dataclass
from functools import singledispatch

from torch import Tensor, nn

from lab.attacks.attack import maximise
from lab.context import Context
from lab.data import Dataset
from lab.errors import LabError
from lab.specs.balls import Ball
from lab.specs.examples import OwnExamples, Source
from lab.specs.recipes import Recipe
from lab.training.step import Batch


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a recipe needs besides its network and data, made once before the first step."""


def prepare(recipe: Recipe, data: Dataset, ctx: Context) -> Prepared:
    """Make what a recipe's source needs of fixed networks, before the first step."""
    return Prepared()


@singledispatch
def examples(source: Source, model: nn.Module, batch: Batch, ball: Ball, ctx: Context) -> Tensor:
    """Adversarial images of a batch, of its shape."""
    raise LabError(f"There is no source of examples called {type(source).__name__}.")


@examples.register
def own(source: OwnExamples, model: nn.Module, batch: Batch, ball: Ball, ctx: Context) -> Tensor:
    """Attacks on the network itself, in evaluation mode. Kurakin et al. 2017, Algorithm 1, line 4."""
    return maximise(source.attack, model, batch.x, batch.y, ball, ctx)
