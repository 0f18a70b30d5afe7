"""What training minimises."""

from torch import Tensor, nn
from torch.nn.functional import cross_entropy


def mixed(model: nn.Module, x: Tensor, x_adv: Tensor, y: Tensor, weight: float) -> Tensor:
    """(1 - weight) · loss on clean images + weight · loss on adversarial ones, each a mean over the batch.

    Tramèr et al. 2018, §4.1, take weight ½; Madry et al. 2017, eq. 1, take weight 1, where the clean images are
    not looked at.
    """
    adversarial = cross_entropy(model(x_adv), y)
    return adversarial if weight == 1 else (1 - weight) * cross_entropy(model(x), y) + weight * adversarial
