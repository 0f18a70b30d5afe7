"""Models: architectures, normalisation, and loading of trained and own networks."""

from lab.models import (
    efficientnet_lite as efficientnet_lite,
    inception as inception,
    input_wrappers as input_wrappers,
    madry as madry,
    resnet as resnet,
    small_cnn as small_cnn,
    torchvision_classifiers as torchvision_classifiers,
    tramer as tramer,
    unlabelled as unlabelled,
    wide_resnet as wide_resnet,
)
from lab.models.build import Network as Network, build as build
from lab.models.devices import default_device as default_device
from lab.models.dropout import Dropout as Dropout, InTrainingMode as InTrainingMode, set_generator as set_generator
from lab.models.embedding import embed as embed
from lab.models.initial import HeConv2d as HeConv2d
from lab.models.inputs import (
    Binarise as Binarise,
    CentreCrop as CentreCrop,
    MeanSubtraction as MeanSubtraction,
    PerImageStandardisation as PerImageStandardisation,
    crop_side as crop_side,
    fit_mean as fit_mean,
)
from lab.models.load import (
    instability_of as instability_of,
    left_out_of as left_out_of,
    load as load,
    load_adapted as load_adapted,
)
from lab.models.normalised import Normalised as Normalised
from lab.models.weights import load_weights as load_weights, save_weights as save_weights
