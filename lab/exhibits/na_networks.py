"""The networks of Na et al. 2018 with their recipes at each scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from lab.exhibits.networks import Build, add, model, models
from lab.exhibits.recipes import Preset, recipe
from lab.exhibits.scales import Scale
from lab.specs import presets
from lab.specs.attacks import StepLL
from lab.specs.augmentation import RandomShift
from lab.specs.examples import HALF_NORMAL, CascadeExamples, EnsembleExamples, OwnExamples
from lab.specs.models import Architecture, ResNet, SmallCNN
from lab.specs.optimisers import SGD, Piecewise
from lab.specs.recipes import Recipe
from lab.specs.similarity import CODE, Pivot


def resnet(scale: Scale) -> Architecture:
    """Na et al.'s ResNet-20 for MNIST and CIFAR-10; on the digits the small CNN."""
    if scale.name == "digits":
        return SmallCNN()
    return ResNet(mean="none") if scale.name == "mnist" else ResNet(crop=24)


_RATES: dict[str, object] = {
    "optimiser": SGD(),
    "schedule": Piecewise(at=(0.5, 0.75), factors=(0.1, 0.01)),
    "weight_decay": 1e-4,
}
_ON_CIFAR10: dict[str, object] = _RATES | {"augmentation": RandomShift(most=4, flip=True), "precision": "bfloat16"}


def _na(preset: Preset, seed: int = 0, **changes: object) -> Build:
    """A method of Na et al.: their optimiser and its falls where the network is theirs, on CIFAR-10 their crops."""

    def build(scale: Scale) -> Recipe:
        theirs = {"digits": {}, "mnist": _RATES, "cifar": _ON_CIFAR10}[scale.name]
        return recipe(partial(preset, **theirs, **changes), resnet, seed)(scale)

    return build


def _na_standard(seed: int) -> Build:
    """Training on clean images, with the optimiser of the others where it is to be compared with them."""

    def build(scale: Scale) -> Recipe:
        theirs = _ON_CIFAR10 | {"batch": 128} if scale.name == "cifar" else {}
        return recipe(partial(presets.standard_training, **theirs), resnet, seed, clean=True)(scale)

    return build


def _step_ll(others: Sequence[str], scale: Scale) -> OwnExamples | EnsembleExamples:
    """Step-LL on the model that is trained, and on static models where some are named."""
    return EnsembleExamples(StepLL(), models(others, scale)) if others else OwnExamples(StepLL())


def _na_kurakin(seed: int, others: Sequence[str] = ()) -> Build:
    """Kurakin et al.'s mixture."""

    def build(scale: Scale) -> Recipe:
        theirs = {"batch": 128} if scale.name == "cifar" else {}
        return _na(presets.kurakin_training, seed, source=_step_ll(others, scale), **theirs)(scale)

    return build


def _na_pivot(seed: int, weight: float = 1e-4, others: Sequence[str] = ()) -> Build:
    """Training with the pivot loss, in the units and with the gradient of the authors' code."""

    def build(scale: Scale) -> Recipe:
        similarity = Pivot(weight=weight, units=CODE, detached=False)
        return _na(presets.pivot_training, seed, source=_step_ll(others, scale), similarity=similarity)(scale)

    return build


def _na_cascade(preset: Preset, seed: int, defended: str) -> Build:
    def build(scale: Scale) -> Recipe:
        return _na(preset, seed, source=CascadeExamples(defended=model(defended, scale), levels_drawn=HALF_NORMAL))(
            scale
        )

    return build


def _na_networks(copy: str, seed: int, shipped: Mapping[str, str]) -> None:
    """The networks of Na et al.'s Table 3; ``copy`` is "2" for those from other initial weights.

    ``shipped`` names the shipped models that are these networks on the digits, by the letters of their training.
    """
    held, pivot = f"R20-3{copy}", f"R20P{copy}"

    def network(letters: str, training: str, build: Build, after: Sequence[str] = ()) -> None:
        add(f"R20{letters}{copy}", f"ResNet-20, {training}", build, shipped.get(letters, ""), after)

    network("", "standard training", _na_standard(seed))
    add(held, "ResNet-20 that ensemble training uses, standard training", _na_standard(seed + 50))
    network("K", "Kurakin's Step-LL training", _na_kurakin(seed))
    network("P", "pivot loss", _na_pivot(seed))
    network("E", "ensemble training", _na_kurakin(seed, (held,)), (held,))
    network("PE", "pivot loss and ensemble", _na_pivot(seed, others=(held,)), (held,))
    network("KC", "Kurakin's and cascade training", _na_cascade(presets.cascade_training, seed, pivot), (pivot,))
    network("PC", "pivot loss and cascade training", _na_cascade(presets.pivot_cascade_training, seed, pivot), (pivot,))


_ON_DIGITS = {
    "": "standard",
    "K": "kurakin-trained",
    "P": "pivot-trained",
    "KC": "cascade-trained",
    "PC": "pivot-cascade-trained",
}
_na_networks("", 0, _ON_DIGITS)
_na_networks("2", 1, {"": "standard-b"})
add("R20B", "ResNet-20, bidirectional loss", _na(presets.bidirectional_training))

WEIGHTS = (1e-3, 1e-2, 0.1, 0.3)
"""λ₂ of Na et al. 2018, Figure 5, in the units of their code, besides the 1e-4 of their other networks."""

for _weight in WEIGHTS:
    add(f"R20P-{_weight:g}", f"ResNet-20, pivot loss with λ₂ = {_weight:g}", _na_pivot(0, _weight))


def flat(scale: Scale) -> Architecture:
    """The network with an embedding of two units."""
    return SmallCNN(embedding=2) if scale.name == "digits" else ResNet(mean="none", embedding=2)


add(
    "R20-flat",
    "two embedding units, standard training",
    recipe(presets.standard_training, flat, clean=True),
    "flat-standard",
)
add("R20K-flat", "two embedding units, Kurakin's training", recipe(presets.kurakin_training, flat), "flat-kurakin")
add("R20P-flat", "two embedding units, pivot loss", recipe(presets.pivot_training, flat), "flat-pivot")
