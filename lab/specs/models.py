"""Models: architectures, and trained networks by name."""

from dataclasses import dataclass

from lab.specs.spec import Spec, param


@dataclass(frozen=True)
class Architecture(Spec):
    """A network without weights."""


@dataclass(frozen=True)
class SmallCNN(Architecture):
    """Three convolutions and one linear layer: the digits' network, trained in seconds."""

    width: int = param(16, 1, 256, "channels of the first convolution; the later ones have twice as many")


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
