"""Random changes of training images are what they say, and depend on the place in the epoch only."""

import pytest
import torch
from torch.nn.functional import pad

from lab.context import Context
from lab.specs import PadCropFlip, RandomShift, Unchanged
from lab.training.augmentation import augmented, drawn


@pytest.fixture
def x():
    return torch.rand(40, 3, 6, 5, generator=torch.Generator().manual_seed(0)) + 0.1


def windows(padded, height, width):
    """Every window of one padded image, and its mirror image."""
    rows, columns = padded.shape[1] - height + 1, padded.shape[2] - width + 1
    cuts = [padded[:, i : i + height, j : j + width] for i in range(rows) for j in range(columns)]
    return cuts, [each.flip(2) for each in cuts]


@pytest.mark.parametrize("flip", [False, True])
def test_images_are_windows_of_the_padded_ones(x, flip):
    for spec, mode in ((PadCropFlip(pad=2, flip=flip), "constant"), (RandomShift(most=2, flip=flip), "replicate")):
        changed = augmented(spec, x, drawn(len(x), Context(1)))
        straight = mirrored = 0
        for before, after in zip(pad(x, (2, 2, 2, 2), mode), changed, strict=True):
            cuts, mirrors = windows(before, 6, 5)
            straight += any(torch.equal(each, after) for each in cuts)
            mirrored += any(torch.equal(each, after) for each in mirrors)
        assert straight + mirrored == len(x)
        assert 10 < mirrored < 30 if flip else mirrored == 0


def test_every_shift_is_drawn(x):
    draws = drawn(2000, Context(2))
    changed = augmented(PadCropFlip(pad=1, flip=False), x[:1].expand(2000, -1, -1, -1), draws)
    assert len({tuple(each.flatten().tolist()) for each in changed}) == 9


def test_an_image_is_changed_alike_in_any_batch(x):
    draws = drawn(len(x), Context(3))
    together = augmented(PadCropFlip(pad=2), x, draws)
    some = [7, 3, 30]
    assert torch.equal(augmented(PadCropFlip(pad=2), x[some], draws[some]), together[some])


def test_unchanged_and_no_shift_leave_the_images(x):
    draws = drawn(len(x), Context())
    for spec in (Unchanged(), PadCropFlip(pad=0, flip=False), RandomShift(most=0)):
        assert torch.equal(augmented(spec, x, draws), x)
