"""Kurakin et al. 2017 on ImageNet: Algorithm 1, §3 and §4.

Inception v3 on images of 299 pixels, 150,000 steps on 50 machines with 32 images each, RMSProp at 0.045 that falls by
0.94 every two epochs (Tramèr et al. 2018, §4.2, says so of them), dropout, label smoothing and weight decay. Of 32
images 16 are replaced by Step-LL's, each with an ε drawn from N(0, 8) truncated to [0, 16], in 1/255; λ 0.3. The
attacks begin after 10,000 steps on clean images, from which many experiments started: the preset
``kurakin-inception-start``.

What differs: ImageNet is not published data here: give it as a folder, ``--data FOLDER --size 299``. PyTorch for
TensorFlow, whose RMSProp adds epsilon inside the root. One step of 1,600 images is that of the 50 machines, each of
which normalised its own batch. The paper does not say how images are augmented, nor the values of weight decay and
label smoothing: here they are mirrored, 4e-5 as in the published code of Inception v3, and 0.1 as in Szegedy et al.
2015. Training ends with an epoch: 187 of 1.28 million images. The deeper model's two blocks follow the eighth of the
eleven: the paper does not say where. The weights are those of the last step, not an average of many.
"""

from typing import TypeVar

from lab.specs.attacks import FGSM, StepLL
from lab.specs.augmentation import RandomShift
from lab.specs.balls import Linf
from lab.specs.data import ImageFolder
from lab.specs.examples import OwnExamples
from lab.specs.models import Inception, Trained
from lab.specs.optimisers import Exponential, RMSProp
from lab.specs.papers.whole import nearest_epochs, whole
from lab.specs.presets import kurakin_training, standard_training
from lab.specs.recipes import Adversarial, Recipe, Standard
from lab.specs.start import FromModel

R = TypeVar("R", bound=Recipe)

_IMAGES = 1_281_167  # training images of ILSVRC 2012
_MACHINES = 50
_BATCH = 32 * _MACHINES
_DEEPER = Inception(more_blocks=2)


def inception(**changes: object) -> Standard:
    """Inception v3 on clean images."""
    return _on_imagenet(standard_training()).replace(**changes)


def inception_start(**changes: object) -> Standard:
    """Inception v3 after 10,000 steps on clean images: the start that experiments shared."""
    return inception(epochs=nearest_epochs(10_000, _BATCH, _IMAGES)).replace(**changes)


def inception_step_ll(**changes: object) -> Adversarial:
    """Inception v3 trained on clean and Step-LL images, after 10,000 steps on clean ones."""
    return _on_imagenet(kurakin_training(delay=10_000)).replace(**changes)


def inception_step_ll_from_start(**changes: object) -> Adversarial:
    """Inception v3 trained on clean and Step-LL images, from the shared start of 10,000 steps."""
    start = FromModel(Trained("kurakin-inception-start"))
    rest = nearest_epochs(140_000, _BATCH, _IMAGES)
    return inception_step_ll(delay=0, start=start, epochs=rest).replace(**changes)


def inception_fgsm(**changes: object) -> Adversarial:
    """Inception v3 trained on clean and FGSM images of the true labels, which leak; at half the rate."""
    attack = OwnExamples(FGSM(labels="true"))
    return inception_step_ll(source=attack, optimiser=RMSProp(0.0225)).replace(**changes)


def inception_step_ll_half_rate(**changes: object) -> Adversarial:
    """Inception v3 trained on clean and Step-LL images at half the rate, beside which leaking is shown."""
    return inception_step_ll(source=OwnExamples(StepLL()), optimiser=RMSProp(0.0225)).replace(**changes)


def inception_deeper(**changes: object) -> Standard:
    """Inception v3 with two more blocks on clean images."""
    return inception(architecture=_DEEPER).replace(**changes)


def inception_deeper_step_ll(**changes: object) -> Adversarial:
    """Inception v3 with two more blocks trained on clean and Step-LL images."""
    return inception_step_ll(architecture=_DEEPER).replace(**changes)


def inception_width(**changes: object) -> Standard:
    """Inception v3 of half the filters on clean images; vary ``architecture.scale`` from 0.5 to 2."""
    return inception(architecture=Inception(scale=0.5)).replace(**changes)


def inception_width_step_ll(**changes: object) -> Adversarial:
    """Inception v3 of half the filters on clean and Step-LL images; vary ``architecture.scale`` from 0.5 to 2."""
    return inception_step_ll(architecture=Inception(scale=0.5)).replace(**changes)


def _on_imagenet(recipe: R) -> R:
    recipe = recipe.replace(
        data=ImageFolder("imagenet", size=299),
        architecture=Inception(),
        optimiser=RMSProp(0.045),
        schedule=Exponential(0.94**0.5),
        weight_decay=4e-5,
        label_smoothing=0.1,
        augmentation=RandomShift(most=0, flip=True),
        batch=_BATCH,
        epochs=nearest_epochs(150_000, _BATCH, _IMAGES),
    )
    return recipe.replace(ball=Linf(16 / 255)) if isinstance(recipe, Adversarial) else recipe


PRESETS = (
    whole(inception, "Kurakin et al. 2017, Table 1"),
    whole(inception_start, "Kurakin et al. 2017, §4"),
    whole(inception_step_ll, "Kurakin et al. 2017, Tables 1 and 2"),
    whole(inception_step_ll_from_start, "Kurakin et al. 2017, §4"),
    *(whole(build, "Kurakin et al. 2017, Table 3") for build in (inception_step_ll_half_rate, inception_fgsm)),
    *(whole(build, "Kurakin et al. 2017, Tables 1 and 2") for build in (inception_deeper, inception_deeper_step_ll)),
    *(whole(build, "Kurakin et al. 2017, Figure 1") for build in (inception_width, inception_width_step_ll)),
)
