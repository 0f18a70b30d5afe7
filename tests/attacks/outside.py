"""Defences that change an image by another library before they give it to their network."""

import io
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import median_filter
from torch import Tensor, nn
from torch.nn.functional import interpolate

from tests.attacks.purifying import medians
from tests.attacks.wrapping import Behind, Defence


def in_numpy(change: Callable[[np.ndarray], np.ndarray]) -> Defence:
    """A network behind a function of arrays (n, 1, h, w), which no gradient passes."""
    return lambda network: Behind(network, lambda x: torch.from_numpy(change(x.detach().cpu().numpy())).to(x))


def compressed(x: np.ndarray) -> np.ndarray:
    """JPEG of quality 75."""

    def coded(image: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(np.round(255 * image.clip(0, 1)).astype(np.uint8)).save(file, "JPEG", quality=75)
        return np.asarray(Image.open(file), np.float32) / 255

    return np.stack([coded(image)[None] for [image] in x])


def resized(x: np.ndarray) -> np.ndarray:
    """Made smaller and as large as before."""
    sizes = (20, 20), x.shape[:1:-1]
    found = [Image.fromarray(image) for [image] in x]
    for size in sizes:
        found = [each.resize(size, Image.Resampling.BILINEAR) for each in found]
    return np.stack([np.asarray(each, np.float32)[None] for each in found])


class Copies(nn.Module):
    """The mean logits of three copies of each image, moved by a pixel."""

    def __init__(self, network: nn.Module, moved: Callable[[Tensor, int], Tensor]) -> None:
        super().__init__()
        self.network, self.moved = network, moved

    def forward(self, x: Tensor) -> Tensor:
        copies = torch.stack([self.moved(x, by) for by in (-1, 0, 1)], 1)
        logits: Tensor = self.network(copies.view(-1, *x.shape[1:]))
        return logits.view(len(x), 3, -1).mean(1)


def _rolled(x: Tensor, by: int) -> Tensor:
    return torch.from_numpy(np.roll(x.detach().cpu().numpy(), by, 3)).to(x)


class OneByOne(nn.Module):
    """A network that is given each image alone, as another library made it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        found = [torch.from_numpy(compressed(each[None].detach().cpu().numpy())).to(x) for each in x]
        return torch.cat([self.network(each) for each in found])


OUTSIDE: dict[str, Defence] = {
    "JPEG by Pillow": in_numpy(compressed),
    "JPEG by Pillow, one by one": OneByOne,
    "median by SciPy": in_numpy(lambda x: median_filter(x, size=(1, 1, 3, 3), mode="mirror")),
    "resized by Pillow": in_numpy(resized),
    "levels in NumPy": in_numpy(lambda x: np.round(7 * x) / 7),
    "copies in NumPy": lambda network: Copies(network, _rolled),
}

IN_PYTORCH: dict[str, Defence] = {
    "JPEG by Pillow": lambda network: network,
    "JPEG by Pillow, one by one": lambda network: network,
    "median by SciPy": lambda network: Behind(network, medians),
    "resized by Pillow": lambda network: Behind(network, _resized),
    "copies in NumPy": lambda network: Copies(network, lambda x, by: x.roll(by, 3)),
}
"""The same with the true gradient; without the compression, whose rounding has none."""


def _resized(x: Tensor) -> Tensor:
    for size in (20, x.shape[2]):
        x = interpolate(x, (size, size), mode="bilinear", antialias=True)
    return x
