"""Na et al. 2018 on MNIST and CIFAR-10: Appendix A, Tables 5 to 7 and the authors' code.

Momentum 0.9, weight decay 1e-4, a rate of 0.1 that falls tenfold after 4,000 and 6,000 of 8,000 steps on MNIST, after
48,000 and 72,000 of 94,000 on CIFAR-10. Of 128 images in a step 64 are adversarial, each with an ε |N(0, max / 2)|
clipped to max, 0.3 on MNIST and 16/255 on CIFAR-10; λ 0.3, λ₂ 1e-4 in the units of the code. With a similarity loss the
64 others are the attacked ones' clean originals, without one they are other images, as in Kurakin et al. CIFAR-10's
images are cropped to 24 pixels, mirrored, and lose their mean. Every configuration starts from the same weights, of 2
epochs on clean images of MNIST and 10 of CIFAR-10: presets called ``…_pretrained``.

What differs: PyTorch for TensorFlow, and so other random numbers. Training ends with an epoch: MNIST's 8,000 steps are
rounded to whole epochs of 469 or 938. Shortcuts subsample, theirs average; running statistics average over fewer steps.
The length is the paper's; the code has 96,000 steps on CIFAR-10, with a rate of 0.01 in the first 400. The attacks
follow the images' random crops: cascade images are made in each step, where the authors store those of the centre
crops and pair them with clean centre crops. A pivot is not detached, as in the code. Step-LL's direction is ours, which
does not vanish in float32. The paper's initialisation groups are seeds here: R20 0, R20₂ 1, R20₃ 2, R20₄ 3.
"""

from typing import TypeVar

from lab.specs.attacks import StepLL
from lab.specs.augmentation import RandomShift
from lab.specs.balls import Linf
from lab.specs.data import CIFAR10, MNIST
from lab.specs.examples import HALF_NORMAL, CascadeExamples, EnsembleExamples, OwnExamples
from lab.specs.initial import GLOROT
from lab.specs.models import ResNet, Trained
from lab.specs.optimisers import SGD, Piecewise
from lab.specs.papers.whole import nearest_epochs, whole
from lab.specs.presets import (
    bidirectional_training,
    cascade_training,
    pivot_cascade_training,
    pivot_ensemble_training,
    pivot_training,
    standard_training,
)
from lab.specs.recipes import Adversarial, Recipe, Standard
from lab.specs.start import FromModel

R = TypeVar("R", bound=Recipe)

_ON_MNIST: dict[str, object] = {"data": MNIST(), "architecture": ResNet(depth=20, mean="none")}
_ON_CIFAR10: dict[str, object] = {
    "data": CIFAR10(),
    "architecture": ResNet(depth=20, mean="pixel", crop=24),
    "augmentation": RandomShift(most=4, flip=True),
}
_PRETRAINED: dict[str, object] = {
    "optimiser": SGD(0.1, momentum=0.9),
    "weight_decay": 1e-4,
    "initial": GLOROT,
    "batch": 128,
}


def mnist_pretrained(**changes: object) -> Standard:
    """The start of every MNIST model: ResNet-20 after 2 epochs on clean images."""
    return standard_training(**_ON_MNIST, **_PRETRAINED, epochs=2).replace(**changes)


def mnist_r20(**changes: object) -> Standard:
    """R20_M: ResNet-20 on clean images of MNIST."""
    return _on_mnist(standard_training(batch=128)).replace(**changes)


def mnist_r20_kurakin(**changes: object) -> Adversarial:
    """R20_M,K: ResNet-20 by Kurakin et al.'s training, half of the images replaced by Step-LL's."""
    return _on_mnist(_kurakin()).replace(**changes)


def mnist_r20_bidirectional(**changes: object) -> Adversarial:
    """R20_M,B: ResNet-20 with the bidirectional loss."""
    return _on_mnist(bidirectional_training()).replace(**changes)


def mnist_r20_pivot(**changes: object) -> Adversarial:
    """R20_M,P: ResNet-20 with the pivot loss."""
    return _on_mnist(pivot_training()).replace(**changes)


def cifar10_pretrained(**changes: object) -> Standard:
    """The start of every ResNet-20 on CIFAR-10: 10 epochs on clean images."""
    return standard_training(**_ON_CIFAR10, **_PRETRAINED, epochs=10).replace(**changes)


def r20(**changes: object) -> Standard:
    """R20: ResNet-20 on clean images of CIFAR-10."""
    return _on_cifar10(standard_training(batch=128)).replace(**changes)


def r20_kurakin(**changes: object) -> Adversarial:
    """R20_K: ResNet-20 by Kurakin et al.'s training, half of the images replaced by Step-LL's."""
    return _on_cifar10(_kurakin()).replace(**changes)


def r20_ensemble(**changes: object) -> Adversarial:
    """R20_E: R20_K whose Step-LL images also come from R20₃ and R110₃, trained on clean images."""
    return _on_cifar10(_kurakin().replace(source=_ENSEMBLE)).replace(**changes)


def r20_bidirectional(**changes: object) -> Adversarial:
    """R20_B: ResNet-20 with the bidirectional loss."""
    return _on_cifar10(bidirectional_training()).replace(**changes)


def r20_pivot(**changes: object) -> Adversarial:
    """R20_P: ResNet-20 with the pivot loss."""
    return _on_cifar10(pivot_training()).replace(**changes)


def r20_cascade(**changes: object) -> Adversarial:
    """R20_K,C: R20_K, half of whose adversarial images are iterative ones of R20_P."""
    return _on_cifar10(cascade_training(source=_CASCADE)).replace(**changes)


def r20_pivot_ensemble(**changes: object) -> Adversarial:
    """R20_P,E: R20_P whose Step-LL images also come from R20₃ and R110₃, trained on clean images."""
    return _on_cifar10(pivot_ensemble_training(source=_ENSEMBLE)).replace(**changes)


def r20_pivot_cascade(**changes: object) -> Adversarial:
    """R20_P,C: R20_P, half of whose adversarial images are iterative ones of an R20_P trained before."""
    return _on_cifar10(pivot_cascade_training(source=_CASCADE)).replace(**changes)


def cifar10_pretrained_3(**changes: object) -> Standard:
    """The start of R20₃, of another initialisation: 10 epochs on clean images."""
    return cifar10_pretrained(seed=2).replace(**changes)


def r20_3(**changes: object) -> Standard:
    """R20₃: R20 of another initialisation, a source of the ensembles' images."""
    return r20(start=_from("na-cifar10-pretrained-3"), seed=2).replace(**changes)


def r110_pretrained_3(**changes: object) -> Standard:
    """The start of R110₃: ResNet-110 after 10 epochs on clean images of CIFAR-10."""
    return cifar10_pretrained_3(architecture=_R110).replace(**changes)


def r110_3(**changes: object) -> Standard:
    """R110₃: ResNet-110 on clean images of CIFAR-10, a source of the ensembles' images."""
    return r20(architecture=_R110, start=_from("na-r110-pretrained-3"), seed=2).replace(**changes)


def _kurakin() -> Adversarial:
    """Step-LL images replace 64 of 128: what the code does without a similarity loss and without a cascade."""
    return cascade_training(source=OwnExamples(StepLL()))


def _on_mnist(recipe: R) -> R:
    found = recipe.replace(
        **_ON_MNIST,
        **_PRETRAINED | {"batch": recipe.batch},
        schedule=Piecewise(at=(4_000 / 8_000, 6_000 / 8_000), factors=(0.1, 0.01)),
        start=_from("na-mnist-pretrained"),
        epochs=nearest_epochs(8_000, recipe.batch, MNIST.published.n_train),
    )
    return found.replace(ball=Linf(0.3)) if isinstance(found, Adversarial) else found


def _on_cifar10(recipe: R) -> R:
    found = recipe.replace(
        **_ON_CIFAR10,
        **_PRETRAINED | {"batch": recipe.batch},
        schedule=Piecewise(at=(48_000 / 94_000, 72_000 / 94_000), factors=(0.1, 0.01)),
        start=_from("na-cifar10-pretrained"),
        epochs=nearest_epochs(94_000, recipe.batch, CIFAR10.published.n_train),
    )
    return found.replace(ball=Linf(16 / 255)) if isinstance(found, Adversarial) else found


def _from(name: str) -> FromModel:
    return FromModel(Trained(name))


_R110 = ResNet(depth=110, mean="pixel", crop=24)
_ENSEMBLE = EnsembleExamples(StepLL(), models=(Trained("na-r20-3"), Trained("na-r110-3")))
_CASCADE = CascadeExamples(defended=Trained("na-r20-pivot"), levels_drawn=HALF_NORMAL)

PRESETS = (
    whole(mnist_pretrained, "Na et al. 2018, App. A"),
    *(
        whole(build, "Na et al. 2018, Table 2")
        for build in (mnist_r20, mnist_r20_kurakin, mnist_r20_bidirectional, mnist_r20_pivot)
    ),
    *(
        whole(build, "Na et al. 2018, App. A")
        for build in (cifar10_pretrained, cifar10_pretrained_3, r110_pretrained_3)
    ),
    *(whole(build, "Na et al. 2018, Table 6") for build in (r20_3, r110_3)),
    *(whole(build, "Na et al. 2018, Tables 1 and 8") for build in (r20, r20_kurakin, r20_pivot)),
    whole(r20_bidirectional, "Na et al. 2018, Table 5"),
    *(
        whole(build, "Na et al. 2018, Table 5")
        for build in (r20_ensemble, r20_cascade, r20_pivot_ensemble, r20_pivot_cascade)
    ),
)
