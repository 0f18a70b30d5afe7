"""Tramèr et al. 2018 on MNIST: Appendix C and the authors' code.

Batches of 64, Adam at 1e-3, 6 epochs on clean images or 12 of adversarial training, float32, no augmentation and no
weight decay; the loss is ½ (clean + adversarial). FGSM at ε 0.3 attacks the predicted label, with dropout active while
the examples are made. Weights start as in Keras: Glorot uniform, D's He normal, biases 0.

What differs: PyTorch for TensorFlow 1.0, and so other random numbers. FGSM's direction is ours, which does not vanish
in float32 where the model is sure of the label. C is the paper's Table 5 (tanh, pooling); the authors' code has another
one (relu, no pooling, dropout). The order in which Keras draws the images. Defended models have seed 1, so that they do
not start from the weights of the undefended ones that attack them as black boxes.
"""

from lab.specs.data import MNIST
from lab.specs.examples import TRAINING, EnsembleExamples
from lab.specs.initial import GLOROT, HE
from lab.specs.models import Architecture, Trained, TramerA, TramerB, TramerBStar, TramerC, TramerD
from lab.specs.papers.whole import whole
from lab.specs.presets import fgsm_training, standard_training
from lab.specs.recipes import Adversarial, Standard

A_C_D = ("tramer-mnist-a", "tramer-mnist-c", "tramer-mnist-d")
B_C_D = ("tramer-mnist-b", "tramer-mnist-c", "tramer-mnist-d")


def mnist_a(**changes: object) -> Standard:
    """Model A trained on clean images for 6 epochs."""
    return _standard(TramerA()).replace(**changes)


def mnist_b(**changes: object) -> Standard:
    """Model B, with dropout on its input, trained on clean images for 6 epochs."""
    return _standard(TramerB()).replace(**changes)


def mnist_b_star(**changes: object) -> Standard:
    """Model B*, B without the dropout on its input, trained on clean images for 6 epochs."""
    return _standard(TramerBStar()).replace(**changes)


def mnist_c(**changes: object) -> Standard:
    """Model C as in Table 5 trained on clean images for 6 epochs."""
    return _standard(TramerC()).replace(**changes)


def mnist_d(**changes: object) -> Standard:
    """Model D, fully connected, trained on clean images for 6 epochs."""
    return _standard(TramerD()).replace(**changes)


def mnist_a_adv(**changes: object) -> Adversarial:
    """A_adv: model A trained on clean and FGSM images for 12 epochs."""
    return _defended(TramerA()).replace(**changes)


def mnist_b_adv(**changes: object) -> Adversarial:
    """B_adv: model B trained on clean and FGSM images for 12 epochs."""
    return _defended(TramerB()).replace(**changes)


def mnist_b_star_adv(**changes: object) -> Adversarial:
    """B*_adv: model B without input dropout trained on clean and FGSM images for 12 epochs."""
    return _defended(TramerBStar()).replace(**changes)


def mnist_c_adv(**changes: object) -> Adversarial:
    """C_adv: model C trained on clean and FGSM images for 12 epochs."""
    return _defended(TramerC()).replace(**changes)


def mnist_d_adv(**changes: object) -> Adversarial:
    """D_adv: model D trained on clean and FGSM images for 12 epochs."""
    return _defended(TramerD()).replace(**changes)


def mnist_a_adv_ens(**changes: object) -> Adversarial:
    """A_adv-ens: ensemble adversarial training of model A with another model A, 12 epochs."""
    return _ensemble(TramerA(), "tramer-mnist-a").replace(**changes)


def mnist_b_adv_ens(**changes: object) -> Adversarial:
    """B_adv-ens: ensemble adversarial training of model B with another model B, 12 epochs."""
    return _ensemble(TramerB(), "tramer-mnist-b").replace(**changes)


def mnist_c_adv_ens(**changes: object) -> Adversarial:
    """C_adv-ens: ensemble adversarial training of model C with another model C, 12 epochs."""
    return _ensemble(TramerC(), "tramer-mnist-c").replace(**changes)


def mnist_d_adv_ens(**changes: object) -> Adversarial:
    """D_adv-ens: ensemble adversarial training of model D with another model D, 12 epochs."""
    return _ensemble(TramerD(), "tramer-mnist-d").replace(**changes)


def mnist_a_adv_ens3(**changes: object) -> Adversarial:
    """A_adv-ens3: ensemble adversarial training of model A with models A, C and D, 12 epochs.

    B is the holdout model. The paper names {A, C, D} or {B, C, D} for all; the set is the authors' for A.
    """
    return _ensemble(TramerA(), *A_C_D).replace(**changes)


def mnist_b_adv_ens3(**changes: object) -> Adversarial:
    """B_adv-ens3: ensemble adversarial training of model B with models B, C and D, 12 epochs.

    The paper names {A, C, D} or {B, C, D}, not which of them is whose; with this one A is the holdout model.
    """
    return _ensemble(TramerB(), *B_C_D).replace(**changes)


def mnist_c_adv_ens3(**changes: object) -> Adversarial:
    """C_adv-ens3: ensemble adversarial training of model C with models A, C and D, 12 epochs.

    The paper names {A, C, D} or {B, C, D}, not which of them is whose; with this one B is the holdout model.
    """
    return _ensemble(TramerC(), *A_C_D).replace(**changes)


def mnist_d_adv_ens3(**changes: object) -> Adversarial:
    """D_adv-ens3: ensemble adversarial training of model D with models A, C and D, 12 epochs.

    The paper names {A, C, D} or {B, C, D}, not which of them is whose; with this one B is the holdout model.
    """
    return _ensemble(TramerD(), *A_C_D).replace(**changes)


def _standard(architecture: Architecture) -> Standard:
    return standard_training(
        data=MNIST(), architecture=architecture, initial=_initial(architecture), epochs=6, batch=64
    )


def _defended(architecture: Architecture) -> Adversarial:
    return fgsm_training(
        data=MNIST(), architecture=architecture, initial=_initial(architecture), epochs=12, batch=64, seed=1
    )


def _ensemble(architecture: Architecture, *names: str) -> Adversarial:
    models = tuple(Trained(name) for name in names)
    return _defended(architecture).replace(source=EnsembleExamples(models=models, mode=TRAINING))


def _initial(architecture: Architecture) -> str:
    return HE if isinstance(architecture, TramerD) else GLOROT


PRESETS = (
    *(
        whole(build, "Tramèr et al. 2018, Tables 6 and 7")
        for build in (mnist_a, mnist_b, mnist_b_star, mnist_c, mnist_d, mnist_b_star_adv)
    ),
    *(
        whole(build, "Tramèr et al. 2018, Tables 6 to 8")
        for build in (mnist_a_adv, mnist_b_adv, mnist_c_adv, mnist_d_adv)
    ),
    *(
        whole(build, "Tramèr et al. 2018, Table 8")
        for build in (mnist_a_adv_ens, mnist_b_adv_ens, mnist_c_adv_ens, mnist_d_adv_ens)
    ),
    *(
        whole(build, "Tramèr et al. 2018, Table 8")
        for build in (mnist_a_adv_ens3, mnist_b_adv_ens3, mnist_c_adv_ens3, mnist_d_adv_ens3)
    ),
)
