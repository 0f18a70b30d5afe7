"""The published data sets: real files where there are some, small files of the same form otherwise."""

import gzip
import io
import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.io

from lab.catalogue import data_sets, find_data
from lab.data import load
from lab.datafiles import fingerprint, outline
from lab.errors import DataError
from lab.specs import CIFAR10, MNIST, SVHN, FashionMNIST
from tests.data.batch_files import batch, random_images
from tests.data.published_files import RANDOM, cifar_files, idx, mnist_files, put


def available(name):
    return {each.name: each.available for each in data_sets()}.get(name, False)


def real(name):
    return pytest.mark.skipif(not available(name), reason=f"LAB_DATA has no {name}")


@pytest.mark.parametrize(
    ("name", "shape", "sizes", "mean"),
    [
        pytest.param("mnist", (1, 28, 28), (60_000, 10_000), 0.1307, marks=real("mnist")),
        pytest.param("fashion-mnist", (1, 28, 28), (60_000, 10_000), 0.2860, marks=real("fashion-mnist")),
        pytest.param("cifar10", (3, 32, 32), None, 0.4734, marks=real("cifar10")),  # the whole or a part
    ],
)
def test_real_files(name, shape, sizes, mean):
    data, told = load(find_data(name)), outline(find_data(name))
    assert (data.shape, data.classes) == (shape, 10)
    assert (len(data.train), len(data.test)) == (sizes or (told.n_train, told.n_test))
    assert data.train.x.float().mean() / 255 == pytest.approx(mean, abs=2e-3)


def test_idx_files_are_read_into_bytes(folder):
    files = mnist_files()
    put(folder / "FashionMNIST" / "raw", files)
    data = load(FashionMNIST())
    assert (data.shape, len(data.train), len(data.test), data.class_names[1]) == ((1, 28, 28), 12, 10, "Trouser")
    assert data.train.x.numpy().tobytes() == files["train-images-idx3-ubyte"][16:]


@pytest.mark.parametrize("name", list(mnist_files()))
@pytest.mark.parametrize("keep", [0, 3, 20])
def test_a_truncated_idx_file_is_named(folder, name, keep):
    files = mnist_files()
    put(folder / "MNIST" / "raw", files | {name: files[name][:-1][:keep] if keep < 20 else files[name][:-1]})
    with pytest.raises(DataError, match=f"{name} is damaged or truncated"):
        load(MNIST())


def test_labels_that_do_not_fit_the_images_are_named(folder):
    put(folder / "MNIST" / "raw", mnist_files() | {"train-labels-idx1-ubyte": idx(np.zeros(11, np.uint8))})
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte: the labels are 11 for 12 images"):
        load(MNIST())


def test_cifar10_is_read_from_its_binary_records(folder):
    files = cifar_files()
    put(folder / "cifar-10-batches-bin", files)
    data = load(CIFAR10())
    assert (data.shape, len(data.train), len(data.test), data.class_names[3]) == ((3, 32, 32), 20, 4, "cat")
    assert data.test.y.tolist() == [0, 1, 2, 3]
    red = np.frombuffer(files["test_batch.bin"][1 : 1 + 1024], np.uint8).reshape(32, 32)
    np.testing.assert_array_equal(data.test.x[0, 0], red)


def test_damaged_cifar10_records_are_named(folder):
    files = cifar_files()
    put(folder / "cifar-10-batches-bin", files | {"data_batch_2.bin": files["data_batch_2.bin"][:-1]})
    with pytest.raises(DataError, match=r"data_batch_2\.bin is damaged or truncated"):
        load(CIFAR10())
    put(folder / "cifar-10-batches-bin", files | {"data_batch_2.bin": b"\xff" * 3073})
    with pytest.raises(DataError, match=r"data_batch_2\.bin: the labels contain 255"):
        load(CIFAR10())


CIFAR10_PART = CIFAR10.published.layouts[-1]


@pytest.fixture
def small_part(monkeypatch):
    """CIFAR-10's part with twelve training and ten test images."""
    small = replace(CIFAR10_PART, part=(12, 10))
    row = replace(CIFAR10.published, layouts=(*CIFAR10.published.layouts[:-1], small))
    monkeypatch.setattr(CIFAR10, "published", row)


def part(n_train=12, n_test=10, channels=3, classes=10):
    arrays = {}
    for name, n in (("train", n_train), ("test", n_test)):
        arrays[f"x_{name}"] = RANDOM.integers(0, 256, (n, 32, 32, channels), dtype=np.uint8)
        arrays[f"y_{name}"] = np.arange(n) % classes
    return arrays


def save_part(folder, **arrays):
    np.savez(folder / CIFAR10_PART.files[0], **arrays)


@pytest.mark.parametrize("below", ["", "sets", "sets/colour"])
def test_a_part_of_cifar10_is_read_where_the_whole_is_not(folder, small_part, below):
    arrays = part()
    (folder / below).mkdir(parents=True, exist_ok=True)
    save_part(folder / below, **arrays)
    data = load(CIFAR10())
    assert (data.shape, len(data.train), len(data.test), data.class_names[3]) == ((3, 32, 32), 12, 10, "cat")
    assert data.train.y.tolist() == arrays["y_train"].tolist()
    np.testing.assert_array_equal(data.test.x, arrays["x_test"].transpose(0, 3, 1, 2))
    [note] = data.notes
    assert note == "Only a part of CIFAR-10 is here: 12 of its 50,000 training and 10 of its 10,000 test images."


def test_a_part_is_listed_once_and_says_so(folder, small_part):
    """As the published data set, not as custom data, too."""
    save_part(folder, **part())
    cards = {each.name: each for each in data_sets()}
    assert "cifar10_10k_2k" not in cards
    assert (cards["cifar10"].available, cards["cifar10"].n_train, cards["cifar10"].n_test) == (True, 12, 10)
    assert "Only a part of CIFAR-10 is here" in cards["cifar10"].notes[0]


def test_the_whole_comes_before_a_part_wherever_it_lies(folder, small_part):
    save_part(folder, **part())
    alone = fingerprint(CIFAR10())
    put(folder / "deep" / "cifar-10-batches-bin", cifar_files())
    assert len(load(CIFAR10()).train) == 20
    assert (outline(CIFAR10()).n_train, outline(CIFAR10()).notes) == (50_000, ())
    assert fingerprint(CIFAR10()) != alone  # results on a part are no answer about the whole


@pytest.mark.parametrize("wrong", [{"n_train": 20}, {"n_test": 20}, {"channels": 1}])
def test_another_file_of_a_parts_name_is_refused(folder, small_part, wrong):
    save_part(folder, **part(**wrong))
    with pytest.raises(DataError, match=r"is not the part of CIFAR-10 of that name \(12 training and 10 test images"):
        load(CIFAR10())


def test_labels_beyond_the_classes_are_refused_in_a_part(folder, small_part):
    save_part(folder, **part(classes=12))
    with pytest.raises(DataError, match=r"cifar10_10k_2k\.npz: the labels contain 11"):
        load(CIFAR10())


def house_numbers(n=12):
    """One of SVHN's files: images (H, W, C, N), labels 1 to 10, of which 10 stands for 0."""
    return {"X": random_images(n).transpose(2, 3, 1, 0), "y": (np.arange(n) % 10 + 1).astype(np.uint8)[:, None]}


def mat(arrays, packed=True):
    file = io.BytesIO()
    scipy.io.savemat(file, arrays, do_compression=packed)
    return file.getvalue()


@pytest.mark.parametrize("packed", [True, False])
def test_svhn_is_read_from_its_matlab_files(folder, packed):
    names = ("train_32x32.mat", "test_32x32.mat")
    put(folder / "SVHN", {name: mat(house_numbers(n), packed) for name, n in zip(names, (12, 10), strict=True)})
    data = load(SVHN())
    assert (data.shape, len(data.train), len(data.test)) == ((3, 32, 32), 12, 10)
    np.testing.assert_array_equal(data.train.x, random_images(12))
    assert data.test.y.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


X, Y = house_numbers()["X"], house_numbers()["y"]
CELLS = np.empty((1, 1), object)
CELLS[0, 0] = X
WRONG_MAT = {
    "no labels": {"X": X},
    "other images": {"X": X[:16], "y": Y},
    "numbers": {"X": X.astype(float), "y": Y},
    "cells": {"X": CELLS, "y": Y},
    "a struct": {"X": {"a": X}, "y": Y},
    "text": {"X": X, "y": "123456789012"},
    "too few labels": {"X": X, "y": Y[1:]},
    "label 0": {"X": X, "y": Y - 1},
    "label 11": {"X": X, "y": Y + 1},
    "half a label": {"X": X, "y": Y + 0.5},
    "no number": {"X": X, "y": np.full(Y.shape, np.nan)},
}


@pytest.mark.parametrize("kind", WRONG_MAT)
def test_other_matlab_files_are_named(folder, kind):
    put(folder, {"train_32x32.mat": mat(house_numbers()), "test_32x32.mat": mat(WRONG_MAT[kind])})
    with pytest.raises(DataError, match=r"test_32x32\.mat(:| is damaged)"):
        load(SVHN())


@pytest.mark.parametrize("name", ["X", "other"])
def test_a_matlab_file_that_unpacks_to_more_than_its_data_set_is_not_unpacked(folder, name, monkeypatch):
    monkeypatch.setattr(SVHN, "published", replace(SVHN.published, n_train=30, n_test=30))
    arrays = house_numbers() | {name: np.zeros((32, 32, 3, 500), np.uint8)}
    put(folder, {"train_32x32.mat": mat(arrays), "test_32x32.mat": mat(house_numbers())})
    monkeypatch.setattr(scipy.io, "loadmat", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match=r"train_32x32\.mat is damaged"):
        load(SVHN())


@pytest.mark.parametrize("length", [0, 5, 100, 128, 130, 200, 5000, -1])
def test_a_truncated_matlab_file_is_named(folder, length):
    whole = mat(house_numbers())
    put(folder, {"train_32x32.mat": whole, "test_32x32.mat": whole[:length]})
    with pytest.raises(DataError, match=r"test_32x32\.mat is damaged"):
        load(SVHN())


@pytest.mark.parametrize(
    ("below", "named"),
    [
        ("", ""), ("torch", ""), ("datasets/torchvision", ""), (".", "MNIST"), ("", "MNIST/raw"),
    ],
)  # fmt: skip
def test_mnist_is_found_wherever_it_lies(tmp_path, monkeypatch, below, named):
    put(tmp_path / below / "MNIST" / "raw", mnist_files())
    monkeypatch.setenv("LAB_DATA", str(tmp_path / named))
    assert len(load(MNIST()).train) == 12


@pytest.mark.parametrize("below", ["a/b/c", ".hidden"])
def test_what_lies_deeper_or_is_hidden_is_not_looked_for(folder, below):
    put(folder / below / "MNIST" / "raw", mnist_files())
    with pytest.raises(DataError, match="There is no file"):
        load(MNIST())


def test_fashion_mnist_is_never_taken_for_mnist(folder, monkeypatch):
    put(folder / "FashionMNIST" / "raw", mnist_files())
    for named in ("", "FashionMNIST", "FashionMNIST/raw"):
        monkeypatch.setenv("LAB_DATA", str(folder / named))
        assert [available("mnist"), available("fashion-mnist")] == [False, True]


def test_a_loop_of_links_ends(folder):
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere").symlink_to(folder / "nowhere")
    with pytest.raises(DataError, match="There is no file"):
        load(MNIST())


def test_a_thousand_folders_are_looked_into_no_further(folder, monkeypatch):
    for i in range(1000):
        (folder / f"n{i:04}" / "inside").mkdir(parents=True)
    looked, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looked.append(path) or scandir(path))
    with pytest.raises(DataError, match="There is no file"):
        load(MNIST())
    assert len(looked) < 500


@pytest.mark.parametrize("packed", [list(mnist_files()), ["train-images-idx3-ubyte"]])
def test_idx_files_are_read_as_they_come_packed(folder, packed):
    files = mnist_files()
    put(folder / "MNIST/raw", {f"{name}.gz": gzip.compress(files.pop(name)) for name in packed} | files)
    assert load(MNIST()).train.y.tolist() == [*range(10), 0, 1]


PACKED = "t10k-images-idx3-ubyte"
OTHERWISE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "two bytes": lambda: b"\x1f\x8b",
    "cut": lambda: gzip.compress(mnist_files()[PACKED])[:-20],
    "not gzip": lambda: b"not gzip at all" * 9,
    "100 MB": lambda: gzip.compress(bytes(10**8)),
    "four billion images": lambda: gzip.compress(b"\0\0\x08\x03\xff\xff\xff\xff" + bytes(8)),
    "other numbers": lambda: gzip.compress(mnist_files()[PACKED].replace(b"\x08\x03", b"\x0e\x03", 1)),
}
"""Files under the name of a packed one; made when they are asked for, since gzip writes the time into them."""


@pytest.mark.parametrize("kind", OTHERWISE)
def test_a_packed_file_that_is_something_else_is_named(folder, kind):
    files = mnist_files()
    del files[PACKED]
    put(folder / "MNIST/raw", files | {f"{PACKED}.gz": OTHERWISE[kind]()})
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz is damaged or truncated"):
        load(MNIST())


def test_of_two_versions_of_cifar10_the_binary_one_is_read(folder):
    put(folder / "cifar-10-batches-bin", cifar_files())
    put(folder / "cifar-10-batches-py", {"data_batch_1": b"never looked at"})
    assert len(load(CIFAR10()).train) == 20
    (folder / "cifar-10-batches-bin" / "test_batch.bin").unlink()
    with pytest.raises(DataError, match=r"cifar-10-batches-bin/test_batch\.bin"):
        load(CIFAR10())
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    put(folder / "cifar-10-batches-py", dict.fromkeys(names, batch(random_images(3), range(3))))
    assert len(load(CIFAR10()).train) == 15


def test_missing_files_are_named_with_the_mend(folder):
    with pytest.raises(DataError, match=r"MNIST/raw/train-images-idx3-ubyte: set LAB_DATA .* data fetch mnist"):
        load(MNIST())
    with pytest.raises(DataError, match=r"holds cifar-10-batches-bin, or run python -m lab data fetch cifar10"):
        load(CIFAR10())


def test_what_lies_in_the_folder_itself_is_found_without_looking_further(folder, monkeypatch):
    """Also for a data set of which a part may serve: pages ask where it lies all the time."""
    put(folder / "cifar-10-batches-bin", cifar_files())
    put(folder / "MNIST" / "raw", mnist_files())
    monkeypatch.setattr("lab.datafiles.published._below", lambda _: pytest.fail("looked below"))
    assert outline(CIFAR10()).n_train == 50_000
    assert outline(MNIST()).n_train == 60_000
