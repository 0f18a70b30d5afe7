"""Models: architectures, and trained networks by name."""

from dataclasses import dataclass

from lab.errors import SpecError
from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Architecture(Spec):
    """A network without weights."""


@dataclass(frozen=True)
class SmallCNN(Architecture):
    """Three convolutions and one linear layer: the digits' network, trained in seconds."""

    width: int = param(16, 1, 256, "channels of the first convolution; the later ones have twice as many")
    embedding: int = param(0, 0, 1024, "units of a linear layer before the last (2 to draw them), 0 for none")


@dataclass(frozen=True)
class TramerA(Architecture):
    """conv 64 5×5, conv 64 5×5, dropout ¼, 128, dropout ½. Tramèr et al. 2018, Table 5."""


@dataclass(frozen=True)
class TramerB(Architecture):
    """dropout 0.2, conv 64 8×8 /2, conv 128 6×6 /2, conv 128 5×5, dropout ½. Tramèr et al. 2018, Table 5."""


@dataclass(frozen=True)
class TramerBStar(Architecture):
    """Model B without the dropout on its input. Tramèr et al. 2018, App. C.2."""


@dataclass(frozen=True)
class TramerC(Architecture):
    """conv 128 3×3 tanh, pool, conv 64 3×3 tanh, pool, 128. Tramèr et al. 2018, Table 5."""


@dataclass(frozen=True)
class TramerD(Architecture):
    """Four times 300 units with dropout ½. Tramèr et al. 2018, Table 5."""


@dataclass(frozen=True)
class MadryMNIST(Architecture):
    """Madry's MNIST network at a width: conv 32w 5×5, pool, conv 64w 5×5, pool, 1024w. Madry et al. 2017, §5.

    §4 calls capacity what doubles with w; its smallest network, of 2 and 4 filters, is w = 1/16.
    """

    width: float = param(1.0, 1 / 16, 16.0, "capacity scale of Madry et al. 2017, §4", log=True)


@dataclass(frozen=True)
class ResNet(Architecture):
    """ResNet-20, 32, 44, 56 or 110 for small images. He et al. 2016, §4.2; Na et al. 2018, App. A.

    Na's networks for CIFAR-10 take crops of 24 pixels and images less their mean, those for MNIST the images as
    they are; with an embedding of 2 units they are those of his Fig. 4.
    """

    depth: int = param(20, 8, 1202, "layers with weights, 6n + 2", usual=(20, 110))
    width: int = param(16, 1, 256, "channels of the first third; the others have two and four times as many")
    mean: str = param("pixel", meaning="what is subtracted from the images", choices=("pixel", "channel", "none"))
    crop: int = param(0, 0, 1024, "side of the crop that it sees (Na: 24), 0 for whole images", unit="pixels")
    embedding: int = param(0, 0, 1024, "units of a linear layer before the last (Na, §4.2: 2), 0 for none")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth % 6 != 2:
            raise SpecError(f"ResNet.depth (layers with weights) must be 6n + 2, as 20 or 110, but is {self.depth}.")


@dataclass(frozen=True)
class WideResNet(Architecture):
    """Wide ResNet of pre-activated units for small images; as it stands w32-10. Madry et al. 2017, §4.

    Images are standardised one by one. Details are those of the authors' public code for their CIFAR-10 challenge.
    """

    units: int = param(5, 1, 32, "residual units in each third")
    width: int = param(10, 1, 32, "channels of the thirds as multiples of 16, 32 and 64")


@dataclass(frozen=True)
class Activation(Spec):
    """What follows a convolution in Inception. Kurakin et al. 2017, App. D; ELU in Table 4."""


@dataclass(frozen=True)
class Relu(Activation):
    """max(x, 0)."""


@dataclass(frozen=True)
class Relu6(Activation):
    """min(relu(x), 6)."""


@dataclass(frozen=True)
class ELU(Activation):
    """x above 0, exp(x) - 1 below. Clevert et al. 2016."""


@dataclass(frozen=True)
class Tanh(Activation):
    """tanh(x)."""


@dataclass(frozen=True)
class ReluDecay(Activation):
    """relu(x) / (1 + β relu(x)²). Kurakin et al. 2017, App. D, with β 0.1, 0.01 and 0.001."""

    beta: float = param(0.01, 1e-6, 10.0, "β: the larger, the sooner it falls again", usual=(1e-3, 0.1), log=True)


@dataclass(frozen=True)
class Inception(Architecture):
    """Inception v3 with ρ times the filters in each convolution. Kurakin et al. 2017, §4.3.

    Its own stem takes images of 299 pixels and at least 75; the small one, an addition of ours, keeps the size of
    images that are small from the start. Kurakin's deeper network (Table 1) has two more blocks, he does not say
    where: here they follow the eighth of the eleven.
    """

    scale: float = param(1.0, 1 / 16, 4.0, "ρ, in sixteenths: factor of the filters", usual=(0.5, 2.0), log=True)
    activation: Activation = param(Relu(), meaning="what follows each convolution")
    more_blocks: int = param(0, 0, 16, "blocks besides v3's eleven (deeper network: 2)", usual=(0, 2))
    stem: str = param("v3", meaning="first convolutions, for large or for small images", choices=("v3", "small"))
    dropout: float = param(0.2, 0.0, 0.9, "share of the embedding dropped in training")


@dataclass(frozen=True)
class Torchvision(Architecture):
    """One of torchvision's classifiers, by its name there; any but a RegNet.

    Trained from here on it starts anew, as long as it is made of convolutions, linear layers and norms; ``python -m
    lab pretrained NAME`` fetches it with its published weights.
    """

    name: str = param("resnet18", meaning="name in torchvision.models")


@dataclass(frozen=True)
class Binarised(Architecture):
    """A network that sees black and white only: the closed-form defence of MNIST. Tramèr et al. 2018, App. C.1.

    Rounding has no useful gradient: ``straight_through`` lets gradient attacks pass it as if it were not there
    (Athalye et al. 2018); without it they say that there is nothing to follow.
    """

    architecture: Architecture = param(SmallCNN(), meaning="network behind")
    threshold: float = param(0.5, 0.0, 1.0, "pixels above it become 1, the others 0")
    straight_through: bool = param(True, meaning="gradients pass the rounding unchanged")


@dataclass(frozen=True)
class InputDropout(Architecture):
    """A network with dropout on its input, as Tramèr's model B has it. Tramèr et al. 2018, App. C.2.

    It keeps one-step adversarial training from its degenerate minimum on MNIST.
    """

    architecture: Architecture = param(SmallCNN(), meaning="network behind")
    p: float = param(0.2, 0.0, 0.9, "share of the pixels dropped in training")


@dataclass(frozen=True)
class ModelSpec(Spec):
    """A network with weights, ready to classify."""


@dataclass(frozen=True)
class Trained(ModelSpec):
    """A trained network of the zoo, or one of a person's own finished runs, by its name."""

    name: str = param("standard", meaning="name in the list of models")


@dataclass(frozen=True)
class Custom(ModelSpec):
    """A person's own network: a function that builds it, and its weights.

    The builder is imported and called: only the command line and Python make this spec, never a visitor.
    """

    builder: str = param("", meaning="function that builds the network, as package.module:function")
    weights: str = param("", meaning="its weights, a .safetensors (or .pt) file; empty for none")


def name_of(spec: ModelSpec) -> str:
    """What a person calls the model: its name in the list, or its builder."""
    return spec.name if isinstance(spec, Trained) else getattr(spec, "builder", type(spec).__name__)
