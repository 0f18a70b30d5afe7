"""What the recipes of the papers' networks have in common; each paper's are in a file of their own beside this one.

The networks of ImageNet and CIFAR-10 are played by small ones: what is compared is how they were trained. Where the
architecture itself matters, as in Tramèr et al.'s A to D on MNIST, the scale ``mnist`` has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from lab.exhibits.networks import Build, models
from lab.exhibits.scales import Scale
from lab.specs import presets
from lab.specs.attacks import StepLL
from lab.specs.examples import EnsembleExamples
from lab.specs.models import Architecture, SmallCNN
from lab.specs.recipes import Recipe

Form = Callable[[Scale], Architecture]
Preset = Callable[..., Recipe]

_EPOCHS = {"digits": (15, 40), "mnist": (6, 12), "cifar": (30, 30)}
"""Passes over the training images without and with adversarial examples: Tramèr et al. 2018, App. C.2, on MNIST."""


def recipe(preset: Preset, form: Form, seed: int = 0, clean: bool = False, **changes: object) -> Build:
    """A preset with an architecture, in the epochs that are usual for a scale, against its largest ε."""

    def build(scale: Scale) -> Recipe:
        without, adversarial = _EPOCHS[scale.name]
        about: dict[str, object] = {"data": scale.data, "architecture": form(scale), "seed": seed}
        usual: dict[str, object] = {"epochs": without} if clean else {"epochs": adversarial, "ball": scale.ball()}
        return preset(**about | usual | changes)

    return build


def width(channels: int) -> Form:
    """A small CNN of that width on the digits, twice as wide elsewhere."""
    return lambda scale: SmallCNN(channels if scale.name == "digits" else 2 * channels)


def at(digits: Architecture, mnist: Architecture) -> Form:
    """One architecture on the digits, another on MNIST."""
    return lambda scale: digits if scale.name == "digits" else mnist


def standard(form: Form, seed: int = 0) -> Build:
    """Training on clean images."""
    return recipe(presets.standard_training, form, seed, clean=True)


def mixture(form: Form, seed: int = 0, **changes: object) -> Build:
    """Kurakin et al.'s mixture of clean and Step-LL images, or with what is changed."""
    return recipe(partial(presets.kurakin_training, **changes), form, seed)


def mixture_with(names: Sequence[str], form: Form, seed: int = 0) -> Build:
    """Kurakin et al.'s mixture with Step-LL examples of the network itself or of static ones."""
    return lambda scale: mixture(form, seed, source=EnsembleExamples(StepLL(), models(names, scale)))(scale)
