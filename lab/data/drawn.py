"""A visitor's drawing, made like the images that it is added to."""

from functools import singledispatch

import numpy as np
import torch
import torch.nn.functional as F

from lab.context import Context
from lab.data.dataset import Split
from lab.data.digits import enlarge
from lab.data.load import load, read
from lab.specs.data import DRAWING_SIDE, DataSpec, Digits, Drawn

_MNIST_BOX = 20  # height and width that a digit of MNIST fills, of its 28
_LEVELS = 16  # grey levels of a pixel of scikit-learn's digits above 0


@read.register
def drawn(spec: Drawn, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """The test images of the data set, then the drawing. Nothing is trained on it."""
    beside = load(spec.data, ctx)
    strokes = np.frombuffer(spec.strokes(), np.uint8).reshape(DRAWING_SIDE, DRAWING_SIDE)
    image = as_in(spec.data, torch.tensor(strokes, dtype=torch.float32) / 255)
    x, y = beside.test.x, torch.tensor([spec.label])
    if x.dtype == torch.uint8:
        image = (255 * image).round().to(torch.uint8)
    test = Split(torch.cat([x, image[None, None]]), torch.cat([beside.test.y, y]))
    return Split(beside.train.x[:0], beside.train.y[:0]), test, ()


@singledispatch
def as_in(data: DataSpec, strokes: torch.Tensor) -> torch.Tensor:
    """Strokes (28, 28) in [0, 1] as the data set has its images: of MNIST's kind, unless it is another.

    As LeCun et al. 1998 made MNIST: scaled into a box of 20×20 pixels, whose centre of mass is put into the middle of
    the image, as far as no stroke leaves it.
    """
    size = (_MNIST_BOX, _MNIST_BOX)
    ink = F.interpolate(strokes[None, None], size=size, mode="bilinear", antialias=True, align_corners=False)[0, 0]
    return _centred(_centred(ink, 0), 1)


def _centred(ink: torch.Tensor, axis: int) -> torch.Tensor:
    """The ink with as much room before and behind it along an axis as the image has, its mass in the middle."""
    mass = ink.sum(1 - axis)
    inked = torch.nonzero(mass)[:, 0]
    if not len(inked):
        return ink.new_zeros(tuple(DRAWING_SIDE if each == axis else size for each, size in enumerate(ink.shape)))
    first, last = int(inked[0]), int(inked[-1])
    kept = ink.narrow(axis, first, last - first + 1)
    along = torch.arange(kept.shape[axis], dtype=torch.float32)
    middle = float((mass[first : last + 1] * along).sum() / mass.sum())
    room = DRAWING_SIDE - kept.shape[axis]
    before = min(max(round((DRAWING_SIDE - 1) / 2 - middle), 0), room)
    return F.pad(kept, (0, 0, before, room - before) if axis == 0 else (before, room - before))


@as_in.register
def _(_: Digits, strokes: torch.Tensor) -> torch.Tensor:
    """As Alpaydin and Kaynak 1998 made the digits: 8×8 counts of black pixels, from 0 to 16, filled by the digit."""
    counts = (_LEVELS * F.adaptive_avg_pool2d(strokes[None], 8)).round()
    return enlarge(counts.numpy())[0, 0]
