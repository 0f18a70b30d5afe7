"""Files that lie about what they hold, are damaged or do not fit: one sentence names each."""

import os
import zlib

import numpy as np
import psutil
import pytest
from numpy.lib import format as npy
from PIL import Image

from lab import catalogue, datafiles
from lab.data import load
from lab.datafiles import npz
from lab.specs import CIFAR10, MNIST, ImageFolder, NpzFile
from tests.data.npz_files import LIES, written
from tests.data.published_files import cifar_files, idx, mnist_files, put
from tests.data.refused import refusal


@pytest.mark.parametrize("name", ["y_train", "y_test", "x_train", "x_test"])
@pytest.mark.parametrize("lie", LIES)
def test_headers_that_lie_are_refused_before_anything_is_unpacked(folder, name, lie):
    path = written(folder / "lies.npz", **{name: LIES[lie]})
    for ask in (lambda: load(NpzFile(str(path))), lambda: datafiles.outline(NpzFile(str(path)))):
        assert name in refusal(ask, "lies.npz")


def test_gigabytes_of_labels_are_refused_from_their_header(folder, monkeypatch):
    monkeypatch.setattr(npz, "MOST_IMAGES", 1000)
    many = np.zeros(2000, np.uint8)
    path = written(folder / "bomb.npz", x_train=many[:, None, None], y_train=many)
    monkeypatch.setattr(npy, "read_array", None)
    assert "x_train has 2,000 images: keep at most 1,000" in refusal(lambda: load(NpzFile(str(path))), "bomb.npz")


@pytest.mark.parametrize("where", ["machine", "container"])
def test_more_than_the_memory_is_refused(where, folder, monkeypatch):
    path = written(folder / "large.npz")
    if where == "machine":
        free = psutil.virtual_memory()._replace(available=100)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    else:
        monkeypatch.setattr("lab.memory._in_container", lambda: [100])
    assert "unpacks to" in refusal(lambda: load(NpzFile(str(path))), "large.npz")
    assert datafiles.outline(NpzFile(str(path))).n_test == 6
    for name in ("train/a", "test/a"):
        (folder / "imgs" / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(folder / "imgs" / name / "0.png")
    assert "choose a smaller --size" in refusal(lambda: load(ImageFolder(str(folder / "imgs"))), "imgs")


@pytest.mark.parametrize("change", ["flags", "method", "crc", "directory", "half"])
def test_damaged_archives_are_refused(folder, change):
    path = written(folder / "damaged.npz")
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    if change == "flags":
        content[central + 8] |= 1  # encrypted
    elif change == "method":
        content[central + 10] = 99
    elif change == "crc":
        content[central + 16] ^= 1
    elif change == "directory":
        content[central + 24 : central + 28] = b"\xff\xff\xff\x7f"
    path.write_bytes(content[: len(content) // 2] if change == "half" else content)
    refusal(lambda: load(NpzFile(str(path))), "damaged.npz")
    assert not {each.name: each for each in catalogue.data_sets()}["damaged"].available


def test_what_is_wrong_with_a_file_is_found_out_once(folder, monkeypatch):
    path = written(folder / "lies.npz", y_train=LIES["larger"])
    first = refusal(lambda: datafiles.outline(NpzFile(str(path))), "lies.npz")
    monkeypatch.setattr("lab.datafiles.outlines.Npz", None)
    assert refusal(lambda: datafiles.outline(NpzFile(str(path))), "lies.npz") == first


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
@pytest.mark.parametrize(
    "content",
    [
        idx(np.zeros((0, 28, 28), np.uint8)),
        idx(np.zeros((2, 28, 28), np.float64)),
        b"\0\0\x08\x03" + b"\xff" * 12,
        b"\0\0\x08\xff" * 8,
        b"\0\0\x08\x01\0\0\0\0",
        b"\xff" * 100,
    ],
)
def test_published_files_that_lie_are_damaged(folder, name, content):
    put(folder / "MNIST" / "raw", mnist_files() | {name: content})
    refusal(lambda: load(MNIST()), name)


def test_published_files_that_are_no_files_or_too_large_are_refused(folder):
    put(folder / "cifar-10-batches-bin", cifar_files())
    batch = folder / "cifar-10-batches-bin" / "data_batch_3.bin"
    with batch.open("ab") as file:
        file.truncate(3073 * 50_000)
    assert "damaged" in refusal(lambda: load(CIFAR10()), "data_batch_3.bin")
    batch.unlink()
    os.mkfifo(batch)
    assert "is a named pipe, not a file" in refusal(lambda: load(CIFAR10()), "data_batch_3.bin")
    batch.unlink()
    batch.symlink_to(batch)
    assert "cannot be read" in refusal(lambda: load(CIFAR10()), "data_batch_3.bin")
    batch.unlink()
    batch.mkdir()
    assert "is a folder, not a file" in refusal(lambda: load(CIFAR10()), "data_batch_3.bin")


def test_an_image_that_unpacks_to_gigabytes_is_refused(folder):
    (folder / "imgs" / "a").mkdir(parents=True)
    Image.new("L", (8, 8)).save(folder / "imgs" / "a" / "0.png")
    content = (folder / "imgs" / "a" / "0.png").read_bytes()
    text = zlib.compress(b"a" * 10**7)
    chunk = b"zTXt" + b"a\0\0" + text
    bomb = len(chunk[4:]).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    (folder / "imgs" / "a" / "0.png").write_bytes(content[:33] + bomb * 10 + content[33:])
    refusal(lambda: load(ImageFolder(str(folder / "imgs"))), "0.png")
