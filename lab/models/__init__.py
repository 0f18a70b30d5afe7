"""Models: architectures, normalisation, and loading of trained and own networks."""

from lab.models import madry, small_cnn, tramer
from lab.models.build import Network, build
from lab.models.devices import default_device
from lab.models.dropout import Dropout, set_generator
from lab.models.embedding import embed
from lab.models.load import load
from lab.models.normalised import Normalised
from lab.models.weights import load_weights, save_weights

__all__ = [
    "Dropout",
    "Network",
    "Normalised",
    "build",
    "default_device",
    "embed",
    "load",
    "load_weights",
    "madry",
    "save_weights",
    "set_generator",
    "small_cnn",
    "tramer",
]
