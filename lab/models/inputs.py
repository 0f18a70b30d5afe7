"""Transformations of images before a model's first convolution: layers that take and return pixels."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from lab.errors import ModelError
from lab.models.initial import draw


class CentreCrop(nn.Module):
    """The middle ``side`` × ``side`` pixels; an image of that size passes unchanged.

    So a network that crops is attacked and tested on whole images, while training hands it random crops of
    :func:`crop_side` pixels. Na et al. 2018, App. A ("24x24 random crop"); the paper does not say what is done at
    test time, its authors' code takes the middle.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, side, side). Raises :class:`ModelError` for smaller ones."""
        height, width = x.shape[-2:]
        if min(height, width) < self.side:
            raise ModelError(f"Images of {height}×{width} pixels are too small for a crop of {self.side}×{self.side}.")
        top, left = (height - self.side) // 2, (width - self.side) // 2
        return x[..., top : top + self.side, left : left + self.side]


class Resize(nn.Module):
    """Images scaled to ``side`` × ``side`` pixels (bilinear, antialiased, differentiable); those of that size pass."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, side, side)."""
        size = (self.side, self.side)
        return x if x.shape[-2:] == size else interpolate(x, size, mode="bilinear", antialias=True)


class MeanSubtraction(nn.Module):
    """Images less the mean of the training images, for each pixel (C, H, W) or each channel (C, 1, 1).

    The mean is data: it starts at 0, :func:`fit_mean` fills it, and it is saved with the weights.
    """

    mean: Tensor

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        """Images less the mean."""
        return x - self.mean


class Rescale(nn.Module):
    """Pixels from -1 to 1, as Inception takes them."""

    def forward(self, x: Tensor) -> Tensor:
        """The rescaled images."""
        return 2 * x - 1


class PerImageStandardisation(nn.Module):
    """Each image with mean 0 and standard deviation 1 over its N = C·H·W values. Madry et al. 2017, §4.

    A standard deviation below 1/(255 √N) counts as that, as in TensorFlow's function of that name on pixels up to
    255, so that an empty image stays finite.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The standardised images."""
        variance, mean = torch.var_mean(x, dim=(1, 2, 3), correction=0, keepdim=True)
        least = 255.0**-2 / x[0].numel()
        return (x - mean) / variance.clamp_min(least).sqrt()


class Binarise(nn.Module):
    """Pixels above the threshold become 1, the others 0. Tramèr et al. 2018, App. C.1.

    The true gradient is zero everywhere. ``straight_through`` passes the gradient on as if nothing had been
    rounded (Athalye et al. 2018), so that gradient attacks have something to follow; without it they refuse the
    model. The paper does not say how its attack went through.
    """

    def __init__(self, threshold: float = 0.5, straight_through: bool = True) -> None:
        super().__init__()
        self.threshold = threshold
        self.straight_through = straight_through

    def forward(self, x: Tensor) -> Tensor:
        """Images of zeros and ones."""
        rounded = (x.detach() > self.threshold).to(x.dtype)
        return rounded + (x - x.detach()) if self.straight_through else rounded


@draw.register
def without_mean(layer: MeanSubtraction, generator: torch.Generator) -> None:
    """No image has been seen yet."""
    layer.mean.zero_()


def crop_side(network: nn.Module) -> int | None:
    """Return the side in pixels of the crops that a model trains on; None when it takes whole images.

    Training hands such a network random crops of this size: it crops only what is larger.
    """
    return next((each.side for each in network.modules() if isinstance(each, CentreCrop)), None)


def fit_mean(network: nn.Module, images: Tensor | Iterable[Tensor]) -> None:
    """Set a network's :class:`MeanSubtraction` to the mean of what reaches it from the training images.

    To be called once, before the first step. ``images`` (N, C, H, W) in [0, 1], or batches of them, on the
    network's device. Nothing happens in a network that subtracts no mean.
    """
    layer = next((each for each in network.modules() if isinstance(each, MeanSubtraction)), None)
    if layer is None:
        return
    training, total, seen = network.training, layer.mean.new_zeros((), dtype=torch.float64), 0
    network.eval()
    for batch in [images] if isinstance(images, Tensor) else images:
        total = total + _reaching(layer, network, batch).double().sum(0)
        seen += len(batch)
    mean = total / seen
    layer.mean.copy_(mean if layer.mean.shape == mean.shape else mean.mean((1, 2), keepdim=True))
    network.train(training)


class _Reached(Exception):
    """Carries what has reached a layer; the rest of the network need not run."""


def _reaching(layer: nn.Module, network: nn.Module, x: Tensor) -> Tensor:
    def stop(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        raise _Reached(inputs[0])

    hook = layer.register_forward_pre_hook(stop)
    try:
        with torch.no_grad():
            network(x)
    except _Reached as reached:
        return reached.args[0]
    finally:
        hook.remove()
    raise ModelError("The layer that subtracts the mean is not part of what the model computes.")
