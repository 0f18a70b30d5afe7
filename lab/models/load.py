"""``load``: the trained network that a spec names, read once per process and device."""

import copy
import hashlib
from dataclasses import replace
from functools import partial, singledispatch

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lab import datafiles
from lab.catalogue import find_card, fingerprints
from lab.errors import ModelError, Unrepeatable
from lab.models.adapter import Adapted, adapted, evaluating, is_named, named
from lab.models.aside import as_model_error, users_code
from lab.models.build import blank
from lab.models.builder import call_builder
from lab.models.built import Built, built
from lab.models.devices import default_device
from lab.models.libraries import library_model
from lab.models.probe import probe
from lab.models.weights import load_weights
from lab.recent import Recent
from lab.specs.models import Custom, ModelSpec, Trained, name_of

KEPT = 16  # networks held in memory

_recent: Recent[tuple[ModelSpec, tuple[str, ...], str], Built] = Recent(KEPT)


def load(spec: ModelSpec, device: torch.device | str | None = None) -> nn.Module:
    """The network with its weights, in eval mode, its parameters frozen; on the default device unless told.

    The same object may be handed out again: callers must leave it as it is. Raises :class:`ModelError` in one
    sentence: what is wrong with which file or function, and how to fix it.
    """
    return _loaded(spec, device).model


def instability_of(spec: ModelSpec) -> str:
    """A sentence on how a model is another one each time that it is built; empty when it is always the same."""
    found = _loaded(spec)
    if not found.changing:
        return ""
    what = "different weights" if found.changing in found.model.state_dict() else "a different model"
    return f"its builder makes {what} each time ({found.changing:.60}): seed it, or give --weights."


def left_out_of(spec: ModelSpec) -> str:
    """A sentence on what was left out of a model's file of weights; empty when it holds nothing but the model's."""
    return _loaded(spec).left_out


def identity(spec: Custom) -> str:
    """A hash over what a user's model is: its weights as they were loaded, all else that decides it, and its code.

    Raises :class:`Unrepeatable` when its builder makes another model each time.
    """
    if instability := instability_of(spec):
        raise _unrepeatable(spec, instability)
    parts = [f"{name} {each}" for name, each in sorted(_loaded(spec).parts.items())]
    return hashlib.sha256("\n".join([*fingerprints(spec), *parts]).encode("utf-8", "backslashreplace")).hexdigest()


def logits_hash_of(spec: Custom, shape: tuple[int, ...]) -> str:
    """A hash over a user's model's logits of fixed images of that shape; empty where it has none.

    Raises :class:`Unrepeatable` when its predictions follow the clock, or change from call to call.
    """
    found = _loaded(spec)
    probed = probe(found.model, shape, found.modules())
    if probed.changing:
        raise _unrepeatable(spec, probed.changing)
    return probed.hash


def _unrepeatable(spec: Custom, why: str) -> Unrepeatable:
    return Unrepeatable(f"Results of {name_of(spec):.120} are not stored: {why}")


def _loaded(spec: ModelSpec, device: torch.device | str | None = None) -> Built:
    device = default_device() if device is None else torch.device(device)
    key = (spec, fingerprints(spec), str(device))
    with _recent.lock:  # which a builder that loads one of our models takes again
        found = _recent.get(key)
        if found is None or not found.lasts():
            made = _made_by_user(spec, device) if isinstance(spec, Custom) else Built(_at_rest(read(spec), device))
            found = replace(made, model=named(made.model, name_of(spec)))
            _recent.forget(lambda old: (old[0], old[2]) == (spec, str(device)))  # what the model was before
            _recent.keep(key, found)
        return found


def load_adapted(spec: ModelSpec, device: torch.device | str | None = None) -> Adapted:
    """:func:`load`, behind the adapter: what the model fails on is a sentence that names it."""
    return adapted(load(spec, device))


@singledispatch
def read(spec: ModelSpec) -> nn.Module:
    """The network on the CPU, built and its weights read."""
    raise ModelError(f"There is no model of the kind {type(spec).__name__}.")


@read.register
def trained(spec: Trained) -> nn.Module:
    """A network of the zoo or of a finished run; its weights must be those that its card describes."""
    card = find_card(spec.name)
    if card.weights is None or card.architecture is None or card.shape is None or card.classes is None:
        raise ModelError(f"'{spec.name}' is a custom model: specify its builder and weights.")
    if datafiles.file_hash(card.weights) != card.sha256:
        remedy = (
            "install its package again" if card.origin == "package" else f"restore it, or train '{spec.name}' again"
        )
        raise ModelError(f"{card.weights} is damaged (its content is not what its card says): {remedy}.")
    network = blank(card.architecture, card.shape, card.classes).to_empty(device="cpu")
    load_weights(network, card.weights)
    return network


def read_custom(spec: Custom) -> tuple[nn.Module, str]:
    """A custom model, and a sentence on what of its file of weights was left out.

    The builder is imported (from the working directory too) and called, or is a library's.
    """
    if spec.library:
        return library_model(spec.builder, spec.weights)
    network = call_builder(spec.builder)
    if is_named(network):  # a builder may return, or build on, a model that is loaded already, such as one of the lab's
        network = copy.deepcopy(network)
    return network, load_weights(network, spec.weights) if spec.weights else ""


def _made_by_user(spec: Custom, device: torch.device) -> Built:
    """A custom model at rest. Whatever its own code raises on the way is a :class:`ModelError`."""
    with as_model_error(f"{name_of(spec):.120} cannot be made ready (", lambda _: "): change its class."):
        made = built(spec.builder.partition(":")[0], partial(read_custom, spec))
        with users_code():
            return replace(made, model=_at_rest(made.model, device))


def _at_rest(network: nn.Module, device: torch.device) -> nn.Module:
    """The network on a device, in eval mode, frozen: but for parameters that the first images have yet to make."""
    for parameter in evaluating(network.to(device)).parameters():  # a ScriptModule has no requires_grad_ of its own
        if not is_lazy(parameter):
            parameter.requires_grad_(False)
    return network
