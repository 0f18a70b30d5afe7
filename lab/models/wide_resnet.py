"""The wide residual network of Madry et al. 2017, §4 (w32-10), after Zagoruyko & Komodakis 2016.

Where the paper is silent it is the authors' public code for the CIFAR-10 challenge: pre-activated units, leaky
relu of slope 0.1, shortcuts without parameters, batch norm with 0.001 added to the variance. Ours: padding is
symmetric, the linear layer starts as PyTorch's do.
"""

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, leaky_relu, pad

from lab.models.build import Network, Shape, make, with_head
from lab.models.initial import HeConv2d
from lab.models.inputs import PerImageStandardisation
from lab.specs.models import WideResNet

_SLOPE = 0.1


class PreActivated(nn.Module):
    """Batch norm and leaky relu before each of two 3×3 convolutions, beside a shortcut.

    ``shared``: the shortcut starts after the first activation, not before it, as in the network's first unit.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, shared: bool) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs, eps=1e-3)
        self.conv1 = HeConv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.norm2 = nn.BatchNorm2d(outputs, eps=1e-3)
        self.conv2 = HeConv2d(outputs, outputs, 3, padding=1)
        self.stride = stride
        self.shared = shared
        more = outputs - inputs
        self.before, self.after = more // 2, more - more // 2

    def forward(self, x: Tensor) -> Tensor:
        """x + F(x); where the image shrinks, x is averaged, and its new channels on either side are zero."""
        active = leaky_relu(self.norm1(x), _SLOPE)
        residual = self.conv2(leaky_relu(self.norm2(self.conv1(active)), _SLOPE))
        shortcut = active if self.shared else x
        if self.stride > 1:
            shortcut = avg_pool2d(shortcut, self.stride, ceil_mode=True)
        if self.after:
            shortcut = pad(shortcut, (0, 0, 0, 0, self.before, self.after))
        return shortcut + residual


@make.register
def wide_resnet(architecture: WideResNet, shape: Shape, classes: int) -> Network:
    """A 3×3 convolution of 16 channels, three thirds of 16w, 32w and 64w, and an average over the image."""
    widths = [16, *(architecture.width * each for each in (16, 32, 64))]
    units = [
        PreActivated(
            widths[third] if first else widths[third + 1],
            widths[third + 1],
            stride=2 if first and third else 1,
            shared=first and third == 0,
        )
        for third in range(3)
        for first in [True] + [False] * (architecture.units - 1)
    ]
    features = nn.Sequential(
        PerImageStandardisation(),
        HeConv2d(shape[0], widths[0], 3, padding=1),
        *units,
        nn.BatchNorm2d(widths[-1], eps=1e-3),
        nn.LeakyReLU(_SLOPE),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    return with_head(features, shape, classes)
