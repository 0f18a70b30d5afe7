"""The embedded digits: 28×28, one split for ever."""

import hashlib

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from lab.data import digits as digits_module, load
from lab.data.digits import enlarge, source, stratified
from lab.errors import DataError
from lab.specs import Digits


@pytest.fixture(scope="module")
def digits():
    return load(Digits())


def test_sizes_types_and_range(digits):
    assert (digits.name, digits.shape, digits.classes) == ("digits", (1, 28, 28), 10)
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    for split in (digits.train, digits.test):
        assert (split.x.dtype, split.y.dtype) == (torch.float32, torch.int64)
        assert split.x.min() == 0
        assert split.x.max() == 1


def test_the_split_is_stratified_and_takes_every_image_once(digits):
    y = load_digits().target
    train, test = stratified(y)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(1797))
    shares = np.bincount(y[test.numpy()]) / np.bincount(y)
    assert np.abs(shares - 360 / 1797).max() < 0.01
    assert len(set(digits.test.y[:10].tolist())) > 4  # shuffled, not sorted by class


@pytest.mark.parametrize("found", [True, False], ids=["in its file", "elsewhere in another version"])
def test_the_source_is_what_scikit_learn_gives(monkeypatch, found):
    if not found:
        monkeypatch.setattr(digits_module, "find_spec", lambda _: None)
    images, labels = source()
    theirs = load_digits()
    assert np.array_equal(images, theirs.images)
    assert np.array_equal(labels, theirs.target)
    assert (images.dtype, labels.dtype) == (theirs.images.dtype, theirs.target.dtype)


def test_images_and_split_are_the_same_bytes_everywhere(digits):
    parts = (digits.train.x, digits.test.x, digits.train.y)
    digest = hashlib.sha256(
        b"".join(part.numpy().astype(part.numpy().dtype.newbyteorder("<")).tobytes() for part in parts)
    )
    assert digest.hexdigest() == "f052c362a647381c92856e4273295bec4c41aa281a2582a08a4c03f316310796"


def test_enlarging_is_bilinear_without_aligned_corners():
    image = np.zeros((1, 8, 8))
    image[0, :, 0] = 16
    row = enlarge(image)[0, 0, 0]
    # the centre of pixel j lies at (4 j - 5) / 14 of the small image's pixels
    expected = np.clip(1 - np.maximum((4 * np.arange(28) - 5) / 14, 0), 0, 1)
    np.testing.assert_allclose(row, expected, atol=1e-6)


def test_a_second_load_is_the_same_object(digits):
    assert load(Digits()) is digits


def test_images_and_labels_by_any_index(digits):
    expected = digits.test.x[[3, 5]]
    for index in ([3, 5], (3, 5), np.array([3, 5]), torch.tensor([3, 5]), slice(3, 6, 2)):
        assert torch.equal(digits.test.images(index), expected)
        assert torch.equal(digits.test.labels(index), digits.test.y[[3, 5]])
    assert digits.test.images([]).shape == (0, 1, 28, 28)
    chosen = torch.zeros(360, dtype=torch.bool)
    chosen[[3, 5]] = True
    assert torch.equal(digits.test.images(chosen), expected)


@pytest.mark.parametrize("index", [[360], [-1], 1000])
def test_a_position_that_is_not_there_is_refused_in_words(digits, index):
    with pytest.raises(DataError, match="choose from 0 to 359"):
        digits.test.images(index)
