"""Files that lie, block or lead round: one sentence names each, and none takes the list of data sets down."""

import io
import json
import os
import pickle
import socket
import tarfile
import threading
import zipfile
import zlib
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from numpy.lib import format as npy
from PIL import Image

from lab import catalogue, datafiles
from lab.data import load
from lab.datafiles import npz
from lab.errors import DataError
from lab.specs import CIFAR10, MNIST, ImageFolder, NpzFile, Preview
from lab.specs.data import published_data
from lab.specs.spec import from_json, key, to_json
from tests.data.test_published import cifar_files, idx, mnist_files, put

LATIN = os.fsdecode(b"caf\xe9")
X, Y = np.zeros((6, 5, 4), np.uint8), np.arange(6) % 3


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("LAB_OWN_DATA", raising=False)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def within(seconds, ask):
    """What ``ask`` returns or raises; a call that blocks fails instead of blocking the tests."""
    found = []

    def run():
        try:
            found.append(ask())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert found, "it blocks"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def refusal(ask, name):
    with pytest.raises(DataError) as found:
        within(20, ask)
    sentence = str(found.value)
    assert name in sentence
    assert len(sentence) <= 300
    assert sentence.endswith(".")
    return sentence


def array(values, **changes):
    """The bytes of an .npy file whose header says what ``changes`` says."""
    values = np.asarray(values)
    header = {"descr": npy.dtype_to_descr(values.dtype), "fortran_order": False, "shape": values.shape} | changes
    text = repr(header).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + values.tobytes()


def written(path, **members):
    arrays = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y} | members
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            archive.writestr(f"{name}.npy", values if isinstance(values, bytes) else array(values))
    return path


LIES = {
    "larger": array(Y, shape=(600,)),
    "smaller": array(Y, shape=(2,)),
    "huge": array(Y, shape=(2**62, 2**62)),
    "beyond 64 bits": array(Y, shape=(10**30,)),
    "negative": array(Y, shape=(-6,)),
    "no numbers": array(Y, shape=("6",)),
    "wide text": array(Y, descr="<U999999999"),
    "objects": array(Y, descr="|O"),
    "fields": array(Y, descr=[("a", "<i4"), ("b", "<i4")]),
    "fortran": array(Y, fortran_order="maybe"),
    "more keys": array(Y, more=1),
    "nested": b"\x93NUMPY\x01\x00\xff\x7f" + b"(" * 0x7FFF,
    "no header": b"\x93NUMPY\x01\x00\x05\x00",
    "another version": b"\x93NUMPY\x09\x00" + array(Y)[8:],
    "pickled": b"\x80\x04N.",
    "empty": b"",
}


@pytest.mark.parametrize("name", ["y_train", "y_test", "x_train", "x_test"])
@pytest.mark.parametrize("lie", LIES)
def test_headers_that_lie_are_refused_before_anything_is_unpacked(folder, name, lie):
    path = written(folder / "lies.npz", **{name: LIES[lie]})
    for ask in (lambda: load(NpzFile(str(path))), lambda: datafiles.outline(NpzFile(str(path)))):
        assert name in refusal(ask, "lies.npz")


def test_a_file_that_may_not_be_read_is_not_called_damaged(folder, monkeypatch):
    """Simulated, because whoever runs the tests may read everything."""
    picture = folder / "imgs" / "test" / "a" / "picture.png"
    picture.parent.mkdir(parents=True)
    Image.new("L", (8, 8)).save(picture)
    written(folder / "mine.npz")
    opened = Path.open

    def refuse(path, *rest, **options):
        if path.name in ("mine.npz", "picture.png"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *rest, **options)

    monkeypatch.setattr(Path, "open", refuse)
    for name, spec in (
        ("mine.npz", NpzFile(str(folder / "mine.npz"))),
        ("picture.png", ImageFolder(str(folder / "imgs"))),
    ):
        assert "cannot be read (Permission denied)" in refusal(lambda spec=spec: load(spec), name)


FOREIGN = {
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n": "fetch it with 'git lfs pull'",
    b"<!DOCTYPE html><html>404": "is a web page",
    b"\x1f\x8b\x08": "is packed with gzip",
}


@pytest.mark.parametrize(("content", "words"), FOREIGN.items(), ids=FOREIGN.values())
def test_a_file_that_is_something_else_is_called_by_what_it_is(folder, content, words):
    (folder / "mine.npz").write_bytes(content)
    assert words in refusal(lambda: datafiles.outline(NpzFile(str(folder / "mine.npz"))), "mine.npz")
    picture = folder / "imgs" / "test" / "a" / "picture.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(content)
    assert words in refusal(lambda: load(ImageFolder(str(folder / "imgs"), size=8)), "picture.png")


def test_arrays_are_read_by_content_and_what_is_no_data_set_is_said_to_be_none(folder):
    for name in ("MINE.NPZ", "mine", "mine.npz.bak"):
        assert datafiles.outline(catalogue.find_data(str(written(folder / name)))).n_test == 6
    os.mkfifo(folder / "pipe")
    os.symlink(folder / "gone", folder / "link")
    for name, words in (
        ("pipe", "is a named pipe, not a file"),
        ("link", "it is a link to "),
        ("gone/imgs", "There is no file or folder "),
        ("https://example.org/mine.npz", "is an address: download it"),
    ):
        where = name if "://" in name else str(folder / name)
        assert words in refusal(lambda where=where: catalogue.find_data(where), name)


def table(text, encoding="utf-8"):
    return text.encode(encoding)


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    tarfile.open(fileobj=file, mode="w").close()
    header = tarfile.TarInfo("a.png").tobuf()
    return header + file.getvalue()


def encoded(form):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, form)
    return file.getvalue()


def saved_by_torch(**options):
    file = io.BytesIO()
    torch.save({"x": torch.zeros(2, 8, 8)}, file, **options)
    return file.getvalue()


OTHER_KINDS = {
    "table.csv": (table("label,pixel\n0,255\n"), "text: read it with pandas.read_csv"),
    "excel.csv": (table("étiquette;ε\n" * 900, "utf-8-sig"), "text: read it with pandas.read_csv"),
    "wide.csv": (table("label\t1\n", "utf-16"), "text: read it with pandas.read_csv"),
    "records.json": (table('{"x": [1]}'), "text: read it with json.load"),
    "images.h5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file: read it with h5py"),
    "images.parquet": (b"PAR1" + bytes(90) + b"PAR1", "a Parquet file: read it with pandas.read_parquet"),
    "images.mat": (b"MATLAB 5.0 MAT-file".ljust(128), "a MATLAB file: read it with scipy.io.loadmat"),
    "new.mat": (b"MATLAB 7.3 MAT-file".ljust(512), "a MATLAB file of version 7.3: read it with h5py"),
    "bare.npy": (array(X), "one bare array: read it with numpy.load"),
    "images.pt": (saved_by_torch(), "a PyTorch file: read it with torch.load"),
    "old.pt": (saved_by_torch(_use_new_zipfile_serialization=False), "a PyTorch file: read it with torch.load"),
    "images.pkl": (pickle.dumps({"x": X}), "a pickle: read it with the program that wrote it"),
    "images.safetensors": (b"\x02" + bytes(7) + b"{}", "a safetensors file: read it with safetensors"),
    "images.idx3-ubyte": (bytes([0, 0, 8, 3, 0, 0, 0, 2]) + bytes(90), "an IDX file, as MNIST's are"),
    "images.zip": (zipped("train/a/1.png"), "an archive: unpack it"),
    "sheet.xlsx": (zipped("xl/workbook.xml"), "an Excel workbook: read it with pandas.read_excel"),
    "images.tar": (tarred(), "an archive: unpack it"),
    "images.7z": (b"7z\xbc\xaf'\x1c" + bytes(90), "an archive: unpack it"),
    "one.png": (encoded("PNG"), "one image: put it into a folder"),
    "one.webp": (encoded("WEBP"), "one image: put it into a folder"),
    "nothing.csv": (b"", "empty: name another"),
    "films.mp4": (b"\0\0\0\x18ftypmp42" + bytes(range(256)), "save the images as x_test"),
}


@pytest.mark.parametrize("name", OTHER_KINDS)
def test_a_file_of_another_kind_is_called_by_it_with_the_way_to_a_data_set(folder, name):
    content, words = OTHER_KINDS[name]
    (folder / name).write_bytes(content)
    sentence = refusal(lambda: datafiles.outline(catalogue.find_data(str(folder / name))), name)
    assert words in sentence
    assert "Traceback" not in sentence
    for cut in (len(content) // 2, len(content) - 9):
        (folder / name).write_bytes(
            content[:cut] + content[cut + 1 :]
        )  # damaged, it is refused in a sentence all the same
        refusal(lambda: datafiles.outline(catalogue.find_data(str(folder / name))), name)
    if not words.startswith(("text", "empty", "save")):
        (folder / "mine.npz").write_bytes(content)
        assert words in refusal(lambda: datafiles.outline(NpzFile(str(folder / "mine.npz"))), "mine.npz")


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


def hostile(folder):
    """One of each kind, by name."""
    (folder / "loop.npz").symlink_to("loop.npz")
    (folder / "round.npz").symlink_to("back.npz")
    (folder / "back.npz").symlink_to("round.npz")
    (folder / "gone.npz").symlink_to("nowhere.npz")
    os.mkfifo(folder / "pipe.npz")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket.npz"))
    (folder / "device.npz").symlink_to("/dev/zero")
    (folder / "empty.npz").touch()
    written(folder / "lies.npz", y_train=LIES["huge"])
    (folder / ("n" * 250 + ".npz")).write_bytes(b"PK\3\4")
    (folder / "two\nlines.npz").write_bytes(b"PK\3\4")
    (folder / f"{LATIN}.npz").write_bytes(b"PK\3\4")
    return 12


def test_no_file_takes_the_list_of_data_sets_down(folder):
    count = hostile(folder)
    (folder / "folder.npz").mkdir()
    (folder / "._mac.npz").write_bytes(b"\0\5\26\7")
    written(folder / "good.npz")
    cards = within(20, catalogue.data_sets)
    assert [each.name for each in cards if each.available] == ["digits", "good"]
    damaged = [each for each in cards if each.spec not in published_data()]
    assert len(damaged) == count + 1
    for card in damaged:
        assert len(card.note) <= 300
        assert (card.name + card.note).isprintable()
        json.dumps(card.note).encode()
    for card in damaged:
        if not card.available:
            refusal(lambda card=card: load(card.spec), "npz")


def test_what_is_wrong_with_a_file_is_found_out_once(folder, monkeypatch):
    path = written(folder / "lies.npz", y_train=LIES["larger"])
    first = refusal(lambda: datafiles.outline(NpzFile(str(path))), "lies.npz")
    monkeypatch.setattr("lab.datafiles.outlines.Npz", None)
    assert refusal(lambda: datafiles.outline(NpzFile(str(path))), "lies.npz") == first


def test_names_that_are_not_utf8_are_data_sets_like_others(folder, tmp_path):
    path = written(folder / f"{LATIN}.npz")
    images = tmp_path / LATIN
    for part in ("train", "test"):
        for name in (LATIN, "b"):
            (images / part / name).mkdir(parents=True)
            Image.new("L", (8, 8)).save(images / part / name / f"{LATIN}.png")
    for spec in (NpzFile(str(path)), ImageFolder(str(images), size=8)):
        assert load(spec).name == "caf\\xe9"
        assert key(Preview(data=spec), *catalogue.fingerprints(Preview(data=spec)))
        assert from_json(to_json(spec)) == spec
        assert catalogue.find_data(spec.path, *([8] if isinstance(spec, ImageFolder) else [])) == spec
    assert load(ImageFolder(str(images), size=8)).class_names == ("b", "caf\\xe9")
    (images / "train" / LATIN / f"{LATIN}.png").write_bytes(b"")
    refusal(lambda: load(ImageFolder(str(images), size=8)), "caf\\xe9.png cannot be decoded as an image")


def denied(_):
    raise PermissionError(13, "Permission denied")  # which root, who may run the tests, never meets


@pytest.mark.parametrize("kind", ["loop", "pipe", "file", "unreadable"])
def test_a_folder_of_data_sets_that_is_none_leaves_the_digits(tmp_path, monkeypatch, kind):
    place = tmp_path / kind
    if kind == "loop":
        place.symlink_to(place)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "file":
        place.touch()
    else:
        place.mkdir()
        monkeypatch.setattr(os, "scandir", denied)
    monkeypatch.setenv("LAB_DATA", str(place))
    assert "digits" in [each.name for each in within(20, catalogue.data_sets) if each.available]
    [sentence] = catalogue.data_problems()
    assert place.name in sentence


@pytest.mark.parametrize(
    "text", ["{", "3", "[3]", "null", '[{"spec": "PGD"}]', '["~no-such-user/x.npz"]', "[" * 100_000]
)
def test_what_a_server_offers_must_be_data_sets(monkeypatch, text):
    monkeypatch.setenv("LAB_OWN_DATA", text)
    refusal(catalogue.data_sets, "LAB_OWN_DATA should be a JSON list of paths")


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
