"""``load``: the trained network that a spec names, read once per process and device."""

import importlib
import os
import sys
from collections import OrderedDict
from collections.abc import Callable
from functools import singledispatch
from threading import Lock

import torch
from torch import nn

from lab import datafiles
from lab.catalogue import find_card, fingerprints
from lab.errors import ModelError
from lab.models.build import blank
from lab.models.devices import default_device
from lab.models.weights import load_weights
from lab.specs.models import Custom, ModelSpec, Trained

KEPT = 16  # networks held in memory

_recent: OrderedDict[tuple[ModelSpec, tuple[str, ...], str], nn.Module] = OrderedDict()
_lock = Lock()


def load(spec: ModelSpec, device: torch.device | str | None = None) -> nn.Module:
    """The network with its weights, in eval mode, its parameters frozen; on the default device unless told.

    The same object may be handed out again: callers must leave it as it is. Raises :class:`ModelError` in one
    sentence: what is wrong with which file or function, and how to mend it.
    """
    device = default_device() if device is None else torch.device(device)
    key = (spec, fingerprints(spec), str(device))
    with _lock:
        if key not in _recent:
            _recent[key] = read(spec).to(device).eval().requires_grad_(False)
        _recent.move_to_end(key)
        while len(_recent) > KEPT:
            _recent.popitem(last=False)
        return _recent[key]


@singledispatch
def read(spec: ModelSpec) -> nn.Module:
    """The network on the CPU, built and its weights read."""
    raise ModelError(f"There is no model of the kind {type(spec).__name__}.")


@read.register
def trained(spec: Trained) -> nn.Module:
    """A network of the zoo or of a finished run; its weights must be those that its card describes."""
    card = find_card(spec.name)
    if card.weights is None or card.architecture is None or card.shape is None or card.classes is None:
        raise ModelError(f"'{spec.name}' is an own model: name it by its builder and weights.")
    if datafiles.file_hash(card.weights) != card.sha256:
        raise ModelError(
            f"{card.weights} is damaged (its content is not what its card says): restore it, or train "
            f"'{spec.name}' again."
        )
    network = blank(card.architecture, card.shape, card.classes).to_empty(device="cpu")
    load_weights(network, card.weights)
    return network


@read.register
def custom(spec: Custom) -> nn.Module:
    """A person's own network: the builder is imported (from the working directory too) and called."""
    module_name, _, function_name = spec.builder.partition(":")
    if not module_name or not function_name:
        raise ModelError(f"'{spec.builder}' names no builder: write it as package.module:function.")
    builder = _builder(module_name, function_name)
    try:
        network = builder()
    except Exception as error:  # the person's own code may raise anything
        raise ModelError(f"{spec.builder}() raised {_words(error)}: it is called without arguments.") from error
    if not isinstance(network, nn.Module):
        raise ModelError(f"{spec.builder}() returned {_kind(network)}: it must return a torch.nn.Module.")
    if spec.weights:
        load_weights(network, spec.weights)
    return network


def _builder(module_name: str, function_name: str) -> Callable[[], object]:
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # the person's own code may raise anything
        raise ModelError(
            f"The module '{module_name}' cannot be imported ({_words(error)}): start from the folder that holds it, "
            "or install it."
        ) from error
    builder = getattr(module, function_name, None)
    if not callable(builder):
        wrong = "has no" if builder is None else f"has {_kind(builder)} as"
        raise ModelError(f"{module.__file__} {wrong} '{function_name}': define a function that returns the network.")
    return builder


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": .")


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"
