"""The networks of Madry et al. 2017 with their recipes at each scale."""

from __future__ import annotations

from lab.exhibits.networks import Build, add
from lab.exhibits.recipes import at, recipe, standard
from lab.exhibits.scales import Scale
from lab.specs import presets
from lab.specs.attacks import FGSM, PGD
from lab.specs.balls import Linf
from lab.specs.examples import OwnExamples
from lab.specs.models import Binarised, MadryMNIST, ResNet, SmallCNN, TramerB
from lab.specs.recipes import Recipe


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
add("natural", "the same architecture, standard training", standard(MADRY), "standard")
add("other", "Tramèr's B, here Madry's architecture", standard(at(MadryMNIST(0.25), TramerB()), 3), "digits-v4")

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
    add(capacity_name("natural", _capacity), f"{_wide}, standard training", standard(_form))
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
