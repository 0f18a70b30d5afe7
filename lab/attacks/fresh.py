"""A model that keeps state between calls, as it was before any call."""

from collections.abc import Iterable
from contextlib import suppress
from copy import deepcopy
from types import CellType, FunctionType

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from lab.models.adapter import Adapted, adapted, evaluating, name_of, named
from lab.models.repeatable import held


class Fresh(nn.Module):
    """Every call goes to a new copy of a model that has not been called.

    The copies share its weights, unless a call changes them, and its random generators.
    """

    def __init__(self, model: Adapted, weights_change: bool) -> None:
        super().__init__()
        self.model, self.weights_change = model, weights_change

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) logits of (n, …) images."""
        weights = () if self.weights_change else self.model.parameters()
        logits: Tensor = copied(self.model, [*held(self.model), *weights])(x)
        return logits


def fresh(model: Adapted, weights_change: bool) -> Adapted:
    """The model of which every call sees a new copy, under its own name."""
    return adapted(named(Fresh(model, weights_change), name_of(model)))


def copied(model: Adapted, shared: Iterable[object] = ()) -> Adapted:
    """A copy of the model with all that it keeps, in variables of functions too, except for what is ``shared``.

    Raises whatever a user's own code raises that cannot be copied.
    """
    memo: dict[int, object] = {id(each): each for each in shared}
    copy = deepcopy(model, memo)
    for module in copy.modules():
        for name, value in [*vars(module).items()]:
            vars(module)[name] = _with_variables(value, memo)
    return copy


def before_use(model: Adapted) -> Adapted | None:
    """A copy of the model; None where it cannot be copied, or takes its size when it is called."""
    if any(is_lazy(each) for each in model.parameters()):
        return None
    with suppress(Exception):
        return copied(model)
    return None


def for_inference(model: Adapted) -> Adapted:
    """The model in evaluation mode with frozen parameters, from now on."""
    evaluating(model)
    model.requires_grad_(False)
    return model


def _with_variables(value: object, memo: dict[int, object]) -> object:
    """A function with copies of the variables that it closes over; anything else as it is."""
    if not isinstance(value, FunctionType) or not value.__closure__:
        return value
    if id(value) in memo:
        return memo[id(value)]
    cells = tuple(CellType() for _ in value.__closure__)
    copy = FunctionType(value.__code__, value.__globals__, value.__name__, value.__defaults__, cells)
    copy.__kwdefaults__ = value.__kwdefaults__
    memo[id(value)] = copy
    for cell, kept in zip(cells, value.__closure__, strict=True):
        with suppress(ValueError):  # a variable without a value yet
            inner = kept.cell_contents
            cell.cell_contents = (
                _with_variables(inner, memo) if isinstance(inner, FunctionType) else deepcopy(inner, memo)
            )
    return copy
