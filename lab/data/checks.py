"""Whether arrays are images and labels; if not, one sentence that names the field and the mend."""

import numpy as np

from lab.errors import DataError


def check_images(where: str, x: np.ndarray) -> None:
    """Raise :class:`DataError` unless x is uint8, or floating point without NaN in [0, 1], and not empty."""
    if x.size == 0:
        raise DataError(f"{where} holds no images (its shape is {x.shape}): add some.")
    if x.dtype == np.uint8:
        return
    if not np.issubdtype(x.dtype, np.floating):
        raise DataError(f"{where} has dtype {x.dtype}: save it as uint8 in 0..255 or as float32 in [0, 1].")
    low, high = x.min(), x.max()
    if np.isnan(low):
        count = int(np.isnan(x).reshape(len(x), -1).any(1).sum())
        raise DataError(f"{where} contains NaN in {count} of {len(x)} images: replace or remove them.")
    if low < 0 or high > 1:
        raise DataError(
            f"{where} has values from {low:g} to {high:g}: scale them to [0, 1], or save them as uint8 in 0..255."
        )


def check_labels(where: str, y: np.ndarray, images: int, classes: int | None = None) -> None:
    """Raise :class:`DataError` unless y holds one whole number from 0 (below ``classes``, if given) per image."""
    if y.ndim != 1:
        raise DataError(f"{where} have shape {y.shape}: give one class number per image, of shape ({images},).")
    if not np.issubdtype(y.dtype, np.integer):
        raise DataError(f"{where} have dtype {y.dtype}: save the class numbers as whole numbers, such as int64.")
    if len(y) != images:
        raise DataError(f"{where} are {len(y)} for {images} images: give one label per image.")
    low, high = int(y.min()), int(y.max())
    if low < 0 or (classes is not None and high >= classes):
        wrong = low if low < 0 else high
        most = "on" if classes is None else f"to {classes - 1}"
        raise DataError(f"{where} contain {wrong}: number the classes from 0 {most}.")


def check_classes(where: str, train: np.ndarray, test: np.ndarray) -> int:
    """The number of classes. Raise :class:`DataError` when one of them has no training image."""
    classes = int(max(train.max(), test.max())) + 1
    if classes > len(train):  # before anything of that length is made
        raise DataError(f"{where} go up to {classes - 1} for {len(train)} images: number the classes from 0 on.")
    counts = np.bincount(train, minlength=classes)
    if not counts.all():
        empty = int(np.flatnonzero(counts == 0)[0])
        raise DataError(
            f"{where} have no image of class {empty}: number the classes 0 to {classes - 1} without a gap, "
            "or add images of that class."
        )
    if classes < 2:
        raise DataError(f"{where} name a single class: a classifier needs at least two.")
    return classes
