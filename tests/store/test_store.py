"""The store: what was written is read again, or it is said that it is not."""

import errno
import hashlib
import io
import json
import os
import resource
import stat
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from lab.errors import LabError, Unknown
from lab.results import AttackResult, pack
from lab.store import DamagedResult, Store
from tests.results.test_result import restarts_result

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
    with pytest.raises(LabError, match="is not a valid key"):
        Store(tmp_path).read(key)
    with pytest.raises(LabError, match="is not a valid key"):
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
    with pytest.raises(DamagedResult, match="was damaged and has been removed"):
        store.read(KEY)
    assert store.read(KEY) is None


def packed(change) -> bytes:
    """The bytes of a stored result whose structure was changed, with the right checksum."""
    with np.load(io.BytesIO(pack(restarts_result()))) as arrays:
        content = dict(arrays)
    structure = json.loads(content.pop("structure").tobytes())
    change(structure)
    buffer = io.BytesIO()
    np.savez(buffer, structure=np.frombuffer(json.dumps(structure).encode(), np.uint8), **content)
    checksum = hashlib.sha256(buffer.getvalue()).hexdigest().encode()
    return b"adversarial-lab result 1 sha256 %s\n%s" % (checksum, buffer.getvalue())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (packed(lambda found: found.update(result="TournamentResult")), "no result called 'TournamentResult'"),
        (packed(lambda found: found["models"][0].update(result="Tomorrow")), "no result called 'Tomorrow'"),
        (packed(lambda found: found.update(p_value=0.1)), "'p_value'"),
        (packed(lambda found: found.pop("random_distance")), "'random_distance'"),
        (packed(lambda found: found["spec"]["attack"].update(spec="APGD2077")), "no spec called 'APGD2077'"),
        (packed(lambda found: found["spec"]["attack"].update(averaged=True)), "no field 'averaged'"),
        (packed(lambda found: found["spec"]["attack"].update(steps=10**9)), "must lie between"),
        (b"adversarial-lab result 2 blake3 0123\nwhatever comes then", "format has number 2"),
        (b"adversarial-lab result 10 ", "format has number 10"),
    ],
)
def test_what_a_newer_lab_or_a_plug_in_has_stored_stays(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / f"{KEY}.result"
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(Unknown, match="stays as it is") as found:
            Store(tmp_path).read(KEY)
        assert words in str(found.value)
        assert len(str(found.value)) - len(str(tmp_path)) <= 250
    with pytest.raises(Unknown, match="not stored"):
        Store(tmp_path).write(KEY, result())
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


OBSTACLES = {
    "folder": lambda path: path.mkdir(),
    "full folder": lambda path: (path / "inside").mkdir(parents=True),
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to(os.devnull),
    "socket": lambda path: os.mknod(path, stat.S_IFSOCK),
    "loop": lambda path: path.symlink_to(path.name),
}
"""What may stand where a result belongs without being a file."""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have names")
@pytest.mark.parametrize("kind", OBSTACLES)
def test_what_is_no_file_stays_and_is_said(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{KEY}.result"
    OBSTACLES[kind](path)
    before = path.lstat()
    with pytest.raises(Unknown, match="stays as it is"):
        Store(tmp_path).read(KEY)
    with pytest.raises(LabError, match=r"could not be stored: .* remove it"):
        Store(tmp_path).write(KEY, result())
    assert path.lstat() == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have names")
def test_room_is_made_around_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for digit, make in zip("cdef", OBSTACLES.values(), strict=False):
        make(tmp_path / f"{digit * 32}.result")
    monkeypatch.setenv("LAB_MAX_STORE", "1")
    Store(tmp_path).write(KEY, result())
    assert Store(tmp_path).read(KEY) is not None
    assert len(list(tmp_path.iterdir())) == 5


def test_a_damaged_result_that_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"{KEY}.result"
    path.write_bytes(b"junk")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))  # a test that runs as root can take no rights away

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(Unknown, match=r"is damaged, cannot be removed \(Read-only file system\)"):
        Store(tmp_path).read(KEY)


def test_what_is_no_result_in_spite_of_its_checksum_is_damaged(tmp_path: Path) -> None:
    checksum = hashlib.sha256(b"junk").hexdigest().encode()
    (tmp_path / f"{KEY}.result").write_bytes(b"adversarial-lab result 1 sha256 %s\njunk" % checksum)
    with pytest.raises(DamagedResult):
        Store(tmp_path).read(KEY)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed_in_time(tmp_path: Path) -> None:
    for name, age in ((".old.part", 7200), (".new.part", 0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    Store(tmp_path).write(KEY, result())
    assert {each.name for each in tmp_path.iterdir()} == {".new.part", f"{KEY}.result"}


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
