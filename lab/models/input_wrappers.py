"""Networks with one more layer before them, whatever they are. Tramèr et al. 2018, App. C."""

from torch import nn

from lab.models.build import Shape, make
from lab.models.dropout import Dropout
from lab.models.inputs import Binarise
from lab.specs.models import Binarised, InputDropout


@make.register
def binarised(architecture: Binarised, shape: Shape, classes: int) -> nn.Sequential:
    """App. C.1. A trained network is wrapped the same way: ``nn.Sequential(Binarise(), model)``."""
    layer = Binarise(architecture.threshold, architecture.straight_through)
    return nn.Sequential(layer, make(architecture.architecture, shape, classes))


@make.register
def input_dropout(architecture: InputDropout, shape: Shape, classes: int) -> nn.Sequential:
    """App. C.2."""
    return nn.Sequential(Dropout(architecture.p), make(architecture.architecture, shape, classes))
