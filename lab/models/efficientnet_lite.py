"""EfficientNet-Lite, TensorFlow's EfficientNet for devices without fast sigmoids. Tan and Le 2019, Table 1.

It differs from the paper's network as its authors' public code does: ReLU6 for Swish, no squeeze-and-excitation, and
a stem, a head, and first and last stages that do not grow. Layers are called as in the published state dicts, which
load without renaming. Ours: no stochastic depth in training.
"""

from math import ceil

from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from lab.models.build import Shape, make
from lab.models.dropout import Dropout
from lab.specs.models import EfficientNetLite

_STAGES = (
    # units, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_SCALES = {"lite0": (1.0, 1.0, 0.2), "lite1": (1.0, 1.1, 0.2), "lite2": (1.1, 1.2, 0.3)}  # width, depth, dropout
_STEM, _HEAD = 32, 1280


class SamePadded(nn.Conv2d):
    """A convolution without bias, padded as TensorFlow's ``SAME`` does: an odd zero goes below and to the right."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, outputs, ⌈H / stride⌉, ⌈W / stride⌉)."""
        (height, width), [kernel, _], [stride, _] = x.shape[-2:], self.kernel_size, self.stride
        below, right = (max((ceil(side / stride) - 1) * stride + kernel - side, 0) for side in (height, width))
        x = pad(x, (0, right % 2, 0, below % 2)) if below % 2 or right % 2 else x
        return conv2d(x, self.weight, None, self.stride, (below // 2, right // 2), groups=self.groups)


class InvertedResidual(nn.Module):
    """A wide depthwise convolution between two narrow 1×1 ones, beside a shortcut where the shape stays.

    Sandler et al. 2018, Figure 3b: no activation on what leaves it.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        if expansion > 1:
            self._expand_conv, self._bn0 = SamePadded(inputs, wide, 1), _norm(wide)
        self._depthwise_conv, self._bn1 = SamePadded(wide, wide, kernel, stride, groups=wide), _norm(wide)
        self._project_conv, self._bn2 = SamePadded(wide, outputs, 1), _norm(outputs)
        self.expanded = expansion > 1
        self.shortcut = stride == 1 and inputs == outputs
        self.activation = nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """x + F(x), or F(x) alone where its shape is another one."""
        wide = self.activation(self._bn0(self._expand_conv(x))) if self.expanded else x
        wide = self.activation(self._bn1(self._depthwise_conv(wide)))
        narrow: Tensor = self._bn2(self._project_conv(wide))
        return x + narrow if self.shortcut else narrow


class EfficientNetLiteNetwork(nn.Module):
    """The classifier of images (N, C, H, W) in [0, 1], which it takes to (255x - 127) / 128.

    It is ``harmless``, as :class:`lab.models.Network` says; its embedding is what ``_fc`` receives.
    """

    harmless = True

    def __init__(self, channels: int, classes: int, width: float, depth: float, dropout: float) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = SamePadded(channels, _STEM, 3, stride=2), _norm(_STEM)
        units = _units(width, depth)
        self._blocks = nn.Sequential(*units)
        last = units[-1]._project_conv.out_channels
        self._conv_head, self._bn1 = SamePadded(last, _HEAD, 1), _norm(_HEAD)
        self.activation = nn.ReLU6(inplace=True)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), Dropout(dropout))
        self._fc = nn.Linear(_HEAD, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes)."""
        x = self.activation(self._bn0(self._conv_stem((255 * x - 127) / 128)))
        x = self.activation(self._bn1(self._conv_head(self._blocks(x))))
        logits: Tensor = self._fc(self.pool(x))
        return logits


@make.register
def efficientnet_lite(architecture: EfficientNetLite, shape: Shape, classes: int) -> EfficientNetLiteNetwork:
    """The network at one of the published scales."""
    return EfficientNetLiteNetwork(shape[0], classes, *_SCALES[architecture.scale])


def _units(width: float, depth: float) -> list[InvertedResidual]:
    """The units of all stages; the first and the last stage stay as long as they are."""
    units, inputs = [], _STEM
    for stage, (count, kernel, stride, expansion, channels) in enumerate(_STAGES):
        outputs = _scaled(channels, width)
        for unit in range(count if stage in (0, len(_STAGES) - 1) else ceil(depth * count)):
            units.append(InvertedResidual(inputs, outputs, kernel, 1 if unit else stride, expansion))
            inputs = outputs
    return units


def _scaled(channels: int, width: float) -> int:
    """The multiple of 8 nearest to so many channels, and at least nine tenths of them."""
    rounded = max(8, int(channels * width + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels * width else rounded + 8


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)
