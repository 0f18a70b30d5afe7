"""CIFAR's Python version is read as published, and a pickle that says anything else is refused, and never run."""

import io
import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from lab.data import load, python_batches
from lab.data.python_batches import read_batch
from lab.errors import DataError
from lab.specs import CIFAR10, CIFAR100
from tests.data.batch_files import DTYPE, NDARRAY, RECONSTRUCT, Pickle, batch, random_images

MOST = 10**6


def test_the_layout_is_the_one_that_python_itself_reads():
    x, y = random_images(300), np.arange(300) % 10
    found = pickle.load(io.BytesIO(batch(x, y)), encoding="bytes")
    assert list(found) == [b"batch_label", b"labels", b"data", b"filenames"]
    np.testing.assert_array_equal(found[b"data"], x.reshape(300, -1))
    assert found[b"labels"] == y.tolist()


def test_cifar10s_python_version_is_read(folder):
    place = folder / "cifar-10-batches-py"
    place.mkdir()
    for i, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        (place / name).write_bytes(batch(random_images(1200, i), np.arange(1200) % 10))
    (place / "batches.meta").write_bytes(b"not looked at")
    data = load(CIFAR10())
    assert (data.shape, len(data.train), len(data.test)) == ((3, 32, 32), 6000, 1200)
    np.testing.assert_array_equal(data.train.x[1200:2400], random_images(1200, 1))
    np.testing.assert_array_equal(data.test.x, random_images(1200, 5))
    assert data.test.y.tolist() == (np.arange(1200) % 10).tolist()


def test_cifar100s_fine_labels_are_read(folder):
    place = folder / "cifar-100-python"
    place.mkdir()
    for name, n in (("train", 200), ("test", 100)):
        (place / name).write_bytes(batch(random_images(n), np.arange(n) % 100, b"fine_labels", coarse=True))
    data = load(CIFAR100())
    assert (data.shape, data.classes, len(data.train), len(data.test)) == ((3, 32, 32), 100, 200, 100)
    assert data.test.y.tolist() == list(range(100))
    assert (data.class_names[0], data.class_names[99]) == ("apple", "worm")


class Reduced:
    def __reduce__(self):
        return os.system, ("touch /tmp/fetch-was-run",)


def small():
    return Pickle().say(b"}", True).say(b"(")


def pair(made, key=b"data"):
    """The batch with that value of a key, begun by ``made``."""
    return made.say(b"u.").content


X, Y = random_images(2), [1, 2]
WHOLE = batch(X, Y)
DEEP = b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b"."
TUPLES = b"\x80\x02N" + b"\x85" * 50_000 + b"."
ITSELF = b"\x80\x02]q\x01h\x01a."


def labels_only(write):
    made = small().text(b"data").array(2, 3072, X.tobytes()).text(b"labels")
    write(made)
    return made.say(b"u.").content


HOSTILE = {
    "os.system": (pickle.dumps({b"data": Reduced(), b"labels": [0]}, 2), "it calls "),
    "a builtin": (b"\x80\x02c__builtin__\neval\nU\x011\x85R.", "it calls __builtin__ eval"),
    "an object": (b"\x80\x02cnumpy\nndarray\n)\x81.", "the operation EMPTY_TUPLE"),
    "stack global": (pickle.dumps({b"data": Reduced()}, 4), "the operation"),
    "an instance": (b"(i__main__\nA\n.", "the operation INST"),
    "a persistent id": (b"\x80\x02Pfile\n.", "the operation PERSID"),
    "another call of numpy": (
        small().text(b"data").say(RECONSTRUCT).say(NDARRAY).number(9).say(b"\x85").text(b"b").say(b"\x87Ru.").content,
        "calls numpy with what no batch has",
    ),
    "objects in an array": (
        small().text(b"data").say(DTYPE).text(b"O8").number(0).number(1).say(b"\x87Ru.").content,
        "calls numpy with what no batch has",
    ),
    "a call of a call": (b"\x80\x02" + RECONSTRUCT + b"U\x01bR.", "calls numpy with what no batch has"),
    "a state of a dictionary": (b"\x80\x02}N" + b"b.", "it builds what no batch has"),
    "a shape that lies": (
        small().text(b"data").array(10_000, 3072, b"abc").say(b"u.").content,
        "shape is not that of its bytes",
    ),
    "a shape below zero": (small().text(b"data").array(-1, -3, b"abc").say(b"u.").content, "shape is not that"),
    "no rows": (small().text(b"data").array(0, 3072, b"").say(b"u.").content, "shape is not that of its bytes"),
    "columns": (batch(X[:, :, :16], Y), "not an array of 3,072 bytes a row"),
    "another order": (
        small().text(b"data").array(2, 3072, X.tobytes(), b"\x88").say(b"u.").content,
        "the operation NEWTRUE",
    ),
    "no images": (small().text(b"labels").say(b"]u.").content, "not an array of 3,072 bytes a row"),
    "other keys": (WHOLE.replace(b"labels", b"lebals"), "it has no list of labels"),
    "a key twice": (WHOLE.replace(b"U\x09filenames", b"U\x06labels"), "is there twice"),
    "a key that is a list": (b"\x80\x02}]Ns.", "a key is not text"),
    "half an item": (small().text(b"data").say(b"u.").content, "what is not a dictionary"),
    "labels of text": (labels_only(lambda made: made.list([b"1", b"2"], made.text)), "it has no list of labels"),
    "labels in labels": (labels_only(lambda made: made.say(b"](]]e")), "it has no list of labels"),
    "labels that are a tuple": (labels_only(lambda made: made.number(1).number(2).say(b"\x86")), "no list of labels"),
    "three labels": (labels_only(lambda made: made.list([1, 2, 3], made.number)), "are 3 for 2 images"),
    "a label too large": (labels_only(lambda made: made.list([1, 100], made.number)), "contain 100"),
    "a label below zero": (labels_only(lambda made: made.list([1, -1], made.number)), "contain -1"),
    "lists in lists": (DEEP, "it is not a dictionary"),
    "tuples in tuples": (TUPLES, "it is not a dictionary"),
    "a list in itself": (ITSELF, "it is not a dictionary"),
    "a dictionary in itself": (b"\x80\x02}q\x01U\x04datah\x01s.", "not an array of 3,072 bytes a row"),
    "too many operations": (b"\x80\x02" + b"N" * 110_000 + b".", "too many operations"),
    "what was never kept": (b"\x80\x02h\x07.", "the operation BINGET"),
    "an empty stack": (b"\x80\x02a.", "takes what is not there"),
    "no mark": (b"\x80\x02}u.", "is damaged or truncated"),
    "nothing to keep": (b"\x80\x02q\x01.", "is damaged or truncated"),
    "two values": (b"\x80\x02}}.", "it is not a dictionary"),
    "a number": (b"\x80\x02K\x01.", "it is not a dictionary"),
    "another protocol": (b"\x80\x05}.", "the operation PROTO"),
    "no end": (WHOLE[:-1], "is damaged or truncated"),
    "nothing": (b"", "is damaged or truncated"),
    "no pickle": (b"\xff" * 100, "is damaged or truncated"),
    "a length that lies": (b"\x80\x02T" + struct.pack("<i", 2**31 - 1) + b"abc.", "is damaged or truncated"),
    "a length below zero": (b"\x80\x02T" + struct.pack("<i", -5) + b"abc.", "is damaged or truncated"),
    "a length of eight bytes": (b"\x80\x02\x8e" + struct.pack("<Q", 2**62) + b"abc.", "is damaged or truncated"),
    "a long number": (b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"1.", "is damaged or truncated"),
    "a number of many digits": (b"\x80\x02L" + b"9" * 500_000 + b"L\n.", "is damaged or truncated"),
    "a web page": (b"<!DOCTYPE html><html>404", "is a web page"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_anything_else_is_refused_and_never_run(folder, kind, monkeypatch):
    content, words = HOSTILE[kind]
    monkeypatch.setattr(python_batches, "_MOST_OPERATIONS", 101_000)
    place = folder / "cifar-100-python"
    place.mkdir()
    for name in ("train", "test"):
        (place / name).write_bytes(batch(X, Y, b"fine_labels"))
    (place / "train").write_bytes(content)
    with pytest.raises(DataError, match=words) as error:
        load(CIFAR100())
    assert "train" in str(error.value)
    assert not os.path.exists("/tmp/fetch-was-run")


def test_a_claimed_length_takes_no_memory(tmp_path):
    path = tmp_path / "train"
    tracemalloc.start()
    for kind in ("a length that lies", "a length of eight bytes", "a long number"):
        path.write_bytes(HOSTILE[kind][0])
        with pytest.raises(DataError, match="is damaged or truncated"):
            read_batch(path, 3072, MOST)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**20


@pytest.mark.parametrize("length", range(0, len(WHOLE) - 1, 97))
def test_a_truncated_batch_is_named(tmp_path, length):
    (tmp_path / "data_batch_1").write_bytes(WHOLE[:length])
    with pytest.raises(DataError, match="data_batch_1 is "):
        read_batch(tmp_path / "data_batch_1", 3072, MOST)


def test_changed_bytes_are_read_as_a_batch_or_refused(tmp_path):
    """Whatever stands at any place of the file's operations."""
    random = np.random.default_rng(1)
    start, end = WHOLE.index(b"T\x00\x18\x00\x00") + 5, WHOLE.index(b"U\x09filenames") - 8
    operations = [*range(start), *range(end, len(WHOLE))]
    path = tmp_path / "data_batch_1"
    for _ in range(300):
        changed = bytearray(WHOLE)
        for place in random.choice(operations, random.integers(1, 4)):
            changed[place] = random.integers(256)
        path.write_bytes(changed)
        try:
            x, y = read_batch(path, 3072, MOST)
        except DataError:
            continue
        assert x.shape[1] == 3072
        assert y.dtype == np.int64


def test_a_file_larger_than_its_data_set_is_not_read(tmp_path):
    (tmp_path / "train").write_bytes(WHOLE)
    with pytest.raises(DataError, match="train is damaged"):
        read_batch(tmp_path / "train", 3072, len(WHOLE) - 1)
