"""The store: what was written is read again, or it is said that it is not."""

import os
import resource
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from lab.errors import LabError
from lab.results import AttackResult
from lab.store import Damaged, Store

KEY = "0123456789abcdef0123456789abcdef"


def result(n: int = 5) -> AttackResult:
    classes = np.arange(n)
    return AttackResult(classes, classes, classes[::-1].copy(), np.linspace(0, 1, n), np.zeros(n), 0.3)


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    Store(tmp_path / "new" / "folder").write(KEY, result())
    found = Store(tmp_path / "new" / "folder").read(KEY)
    assert isinstance(found, AttackResult)
    assert np.array_equal(found.distance, result().distance)
    assert found.eps == 0.3


def test_what_was_never_written_is_not_there(tmp_path: Path) -> None:
    assert Store(tmp_path).read(KEY) is None


@pytest.mark.parametrize("key", ["", "../secret", "a/b", "ABCDEF0123456789", "0123", KEY + "\n", "g" * 32])
def test_only_keys_name_files(tmp_path: Path, key: str) -> None:
    with pytest.raises(LabError, match="is no key"):
        Store(tmp_path).read(key)
    with pytest.raises(LabError, match="is no key"):
        Store(tmp_path).write(key, result())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "foreign"])
def test_damage_is_said_and_removed(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    store.write(KEY, result())
    [path] = tmp_path.iterdir()
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes({
        "truncated": content[:-1],
        "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "empty": b"",
        "foreign": b"PK\x03\x04 something else",
    }[damage])  # fmt: skip
    with pytest.raises(Damaged, match="was damaged and has been removed"):
        store.read(KEY)
    assert store.read(KEY) is None


def _write_often(folder: Path, n: int) -> None:
    for _ in range(30):
        Store(folder).write(KEY, result(n))


def test_two_processes_write_the_same_key_at_once(tmp_path: Path) -> None:
    context = get_context("spawn")
    writers = [context.Process(target=_write_often, args=(tmp_path, 50_000)) for _ in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found = Store(tmp_path).read(KEY)
        assert found is None or len(found.y) == 50_000
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert [each.name for each in tmp_path.iterdir()] == [f"{KEY}.result"]


FULL = """
import resource, sys
sys.path.insert(0, {here!r})
from tests.store.test_store import KEY, result
from lab.errors import LabError
from lab.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    Store({folder!r}).write(KEY, result(50_000))
except LabError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
def test_a_full_disk_leaves_the_old_result(tmp_path: Path) -> None:
    Store(tmp_path).write(KEY, result())
    script = FULL.format(here=str(Path(__file__).parents[2]), folder=str(tmp_path))
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "could not be stored" in said
    assert "LAB_HOME" in said
    assert os.listdir(tmp_path) == [f"{KEY}.result"]
    assert len(Store(tmp_path).read(KEY).y) == 5


def test_the_least_recently_read_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, keys = Store(tmp_path), [digit * 32 for digit in "abcd"]
    for place, key in enumerate(keys[:3]):
        store.write(key, result())
        path = tmp_path / f"{key}.result"
        os.utime(path, ns=(place, path.stat().st_mtime_ns))
    monkeypatch.setenv("LAB_MAX_STORE", str(3 * path.stat().st_size))
    assert store.read(keys[0]) is not None
    store.write(keys[3], result())
    assert [store.read(key) is not None for key in keys] == [True, False, True, True]
    monkeypatch.setenv("LAB_MAX_STORE", "1")
    store.write(keys[3], result())
    assert [store.read(key) is not None for key in keys] == [False, False, False, True]
