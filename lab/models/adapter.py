"""The one adapter between the lab and every model: pixels in, logits out, every failure a sentence.

Users' models change the images they are given, compute in half precision, want their images laid out row by row, return
more than logits, print, fail, or exit. All of them pass through here, and nothing behind it needs to know. Our own
architectures are known to do none of that and are spared the copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from lab.context import Cancelled
from lab.errors import AttackError, LabError, in_words, one_sentence
from lab.models.aside import users_code
from lab.models.logits import logits_in
from lab.models.memory import out_of_memory

NOT_ONE_FITS = "Not even one image fits into the memory: use a smaller model."

_WRAPPED = {
    "Adapted": "model",
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "InTrainingMode": "model",
    "Normalised": "model",
    "Scaled": "model",
    "Watched": "model",
}
"""Wrappers that have no name of their own, and where they keep the model."""

_MOST_SIZES = 8  # numbers in a model's words that are tried as the size of its batches
_MOST_IMAGES, _MOST_VALUES = 1024, 2**26  # of such a batch, and in all its images

_ROUNDING = 1e-2  # of the largest logit: what another order of the same sums may change, in half precision, too

_names: WeakKeyDictionary[nn.Module, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class Way:
    """How a model is given its images: ``row_by_row`` in memory, one of them ``twice``, always ``batch`` at once.

    ``row_by_row`` is None until images that lie otherwise, as channels last, show whether the model looks at that.
    """

    row_by_row: bool | None = None
    twice: bool = False
    batch: int | None = None


class Adapted(nn.Module):
    """A model as everything in the lab may call it: it takes (n, …) images in [0, 1] and returns (n, classes) logits.

    The model gets a copy of the images, in its parameters' type and on their device. Its logits come back as a copy, in
    float32, or in float64 for float64 images. It is given the images row by row when it cannot take them channels last,
    or looks at the memory and predicts otherwise there; one image twice when it cannot take one alone; and batches of
    one size, the last filled up with its last image, when it says a number of images with which it works. A batch
    without gradient is halved when memory runs out. Raises
    :class:`AttackError`, in one sentence with the model's name, the images' shape and the model's own words, when it
    fails or exits, or returns what are no logits.

    ``most`` is how many images it has been found to have memory for at once, None while that is not known.
    """

    most: int | None

    def __init__(self, model: nn.Module, name: str) -> None:
        super().__init__()
        self.model, self.name, self.most = model, name, None
        self._harmless = bool(getattr(model, "harmless", False))
        self._way = Way()
        like = next(_floating(model), None)
        self._type: torch.dtype | None = None if like is None else like.dtype
        self._device: torch.device | None = None if like is None else like.device

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) logits of (n, …) images; differentiable as far as the model is."""
        learning = torch.is_grad_enabled() and x.requires_grad
        if self.most is not None and len(x) > self.most and not learning:
            return self._in_parts(x)
        try:
            return self._logits(x)
        except (LabError, Cancelled, KeyboardInterrupt):
            raise
        except BaseException as error:  # a user's own code may raise anything
            if not out_of_memory(error):
                return self._in_another_way(x, error)
            if learning:
                raise
            if len(x) < 2:
                raise AttackError(NOT_ONE_FITS) from None
        self.most = len(x) // 2
        return self._in_parts(x)

    def _logits(self, x: Tensor) -> Tensor:
        if self._harmless and x.dtype == self._type:
            logits: Tensor = self.model(x)
            return logits
        if self._way.row_by_row is None and not x.is_contiguous():
            self._way = replace(self._way, row_by_row=self._heeds_layout(x))
        way = self._way
        if way.batch is not None and len(x) > way.batch:
            return torch.cat([self._logits(part) for part in x.split(way.batch)])
        shown = x.contiguous() if way.row_by_row else x
        if more := self.shown(len(x)) - len(x):
            shown = torch.cat([shown, shown[-1:].expand(more, *x.shape[1:])])
        return self._called(x, shown)[: len(x)].clone()  # a model may write its next logits into the memory of these

    def _called(self, x: Tensor, shown: Tensor) -> Tensor:
        """The logits of the images as they are ``shown``, in the type and on the device of ``x``."""
        own = shown.to(device=self._device, dtype=self._type)
        with users_code():
            output = self.model(own.clone() if own is x else own)
        return logits_in(output, len(shown)).to(x.device, torch.promote_types(x.dtype, torch.float32))

    def _heeds_layout(self, x: Tensor) -> bool:
        """Return whether the model predicts otherwise on images that lie as these than on the same row by row.

        One that draws at random does, too, and loses nothing but a little time by it.
        """
        one = x[:1].clone()  # in the same order of memory
        laid = torch.empty_strided((2, *x.shape[1:]), (one.numel(), *one.stride()[1:]), dtype=x.dtype, device=x.device)
        rows = torch.linspace(0, 1, laid.numel(), dtype=x.dtype, device=x.device).view(laid.shape)
        try:
            with torch.no_grad():
                seen, expected = self._called(x, laid.copy_(rows)), self._called(x, rows)
        except Exception:  # a user's own code may raise anything, and is asked again
            return False
        return not torch.allclose(seen, expected, rtol=0, atol=_ROUNDING * expected.abs().max().item())

    def shown(self, n: int) -> int:
        """Return how many images the model gets in one pass for ``n`` of them: more where its batch is filled up."""
        return max(n, self._way.batch or 1 + self._way.twice) if n else 0

    def _in_another_way(self, x: Tensor, error: BaseException) -> Tensor:
        """The logits, if the model only cannot take the images' layout, a single image, or batches of any size."""
        before = self._way
        for way in self._ways(x, error):
            self._way = way
            try:
                return self._logits(x)
            except (LabError, Cancelled, KeyboardInterrupt):
                raise
            except BaseException:
                continue
        self._way = before
        raise failed(self, x, error) from error

    def _ways(self, x: Tensor, error: BaseException) -> Iterator[Way]:
        """The ways that have not been tried, the least change first."""
        layouts = [self._way]
        if not x.is_contiguous() and not self._way.row_by_row:
            layouts.append(replace(self._way, row_by_row=True))
            yield layouts[-1]
        if len(x) == 1 and not self._way.twice:
            yield from (replace(each, twice=True) for each in layouts)
        if self._way.batch is None:
            for size in _sizes_in(error, min(_MOST_IMAGES, _MOST_VALUES // max(1, x[:1].numel()))):
                yield from (replace(each, batch=size) for each in layouts)

    def _in_parts(self, x: Tensor) -> Tensor:
        return torch.cat([self(part) for part in x.split(self.most or 1)])


class Function(nn.Module):
    """A function of images as a module, with the modules that it is known to call as its parts.

    So they are put into evaluation mode, and their device is known.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(_modules_of(function))

    def forward(self, x: Tensor) -> object:
        """Return the function's output."""
        return self.function(x)


def adapted(model: nn.Module | Callable[..., object]) -> Adapted:
    """The model behind the adapter; one that is behind it already stays as it is. Raises :class:`AttackError` for what
    cannot be called.
    """
    if isinstance(model, Adapted):
        return model
    if isinstance(model, type) or not callable(model):
        kind = f"the class {model.__name__}" if isinstance(model, type) else f"a value of type {type(model).__name__}"
        raise AttackError(f"The model must be a torch.nn.Module or a function of images, not {kind}.")
    name = name_of(model)
    return Adapted(model if isinstance(model, nn.Module) else Function(model), name)


def named(model: nn.Module, name: str) -> nn.Module:
    """The same model, which sentences call by this name from now on."""
    _names[model] = name
    return model


def is_named(model: nn.Module) -> bool:
    """Return whether the model, or one within it, has a name already: it was loaded before, and others use it."""
    return any(each in _names for each in model.modules())


def name_of(model: object) -> str:
    """Return the model's name in sentences: the name it was loaded by, else its class or function."""
    if not isinstance(model, nn.Module):
        return f"{getattr(model, '__name__', type(model).__name__)}()"
    for each in _layers_of_wrapping(model):
        if isinstance(each, Adapted):
            return each.name
        if each in _names:
            return _names[each]
        model = each
    return str(getattr(model, "original_name", type(model).__name__))


def core_of(model: nn.Module) -> nn.Module:
    """The model itself, without adapter, compilation and other wrapping."""
    return list(_layers_of_wrapping(model))[-1]


def _layers_of_wrapping(model: nn.Module) -> Iterator[nn.Module]:
    inner: object = model
    while isinstance(inner, nn.Module):
        yield inner
        inner = getattr(inner, _WRAPPED.get(type(inner).__name__, ""), None)


def evaluating(model: nn.Module) -> nn.Module:
    """The model in evaluation mode; an exported program, which has one mode only, stays in it."""
    with suppress(NotImplementedError):
        model.eval()
    return model


def failed(model: nn.Module, x: Tensor, error: BaseException) -> AttackError:
    """The sentence for what a model raised on these images."""
    return AttackError(
        one_sentence(f"{name_of(model)} cannot process images of shape {tuple(x.shape[1:])}: ", in_words(error), ".")
    )


def _sizes_in(error: BaseException, most: int) -> list[int]:
    """The numbers in a model's own words that may be the size of its batches, the first few."""
    numbers = map(int, re.findall(r"(?<![\d.])\d{1,4}(?![\d.])", in_words(error)))
    return [number for number in dict.fromkeys(numbers) if 0 < number <= most][:_MOST_SIZES]


def _floating(model: nn.Module) -> Iterator[Tensor]:
    return (each for each in chain(model.parameters(), model.buffers()) if each.is_floating_point())


def _modules_of(function: object) -> list[nn.Module]:
    """The modules that a function, partial or method refers to directly."""
    found: list[object] = [getattr(function, "__self__", None)]
    found += [getattr(function, "func", None), *getattr(function, "args", ())]
    found += [*(getattr(function, "keywords", None) or {}).values()]
    for cell in getattr(function, "__closure__", None) or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # a variable without a value yet
            continue
    known, names = getattr(function, "__globals__", {}), getattr(getattr(function, "__code__", None), "co_names", ())
    found += [known.get(name) for name in names]
    modules = [each for each in found if isinstance(each, nn.Module)]
    wrapped = getattr(function, "func", None)  # of a partial
    inner = [] if wrapped is None or isinstance(wrapped, nn.Module) else _modules_of(wrapped)
    return list(dict.fromkeys([*modules, *inner]))
