"""Live models: modules of a notebook or program, as models that every analysis and page can name."""

import copy
import hashlib
from functools import partial

from torch import nn

from lab import catalogue
from lab.catalogue import live_models
from lab.catalogue.live_models import LiveModel
from lab.errors import ModelError, in_words, one_sentence, quoted
from lab.models.adapter import core_of
from lab.models.identity import parts_of
from lab.models.load import read
from lab.specs.models import Live


def live(model: nn.Module, name: str = "") -> Live:
    """Register a module that takes images in [0, 1] and returns logits under a name, and return its spec.

    By default it is called as its class is. A live model can be named wherever a trained one can, but only in this
    process: in ``lab.analyse``, in an engine of this process (:class:`lab.engine.LocalEngine`) and on its pages. Each
    computation takes a copy, in evaluation mode, of the module as it is when the computation begins; the module itself
    stays as it is, and its results are not stored. A module registered later under the same name takes its place.
    Raises :class:`ModelError` for what is no module, and for the name of a model that is listed already.
    """
    if not isinstance(model, nn.Module):
        raise ModelError(f"A live model must be a torch.nn.Module, not a value of type {type(model).__name__}.")
    name = name or type(core_of(model)).__name__
    if any(card.name == name and card.origin != "live" for card in catalogue.models()):
        raise ModelError(f"There is already a model called {quoted(name)}: give the live one another name.")
    return live_models.register(name, LiveModel(model, partial(_fingerprint, model)))


@read.register
def copied(spec: Live) -> nn.Module:
    """A copy of the live module, so that the user's own is neither put into evaluation mode nor frozen."""
    module = live_models.find(spec).module
    try:
        return copy.deepcopy(module)
    except Exception as error:  # PyTorch's, or that of anything the module holds
        raise ModelError(
            one_sentence(
                f"The live model {quoted(spec.name)} cannot be copied (",
                in_words(error),
                "): detach the tensors it keeps.",
            )
        ) from error


def _fingerprint(model: nn.Module) -> str:
    parts = sorted(parts_of(model).items())
    return hashlib.sha256(f"{id(model)} {parts}".encode("utf-8", "backslashreplace")).hexdigest()
