"""A person's own data: every layout is read, every fault is one sentence with file, field and mend."""

import numpy as np
import pytest
import torch
from PIL import Image

from lab.data import load
from lab.errors import DataError
from lab.specs import ImageFolder, NpzFile

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 256, (6, 5, 4), dtype=np.uint8)
Y = np.array([0, 1, 2, 0, 1, 2])


def arrays(**changes):
    return {"x_train": X, "y_train": Y, "x_test": X[:3], "y_test": Y[:3]} | changes


def saved(tmp_path, **changes):
    path = tmp_path / "own.npz"
    np.savez(path, **{name: value for name, value in arrays(**changes).items() if value is not None})
    return path


def complaint(path):
    with pytest.raises(DataError) as found:
        load(NpzFile(str(path)) if path.suffix else ImageFolder(str(path), size=8))
    text = str(found.value)
    assert text.startswith(str(path)) or str(path) in text
    assert text.count(". ") == 0, "one sentence"
    assert text.endswith(".")
    return text


def test_bytes_become_images_between_0_and_1(tmp_path):
    data = load(NpzFile(str(saved(tmp_path))))
    assert (data.name, data.shape, data.classes) == ("own", (1, 5, 4), 3)
    assert data.train.x.dtype == torch.uint8
    images = data.train.images([0, 4])
    assert images.dtype == torch.float32
    np.testing.assert_allclose(images[:, 0], X[[0, 4]] / 255, atol=1e-7)


@pytest.mark.parametrize("channels", [1, 3])
def test_both_orders_of_the_channels_are_read(tmp_path, channels):
    last = RANDOM.integers(0, 256, (6, 5, 4, channels), dtype=np.uint8)
    first = last.transpose(0, 3, 1, 2)
    for x in (last, first):
        data = load(NpzFile(str(saved(tmp_path, x_train=x, x_test=x[:3]))))
        assert data.shape == (channels, 5, 4)
        np.testing.assert_array_equal(data.train.x, first)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floating_point_images_are_read_as_they_are(tmp_path, dtype):
    x = (X / 255).astype(dtype)
    data = load(NpzFile(str(saved(tmp_path, x_train=x, x_test=x[:3]))))
    assert data.train.x.dtype == torch.float32
    np.testing.assert_allclose(data.train.images(slice(None))[:, 0], x, atol=1e-6)


def with_nan():
    x = (X / 255).astype(np.float32)
    x[2, 1, 1] = np.nan
    return x


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_train": X[0]}, "x_train has shape (5, 4): give images as N×H×W"),
        ({"x_test": X[:3, :, :, None].repeat(5, 3)}, "x_test has shape (3, 5, 4, 5)"),
        ({"x_train": X.astype(np.int64)}, "x_train has dtype int64: save it as uint8"),
        ({"x_train": X.astype(bool)}, "x_train has dtype bool"),
        ({"x_train": with_nan()}, "x_train contains NaN in 1 of 6 images"),
        ({"x_train": np.full(X.shape, np.inf)}, "x_train has values from inf to inf: scale them"),
        ({"x_train": X.astype(np.float32)}, ": scale them to [0, 1]"),
        ({"x_train": -(X / 255)}, ": scale them to [0, 1]"),
        ({"x_test": X[:0], "y_test": Y[:0]}, "x_test holds no images"),
        ({"x_test": X[:3, :4]}, "those of x_test (1, 4, 4): bring them to one shape"),
        ({"y_train": Y[:5]}, "labels y_train are 5 for 6 images"),
        ({"y_train": np.eye(3, dtype=int)[Y]}, "labels y_train have shape (6, 3): give one class number"),
        ({"y_train": Y.astype(np.float32)}, "labels y_train have dtype float32"),
        ({"y_train": np.array(list("abcabc"))}, "labels y_train have dtype <U1"),
        ({"y_train": Y - 1}, "labels y_train contain -1: number the classes from 0"),
        ({"y_test": np.array([0, 1, -7])}, "labels y_test contain -7"),
        ({"y_train": np.array([0, 1, 3, 0, 1, 3])}, "no image of class 2"),
        ({"y_test": np.array([0, 1, 3])}, "no image of class 3"),
        ({"y_train": np.array([0, 1, 2, 0, 1, 2**40])}, "number the classes from 0"),
        ({"y_train": Y * 0, "y_test": Y[:3] * 0}, "a classifier needs at least two"),
        ({"x_test": None}, "has no x_test: save x_train, y_train, x_test, y_test"),
        ({"x_train": np.array([X[0], X[1, :2]], dtype=object)}, "x_train holds Python objects instead of numbers"),
        ({"y_test": np.array([0, 1, None])}, "y_test holds Python objects instead of numbers"),
    ],
)
def test_bad_arrays_are_refused_in_one_sentence(tmp_path, changes, words):
    assert words in complaint(saved(tmp_path, **changes))


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    path = saved(tmp_path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"nonsense", b""):
        path.write_bytes(content)
        assert "is no .npz file, or is truncated" in complaint(path)
    with path.open("wb") as file:
        np.save(file, X)
    assert "one bare array" in complaint(path)
    path.unlink()
    assert "There is no file" in complaint(path)


def test_a_flipped_byte_inside_an_array_is_noticed(tmp_path):
    path = saved(tmp_path, x_train=np.full((6, 50, 40), 7, np.uint8), x_test=np.zeros((3, 50, 40), np.uint8))
    content = bytearray(path.read_bytes())
    content[2000] ^= 0xFF
    path.write_bytes(content)
    assert "x_train is damaged or truncated" in complaint(path)


def test_a_changed_file_is_read_again(tmp_path):
    first = load(NpzFile(str(saved(tmp_path))))
    second = load(NpzFile(str(saved(tmp_path, x_train=X[::-1]))))
    assert not torch.equal(first.train.x, second.train.x)
    assert first.fingerprint != second.fingerprint


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pictures"
    for part, names in (("train", "abc"), ("test", "ac")):
        for i, name in enumerate(names):
            (root / part / name).mkdir(parents=True)
            Image.new("RGB", (10, 20), (50 * i, 100, 200)).save(root / part / name / "one.png")
            Image.new("L", (30, 30), 60 * i).save(root / part / name / "two.jpg")
    return root


def test_pictures_are_read_by_class_and_resized(folder):
    data = load(ImageFolder(str(folder), size=8))
    assert (data.name, data.shape, data.class_names) == ("pictures", (3, 8, 8), ("a", "b", "c"))
    assert data.train.y.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.test.y.tolist() == [0, 0, 2, 2]
    assert data.train.x[2, :, 4, 4].tolist() == [50, 100, 200]


def test_a_damaged_picture_is_named(folder):
    picture = folder / "train" / "b" / "one.png"
    whole = picture.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"nonsense"):
        picture.write_bytes(content)
        with pytest.raises(DataError, match=r"train.b.one\.png is no picture that can be read"):
            load(ImageFolder(str(folder), size=8))


def test_bad_folders_are_refused_in_one_sentence(folder):
    (folder / "train" / "empty").mkdir()
    assert "train/empty has no pictures" in complaint(folder)
    (folder / "train" / "empty").rmdir()
    (folder / "test" / "z").mkdir()
    assert "test/z is no class of train" in complaint(folder)
    (folder / "test" / "z").rmdir()
    (folder / "test").rename(folder / "elsewhere")
    assert "has no folder test" in complaint(folder)
    (folder / "test" / "a").mkdir(parents=True)
    assert "test has no pictures" in complaint(folder)
