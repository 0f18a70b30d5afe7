"""Images as PNG files of 8-bit pixels."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image


def png(pixels: np.ndarray) -> bytes:
    """A (c, h, w) image in [0, 1] of one or three channels as a PNG file, each pixel at the nearest of 256 levels."""
    levels = np.rint(pixels * 255).clip(0, 255).astype(np.uint8)
    drawn = Image.fromarray(levels[0] if len(levels) == 1 else np.moveaxis(levels, 0, -1))
    file = BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()


def is_picture(pixels: np.ndarray) -> bool:
    """Return whether images (n, c, h, w), or one (c, h, w), can be PNG files: grey or red, green and blue."""
    return pixels.ndim >= 3 and pixels.shape[-3] in (1, 3) and 0 not in pixels.shape[-2:]
