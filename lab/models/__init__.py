"""Models: architectures, normalisation, and loading of trained and own networks."""

from lab.models import inception, input_wrappers, madry, resnet, small_cnn, torchvision_classifiers, tramer, wide_resnet
from lab.models.build import Network, build
from lab.models.devices import default_device
from lab.models.dropout import Dropout, set_generator
from lab.models.embedding import embed
from lab.models.initial import HeConv2d
from lab.models.inputs import Binarise, CentreCrop, MeanSubtraction, PerImageStandardisation, crop_side, fit_mean
from lab.models.load import instability_of, load, load_adapted
from lab.models.normalised import Normalised
from lab.models.weights import load_weights, save_weights

__all__ = [
    "Binarise",
    "CentreCrop",
    "Dropout",
    "HeConv2d",
    "MeanSubtraction",
    "Network",
    "Normalised",
    "PerImageStandardisation",
    "build",
    "crop_side",
    "default_device",
    "embed",
    "fit_mean",
    "inception",
    "input_wrappers",
    "instability_of",
    "load",
    "load_adapted",
    "load_weights",
    "madry",
    "resnet",
    "save_weights",
    "set_generator",
    "small_cnn",
    "torchvision_classifiers",
    "tramer",
    "wide_resnet",
]
