"""A person's own data: every layout is read, every fault is one sentence with file, field and mend."""

import numpy as np
import pytest
import torch
from PIL import Image

import lab
from lab import datafiles
from lab.context import Context
from lab.data import load
from lab.errors import DataError
from lab.limits import require_modest
from lab.specs import ImageFolder, NpzFile, Standard
from lab.specs.data import COLOUR_OPENING, PHOTO_OPENING, OpeningValues
from lab.training import train

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


SIZES = {(8, 8): OpeningValues(), (8, 8, 3): COLOUR_OPENING, (3, 64, 64): COLOUR_OPENING, (224, 224, 3): PHOTO_OPENING}


@pytest.mark.parametrize("shape", SIZES)
def test_custom_images_open_with_the_radius_that_images_of_their_kind_have(tmp_path, shape):
    x = np.zeros((6, *shape), np.uint8)
    live = lab.live_data(x[:3] / 255, Y[:3], "opened")
    for each in (NpzFile(str(saved(tmp_path, x_train=x, x_test=x[:3]))), live):
        assert datafiles.opening(each) == SIZES[shape]


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
        ({"y_train": np.eye(3)[Y]}, "per image, of shape (6,), as y.argmax(1) does of one-hot labels."),
        ({"y_train": np.array(list("abcabc"))}, "as numpy.unique(y, return_inverse=True) numbers names."),
        ({"y_train": Y.astype(np.float32)}, "labels y_train have dtype float32"),
        ({"y_train": np.array(list("abcabc"))}, "labels y_train have dtype <U1"),
        ({"y_train": Y - 1}, "labels y_train contain -1: number the classes from 0"),
        ({"y_test": np.array([0, 1, -7])}, "labels y_test contain -7"),
        ({"y_train": np.array([0, 1, 2, 0, 1, 2**40])}, "number the classes from 0"),
        ({"y_test": np.array([0, 1, 100_000])}, "labels y_test contain 100000: number the classes from 0"),
        ({"y_train": np.array([0, 1, 2, 0, 1, 2**64 - 1], np.uint64)}, "number the classes from 0"),
        (
            {"x_test": None, "y_test": None},
            "has no x_test: save x_train, y_train, x_test, y_test, or only x_test",
        ),
        ({"x_train": None}, "has no x_train"),
        ({"y_train": None}, "has no y_train"),
        ({"x_test": np.zeros((3, 3, 8, 3), np.uint8)}, "channels may be the second axis or the last"),
        ({"x_test": np.zeros((3, 1, 8, 3), np.uint8)}, "channels may be the second axis or the last"),
        ({"x_test": np.zeros((3, 3, 8, 1), np.uint8)}, "channels may be the second axis or the last"),
        ({"x_test": np.full((3, 5, 4), 1 + 2e-5)}, "scale them to [0, 1]"),
        ({"x_train": X.astype(np.uint16) * 16, "x_test": X[:3].astype(np.uint16)}, "which value is white is not known"),
        ({"x_test": None}, "has no x_test: save x_train, y_train, x_test, y_test, or only x_test"),
        ({"x_train": np.array([X[0], X[1, :2]], dtype=object)}, "x_train holds Python objects instead of numbers"),
        (
            {"y_test": np.array([0, 1, None])},
            "y_test holds Python objects instead of numbers: save it as an array of one numeric dtype.",
        ),
    ],
)
def test_bad_arrays_are_refused_in_one_sentence(tmp_path, changes, words):
    assert words in complaint(saved(tmp_path, **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_train": None, "y_train": None}, "has no training images"),
        ({"y_train": np.array([0, 1, 3, 0, 1, 3])}, "no training image of class 2"),
        ({"y_test": np.array([0, 1, 3])}, "no training image of class 3"),
        ({"y_train": np.array([281, 207] * 3), "y_test": np.array([281, 207, 281])}, "no training image of class 0"),
        ({"y_train": Y * 0, "y_test": Y[:3] * 0}, "a classifier needs at least two"),
    ],
)
def test_labels_with_gaps_and_test_images_alone_serve_for_everything_but_training(tmp_path, changes, words):
    path = saved(tmp_path, **changes)
    data = load(NpzFile(str(path)))
    y = arrays(**changes)["y_test"]
    assert data.test.y.tolist() == y.tolist()
    assert data.classes == len(data.class_names) > max(y)
    with pytest.raises(DataError, match=words) as refusal:
        datafiles.require_trainable(NpzFile(str(path)))
    assert str(path) in str(refusal.value)
    recipe = Standard(data=NpzFile(str(path)), epochs=1)
    for ask in (require_modest, lambda recipe: train(recipe, Context())):
        with pytest.raises(DataError, match=words):
            ask(recipe)


@pytest.mark.parametrize(
    ("names", "trains"),
    [
        (("train_images", "train_labels", "test_images", "test_labels"), True),  # MedMNIST
        (("X_train", "Y_train", "X_test", "Y_test"), True),
        (("trainX", "trainY", "testX", "testY"), True),
        (("images", "labels"), False),
        (("X", "y"), False),
        (("data", "target"), False),
        (("test-data", "test-targets"), False),
    ],
)
def test_the_names_other_programs_give_are_read(tmp_path, names, trains):
    arrays = (X, Y, X[:3], Y[:3]) if trains else (X[:3], Y[:3])
    np.savez(tmp_path / "other.npz", **dict(zip(names, arrays, strict=True)), val_images=X[:1], notes=np.zeros(2))
    data = load(NpzFile(str(tmp_path / "other.npz")))
    assert len(data.train) == 6 * trains
    assert torch.equal(data.test.x[:, 0], torch.from_numpy(X[:3]))
    assert data.test.y.tolist() == Y[:3].tolist()
    np.savez(tmp_path / "other.npz", **dict(zip(names, (a.astype(float) + 9 for a in arrays), strict=True)))
    assert f"the labels {names[1]} have dtype float64" in complaint(tmp_path / "other.npz")


@pytest.mark.parametrize(
    "names", [("images", "data", "labels"), ("X", "x", "y"), ("arr_0", "arr_1"), ("train_images", "labels")]
)
def test_names_that_may_mean_two_things_are_not_guessed_at(tmp_path, names):
    arrays = [Y if name == names[-1] else X for name in names]
    np.savez(tmp_path / "other.npz", **dict(zip(names, arrays, strict=True)))
    assert f"(it has {', '.join(names)})" in complaint(tmp_path / "other.npz")


def test_labels_in_a_column_are_read(tmp_path):
    data = load(NpzFile(str(saved(tmp_path, y_train=Y[:, None], y_test=Y[:3, None].astype(np.uint8)))))
    assert (data.train.y.tolist(), data.test.y.tolist()) == (Y.tolist(), Y[:3].tolist())


@pytest.mark.parametrize("order", "<>")
def test_16_bit_arrays_are_scaled(tmp_path, order):
    x = (X.astype(np.uint16) * 257).astype(f"{order}u2")
    data = load(NpzFile(str(saved(tmp_path, x_train=x, x_test=x[:3]))))
    np.testing.assert_allclose(data.train.images(slice(None))[:, 0], X / 255, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_that_rounding_put_outside_0_and_1_are_clipped(tmp_path, dtype):
    x = (X / 255).astype(dtype)
    x[0, 0, :2] = 1 + 9e-6, -9e-6
    data = load(NpzFile(str(saved(tmp_path, x_train=x, x_test=x[:3]))))
    assert data.train.x[0, 0, 0, :2].tolist() == [1, 0]
    assert 0 <= data.test.x.min() <= data.test.x.max() <= 1


@pytest.mark.parametrize("x", [X // 128, (X / 255**2).astype(np.float32)])
def test_images_in_which_nobody_sees_anything_are_said_to_be_dark(tmp_path, x):
    assert not load(NpzFile(str(saved(tmp_path)))).notes
    data = load(NpzFile(str(saved(tmp_path, x_train=x, x_test=x[:3]))))
    assert any("almost black" in each for each in data.notes)


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    path = saved(tmp_path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"nonsense", b""):
        path.write_bytes(content)
        assert "is not a valid .npz file (damaged or truncated)" in complaint(path)
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
        with pytest.raises(DataError, match=r"train.b.one\.png cannot be decoded as an image"):
            load(ImageFolder(str(folder), size=8))


def test_bad_folders_are_refused_in_one_sentence(folder):
    (folder / "train" / "empty").mkdir()
    assert "train/empty has no images" in complaint(folder)
    (folder / "train" / "empty").rmdir()
    (folder / "test" / "z").mkdir()
    assert "test/z is not a class of train" in complaint(folder)
    (folder / "test" / "z").rmdir()
    (folder / "test").rename(folder / "elsewhere")
    assert "has no folder test" in complaint(folder)
    (folder / "test" / "a").mkdir(parents=True)
    assert "test has no images" in complaint(folder)
