"""Custom images: arrays in an .npz file or of this process, or image files in folders."""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from lab import datafiles
from lab.context import Context
from lab.data.dataset import Split
from lab.data.image_files import read_image_file
from lab.data.load import read
from lab.datafiles import arrays
from lab.datafiles.npz import Npz
from lab.errors import DataError
from lab.memory import free_memory
from lab.specs.data import ImageFolder, LiveData, NpzFile

_TWELVE_BITS = 4095


@read.register
def npz_file(spec: NpzFile, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """``x_test, y_test`` and perhaps ``x_train, y_train``; images N×H×W, N×H×W×C or N×C×H×W with C 1 or 3.

    Images are uint8 in 0..255, uint16 in 0..65535 or floating point in [0, 1]; labels whole numbers from 0.
    """
    [path] = datafiles.files(spec)
    npz = Npz(path)
    labels = {part: npz.labels(part) for part in npz.parts}
    ctx.report(1, 4)
    x = npz.images()
    splits = {part: Split(torch.from_numpy(x[part]), torch.from_numpy(labels[part])) for part in npz.parts}
    test = splits["test"]
    return splits.get("train", _none_like(test)), test, ()


@read.register
def live_data(spec: LiveData, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """The images that this process has registered; there are none to train on."""
    test = Split(*map(torch.from_numpy, arrays.find(spec)))
    return _none_like(test), test, ()


@read.register
def image_folder(spec: ImageFolder, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """``train/CLASS/*`` and ``test/CLASS/*``, in colour, shrunk or enlarged to ``size`` × ``size`` pixels."""
    found = datafiles.survey(spec)
    count = sum(len(paths) for split in (found.train, found.test) for paths in split.values())
    _require_memory(spec, count)
    reader = _Reader(spec.size, count, ctx)
    train, test = (
        reader.read([(path, label) for name, label in found.labelled() for path in split.get(name, ())])
        for split in (found.train, found.test)
    )
    return train, test, reader.notes()


@dataclass
class _Reader:
    """Reads the images of both splits, and remembers what may mislead about them."""

    size: int
    total: int
    ctx: Context
    done: int = 0
    animated: list[Path] = field(default_factory=list)
    sixteen: dict[Path, int] = field(default_factory=dict)
    wrong_profiles: list[Path] = field(default_factory=list)

    def read(self, labelled: list[tuple[Path, int]]) -> Split:
        x = torch.empty(len(labelled), 3, self.size, self.size, dtype=torch.uint8)
        for i, (path, _) in enumerate(labelled):
            self.ctx.report(self.done, self.total)
            self.done += 1
            image = read_image_file(path, self.size)
            x[i] = torch.from_numpy(image.pixels).permute(2, 0, 1)
            if image.animated:
                self.animated.append(path)
            if image.wrong_profile:
                self.wrong_profiles.append(path)
            if image.sixteen is not None:
                self.sixteen[path] = image.sixteen
        return Split(x, torch.tensor([label for _, label in labelled], dtype=torch.int64))

    def notes(self) -> tuple[str, ...]:
        """Of images with several frames, or a colour profile that cannot be read.

        Raises :class:`DataError` when no image of 16 bits uses more than 12 of them.
        """
        if 0 < max(self.sixteen.values(), default=0) <= _TWELVE_BITS:
            path, high = max(self.sixteen.items(), key=lambda each: each[1])
            raise DataError(
                f"{datafiles.shown(path)} has 16-bit values up to {high:,} only, and no other image has more, so that "
                "which is white is not known: scale them to 0..65535, or save 8 bits."
            )
        return (
            *_about(self.animated, "several frames, of which the first is taken"),
            *_about(self.wrong_profiles, "a colour profile that cannot be read, so their colours are taken as sRGB"),
        )


def _about(paths: list[Path], what: str) -> tuple[str, ...]:
    """A sentence on what these images have, if there are any."""
    if not paths:
        return ()
    first = datafiles.shown(paths[0].name)
    if len(paths) == 1:
        return (f"1 image has {what}: {first}.".replace("their", "its"),)
    return (f"{len(paths):,} images have {what}, such as {first}.",)


def _none_like(split: Split) -> Split:
    """No images, of the same shape."""
    return Split(split.x[:0], split.y[:0])


def _require_memory(spec: ImageFolder, images: int) -> None:
    needed, free = 3 * spec.size**2 * images, free_memory()
    if needed > free:
        raise DataError(
            f"The {images:,} images of {datafiles.shown(spec.path)} take {needed / 2**30:,.1f} GiB at "
            f"{spec.size}×{spec.size} pixels, but only {free / 2**30:,.1f} GiB are free: choose a smaller --size."
        )
