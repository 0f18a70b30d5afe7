"""Images made small."""

import numpy as np
import pytest

from lab.results.thumbnails import SIDE, in_bytes, sparse, stride, thumbnail


@pytest.mark.parametrize(("height", "width", "k"), [(8, 8, 1), (64, 64, 1), (65, 3, 2), (3, 128, 2), (224, 224, 4)])
def test_every_kth_pixel_is_kept_and_no_more_than_needed(height, width, k):
    images = np.arange(2 * 3 * height * width, dtype=np.float32).reshape(2, 3, height, width)
    assert stride(images, SIDE) == k
    small = sparse(images, SIDE)
    np.testing.assert_array_equal(small, images[:, :, ::k, ::k])
    assert max(small.shape[-2:]) <= SIDE


def test_a_byte_is_the_nearest_of_256_levels():
    assert in_bytes(np.float32([0, 0.001, 0.003, 0.5, 0.9999, 1])).tolist() == [0, 0, 1, 128, 255, 255]


def test_a_thumbnail_is_small_and_in_bytes():
    picture = thumbnail(np.ones((1, 200, 100), np.float32))
    assert (picture.shape, picture.dtype, picture.min()) == ((1, 50, 25), np.uint8, 255)
