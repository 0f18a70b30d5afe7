"""Residual networks for small images. He et al. 2016, "Deep residual learning", §4.2."""

from torch import Tensor, nn
from torch.nn.functional import pad, relu

from lab.models.build import Network, Shape, make, with_head
from lab.models.initial import HeConv2d
from lab.models.inputs import CentreCrop, MeanSubtraction
from lab.specs.models import ResNet


class Residual(nn.Module):
    """Two 3×3 convolutions beside an identity shortcut: He's option A, which has no parameters."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = HeConv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = HeConv2d(outputs, outputs, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.more = outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        """relu(x + F(x)); where the image shrinks, x is subsampled and its new channels are zero."""
        residual = self.norm2(self.conv2(relu(self.norm1(self.conv1(x)))))
        if self.more:
            x = pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        return relu(x + residual)


@make.register
def resnet(architecture: ResNet, shape: Shape, classes: int) -> Network:
    """A 3×3 convolution, three thirds of n residual units of w, 2w and 4w channels, and an average over the image."""
    n, width = (architecture.depth - 2) // 6, architecture.width
    features = nn.Sequential(
        *_inputs(architecture, shape),
        HeConv2d(shape[0], width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *_third(n, width, width, stride=1),
        *_third(n, width, 2 * width, stride=2),
        *_third(n, 2 * width, 4 * width, stride=2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    return with_head(features, shape, classes, architecture.embedding)


def _inputs(architecture: ResNet, shape: Shape) -> list[nn.Module]:
    channels, height, width = shape
    layers: list[nn.Module] = []
    if architecture.crop:
        layers.append(CentreCrop(architecture.crop))
        height = width = architecture.crop
    if architecture.mean != "none":
        layers.append(MeanSubtraction((channels, height, width) if architecture.mean == "pixel" else (channels, 1, 1)))
    return layers


def _third(n: int, inputs: int, outputs: int, stride: int) -> list[Residual]:
    return [Residual(inputs, outputs, stride), *(Residual(outputs, outputs, 1) for _ in range(n - 1))]
