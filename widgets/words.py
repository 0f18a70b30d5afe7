"""The words for fields and specs whose name in the code is not what a person should read."""

import re
from collections.abc import Sequence

from lab.specs import AttackSpec, Ball, Spec
from lab.specs.attacks import attack_names
from lab.specs.spec import family_of

_WORDS = {
    "Bidirectional": "both are drawn",
    "Binarised": "binarised input",
    "CIFAR10": "CIFAR-10",
    "CarliniWagnerL2": "Carlini–Wagner, L2",
    "CarliniWagnerLinf": "Carlini–Wagner, L∞",
    "CascadeExamples": "its own, and stored ones of a defended network",
    "Constant": "stays as it is",
    "CrossEntropy": "cross-entropy",
    "DLR": "difference of logits ratio (DLR)",
    "EnsembleAttack": "ensemble of networks",
    "EnsembleExamples": "its own, or a fixed network's",
    "Exponential": "falls each epoch",
    "Extended": "combined",
    "FashionMNIST": "Fashion-MNIST",
    "FastEntropy": "entropy, one step",
    "FastGradientL2": "fast gradient, L2",
    "FastGradientLinf": "fast gradient, L∞",
    "FiniteDifferences": "finite differences",
    "FlipPixels": "flip pixels",
    "HadamardSigns": "Hadamard row",
    "ImageFolder": "folder of images",
    "Inception": "Inception v3",
    "InputDropout": "dropout on the input",
    "IterLL": "Iter-LL",
    "IterRnd": "Iter-rnd",
    "Linf": "L∞",
    "MadryMNIST": "Madry's MNIST network",
    "Margin": "CW margin",
    "NES": "evolution strategy (NES)",
    "NoSimilarity": "nothing",
    "NpzFile": ".npz file",
    "OneCycle": "up and down once",
    "OrthogonalDirections": "orthogonal directions",
    "OwnExamples": "its own, as it is now",
    "PadCropFlip": "pad, crop and flip",
    "Piecewise": "falls at set times",
    "Pivot": "the attacked one is drawn (pivot)",
    "QueryPGD": "PGD by queries",
    "QueryRFGSM": "R+FGSM by queries",
    "RFGSM": "R+FGSM",
    "RStepLL": "R+Step-LL",
    "RandomShift": "random shift",
    "RandomSign": "random signs",
    "RandomSigns": "random signs",
    "RawGradient": "raw gradient",
    "Relu": "ReLU",
    "Relu6": "ReLU6",
    "ReluDecay": "ReLU that falls again",
    "RotateTranslate": "rotate and translate",
    "SPSA": "random signs (SPSA)",
    "SignedGradient": "signed gradient",
    "SmallCNN": "small CNN",
    "SourceGradient": "source's signed gradient",
    "Square": "square attack",
    "Staged": "rotate, flip, then change",
    "Standard": "standard",
    "StepLL": "Step-LL",
    "StepRnd": "Step-rnd",
    "Torchvision": "torchvision's classifier",
    "TowardAttack": "toward an attack",
    "TowardSecondAttack": "toward a second attack",
    "TramerA": "Tramèr's A",
    "TramerB": "Tramèr's B",
    "TramerBStar": "Tramèr's B*",
    "TramerC": "Tramèr's C",
    "TramerD": "Tramèr's D",
    "TruncatedNormal": "truncated normal noise",
    "WideResNet": "wide ResNet",
    "WorstCase": "worst of several attacks",
    "across": "second axis, g⊥",
    "along": "first axis, g",
    "alpha": "random step",
    "at": "falls at",
    "averaged": "images averaged over",
    "beta": "β",
    "beyond": "eps beyond ε",
    "c": "weight c",
    "count": "images drawn",
    "decay": "memory of the mean square",
    "defended": "defended network",
    "eps": "ε",
    "factors": "falls to",
    "fraction": "share of the pixels",
    "iterative": "attack on the defended network",
    "k": "directions",
    "kappa": "κ",
    "levels": "levels of ε",
    "most": "largest shift",
    "of": "what is averaged",
    "p": "share dropped",
    "pad": "padding",
    "perturb": "last stage",
    "pgd": "PGD",
    "returns": "what the network returns",
    "searched": "images searched",
    "searches": "values of c",
    "similarity": "similarity of embeddings",
    "stored": "stored examples",
    "t_sne": "t-SNE",
    "tau": "τ",
}
"""Greek letters and symbols stay as they are; what begins a label gets a capital."""


def words(name: str) -> str:
    """The words for a field or a spec, with a capital."""
    said = _WORDS.get(name, name.replace("_", " "))
    return said[:1].upper() + said[1:] if said[:1].isascii() else said


def called(spec: Spec) -> str:
    """The words for a spec's kind."""
    return words(type(spec).__name__)


def plainly(sentence: str) -> str:
    """A sentence of the lab, with the words for the attacks and balls that it calls by their names in the code."""
    return _NAMED.sub(lambda found: words(found[0]), sentence)


def attack_words(attacks: Sequence[AttackSpec]) -> list[str]:
    """What a person calls the attacks: two of one kind by what is different about them, "Step-LL (alpha 0.5)"."""
    return [plainly(each) for each in attack_names(attacks)]


_NAMED = re.compile(
    r"\b(" + "|".join(kind.__name__ for family in (AttackSpec, Ball) for kind in family_of(family)) + r")\b(?!\.\w)"
)
