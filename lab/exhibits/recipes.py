"""The networks of the four papers by name, each with its recipe at every scale.

The networks of ImageNet and CIFAR-10 are played by small ones: what is compared is how they were trained. Where the
architecture itself matters, as in Tramèr et al.'s A to D on MNIST, the scale ``mnist`` has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from lab.exhibits.networks import Build, add, model, models
from lab.exhibits.scales import Scale
from lab.specs import presets
from lab.specs.attacks import (
    FGSM,
    PGD,
    AttackSpec,
    FastEntropy,
    FastGradientL2,
    FastGradientLinf,
    RandomSign,
    StepLL,
    StepRnd,
    TruncatedNormal,
)
from lab.specs.augmentation import RandomShift
from lab.specs.balls import Linf
from lab.specs.examples import HALF_NORMAL, TRAINING, CascadeExamples, EnsembleExamples, OwnExamples
from lab.specs.models import (
    Activation,
    Architecture,
    Binarised,
    InputDropout,
    MadryMNIST,
    Relu6,
    ReluDecay,
    ResNet,
    SmallCNN,
    Tanh,
    TramerA,
    TramerB,
    TramerBStar,
    TramerC,
    TramerD,
)
from lab.specs.optimisers import SGD, Piecewise
from lab.specs.recipes import Recipe
from lab.specs.similarity import CODE, Pivot

Form = Callable[[Scale], Architecture]
Preset = Callable[..., Recipe]

_EPOCHS = {"digits": (15, 40), "mnist": (6, 12), "cifar": (30, 30)}
"""Passes over the training images without and with adversarial examples: Tramèr et al. 2018, App. C.2, on MNIST."""


def recipe(preset: Preset, form: Form, seed: int = 0, clean: bool = False, **changes: object) -> Build:
    """A preset with an architecture, in the epochs that are usual for a scale, against its largest ε."""

    def build(scale: Scale) -> Recipe:
        standard, adversarial = _EPOCHS[scale.name]
        about: dict[str, object] = {"data": scale.data, "architecture": form(scale), "seed": seed}
        usual: dict[str, object] = {"epochs": standard} if clean else {"epochs": adversarial, "ball": scale.ball()}
        return preset(**about | usual | changes)

    return build


def width(channels: int) -> Form:
    """A small CNN of that width on the digits, twice as wide elsewhere."""
    return lambda scale: SmallCNN(channels if scale.name == "digits" else 2 * channels)


def at(digits: Architecture, mnist: Architecture) -> Form:
    """One architecture on the digits, another on MNIST."""
    return lambda scale: digits if scale.name == "digits" else mnist


def resnet(scale: Scale) -> Architecture:
    """Na et al.'s ResNet-20 for MNIST and CIFAR-10; on the digits the small CNN."""
    if scale.name == "digits":
        return SmallCNN()
    return ResNet(mean="none") if scale.name == "mnist" else ResNet(crop=24)


def _clean(form: Form, seed: int = 0) -> Build:
    return recipe(presets.standard_training, form, seed, clean=True)


def _kurakin(form: Form, seed: int = 0, **changes: object) -> Build:
    return recipe(partial(presets.kurakin_training, **changes), form, seed)


def _with_examples_of(names: Sequence[str], form: Form, seed: int = 0) -> Build:
    """Kurakin et al.'s mixture with Step-LL examples of the network itself or of static ones."""
    return lambda scale: _kurakin(form, seed, source=EnsembleExamples(StepLL(), models(names, scale)))(scale)


# Kurakin et al. 2017, and Tramèr et al. 2018 on ImageNet

V3, ELU, V4 = width(16), width(24), at(MadryMNIST(0.25), MadryMNIST(0.5))

add("v3", "Inception v3, standard training", _clean(V3), "standard")
add("v3-b", "Inception v3 from other initial weights, standard training", _clean(V3, 1), "standard-b")
add("v3-elu", "Inception v3 with ELU, here another width, standard training", _clean(ELU, 2))
add("v4", "Inception v4, here Madry's architecture, standard training", _clean(V4, 3))
add("v3adv", "Inception v3, Step-LL training of Kurakin et al.", _kurakin(V3), "kurakin-trained")
add("v3-deeper", "Inception v3 with two more blocks, here twice the width, standard training", _clean(width(32)))
add("v3adv-deeper", "Inception v3 with two more blocks, here twice the width, Step-LL training", _kurakin(width(32)))
add("v3-fgsm", "Inception v3, training with FGSM on true labels", recipe(presets.leaking_training, V3), "fgsm-leaking")

ONE_STEP: dict[str, AttackSpec] = {
    "fgsm-predicted": FGSM(labels="predicted"),
    "entropy": FastEntropy(),
    "step-rnd": StepRnd(),
    "fast-l2": FastGradientL2(),
    "fast-linf": FastGradientLinf(),
    "random-sign": RandomSign(),
    "random-normal": TruncatedNormal(),
}
"""What Kurakin et al. 2017 train with in Table 5 besides Step-LL and FGSM on true labels."""

for _name, _attack in ONE_STEP.items():
    add(f"v3-{_name}", f"Inception v3, trained with {_attack.title}", _kurakin(V3, source=OwnExamples(_attack)))

SHARES = {4: 0.125, 8: 0.25, 24: 0.75, 32: 1.0}
"""k of the 32 images of a batch that are attacked, in Kurakin et al. 2017, Table 8, besides none and 16."""

for _k, _share in SHARES.items():
    add(f"v3adv-k{_k}", f"Inception v3, Step-LL training with k = {_k}", _kurakin(V3, share=_share))

ACTIVATIONS: dict[str, Activation] = {
    "relu6": Relu6(),
    "relu-decay-0.001": ReluDecay(0.001),
    "relu-decay-0.01": ReluDecay(0.01),
    "relu-decay-0.1": ReluDecay(0.1),
    "tanh": Tanh(),
}
"""The activations of Kurakin et al. 2017, Table 7, besides ReLU."""


def _activated(activation: Activation) -> Form:
    return lambda scale: V3(scale).replace(activation=activation)


for _name, _activation in ACTIVATIONS.items():
    add(f"v3adv-{_name}", f"Inception v3 with {_name}, Step-LL training", _kurakin(_activated(_activation)))

WIDTHS = {0.25: 4, 0.5: 8}
"""ρ of Kurakin et al. 2017, Figure 1, and the width of the small CNN that stands for it; 16 is 1, and 32 is 2."""

for _rho, _width in WIDTHS.items():
    add(f"v3-rho{_rho:g}", f"Inception v3 with ρ = {_rho:g}, standard training", _clean(width(_width)))
    add(f"v3adv-rho{_rho:g}", f"Inception v3 with ρ = {_rho:g}, Step-LL training", _kurakin(width(_width)))

add("IRv2", "Inception ResNet v2, here from other initial weights, standard training", _clean(ELU, 4), "standard-b")
add("IRv2adv", "Inception ResNet v2, here likewise, Step-LL training", _kurakin(ELU, 4), "digits-R20K2")
add("ResNet", "a ResNet v2, here a fully connected model, standard training", _clean(lambda _: TramerD(), 5))
add(
    "v3adv-ens3",
    "Inception v3, Step-LL examples of itself, v3-b and ResNet",
    _with_examples_of(("v3-b", "ResNet"), V3, 6),
    after=("v3-b", "ResNet"),
)
add(
    "v3adv-ens4",
    "Inception v3, Step-LL examples of itself, v3-b, ResNet and IRv2",
    _with_examples_of(("v3-b", "ResNet", "IRv2"), V3, 7),
    after=("v3-b", "ResNet", "IRv2"),
)
add(
    "IRv2adv-ens",
    "Inception ResNet v2, Step-LL examples of itself, v3-b and IRv2",
    _with_examples_of(("v3-b", "IRv2"), ELU, 8),
    after=("v3-b", "IRv2"),
)
add("holdout-v4", "Inception v4 held out, here Madry's architecture", _clean(V4, 11))
add("holdout-v1", "ResNet v1 held out, here another width", _clean(width(20), 12))
add("holdout-v2", "ResNet v2 held out, here a fully connected model", _clean(lambda _: TramerD(), 13))

# Tramèr et al. 2018 on MNIST

FORMS: dict[str, Form] = {
    "A": at(SmallCNN(), TramerA()),
    "B": at(InputDropout(SmallCNN()), TramerB()),
    "Bstar": at(SmallCNN(), TramerBStar()),
    "C": at(MadryMNIST(0.25), TramerC()),
    "D": lambda _: TramerD(),
}
_SEEDS = {"A": 0, "B": 1, "Bstar": 1, "C": 3, "D": 5}
_STANDARD = {"A": "standard", "Bstar": "standard-b", "C": "digits-v4", "D": "digits-ResNet"}
_OTHERS = {"A": ("A", "C", "D"), "B": ("B", "C", "D"), "C": ("A", "C", "D"), "D": ("A", "C", "D")}


def _ensemble(names: Sequence[str], form: Form, seed: int) -> Build:
    def build(scale: Scale) -> Recipe:
        source = EnsembleExamples(FGSM(labels="predicted"), models(names, scale), mode=TRAINING)
        return recipe(presets.ensemble_training, form, seed, source=source)(scale)

    return build


for _name, _form in FORMS.items():
    _seed = _SEEDS[_name]
    _about = "B without dropout on its input, " if _name == "Bstar" else ""
    add(_name, f"{_about}standard training", _clean(_form, _seed), _STANDARD.get(_name, ""))
    _fgsm = recipe(presets.fgsm_training, _form, _seed)
    add(f"{_name}_adv", f"{_about}FGSM training", _fgsm, "fgsm-trained" if _name == "A" else "")
for _name, _others in _OTHERS.items():
    _ens, _ens3 = _ensemble((_name,), FORMS[_name], 20), _ensemble(_others, FORMS[_name], 30)
    add(
        f"{_name}_adv-ens",
        f"ensemble training with {_name}",
        _ens,
        "ensemble-trained" if _name == "A" else "",
        (_name,),
    )
    add(f"{_name}_adv-ens3", f"ensemble training with {', '.join(_others)}", _ens3, after=_others)
    add(f"{_name}-held-out", "standard training from another seed", _clean(FORMS[_name], 40))

# Na et al. 2018


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


def _na_kurakin(seed: int, others: Sequence[str] = ()) -> Build:
    """Kurakin et al.'s mixture, with static models as further sources where some are named."""

    def build(scale: Scale) -> Recipe:
        source = EnsembleExamples(StepLL(), models(others, scale)) if others else OwnExamples(StepLL())
        theirs = {"batch": 128} if scale.name == "cifar" else {}
        return _na(presets.kurakin_training, seed, source=source, **theirs)(scale)

    return build


def _na_pivot(seed: int, weight: float = 1e-4, others: Sequence[str] = ()) -> Build:
    """Training with the pivot loss, in the units and with the gradient of the authors' code."""

    def build(scale: Scale) -> Recipe:
        source = EnsembleExamples(StepLL(), models(others, scale)) if others else OwnExamples(StepLL())
        similarity = Pivot(weight=weight, units=CODE, detached=False)
        return _na(presets.pivot_training, seed, source=source, similarity=similarity)(scale)

    return build


def _na_cascade(preset: Preset, seed: int, defended: str) -> Build:
    def build(scale: Scale) -> Recipe:
        return _na(preset, seed, source=CascadeExamples(defended=model(defended, scale), levels_drawn=HALF_NORMAL))(
            scale
        )

    return build


def _na_networks(copy: str, seed: int, shipped: bool) -> None:
    """The networks of Na et al.'s Table 3; ``copy`` is "2" for those from other initial weights."""
    held = f"R20-3{copy}"
    names = {
        "standard": ("standard", "standard-b")[bool(copy)],
        **({"kurakin": "kurakin-trained", "pivot": "pivot-trained"} if shipped else {}),
        **({"KC": "cascade-trained", "PC": "pivot-cascade-trained"} if shipped else {}),
    }
    add(f"R20{copy}", "ResNet-20, standard training", _na_standard(seed), names["standard"])
    add(held, "ResNet-20 that ensemble training uses, standard training", _na_standard(seed + 50))
    add(f"R20K{copy}", "ResNet-20, Kurakin's Step-LL training", _na_kurakin(seed), names.get("kurakin", ""))
    add(f"R20P{copy}", "ResNet-20, pivot loss", _na_pivot(seed), names.get("pivot", ""))
    add(f"R20E{copy}", "ResNet-20, ensemble training", _na_kurakin(seed, (held,)), after=(held,))
    add(f"R20PE{copy}", "ResNet-20, pivot loss and ensemble", _na_pivot(seed, 1e-4, (held,)), after=(held,))
    add(
        f"R20KC{copy}",
        "ResNet-20, Kurakin's and cascade training",
        _na_cascade(presets.cascade_training, seed, f"R20P{copy}"),
        names.get("KC", ""),
        after=(f"R20P{copy}",),
    )
    add(
        f"R20PC{copy}",
        "ResNet-20, pivot loss and cascade training",
        _na_cascade(presets.pivot_cascade_training, seed, f"R20P{copy}"),
        names.get("PC", ""),
        after=(f"R20P{copy}",),
    )


_na_networks("", 0, shipped=True)
_na_networks("2", 1, shipped=False)
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

# Madry et al. 2017


def _madry(seed: int) -> Build:
    """PGD training; on the digits with 7 steps of ε / 3 and a growing ε, as the shipped model was trained."""

    def build(scale: Scale) -> Recipe:
        if scale.name == "digits":
            source = OwnExamples(PGD(steps=7, step_size=0.1))
            return presets.pgd_training(seed=seed, source=source, epochs=60, warm_up=30)
        return presets.pgd_training(data=scale.data, architecture=MadryMNIST(), seed=seed, epochs=10)

    return build


MADRY = at(SmallCNN(), MadryMNIST())
add("robust", "PGD training", _madry(0), "pgd-trained")
add("robust-copy", "PGD training from other initial weights; on the digits TRADES", _madry(1), "trades-trained")
add("natural", "the same architecture, standard training", _clean(MADRY), "standard")
add("other", "Tramèr's B, here Madry's architecture", _clean(at(MadryMNIST(0.25), TramerB()), 3), "digits-v4")

add(
    "wide",
    "ten times wider ResNet, PGD training; here ResNet-20",
    lambda scale: presets.pgd_training(
        data=scale.data,
        architecture=ResNet(),
        source=OwnExamples(PGD.madry_cifar().replace(steps=7)),
        ball=scale.ball(8),
        epochs=20,
    ),
    on_cifar="cifar10-pgd-trained",
)
add(
    "wide-natural",
    "ten times wider ResNet, standard training; here ResNet-20",
    lambda scale: presets.standard_training(data=scale.data, architecture=ResNet(), epochs=30),
    on_cifar="cifar10-standard",
)

add(
    "binarised",
    "binarised inputs, standard training",
    recipe(presets.standard_training, lambda scale: Binarised(MADRY(scale)), clean=True),
)

CAPACITIES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Widths of Madry et al. 2017, Figure 3: the first has 2 and 4 filters, and each further one twice as many."""

_FIGURE_3 = Linf(0.1)


def capacity_name(how: str, capacity: float) -> str:
    """The name of a network of Figure 3: "natural-x2" has twice the filters of the smallest."""
    return f"{how}-x{round(16 * capacity)}"


for _capacity in CAPACITIES:
    _form = at(MadryMNIST(_capacity), MadryMNIST(_capacity))
    _wide = f"{round(32 * _capacity)} and {round(64 * _capacity)} filters"
    add(capacity_name("natural", _capacity), f"{_wide}, standard training", _clean(_form))
    add(
        capacity_name("fgsm", _capacity),
        f"{_wide}, FGSM training at ε 0.1",
        recipe(presets.pgd_training, _form, source=OwnExamples(FGSM()), ball=_FIGURE_3),
    )
    add(
        capacity_name("pgd", _capacity),
        f"{_wide}, PGD training at ε 0.1",
        recipe(presets.pgd_training, _form, source=OwnExamples(PGD(steps=7)), ball=_FIGURE_3),
    )
