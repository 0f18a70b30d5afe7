"""A model whose non-differentiable operations let the gradient pass: BPDA, Athalye et al. 2018, §4.1.

In the backward pass a rounding counts as the identity, a comparison ``x > t`` as ``x - t``, a conversion to whole
numbers as nothing, a layer that quantises its input as one that does not, a one-hot vector of an ``argmax`` as what the
largest was chosen from, the remainder of a division as a constant, an entry of a table as a line between its
neighbours, and neither ``detach`` nor ``no_grad`` nor a hook cuts or changes the gradient. If the model has no other
gradient, a module without parameters whose output has its input's shape, such as a compression by another library,
counts as the identity, and so does whatever the model does with an image before it gives it to a network. The forward
pass stays what it is, but that what is flat where its input is large, such as a clamp or a sigmoid, still rises a
little: else an attack could neither see a slope there nor tell which class is nearer.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, linear
from torch.overrides import TorchFunctionMode

from lab.models.adapter import Adapted, adapted, core_of, name_of, named

_ROUNDING = {"round", "round_", "floor", "floor_", "ceil", "ceil_", "trunc", "trunc_", "fix", "rint"}
_REMAINDERS = {"remainder", "remainder_", "__mod__", "fmod", "fmod_", "frac", "frac_"}
_SIGNS = {"sign", "sign_", "sgn", "sgn_", "heaviside"}
_FLAT = {"clamp", "clamp_", "clip", "clip_", "clamp_min", "clamp_max", "hardtanh", "relu6", "hardsigmoid", "sigmoid"}
_FLAT |= {"sigmoid_", "special_expit", "tanh", "tanh_", "softsign", "erf", "logsigmoid"}
_BOUNDS = {"minimum", "maximum", "min", "max"}
_LEAK = 1e-3  # their slope where they are flat: enough where there is no other, little where there is
_ABOVE = {"gt", "ge", "greater", "greater_equal", "__gt__", "__ge__"}
_BELOW = {"lt", "le", "less", "less_equal", "__lt__", "__le__"}
_WHOLE = {torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool}
_TO_WHOLE = {"long", "int", "byte", "short", "char", "bool"}
_CHOOSE = {
    "where",
    "masked_fill",
    "masked_fill_",
    "masked_select",
    "__getitem__",
    "__setitem__",
    "gather",
    "index_select",
}
_CHOOSE |= {"embedding", "one_hot", "scatter", "scatter_", "take", "take_along_dim", "bitwise_and", "bitwise_or"}
_CHOOSE |= {
    "bitwise_xor",
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "bitwise_not",
    "__and__",
    "__or__",
}
_LAYERS = {"conv1d", "conv2d", "conv3d", "linear", "batch_norm"}  # with which networks begin
_TABLES = {"__getitem__", "embedding", "take"}
_CHOOSE |= {"__xor__", "__invert__", "any", "all", "nonzero", "__bool__", "__index__", "__int__"}

_FROM = {"__getitem__", "__setitem__", "gather", "index_select", "masked_fill", "masked_fill_", "masked_select", "take"}
_FROM |= {"scatter", "scatter_", "take_along_dim"}  # they choose from their first argument, and not by it


class _Packed(Protocol):
    def unpack(self) -> tuple[Tensor, Tensor | None]:
        """The weight and the bias."""


def _linear(x: Tensor, packed: _Packed) -> Tensor:
    """The layer whose weights these are, packed in 8 bits or 16, computed without rounding what it is given."""
    weight, bias = packed.unpack()
    return linear(x, weight.dequantize() if weight.is_quantized else weight.to(x.dtype), bias)


_QUANTISED: dict[str, Callable[[Tensor, _Packed], Tensor]] = {
    "linear_dynamic": _linear,
    "linear_dynamic_fp16": _linear,
    "linear_relu_dynamic": lambda x, packed: _linear(x, packed).relu(),
}


class StraightThrough(nn.Module):
    """The model with a gradient wherever one can be put in. ``modules_too``: also past modules that keep the shape."""

    def __init__(self, model: nn.Module, modules_too: bool) -> None:
        super().__init__()
        self.model, self.modules_too = adapted(model), modules_too

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) the model's own logits of (n, …) images."""
        with ExitStack() as passing:
            if self.modules_too:
                passing.enter_context(_modules_pass(core_of(self.model), x))
            passing.enter_context(_Passing(x if self.modules_too else None))
            return self.model(x)


def straight_through(model: nn.Module, modules_too: bool = False) -> Adapted:
    """The model behind straight-through operations, under its own name."""
    return adapted(named(StraightThrough(model, modules_too), name_of(model)))


class _Passing(TorchFunctionMode):
    """Every operation of PyTorch in its differentiable form; whole numbers that depend on the image stay floats.

    ``images``: the layer of a network that is given these without a gradient, as by another library, has theirs.
    """

    def __init__(self, images: Tensor | None = None) -> None:
        super().__init__()
        self.images = images

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: object,
        arguments: tuple[Any, ...] = (),
        keywords: Mapping[str, object] | None = None,
    ) -> object:
        keywords = dict(keywords or {})
        name = getattr(function, "__name__", "")
        if name == "_set_grad_enabled":
            return function(True) if torch.is_grad_enabled() else function(*arguments)
        first = arguments[0] if arguments else None
        if not isinstance(first, Tensor):
            return self._whole(function, types, arguments, keywords)
        if self.images is not None and name in _LAYERS and first.is_floating_point() and not first.requires_grad:
            first = _reached(first, self.images)
            arguments = (first, *arguments[1:])
        if name in ("detach", "detach_") or (name == "__get__" and _property_of(function) == "data"):
            return first if first.requires_grad else function(*arguments, **keywords)
        if name in ("register_hook", "register_post_accumulate_grad_hook", "requires_grad_") and first.requires_grad:
            return first
        if name in ("numpy", "tolist", "item", "__array__"):
            return function(_itself(first), *arguments[1:], **keywords)
        if name == "argmax":
            return _taken_from(first, function(_hard(first), *arguments[1:], **keywords))
        if name in _CHOOSE:
            hard = [first if name in _FROM else _hard(first), *map(_hard, arguments[1:])]
            found = function(*hard, **{each: _hard(value) for each, value in keywords.items()})
            source = getattr(first, _SOURCE, None)
            if name == "one_hot" and source is not None and found.shape == source.shape:
                return _marked(_passed(found.to(source.dtype), source), found.dtype)
            if name in _TABLES and _stand_ins(arguments):
                return _looked_up(name, found, *arguments)
            if name in _FROM and (kind := _stands_for(first)) is not None and isinstance(found, Tensor):
                return _marked(found, kind)
            return _CHOICES[name](found, *arguments) if name in _CHOICES and _stands_for(first) else found
        if not first.is_floating_point() or _stand_ins(arguments):
            return self._whole(function, types, arguments, keywords)
        if name in _QUANTISED:
            return _passed(function(first.detach(), *arguments[1:], **keywords), _QUANTISED[name](first, arguments[1]))
        if name in _ROUNDING:
            return _passed(function(first.detach(), *arguments[1:], **keywords), first)
        if name in _SIGNS:
            return _passed(function(first.detach(), *arguments[1:], **keywords), first)
        if name in _BOUNDS and len(arguments) == 2 and isinstance(other := arguments[1], Tensor):
            return function(first, other) + _LEAK * (first + other)
        if name in _FLAT:
            return function(first.clone(), *arguments[1:], **keywords) + _LEAK * first
        if name in _ABOVE | _BELOW:
            step = function(*(each.detach() if isinstance(each, Tensor) else each for each in arguments), **keywords)
            rise = first - arguments[1] if name in _ABOVE else arguments[1] - first
            rise = rise.expand(step.shape)
            return _marked(_passed(step.to(first.dtype), rise), torch.bool)
        if name == "softmax" and first.dim() == 2:  # the last one, whose gradient underflows where the model is sure
            return _passed(function(first.detach(), *arguments[1:], **keywords), first)
        if name == "bucketize":
            return _marked(
                _passed(function(first.detach(), *arguments[1:], **keywords).to(first.dtype), first), torch.long
            )
        if name in _REMAINDERS:
            return function(first.detach(), *arguments[1:], **keywords)
        if name in ("floor_divide", "__floordiv__") or keywords.get("rounding_mode") is not None:
            quotient = first / arguments[1]
            return _passed(function(first.detach(), *arguments[1:], **keywords), quotient)
        if name in _TO_WHOLE or (name in ("to", "type") and _kind_asked(arguments, keywords) in _WHOLE):
            whole = function(first.detach(), *arguments[1:], **keywords)
            return _marked(_passed(whole.to(first.dtype), first), whole.dtype)
        return function(*arguments, **keywords)

    def _whole(
        self,
        function: Callable[..., object],
        types: object,
        arguments: tuple[object, ...],
        keywords: Mapping[str, object],
    ) -> object:
        """What a function makes of whole numbers: if whole numbers again, these are stood for as well."""
        if not _stand_ins(arguments):
            return function(*arguments, **keywords)
        hard = function(*map(_hard, arguments), **{each: _hard(value) for each, value in keywords.items()})
        soft = self.__torch_function__(function, types, tuple(map(_soft, arguments)), keywords)
        if not isinstance(hard, Tensor) or hard.is_floating_point() or not isinstance(soft, Tensor):
            return soft
        return _marked(_passed(hard.to(soft.dtype), soft) if hard.shape == soft.shape else hard, hard.dtype)


class _Pass(torch.autograd.Function):
    """A value whose gradient goes to another tensor."""

    @staticmethod
    def forward(_: object, value: Tensor, like: Tensor) -> Tensor:  # noqa: ARG004 the gradient goes there
        return value.clone()

    @staticmethod
    def backward(_: object, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, gradients[0]


def _passed(value: Tensor, like: Tensor) -> Tensor:
    """The value, with the gradient of ``like``, of the same shape."""
    passed: Tensor = _Pass.apply(value, like)
    return passed


_MARK = "_stands_for"
_SOURCE = "_taken_from"


def _marked(value: Tensor, kind: torch.dtype) -> Tensor:
    """A float tensor that stands for one of another type."""
    setattr(value, _MARK, kind)
    return value


def _taken_from(source: Tensor, position: Tensor) -> Tensor:
    """The position of the largest, which remembers what it was chosen from."""
    setattr(position, _SOURCE, source)
    return position


def _stands_for(value: object) -> torch.dtype | None:
    """The type that a float tensor stands for; None for what is what it is."""
    return getattr(value, _MARK, None) if isinstance(value, Tensor) else None


def _hard(value: object) -> object:
    """Turn tensors that stand in for whole numbers back into these; leave other values as they are."""
    if isinstance(value, tuple | list):
        return type(value)(map(_hard, value))
    return _itself(value) if isinstance(value, Tensor) and _stand_ins(value) else value


def _itself(value: Tensor) -> Tensor:
    """A tensor without its gradient, of the type that it stands for."""
    return value.detach().to(_stands_for(value) or value.dtype)


def _soft(value: object) -> object:
    """Turn tensors that stand in for whole numbers into the numbers that they are; leave other values as they are."""
    if isinstance(value, tuple | list):
        return type(value)(map(_soft, value))
    return value.view_as(value) if isinstance(value, Tensor) and _stand_ins(value) else value


def _stand_ins(value: object) -> bool:
    """Return whether a value is, or has among its entries, a tensor that stands in for whole numbers."""
    if isinstance(value, tuple | list):
        return any(map(_stand_ins, value))
    return _stands_for(value) is not None


def _chosen(found: Tensor, condition: Tensor, *both: object) -> Tensor:
    """``where`` with a gradient also for its condition: what it would change to be true."""
    if len(both) != 2 or not found.is_floating_point():
        return found
    one, other = (torch.as_tensor(each, dtype=found.dtype, device=found.device).detach() for each in both)
    return found + (condition - condition.detach()) * (one - other).nan_to_num(0, 0, 0)


def _encoded(found: Tensor, position: Tensor, *_: object) -> Tensor:
    """One-hot vectors whose gradient pulls toward the positions nearby."""
    places = torch.arange(found.shape[-1], device=found.device)
    return _marked(_passed(found.to(position.dtype), -(position.unsqueeze(-1) - places).square()), found.dtype)


_CHOICES = {"where": _chosen, "one_hot": _encoded}


def _looked_up(name: str, found: Tensor, *arguments: object) -> Tensor:
    """Entries of a table, which rise with their position as the line between their neighbours does."""
    table, position = arguments[:2] if _stands_for(arguments[0]) is None else arguments[1::-1]
    if not (isinstance(table, Tensor) and isinstance(position, Tensor) and found.is_floating_point()):
        return found
    if _stands_for(position) not in (torch.int32, torch.int64):  # a mask, which chooses by what is true
        return found
    rows, at = (table.flatten() if name == "take" else table).detach(), _itself(position)
    low, high = (at - 1).clamp(min=0), (at + 1).clamp(max=len(rows) - 1)
    apart = position.shape + (1,) * (found.dim() - position.dim())
    rise = (rows[high] - rows[low]) / (high - low).clamp(min=1).reshape(apart)
    return found + (position - position.detach()).reshape(apart) * rise


def _kind_asked(arguments: tuple[object, ...], keywords: Mapping[str, object]) -> torch.dtype | None:
    """The type that ``to`` or ``type`` asks for."""
    for each in (*arguments[1:], *keywords.values()):
        if isinstance(each, torch.dtype):
            return each
        if isinstance(each, Tensor):
            return each.dtype
    return None


def _property_of(function: object) -> str:
    return getattr(getattr(function, "__self__", None), "__name__", "")


@contextmanager
def _modules_pass(core: nn.Module, x: Tensor) -> Iterator[None]:
    """Let modules without parameters that keep the images' shape count as the identity on the way back.

    Backward hooks of any module, which could turn the gradient round, are left out meanwhile.
    """

    def passed(_: nn.Module, inputs: tuple[object, ...], output: object) -> Tensor | None:
        [*given] = (each for each in inputs if isinstance(each, Tensor))
        if len(given) != 1 or not isinstance(output, Tensor) or given[0].shape != x.shape or output.shape != x.shape:
            return None
        return _passed(output.to(given[0].dtype), given[0])

    modules = [each for each in core.modules() if not isinstance(each, torch.jit.ScriptModule)]  # scripts take no hooks
    hooks = [(each, each._backward_hooks, each._backward_pre_hooks) for each in modules]
    for each, *_ in hooks:
        each._backward_hooks, each._backward_pre_hooks = OrderedDict(), OrderedDict()
    plain = [each for each in modules if each is not core and not list(each.parameters())]
    handles = [each.register_forward_hook(passed) for each in plain]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for each, after, before in hooks:
            each._backward_hooks, each._backward_pre_hooks = after, before


def _reached(given: Tensor, images: Tensor) -> Tensor:
    """What a layer is given, with the gradient of the images (n, …) if these were given to it: each once, each several
    times, or only some of them, which are those nearest to it."""
    own = _in_shape(images, given.shape[1:])
    if own is None:
        return given
    times, rest = divmod(len(given), len(own))
    if times and not rest:
        orders = own.repeat(times, *[1] * (own.dim() - 1)), own.repeat_interleave(times, 0)
        return _passed(given, min(orders, key=lambda each: (each - given).abs().sum().item()))
    apart = [[(each - one).abs().sum().item() for each in own] for one in given]
    return _passed(given, own[[row.index(min(row)) for row in apart]])


def _in_shape(images: Tensor, shape: torch.Size) -> Tensor | None:
    """The images (n, …) flat, of another size, or in grey or three channels, if that is what the shape is."""
    if images.shape[1:] == shape:
        return images
    if len(shape) == 1:
        return images.flatten(1) if shape.numel() == images[0].numel() else None
    if images.dim() != 4 or len(shape) != 3 or {images.shape[1], shape[0]} not in ({1}, {3}, {1, 3}):
        return None
    sized = images if images.shape[2:] == shape[1:] else interpolate(images, shape[1:], mode="bilinear")
    return sized.mean(1, keepdim=True) if shape[0] == 1 else sized.expand(-1, shape[0], -1, -1)
