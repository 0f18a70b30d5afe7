"""Images and labels that a notebook or program holds, registered in this process under a name. No PyTorch."""

import hashlib

import numpy as np
from numpy.typing import ArrayLike

from lab.datafiles.checks import check_image_form, check_images, check_label_form, check_labels
from lab.datafiles.npz import pixels
from lab.errors import DataError, quoted
from lab.specs.data import LiveData

_registered: dict[str, tuple[LiveData, np.ndarray, np.ndarray]] = {}


def register(x: ArrayLike, y: ArrayLike, name: str) -> LiveData:
    """Test images ``x``, N×H×W, N×H×W×C or N×C×H×W with C 1 or 3, and their labels ``y`` (N,), under a name.

    Tensors, arrays or lists; uint8 in 0..255 or floating point in [0, 1]; they are copied. Other images of that name
    give way. Raises :class:`DataError` when they are not images and labels.
    """
    images, labels = _array(x, f"{name}: x"), _array(y, f"{name}: y")
    check_image_form(f"{name}: x", images.shape, images.dtype)
    check_label_form(f"{name}: the labels y", labels.shape, labels.dtype, images.shape[0])
    check_images(f"{name}: x", images)
    check_labels(f"{name}: the labels y", labels)
    images, labels = pixels(images).copy(), labels.reshape(-1).astype(np.int64)
    digest = hashlib.sha256(f"{images.dtype} {images.shape}".encode() + images.tobytes() + labels.tobytes())
    spec = LiveData(name, digest.hexdigest())
    _registered[name] = (spec, images, labels)
    return spec


def registered() -> list[LiveData]:
    """Every data set that was registered in this process."""
    return [spec for spec, _, _ in _registered.values()]


def find(spec: LiveData) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, C, H, W) and labels (N,). Raises :class:`DataError` when this process does not hold them."""
    found, images, labels = _registered.get(spec.name, (None, None, None))
    if found != spec or images is None or labels is None:
        raise DataError(
            f"This process does not hold the images {quoted(spec.name, 40)} as they were registered: compute where "
            "lab.live_data registered them, or register them again."
        )
    return images, labels


def _array(values: ArrayLike, what: str) -> np.ndarray:
    """An array of a tensor, on whatever device, or of what numpy takes."""
    try:
        found = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    except (TypeError, ValueError, RuntimeError) as error:  # bfloat16; lists of different lengths
        raise DataError(f"{what} cannot be read as an array of numbers: give a float32 tensor or array.") from error
    return found
