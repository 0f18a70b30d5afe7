"""Classifiers of timm and torchvision by the names they have there, with input size and normalisation inside.

Nothing is downloaded: the weights are those of a file, or as the library initialises them.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from torch import nn

from lab.errors import ModelError, in_words, no_such, one_sentence
from lab.models import checkpoints
from lab.models.aside import users_code
from lab.models.inputs import Resize
from lab.models.normalised import Normalised
from lab.models.torchvision_classifiers import classifiers, published, sized
from lab.models.weights import load_weights


@dataclass(frozen=True)
class Blueprint:
    """Blueprint of a library's classifier: how it is built, ``make(num_classes=…)``, and which images it takes.

    ``mean`` and ``std`` are one number per channel of pixels in [0, 1]; ``size`` is height and width in pixels, and
    ``fixed`` whether it takes no other.
    """

    make: Callable[..., nn.Module]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: int
    fixed: bool


def library_model(builder: str, weights: str = "") -> tuple[nn.Module, str]:
    """The classifier behind its normalisation, for images (n, 3, H, W) in [0, 1]; grey ones become colour.
    With it, what :func:`load_weights` left out of the file.

    It has as many classes as the file of ``weights``, if there is one, else as the library's default. A classifier
    that takes one size only, such as a vision transformer, scales other images to it (bilinear, differentiable). Raises
    :class:`ModelError` when the library is not installed, has no such model or cannot build it, and as
    :func:`load_weights` does.
    """
    plan = blueprint(builder)
    network, left_out = _made(builder, plan), ""
    if weights:
        if (classes := _classes_in(weights, _head(network))) not in (None, _outputs(network)):
            network = _made(builder, plan, num_classes=classes)
        left_out = load_weights(network, weights)
    model = Normalised(network, plan.mean, plan.std)
    return (nn.Sequential(Resize(plan.size), model) if plan.fixed else model), left_out


def blueprint(builder: str) -> Blueprint:
    """Look a classifier up in its library, before it is built. Raises :class:`ModelError` as above."""
    library, _, name = builder.partition(":")
    return _BLUEPRINTS[library](name)


def timm_blueprint(name: str) -> Blueprint:
    """timm's model of that name, ``resnet18`` or with the tag of its weights ``resnet18.a1_in1k``."""
    timm = _imported("timm")
    known = [*timm.list_models(), *timm.list_pretrained()]
    if name not in known:
        raise ModelError(no_such("timm model", name, known))
    about = timm.get_pretrained_cfg(name)
    if about is None:
        raise ModelError(f"timm does not say which images {name:.60} takes: give a builder, package.module:function.")
    return Blueprint(
        partial(timm.create_model, name, pretrained=False),
        tuple(about.mean),
        tuple(about.std),
        about.input_size[-1],
        bool(about.fixed_input_size),
    )


def torchvision_blueprint(name: str) -> Blueprint:
    """torchvision's classifier of that name; size and normalisation are those of its published default weights."""
    if name not in classifiers():
        raise ModelError(no_such("torchvision classifier", name, classifiers()))
    transforms = published(name).transforms()
    [size] = transforms.crop_size
    return Blueprint(
        partial(_imported("torchvision.models").get_model, name, weights=None, **_torchvision_options(name, size)),
        tuple(transforms.mean),
        tuple(transforms.std),
        size,
        bool(sized(name, size)),
    )


_BLUEPRINTS: dict[str, Callable[[str], Blueprint]] = {"timm": timm_blueprint, "torchvision": torchvision_blueprint}


def _torchvision_options(name: str, size: int) -> dict[str, object]:
    """As the published weights want it; scipy's slow draws of the first weights are spared."""
    if name in ("googlenet", "inception_v3"):
        return {"transform_input": True, "init_weights": False}
    return sized(name, size)


def _imported(library: str) -> ModuleType:
    try:
        with users_code():
            return importlib.import_module(library)
    except ImportError as error:
        package = library.partition(".")[0]
        raise ModelError(
            one_sentence(f"{package} cannot be imported (", in_words(error), f"): pip install {package}.")
        ) from error


def _made(builder: str, plan: Blueprint, **options: object) -> nn.Module:
    try:
        with users_code():
            return plan.make(**options)
    except Exception as error:  # the library's own, whatever a model of its is missing
        raise ModelError(one_sentence(f"{builder} cannot be built (", in_words(error), "): choose another.")) from error


def _head(network: nn.Module) -> str:
    """The name of the weights of the last layer, which has one row for each class."""
    layers = [name for name, each in network.named_modules() if isinstance(each, nn.Linear | nn.Conv2d)]
    return f"{layers[-1]}.weight"


def _outputs(network: nn.Module) -> int:
    return network.get_parameter(_head(network)).shape[0]


def _classes_in(weights: str, head: str) -> int | None:
    """Count the classes of the last layer in a file of weights, whatever its names begin with; None if it has none."""
    states = checkpoints.states(checkpoints.read(Path(weights)))
    named = [
        (name, value) for state in states.values() for name, value in state.items() if f".{name}".endswith(f".{head}")
    ]
    return min(named, key=lambda each: len(each[0]))[1].shape[0] if named else None
