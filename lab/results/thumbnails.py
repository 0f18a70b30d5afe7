"""Images made small: a byte for each value of a pixel, and of large ones every k-th pixel only."""

import numpy as np

SIDE = 64
"""Most pixels of a side of the pictures that results keep."""


def stride(images: np.ndarray, side: int) -> int:
    """The smallest k for which images (…, h, w) have at most so many pixels a side when only every k-th is taken."""
    return -(-max(images.shape[-2:]) // side)


def sparse(images: np.ndarray, side: int) -> np.ndarray:
    """Images (…, h, w) with every k-th pixel only, so that no side has more than so many."""
    k = stride(images, side)
    return images[..., ::k, ::k]


def in_bytes(images: np.ndarray) -> np.ndarray:
    """Images in [0, 1] as whole numbers in 0..255."""
    return (images * 255).round().astype(np.uint8)


def thumbnail(images: np.ndarray) -> np.ndarray:
    """(…, C, h, w) bytes of images in [0, 1], at most :data:`SIDE` pixels a side."""
    return in_bytes(sparse(images, SIDE))
