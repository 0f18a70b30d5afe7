"""The published data sets: real files where there are some, small files of the same form otherwise."""

import gzip
import hashlib
import io
import struct
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from lab.catalogue import data_sets, find_data
from lab.context import Cancelled, Context
from lab.data import load
from lab.errors import DataError
from lab.specs import CIFAR10, MNIST, FashionMNIST

RANDOM = np.random.default_rng(0)


def available(name):
    return {each.name: each.available for each in data_sets()}.get(name, False)


def real(name):
    return pytest.mark.skipif(not available(name), reason=f"LAB_DATA has no {name}")


@pytest.mark.parametrize(
    ("name", "shape", "sizes", "mean"),
    [
        pytest.param("mnist", (1, 28, 28), (60_000, 10_000), 0.1307, marks=real("mnist")),
        pytest.param("fashion-mnist", (1, 28, 28), (60_000, 10_000), 0.2860, marks=real("fashion-mnist")),
        pytest.param("cifar10", (3, 32, 32), (50_000, 10_000), 0.4734, marks=real("cifar10")),
        pytest.param("cifar10_10k_2k", (3, 32, 32), (10_000, 2_000), 0.4734, marks=real("cifar10_10k_2k")),
    ],
)
def test_real_files(name, shape, sizes, mean):
    data = load(find_data(name))
    assert (data.shape, data.classes, len(data.train), len(data.test)) == (shape, 10, *sizes)
    assert data.train.x.float().mean() / 255 == pytest.approx(mean, abs=2e-3)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    return tmp_path


def idx(array):
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def mnist_files(n_train=12, n_test=10):
    return {
        "train-images-idx3-ubyte": idx(RANDOM.integers(0, 256, (n_train, 28, 28), dtype=np.uint8)),
        "train-labels-idx1-ubyte": idx((np.arange(n_train) % 10).astype(np.uint8)),
        "t10k-images-idx3-ubyte": idx(RANDOM.integers(0, 256, (n_test, 28, 28), dtype=np.uint8)),
        "t10k-labels-idx1-ubyte": idx((np.arange(n_test) % 10).astype(np.uint8)),
    }


def cifar_files(n=4):
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    records = RANDOM.integers(0, 256, (6, n, 3073), dtype=np.uint8)
    records[:, :, 0] = np.arange(n)
    return {name: batch.tobytes() for name, batch in zip(names, records, strict=True)}


def put(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


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


def test_missing_files_are_named_with_the_mend(folder):
    with pytest.raises(DataError, match=r"MNIST/raw/train-images-idx3-ubyte: set LAB_DATA .* or allow its download"):
        load(MNIST())
    with pytest.raises(DataError, match=r"binary version of CIFAR-10 .* nothing is unpickled"):
        load(CIFAR10())


@pytest.fixture
def published(tmp_path_factory, monkeypatch):
    """The authors' servers as a folder of this machine, with the same names, forms and checks."""
    server = tmp_path_factory.mktemp("server")
    downloads = []
    for name, content in mnist_files().items():
        (server / f"{name}.gz").write_bytes(gzip.compress(content))
        downloads.append((f"{name}.gz", hashlib.md5((server / f"{name}.gz").read_bytes()).hexdigest()))
    mirrors = (f"{server.as_uri()}/nowhere/", f"{server.as_uri()}/")
    monkeypatch.setattr(MNIST, "published", replace(MNIST.published, mirrors=mirrors, downloads=tuple(downloads)))
    packed = server / "cifar-10-binary.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        for name, content in cifar_files().items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    md5 = hashlib.md5(packed.read_bytes()).hexdigest()
    row = replace(CIFAR10.published, mirrors=mirrors, downloads=((packed.name, md5),))
    monkeypatch.setattr(CIFAR10, "published", row)
    return server


def test_a_download_on_request_reports_progress_and_happens_once(folder, published):
    seen = []
    assert len(load(MNIST(), Context(on_progress=seen.append), download=True).train) == 12
    assert len(load(CIFAR10(), download=True).test) == 4
    fractions = [each.fraction for each in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.9
    assert "downloading train-images-idx3-ubyte.gz" in seen[0].doing
    for path in published.iterdir():
        path.unlink()
    assert len(load(MNIST(), download=True).train) == 12
    assert sorted(path.name for path in (folder / "MNIST" / "raw").iterdir()) == sorted(mnist_files())


def test_without_a_network_nothing_is_left_and_the_mend_is_said(folder, monkeypatch):
    nobody = ("http://127.0.0.1:9/",)  # the discard port
    monkeypatch.setattr(MNIST, "published", replace(MNIST.published, mirrors=nobody))
    with pytest.raises(DataError, match=r"cannot be downloaded .*: check the connection, or set LAB_DATA"):
        load(MNIST(), download=True)
    assert list((folder / "MNIST" / "raw").iterdir()) == []


def test_a_damaged_download_is_refused(folder, published):
    path = published / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte\.gz cannot be downloaded .*the content is damaged"):
        load(MNIST(), download=True)
    assert [each.name for each in (folder / "MNIST" / "raw").iterdir()] == ["train-images-idx3-ubyte"]


def test_a_cancelled_download_leaves_nothing(folder, published):
    with pytest.raises(Cancelled):
        load(MNIST(), Context(cancelled=lambda: True), download=True)
    assert list((folder / "MNIST" / "raw").iterdir()) == []
