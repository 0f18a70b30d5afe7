"""The seam to what a network knows before it decides: its embedding, for any classifier."""

from threading import get_ident

import torch
from torch import Tensor, nn

from lab.errors import ModelError
from lab.models.adapter import Adapted, adapted, name_of


def embed(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """The embedding (N, D) and the logits (N, classes) of images, from one forward pass.

    The embedding is what the last linear layer receives (Na et al. 2018, §3.3, "right before the softmax" layer);
    both are differentiable with respect to the images and the parameters, and the mode of the model is left as it
    is, so in training a dropout before that layer shows. The embedding is in float32 or wider. It works for any
    module, wrapped or one's own. Raises :class:`ModelError` for one that runs no ``nn.Linear``, or runs the last one on
    parts of images. A compiled model is run uncompiled.
    """
    inner = model.model if isinstance(model, Adapted) else model
    model = adapted(getattr(inner, "_orig_mod", inner))  # torch.compile's wrapper does not see hooks that come later
    calls: list[tuple[Tensor, Tensor]] = []
    here = get_ident()

    def note(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if get_ident() == here:  # other threads may run the same model
            calls.append((inputs[0], output))

    hooks = [each.register_forward_hook(note) for each in model.modules() if isinstance(each, nn.Linear)]
    try:
        logits = model(x)
    finally:
        for hook in hooks:
            hook.remove()
    if not calls:
        raise ModelError(
            f"{name_of(model)} has no linear layer, so it has no embedding: end it in an nn.Linear whose "
            "output are the logits."
        )
    [embedding, _] = next((call for call in reversed(calls) if _holds(call[1], logits)), calls[-1])
    if 0 < len(embedding) < len(x):  # the adapter showed the images in parts, and this is the last one's
        embeddings, found = zip(*(embed(model, part) for part in x.split(len(embedding))), strict=True)
        return torch.cat(embeddings), torch.cat(found)
    if len(embedding) != model.shown(len(x)):
        raise ModelError(
            f"{name_of(model)} has no embedding: its last linear layer takes {len(embedding)} rows for {len(x)} images."
        )
    embedding = embedding[: len(x)].flatten(1)  # what filled the batch up comes last
    return embedding.to(torch.promote_types(embedding.dtype, torch.float32)), logits


def _holds(output: Tensor, logits: Tensor) -> bool:
    """Return whether a layer's output is the logits, which the adapter copies, converts and shortens."""
    return torch.equal(output[: len(logits)].to(logits.device, logits.dtype), logits)
