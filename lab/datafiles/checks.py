"""Checks that arrays are images and labels; else one sentence names the array and the fix."""

import numpy as np

from lab.errors import DataError

MOST_CLASSES = 100_000
TOLERANCE = 1e-5  # what resizing or de-normalising in float32 may add to a pixel

Shape = tuple[int, ...]


def layout(shape: Shape) -> str | None:
    """Return the layout of an array of images, ``NHW``, ``NHWC`` or ``NCHW``; None when it is none of them, or two.

    Grey or colour: the channels are the axis of length 1 or 3. When both could be, only grey images have one reading.
    """
    if len(shape) == 3:
        return "NHW"
    if len(shape) != 4 or (shape[1] in (1, 3) and shape[3] in (1, 3) and not shape[1] == shape[3] == 1):
        return None
    if shape[3] in (1, 3):
        return "NHWC"
    return "NCHW" if shape[1] in (1, 3) else None


def image_shape(shape: Shape) -> tuple[int, int, int]:
    """(channels, height, width) of an array of images of that shape."""
    match layout(shape):
        case "NHW":
            return 1, shape[1], shape[2]
        case "NHWC":
            return shape[3], shape[1], shape[2]
        case _:
            return shape[1], shape[2], shape[3]


def check_image_form(where: str, shape: Shape, dtype: np.dtype) -> None:
    """Refuse arrays that cannot be images, by shape and dtype. Raises :class:`DataError`."""
    if layout(shape) is None and len(shape) == 4 and {shape[1], shape[3]} <= {1, 3}:
        raise DataError(
            f"{where} has shape {shape}, whose channels may be the second axis or the last: make the images more than "
            "3 pixels high and wide, or give grey ones as N×H×W."
        )
    if layout(shape) is None:
        raise DataError(
            f"{where} has shape {_short(shape)}: give images as N×H×W, N×H×W×C or N×C×H×W with 1 or 3 channels."
        )
    if 0 in shape:
        raise DataError(f"{where} holds no images (its shape is {shape}): add some.")
    if dtype.newbyteorder("=") not in (np.uint8, np.uint16) and dtype.kind != "f":
        raise DataError(f"{where} has dtype {dtype!s:.20}: save it as uint8 in 0..255 or as float32 in [0, 1].")


def check_label_form(where: str, shape: Shape, dtype: np.dtype, images: int) -> None:
    """Refuse arrays that cannot be one class number per image, by shape and dtype. Raises :class:`DataError`."""
    if len(shape) != 1 and not (len(shape) == 2 and shape[1] == 1):
        one_hot = ", as y.argmax(1) does of one-hot labels" if len(shape) == 2 and shape[0] == images else ""
        raise DataError(
            f"{where} have shape {_short(shape)}: give one class number per image, of shape ({images},){one_hot}."
        )
    if dtype.kind not in "iu":
        names = ", as numpy.unique(y, return_inverse=True) numbers names" if dtype.kind in "SU" else ""
        raise DataError(
            f"{where} have dtype {dtype!s:.20}: save the class numbers as whole numbers, such as int64{names}."
        )
    if shape[0] != images:
        raise DataError(f"{where} are {shape[0]} for {images} images: give one label per image.")


def check_images(where: str, x: np.ndarray) -> None:
    """Refuse NaN, and floating-point values outside [0, 1] by more than rounding. Raises :class:`DataError`."""
    if x.dtype.kind != "f":
        return
    low, high = x.min(), x.max()
    if np.isnan(low):
        count = int(np.isnan(x).reshape(len(x), -1).any(1).sum())
        raise DataError(f"{where} contains NaN in {count} of {len(x)} images: replace or remove them.")
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise DataError(
            f"{where} has values from {low:g} to {high:g}: scale them to [0, 1], or save them as uint8 in 0..255."
        )


def check_labels(where: str, y: np.ndarray, classes: int = MOST_CLASSES) -> None:
    """Refuse labels that are not from 0 up to below ``classes``. Raises :class:`DataError`."""
    low, high = int(y.min()), int(y.max())
    if low < 0 or high >= classes:
        wrong = low if low < 0 else high
        most = "on" if classes == MOST_CLASSES else f"to {classes - 1}"
        raise DataError(f"{where} contain {wrong}: number the classes from 0 {most}.")


def why_untrainable(where: str, train: np.ndarray, classes: int) -> str:
    """A sentence about why nothing can be trained on these labels; empty when they are 0, 1, … without a gap."""
    if not len(train):
        return f"{where} has no training images: it serves for everything but training."
    if classes < 2:
        return f"{where} has a single class: a classifier needs at least two."
    missing = np.setdiff1d(np.arange(classes), train)
    if len(missing):
        return (
            f"{where} has no training image of class {missing[0]}: to train on it, number the classes 0 to "
            f"{classes - 1} without a gap, or add images of that class."
        )
    return ""


def _short(shape: Shape) -> str:
    return str(shape) if len(shape) <= 6 else f"of {len(shape)} axes"
