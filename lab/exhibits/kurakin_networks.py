"""The networks of Kurakin et al. 2017, and of Tramèr et al. 2018 on ImageNet, with their recipes at each scale."""

from __future__ import annotations

from lab.exhibits.networks import add
from lab.exhibits.recipes import Form, at, mixture, mixture_with, recipe, standard, width
from lab.specs import presets
from lab.specs.attacks import (
    FGSM,
    AttackSpec,
    FastEntropy,
    FastGradientL2,
    FastGradientLinf,
    RandomSign,
    StepRnd,
    TruncatedNormal,
)
from lab.specs.examples import OwnExamples
from lab.specs.models import Activation, MadryMNIST, Relu6, ReluDecay, Tanh, TramerD

V3, ELU, V4 = width(16), width(24), at(MadryMNIST(0.25), MadryMNIST(0.5))

add("v3", "Inception v3, standard training", standard(V3), "standard")
add("v3-b", "Inception v3 from other initial weights, standard training", standard(V3, 1), "standard-b")
add("v3-elu", "Inception v3 with ELU, here another width, standard training", standard(ELU, 2))
add("v4", "Inception v4, here Madry's architecture, standard training", standard(V4, 3))
add("v3adv", "Inception v3, Step-LL training of Kurakin et al.", mixture(V3), "kurakin-trained")
add("v3-deeper", "Inception v3 with two more blocks, here twice the width, standard training", standard(width(32)))
add("v3adv-deeper", "Inception v3 with two more blocks, here twice the width, Step-LL training", mixture(width(32)))
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
    add(f"v3-{_name}", f"Inception v3, trained with {_attack.title}", mixture(V3, source=OwnExamples(_attack)))

SHARES = {4: 0.125, 8: 0.25, 24: 0.75, 32: 1.0}
"""k of the 32 images of a batch that are attacked, in Kurakin et al. 2017, Table 8, besides none and 16."""

for _k, _share in SHARES.items():
    add(f"v3adv-k{_k}", f"Inception v3, Step-LL training with k = {_k}", mixture(V3, share=_share))

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
    add(f"v3adv-{_name}", f"Inception v3 with {_name}, Step-LL training", mixture(_activated(_activation)))

WIDTHS = {0.25: 4, 0.5: 8}
"""ρ of Kurakin et al. 2017, Figure 1, and the width of the small CNN that stands for it; 16 is 1, and 32 is 2."""

for _rho, _width in WIDTHS.items():
    add(f"v3-rho{_rho:g}", f"Inception v3 with ρ = {_rho:g}, standard training", standard(width(_width)))
    add(f"v3adv-rho{_rho:g}", f"Inception v3 with ρ = {_rho:g}, Step-LL training", mixture(width(_width)))

add("IRv2", "Inception ResNet v2, here from other initial weights, standard training", standard(ELU, 4), "standard-b")
add("IRv2adv", "Inception ResNet v2, here likewise, Step-LL training", mixture(ELU, 4), "digits-R20K2")
add("ResNet", "a ResNet v2, here a fully connected model, standard training", standard(lambda _: TramerD(), 5))
add(
    "v3adv-ens3",
    "Inception v3, Step-LL examples of itself, v3-b and ResNet",
    mixture_with(("v3-b", "ResNet"), V3, 6),
    after=("v3-b", "ResNet"),
)
add(
    "v3adv-ens4",
    "Inception v3, Step-LL examples of itself, v3-b, ResNet and IRv2",
    mixture_with(("v3-b", "ResNet", "IRv2"), V3, 7),
    after=("v3-b", "ResNet", "IRv2"),
)
add(
    "IRv2adv-ens",
    "Inception ResNet v2, Step-LL examples of itself, v3-b and IRv2",
    mixture_with(("v3-b", "IRv2"), ELU, 8),
    after=("v3-b", "IRv2"),
)
add("holdout-v4", "Inception v4 held out, here Madry's architecture", standard(V4, 11))
add("holdout-v1", "ResNet v1 held out, here another width", standard(width(20), 12))
add("holdout-v2", "ResNet v2 held out, here a fully connected model", standard(lambda _: TramerD(), 13))
