"""Models: architectures, and trained models by name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import ClassVar

from lab.errors import FieldError
from lab.specs.spec import Param, Spec, param


@dataclass(frozen=True)
class Architecture(Spec):
    """Architecture of a model, without weights."""


@dataclass(frozen=True)
class Activation(Spec):
    """Activation after a convolution. Kurakin et al. 2017, App. D; ELU in Table 4."""


@dataclass(frozen=True)
class Relu(Activation, title="ReLU"):
    """max(x, 0)."""


@dataclass(frozen=True)
class Relu6(Activation, title="ReLU6"):
    """min(relu(x), 6)."""


@dataclass(frozen=True)
class ELU(Activation, title="ELU"):
    """x above 0, exp(x) - 1 below. Clevert et al. 2016."""


@dataclass(frozen=True)
class Tanh(Activation, title="Tanh"):
    """tanh(x)."""


@dataclass(frozen=True)
class ReluDecay(Activation, title="ReLU with decay"):
    """relu(x) / (1 + β relu(x)²). Kurakin et al. 2017, App. D, with β 0.1, 0.01 and 0.001."""

    beta: float = param(0.01, 1e-6, 10.0, "β: rate of decay beyond the peak", usual=(1e-3, 0.1), log=True, label="β")


@dataclass(frozen=True)
class SmallCNN(Architecture, title="Small CNN"):
    """Three convolutions and one linear layer: the default for the digits, trained in seconds."""

    width: int = param(16, 1, 256, "channels of the first convolution; the later ones have twice as many")
    embedding: int = param(0, 0, 1024, "units of a linear layer before the last (2 to plot the embedding), 0 for none")
    activation: Activation = param(
        Relu(), meaning="activation after each convolution, as Kurakin et al. 2017, App. D, vary it in Inception"
    )


@dataclass(frozen=True)
class TramerA(Architecture, title="Tramèr's A"):
    """conv 64 5×5, conv 64 5×5, dropout ¼, 128, dropout ½. Tramèr et al. 2018, Table 5."""


@dataclass(frozen=True)
class TramerB(Architecture, title="Tramèr's B"):
    """dropout 0.2, conv 64 8×8 /2, conv 128 6×6 /2, conv 128 5×5, dropout ½. Tramèr et al. 2018, Table 5."""


@dataclass(frozen=True)
class TramerBStar(Architecture, title="Tramèr's B*"):
    """Model B without the dropout on its input. Tramèr et al. 2018, App. C.2."""


@dataclass(frozen=True)
class TramerC(Architecture, title="Tramèr's C"):
    """conv 128 3×3 tanh, pool, conv 64 3×3 tanh, pool, 128. Tramèr et al. 2018, Table 5."""


@dataclass(frozen=True)
class TramerD(Architecture, title="Tramèr's D"):
    """Four times 300 units with dropout ½. Tramèr et al. 2018, Table 5."""


@dataclass(frozen=True)
class MadryMNIST(Architecture, title="Madry's MNIST network"):
    """Madry's MNIST architecture at a width: conv 32w 5×5, pool, conv 64w 5×5, pool, 1024w. Madry et al. 2017, §5.

    §4 calls capacity what doubles with w; its smallest, of 2 and 4 filters, is w = 1/16, with 8 hidden units where this
    one has 64.
    """

    width: float = param(1.0, 1 / 16, 16.0, "capacity scale of Madry et al. 2017, §4", log=True)


@dataclass(frozen=True)
class ResNet(Architecture, title="ResNet"):
    """ResNet-20, 32, 44, 56 or 110 for small images. He et al. 2016, §4.2; Na et al. 2018, App. A.

    Na's architectures for CIFAR-10 take crops of 24 pixels and images less their mean, those for MNIST the images as
    they are; with an embedding of 2 units they are those of his Fig. 4.
    """

    depth: int = param(20, 8, 1202, "layers with weights, 6n + 2", usual=(20, 110))
    width: int = param(16, 1, 256, "channels of the first third; the others have two and four times as many")
    mean: str = param("pixel", meaning="mean that is subtracted from the images", choices=("pixel", "channel", "none"))
    crop: int = param(0, 0, 1024, "side of the random crop (Na: 24), 0 for whole images", unit="pixels")
    embedding: int = param(0, 0, 1024, "units of a linear layer before the last (Na, §4.2: 2), 0 for none")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth % 6 != 2:
            raise FieldError(
                "ResNet", "depth", f"must be 6n + 2, as 20 or 110, but is {self.depth}.", "layers with weights"
            )


@dataclass(frozen=True)
class WideResNet(Architecture, title="Wide ResNet"):
    """Wide ResNet of pre-activated units for small images; w32-10 by default. Madry et al. 2017, §4.

    Images are standardised one by one. Details are those of the authors' public code for their CIFAR-10 challenge.
    """

    units: int = param(5, 1, 32, "residual units in each third")
    width: int = param(10, 1, 32, "channels of the thirds as multiples of 16, 32 and 64")


@dataclass(frozen=True)
class Inception(Architecture, title="Inception v3"):
    """Inception v3 with ρ times the filters in each convolution. Kurakin et al. 2017, §4.3.

    Its own stem takes images of 299 pixels and at least 75; the small one, an addition of ours, keeps the size of
    images that are small from the start. Kurakin's deeper architecture (Table 1) has two more blocks, he does not say
    where: here they follow the eighth of the eleven.
    """

    scale: float = param(1.0, 1 / 16, 4.0, "ρ, in sixteenths: factor of the filters", usual=(0.5, 2.0), log=True)
    activation: Activation = param(Relu(), meaning="activation after each convolution")
    more_blocks: int = param(0, 0, 16, "blocks besides v3's eleven (2 for the deeper architecture)", usual=(0, 2))
    stem: str = param("v3", meaning="first convolutions, for large or for small images", choices=("v3", "small"))
    dropout: float = param(0.2, 0.0, 0.9, "fraction of the embedding dropped in training")


@dataclass(frozen=True)
class EfficientNetLite(Architecture, title="EfficientNet-Lite"):
    """EfficientNet without squeeze-and-excitation and with ReLU6, small enough for a laptop. Tan and Le 2019.

    Its three smallest scales, each wider or deeper than the one before. The published weights were trained on crops of
    224, 240 and 260 pixels.
    """

    scale: str = param("lite0", meaning="width and depth", choices=("lite0", "lite1", "lite2"))


@dataclass(frozen=True)
class Torchvision(Architecture, title="Torchvision's classifier"):
    """One of torchvision's classifiers, by its name there; any but a RegNet.

    Trained here it starts from new weights, as long as it is made of convolutions, linear layers and norms; ``python -m
    lab pretrained NAME`` fetches it with its published weights.
    """

    name: str = param("resnet18", meaning="name in torchvision.models")


@dataclass(frozen=True)
class Binarised(Architecture, title="Binarised input"):
    """Classifier of images rounded to black and white: the closed-form defence of MNIST. Tramèr et al. 2018, App. C.1.

    Rounding has no useful gradient: ``straight_through`` lets gradient attacks pass it as if it were not there
    (Athalye et al. 2018); without it they report that there is no gradient to follow.
    """

    architecture: Architecture = param(SmallCNN(), meaning="architecture behind the transformation")
    threshold: float = param(0.5, 0.0, 1.0, "threshold: pixels above it become 1, the others 0")
    straight_through: bool = param(True, meaning="straight-through gradient: the threshold counts as the identity")


@dataclass(frozen=True)
class InputDropout(Architecture, title="Dropout on the input"):
    """Architecture with dropout on its input, as Tramèr's model B has it. Tramèr et al. 2018, App. C.2.

    It keeps one-step adversarial training from its degenerate minimum on MNIST.
    """

    architecture: Architecture = param(SmallCNN(), meaning="architecture behind the transformation")
    p: float = param(0.2, 0.0, 0.9, "fraction of the pixels dropped in training", label="Dropout rate")


LIBRARIES = ("timm", "torchvision")
"""Packages whose classifiers are known by name: they say which images each takes."""


@dataclass(frozen=True)
class ModelSpec(Spec):
    """Model with weights, ready to classify."""

    wanted: ClassVar[str] = "a model such as Trained('standard'), or lab.live(module) for a module of this process"


@dataclass(frozen=True)
class Trained(ModelSpec, title="Trained"):
    """Trained model of the zoo or of a finished run of the user's, by its name."""

    name: str = param("standard", meaning="name in the list of models")


@dataclass(frozen=True)
class Custom(ModelSpec, title="Custom"):
    """A custom model: a function that builds it, or ``timm:NAME`` or ``torchvision:NAME``, and its weights.

    The builder is imported and called: only the command line and Python make this spec, never a visitor.
    """

    builder: str = param("", meaning="builder of the model: package.module:function, timm:NAME or torchvision:NAME")
    weights: str = param("", meaning="its weights, as safetensors or as torch.save writes them; empty for none")
    name: str = field(
        default="", compare=False, metadata={"param": Param("display name; empty: derived from the builder")}
    )

    @property
    def library(self) -> str:
        """``timm`` or ``torchvision`` where one of them builds the model, by its name there; else empty."""
        start = self.builder.partition(":")[0]
        return start if start in LIBRARIES else ""


@dataclass(frozen=True)
class Live(ModelSpec, title="Live"):
    """A live model: a module that a notebook or program holds, by the name it registered it under.

    Made by ``lab.live``. It means something only in the process that registered it.
    """

    name: str = param("", meaning="name it was registered under in this process")


def name_of(spec: ModelSpec) -> str:
    """Display name of a model: its name in the list, or its builder with the file of its weights."""
    if isinstance(spec, Custom) and not spec.name:
        return _built(spec, 1)
    return getattr(spec, "name", type(spec).__name__)


def names_of(specs: Sequence[ModelSpec]) -> tuple[str, ...]:
    """Display names of several models: different ones never the same, if need be by more of their path."""
    names = {each: name_of(each) for each in specs}
    longest = max((len(PurePath(getattr(each, "weights", "")).parts) for each in names), default=0)
    for length in range(1, longest + 1):
        counts = Counter(names.values())
        names |= {each: _built(each, length) for each in names if isinstance(each, Custom) and counts[names[each]] > 1}
    counts = Counter(names.values())
    for name in [each for each, count in counts.items() if count > 1]:
        for number, each in enumerate([each for each in names if names[each] == name][1:], start=2):
            names[each] = f"{name} #{number}"
    return tuple(names[each] for each in specs)


def _built(spec: Custom, length: int) -> str:
    """A builder with the last parts of its weights' path."""
    tail = "/".join(PurePath(spec.weights).parts[-length:])
    return f"{spec.name or spec.builder} ({tail})" if tail else spec.name or spec.builder
