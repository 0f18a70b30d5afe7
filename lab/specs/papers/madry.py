"""Madry et al. 2017 on MNIST and CIFAR-10: §4, §5 and the code of the authors' challenges.

MNIST: Adam at 1e-4, 100,000 steps of 50 images, weights from a normal of standard deviation 0.1 truncated at two,
biases 0.1. CIFAR-10: momentum 0.9, 80,000 steps of 128 images, a rate of 0.1 that falls tenfold after 40,000 and
60,000, weight decay 2e-4, images padded, cropped and mirrored. Robust models see adversarial images only, from a random
start. Of optimiser, length and initial weights the paper says nothing: they are the challenges'.

What differs: PyTorch for TensorFlow, and so other random numbers. Training ends with an epoch: 83 epochs of 60,000
images are 99,600 steps, and the authors' loader keeps 5,000 of the images for validation. For Figure 3 the paper gives
ε 0.1 on MNIST and the sizes, not the length: here it is the challenge's; the smallest model has 64 hidden units where
the paper has 8. CIFAR-10's initial weights are He et al.'s, as in the authors' code; their batch normalisation averages
over more steps. PGD's direction is ours, which does not vanish in float32 where the model is sure of the label.
"""

from typing import TypeVar

from lab.specs.attacks import FGSM, PGD
from lab.specs.augmentation import PadCropFlip
from lab.specs.balls import Linf
from lab.specs.data import CIFAR10, MNIST
from lab.specs.examples import OwnExamples
from lab.specs.initial import TRUNCATED
from lab.specs.models import MadryMNIST, WideResNet
from lab.specs.optimisers import SGD, Adam, Piecewise
from lab.specs.papers.whole import nearest_epochs, whole
from lab.specs.presets import pgd_training, standard_training
from lab.specs.recipes import Adversarial, Recipe, Standard

R = TypeVar("R", bound=Recipe)

_SMALLEST = MadryMNIST(width=1 / 16)


def mnist(**changes: object) -> Adversarial:
    """The robust MNIST model: PGD of 40 steps of 0.01 at ε 0.3, 100,000 steps."""
    return _on_mnist(pgd_training()).replace(**changes)


def mnist_natural(**changes: object) -> Standard:
    """The natural MNIST model: clean images, 100,000 steps."""
    return _on_mnist(standard_training()).replace(**changes)


def mnist_capacity_natural(**changes: object) -> Standard:
    """Figure 3's smallest MNIST model on clean images; double ``architecture.width`` four times and more."""
    return mnist_natural(architecture=_SMALLEST).replace(**changes)


def mnist_capacity_fgsm(**changes: object) -> Adversarial:
    """Figure 3's smallest MNIST model on FGSM images of ε 0.1; double ``architecture.width`` four times and more."""
    return mnist(architecture=_SMALLEST, ball=Linf(0.1), source=OwnExamples(FGSM())).replace(**changes)


def mnist_capacity_pgd(**changes: object) -> Adversarial:
    """Figure 3's smallest MNIST model on PGD images of ε 0.1; double ``architecture.width`` four times and more."""
    return mnist(architecture=_SMALLEST, ball=Linf(0.1)).replace(**changes)


def cifar10(**changes: object) -> Adversarial:
    """The robust CIFAR-10 model, the tenfold wide ResNet: PGD of 7 steps of 2/255 at ε 8/255.

    The authors' challenge has 10 steps.
    """
    attack = OwnExamples(PGD(steps=7, step_size=2 / 255))
    return _on_cifar10(pgd_training(source=attack, ball=Linf(8 / 255))).replace(**changes)


def cifar10_natural(**changes: object) -> Standard:
    """The natural CIFAR-10 model, the tenfold wide ResNet: clean images."""
    return _on_cifar10(standard_training()).replace(**changes)


def cifar10_simple(**changes: object) -> Adversarial:
    """The simple ResNet of 16 to 64 filters, trained as the robust wide one."""
    return cifar10(architecture=WideResNet(width=1)).replace(**changes)


def _on_mnist(recipe: R) -> R:
    return recipe.replace(
        data=MNIST(),
        architecture=MadryMNIST(),
        initial=TRUNCATED,
        optimiser=Adam(1e-4),
        batch=50,
        epochs=nearest_epochs(100_000, 50, MNIST.published.n_train),
    )


def _on_cifar10(recipe: R) -> R:
    return recipe.replace(
        data=CIFAR10(),
        architecture=WideResNet(),
        optimiser=SGD(0.1, momentum=0.9),
        schedule=Piecewise(at=(0.5, 0.75), factors=(0.1, 0.01)),
        weight_decay=2e-4,
        augmentation=PadCropFlip(pad=4),
        batch=128,
        epochs=nearest_epochs(80_000, 128, CIFAR10.published.n_train),
    )


PRESETS = (
    whole(mnist, "Madry et al. 2017, Table 1"),
    whole(mnist_natural, "Madry et al. 2017, §5"),
    *(
        whole(build, "Madry et al. 2017, Figure 3")
        for build in (mnist_capacity_natural, mnist_capacity_fgsm, mnist_capacity_pgd)
    ),
    whole(cifar10, "Madry et al. 2017, Table 2"),
    whole(cifar10_natural, "Madry et al. 2017, §4"),
    whole(cifar10_simple, "Madry et al. 2017, §5"),
)
