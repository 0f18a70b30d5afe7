"""Files are written whole, by one function, and nothing is left of what could not be written."""

import ast
import os
import stat
from pathlib import Path

import pytest

from lab.files import publish, write_first, write_whole
from tests.full_disk import full_disk
from tests.test_architecture import ROOT, sources


@pytest.fixture
def settled(monkeypatch):
    """What the disk was waited for: files, then the folder."""
    found, fsync = [], os.fsync

    def note(handle):
        found.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    return found


@pytest.mark.parametrize("content", [b"new", "new", b"", "ε", "caf\udce9"])
def test_a_file_is_replaced_by_all_of_the_new_content(tmp_path, settled, content):
    path = tmp_path / "a.json"
    path.write_text("old and longer")
    write_whole(path, content)
    assert path.read_bytes() == (content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)
    assert os.listdir(tmp_path) == ["a.json"]
    assert settled == ["file", "folder"]


def test_a_full_disk_leaves_the_old_content_and_nothing_besides(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    with full_disk(1000), pytest.raises(OSError, match=r"a\.json") as found:
        write_whole(path, b"x" * 2000)
    assert found.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "gone" / "a.json", "x")
    assert not list(tmp_path.iterdir())


def test_a_link_goes_on_leading_to_the_file_and_a_device_stays_one(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "a")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "a").read_text() == "new"
    write_whole(Path(os.devnull), b"x")
    assert not Path(os.devnull).is_file()


def test_others_may_read_what_the_umask_allows(tmp_path):
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "a", "x")
        write_whole(tmp_path / "b", "x", mode=0o600)
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / each).stat().st_mode) for each in "ab"] == [0o644, 0o600]


def test_of_two_who_write_first_one_does(tmp_path, settled):
    assert write_first(tmp_path / "visitor", "one")
    assert not write_first(tmp_path / "visitor", "two")
    assert (tmp_path / "visitor").read_text() == "one"
    assert os.listdir(tmp_path) == ["visitor"]
    assert settled[:2] == ["file", "folder"]


def test_a_folder_gets_its_name_with_all_of_its_files(tmp_path, settled):
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "a").write_text("x")
    publish(tmp_path / "draft", tmp_path / "b")
    assert (tmp_path / "b" / "a").read_text() == "x"
    assert settled == ["file", "folder", "folder"]


ELSEWHERE = {
    "lab/files.py": "this is the one",
    "lab/runs/claim.py": "a lock has no content",
    "lab/cli/output.py": "what is printed to a console that is not there",
    "lab/training/checkpointer.py": "metrics are appended line by line; a line that is not whole is left out",
    "lab/downloads/data_sets.py": "what was fetched is unpacked in a scratch folder and then published",
    "lab/downloads/receive.py": "what arrives grows in a scratch folder, where it is checked",
    "lab/processes.py": "logs",
    "widgets/dashboards/evaluation/report.py": "a drawing goes into a text, not into a file",
}
WRITERS = {
    "copyfile",
    "copy2",
    "mkstemp",
    "shutil.move",
    "os.rename",
    "os.replace",
    "save_file",
    "tofile",
    "torch.save",
}
WRITERS |= {"np.save", "write_bytes", "write_text"}
INTO_MEMORY = {"savefig": "drawn", "savez": "buffer"}


def writes(call: ast.Call) -> bool:
    """Whether a call writes a file, as far as its name and its arguments say."""
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    given = [*call.args, *(each.value for each in call.keywords)]
    if last in ("open", "fdopen"):
        modes = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        return any(set(each) <= set("rwaxbt+") and set(each) & set("wax+") for each in modes)
    if last in INTO_MEMORY:
        return ast.unparse(call.args[0]) != INTO_MEMORY[last]
    return name in WRITERS or last in WRITERS or (last == "to_csv" and bool(call.args))


def test_files_are_written_by_no_other_function():
    for path in [*sources("lab"), *sources("widgets")]:
        if path.relative_to(ROOT).as_posix() in ELSEWHERE or path.is_relative_to(ROOT / "lab/server"):
            continue
        calls = [each for each in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(each, ast.Call)]
        assert not [f"{path}:{each.lineno}" for each in calls if writes(each)]
