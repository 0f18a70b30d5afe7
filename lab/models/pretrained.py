"""torchvision's published ImageNet weights, fetched once and kept among a person's models. Only when asked."""

import hashlib
import json
import re
import tempfile
from pathlib import Path

import torch
from torch import nn
from torchvision.models import WeightsEnum

from lab.context import Context
from lab.datafiles import file_hash
from lab.downloads import Unreceived, receive
from lab.errors import ModelError
from lab.files import write_whole
from lab.home import pretrained_folder
from lab.models import torchvision_classifiers
from lab.models.build import blank
from lab.models.checkpoints import StateDict
from lab.models.weights import read_state, save_weights
from lab.specs.models import Torchvision
from lab.specs.spec import to_dict

_AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")
_OLD_DENSENET, _AS_TODAY = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)"), r"\1\2"  # norm.1. is now norm1.


def fetch_pretrained(name: str, ctx: Context = Context()) -> Path:
    """The folder of a torchvision classifier with its default weights, which are downloaded unless they are there.

    It then stands in the list of models under its name. Raises :class:`ModelError` when torchvision has no such
    classifier, there is no network, or what arrives is not what was published; half a file is never left.
    """
    torchvision_classifiers.check_name(name)
    folder = pretrained_folder() / name
    if (folder / "card.json").is_file():
        return folder
    published = torchvision_classifiers.published(name)
    pretrained_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=pretrained_folder()) as scratch:
        received = Path(scratch, "weights.pth")
        _receive(published.url, received, ctx.part(0, 1, f"downloading {name}"))
        network = _loaded(name, published, read_state(received))
    save_weights(network, folder / "weights.safetensors")
    write_whole(folder / "card.json", json.dumps(_card(name, published, folder / "weights.safetensors"), indent=2))
    return folder


def _receive(url: str, target: Path, ctx: Context) -> None:
    """A published file, checked by the beginning of its SHA-256 that its name ends in."""
    try:
        receive(url, target, ctx)
    except Unreceived as failure:
        raise ModelError(f"{url} cannot be downloaded ({failure.words}): {failure.remedy}.") from failure
    found = file_hash(target)
    if not found.startswith(url.removesuffix(".pth").rpartition("-")[2]):
        raise ModelError(f"{url} is not the published file: try again, or from another network.")


def _loaded(name: str, published: WeightsEnum, received: StateDict) -> nn.Module:
    """The network with what was received, less the auxiliary classifiers, and the published normalisation."""
    network = blank(Torchvision(name), _shape(published), len(published.meta["categories"]))
    preset = published.transforms()
    numbers = {key: torch.tensor(getattr(preset, key)).view(1, -1, 1, 1) for key in ("mean", "std")}
    network.get_submodule("0").load_state_dict(numbers, assign=True)
    for key in list(received):  # renamed in place: the dict also carries the layers' versions
        value = received.pop(key)
        if not key.startswith(_AUXILIARY):
            received[_OLD_DENSENET.sub(_AS_TODAY, key)] = value
    try:
        network.get_submodule("1").load_state_dict(received, assign=True)
    except RuntimeError as error:
        raise ModelError(f"The weights of {name} do not fit this version of torchvision: update it.") from error
    return network


def _shape(published: WeightsEnum) -> tuple[int, int, int]:
    [side] = published.transforms().crop_size
    return (3, side, side)


def _card(name: str, published: WeightsEnum, weights: Path) -> dict[str, object]:
    return {
        "name": name,
        "recipe": None,
        "architecture": to_dict(Torchvision(name)),
        "data": "imagenet",
        "shape": list(_shape(published)),
        "classes": len(published.meta["categories"]),
        "measured": {},
        "source": published.url,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
