"""The command line on any console, in any folder, and when something goes wrong that nobody thought of."""

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab.cli import listing
from lab.cli.main import main
from lab.cli.output import print_json
from lab.errors import LONGEST, LabError
from lab.home import data_folder, home, path_of, settle_folders
from lab.memory import NOT_ENOUGH

ROOT = Path(__file__).resolve().parents[1]
LONG = "9" * 5000


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LAB_DEBUG", raising=False)
    return tmp_path


def console(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding)  # type: ignore[attr-defined]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("what", ["attacks", "recipes", "analyses", "networks", "models", "data"])
def test_every_list_can_be_printed_on_every_console(monkeypatch, encoding: str, what: str) -> None:
    for options, check in (([], len), (["--json"], json.loads)):
        stream = console(encoding)
        monkeypatch.setattr("sys.stdout", stream)
        assert main(["list", what, *options]) == 0
        assert check(written(stream))
    assert written(stream).isascii()


def test_a_sentence_can_be_printed_on_every_console(monkeypatch) -> None:
    stream = console("ascii")
    monkeypatch.setattr("sys.stderr", stream)
    assert main(["attack", "--model", "größer\ud800\x1b[31m\nε"]) == 2
    assert written(stream).count("\n") == 1
    assert "\x1b" not in written(stream)


def test_json_has_one_word_for_what_is_no_number(capsys) -> None:
    print_json({"loss": [float("nan"), (float("-inf"), 1.5)], "name": "ε", "n": None})
    assert capsys.readouterr().out == '{"loss": [null, [null, 1.5]], "name": "\\u03b5", "n": null}\n'


@pytest.mark.parametrize("closed", [("stdout",), ("stderr",), ("stdout", "stderr", "stdin")])
@pytest.mark.parametrize(("line", "code"), [("list networks", 0), ("list nothing", 2), ("--help", 0)])
def test_closed_streams_are_no_error(monkeypatch, closed, line: str, code: int) -> None:
    for name in closed:
        monkeypatch.setattr(sys, name, None)
    assert main(line.split()) == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence(place: Path) -> None:
    command = [sys.executable, "-m", "lab", "list", "networks"]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (2, "The system: No space left on device.\n")


def test_without_a_folder_for_temporary_files_the_variable_is_named(place: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    monkeypatch.setattr(listing, "use_data_folder", lambda _: tempfile.gettempdir())
    assert main(["list", "data"]) == 2
    said = "No folder for temporary files can be written to: make room in /tmp, or set TMPDIR to one that has some.\n"
    assert capsys.readouterr().err == said


AT_EXIT = """
import atexit, os, sys
from lab.__main__ import main

def last_words():
    print("printed")
    os.write(1, b"written")
    os.system("echo said")

atexit.register(last_words)
sys.argv = ["lab", "list", "networks", "--json"]
sys.exit(main())
"""


def test_what_a_users_code_prints_at_the_exit_is_not_of_the_answer(place: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", AT_EXIT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)
    assert all(each in ran.stderr for each in ("printed", "written", "said"))


def test_settings_that_a_package_cannot_read_are_one_sentence(place: Path) -> None:
    (place / "dask.yaml").write_text("distributed: [\n  : }")
    command = [sys.executable, "-m", "lab", "list", "networks"]
    settings = os.environ | {"DASK_CONFIG": str(place / "dask.yaml")}
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=settings)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert f"A dask config file at '{place / 'dask.yaml'}' is malformed" in ran.stderr
    assert len(ran.stderr) <= LONGEST + 1


def test_a_package_that_cannot_be_loaded_is_said_by_its_cause(place: Path) -> None:
    """NumPy puts a page of advice in front of it, which begins with IMPORTANT: PLEASE READ THIS."""
    words = 'raise ImportError("IMPORTANT: READ THIS\\nadvice") from ImportError("libfirst.so: wrong ELF class")'
    (place / "platformdirs.py").write_text(words)
    ran = subprocess.run(
        [sys.executable, "-m", "lab", "list", "networks"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(place)},
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    said = (
        "The lab cannot start (ImportError: libfirst.so: wrong ELF class): correct what that names, or install the lab "
    )
    assert ran.stderr == f"{said}again.\n"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
    ],
)
def test_too_little_memory_is_no_fault_of_the_lab(monkeypatch, capsys, error) -> None:
    monkeypatch.setattr(listing, "use_data_folder", lambda _: (_ for _ in ()).throw(error))
    assert main(["list", "data"]) == 2
    assert capsys.readouterr().err == f"{NOT_ENOUGH}\n"


def test_a_folder_that_is_gone_is_only_needed_for_relative_paths_and_computing(
    place: Path, monkeypatch, capsys
) -> None:
    (place / "gone").mkdir()
    monkeypatch.chdir(place / "gone")
    (place / "gone").rmdir()
    assert main(["list", "networks"]) == 0
    said = "The current folder no longer exists: change to another one."
    assert main(["attack", "--model", "standard", "--attack", "FGSM", "--images", "1"]) == 2  # PyTorch needs one
    assert said in capsys.readouterr().err
    monkeypatch.setenv("LAB_HOME", "relative")
    assert main(["list", "networks"]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [TypeError("a\nb"), RecursionError("x" * 5000), KeyError("ε"), UnicodeError("\ud800")]
)
def test_what_nobody_thought_of_is_one_sentence_and_exit_code_1(monkeypatch, capsys, error) -> None:
    def fails(_: object) -> int:
        raise error

    monkeypatch.setattr(listing, "use_data_folder", fails)
    assert main(["list", "data"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"Something went wrong in the lab ({type(error).__name__}: " in err
    assert "LAB_DEBUG=1" in err
    assert len(err) <= LONGEST + 1
    monkeypatch.setenv("LAB_DEBUG", "1")
    with pytest.raises(type(error)):
        main(["list", "data"])


def test_ctrl_c_is_no_traceback_also_while_the_lab_is_imported(monkeypatch) -> None:
    import lab.__main__
    import lab.cli

    def stopped() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(lab.cli, "main", stopped)
    assert lab.__main__.main() == 130


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"attack --model {LONG}", "There is no model called '999"),
        (f"attack --data {LONG}", "is not a path (File name too long)"),
        (f"attack --set {LONG}=1", "PGD has no field '999"),
        (f"attack --set steps={LONG}", "PGD.steps should be a whole number, not '999"),
        (f"attack --set steps={LONG[:400]}", "must lie between 1 and"),
        (f"attack --eps {LONG}", "must lie between 0 and 1, but is inf"),
        (f"attack --images {LONG}", "invalid positive whole number value"),
        (f"analyse {LONG}", "There is no analysis called '999"),
        (f"train {LONG}", "There is no recipe called '999"),
        (f"list {LONG}", "invalid choice"),
        (f"analyse Preview --csv {LONG}", "is not a path (File name too long)"),
        ("analyse Preview --csv /", "is a folder"),
        ("attack --weights ~nobody-of-this-name/w.pt --model a.b:c", "is not a path"),
        ("attack --eps 0,3", "should be a number such as 0.3 or 8/255, not '0,3'"),
        ("attack --eps 8/0", "not '8/0'"),
        ("attack --attack=", "Argument --attack: the value is empty: give one, or leave the option out"),
        ("attack --data=", "--data: the value is empty"),
        ("analyse Preview --csv=", "--csv: the value is empty"),
        ("attack --eps nan", "between 0 and 1, but is nan"),
        ("attack --set step_size=0,1", "PGD.step_size should be a number such as 0.3 or 8/255, not '0,1'"),
        ("attack --set step_size=2/0", "not '2/0'"),
        ("attack --attack PGD2", "no attack called 'PGD2', but there is PGD"),
        ("attack --attack fgsmm", "but there is FGSM"),
        ("analyse Curves", "but there is RobustnessCurves"),
        ("analyse loss-surface", "but there is LossSurface"),
        ("train pgd", "but there is pgd-training"),
        ("train trade", "but there is trades-training or TRADES"),
        ("train madry", "known are standard-training"),
    ],
)
def test_a_mistake_is_one_short_sentence(capsys, line: str, words: str) -> None:
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert (out, err.count("\n")) == ("", 1)
    assert len(err) <= LONGEST + 1


def test_fractions_are_numbers(monkeypatch, capsys) -> None:
    tried = []
    monkeypatch.setattr("lab.cli.attack._attacked", lambda request, *_: tried.append(request) or SimpleNamespace())
    monkeypatch.setattr("lab.cli.attack._words", lambda *_: "")
    monkeypatch.setattr("lab.cli.attack._record", lambda *_: {})
    assert main(["attack", "--eps", "8/255", "--set", "step_size=2/255"]) == 0
    assert (tried[0].spec.ball.eps, tried[0].spec.attack.step_size) == (8 / 255, 2 / 255)


def test_folders_are_full_paths_for_every_process(place: Path, monkeypatch) -> None:
    (place / "here").mkdir()
    monkeypatch.chdir(place / "here")
    monkeypatch.setenv("HOME", str(place / "me"))
    for variable, folder in (("LAB_HOME", home), ("LAB_DATA", data_folder)):
        for given, meant in (
            ("rel", "here/rel"),
            ("../up", "here/../up"),
            ("~/mine", "me/mine"),
            ("a b:c", "here/a b:c"),
        ):
            monkeypatch.setenv(variable, given)
            assert folder() == place / meant
            settle_folders()
            assert os.environ[variable] == str(place / meant)
            monkeypatch.chdir(place)  # as a kernel, which starts in the folder of its notebook
            assert folder() == place / meant
            monkeypatch.chdir(place / "here")


def test_every_command_settles_the_folders_first(place: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("LAB_HOME", "rel")
    assert main(["list", "networks"]) == 0
    assert os.environ["LAB_HOME"] == str(place / "rel")


def test_without_the_variables_nothing_is_set(monkeypatch) -> None:
    for variable in ("LAB_HOME", "LAB_DATA"):
        monkeypatch.delenv(variable, raising=False)
    settle_folders()
    assert not {"LAB_HOME", "LAB_DATA"} & set(os.environ)
    assert data_folder() == home() / "data"


@pytest.mark.parametrize("text", [" ", "a\0b", "~nobody-of-this-name", "x" * 5000])
def test_what_is_no_path_is_said_with_its_variable(monkeypatch, text: str) -> None:
    with pytest.raises(LabError, match="is not a path"):
        path_of(text)
    if "\0" not in text:
        monkeypatch.setenv("LAB_HOME", text)
        with pytest.raises(LabError, match="LAB_HOME cannot be used"):
            settle_folders()


@pytest.mark.parametrize("where", ["file", "file/in it"])
def test_a_home_that_cannot_be_made_is_said_with_the_way_out(place: Path, monkeypatch, capsys, where: str) -> None:
    (place / "file").touch()
    monkeypatch.setenv("LAB_HOME", str(place / where))
    assert main(["list", "models"]) == 0
    assert main(["train", "Standard", "--name", "mine"]) == 2
    assert "LAB_HOME" in capsys.readouterr().err
    monkeypatch.setattr(listing, "use_data_folder", lambda _: (home() / "logs").mkdir(parents=True))
    assert main(["list", "models"]) == 2
    assert "Not a directory: set LAB_HOME to a folder" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted((ROOT / "lab").rglob("*.py")), ids=lambda path: path.stem)
def test_no_process_takes_modules_from_the_folder_where_one_stands(path: Path) -> None:
    """There may be a folder ``widgets``. ``python -m lab`` itself takes a ``lab.py``; the console script does not."""
    started = [line for line in path.read_text("utf-8").splitlines() if "sys.executable, " in line]
    assert all('sys.executable, "-P"' in line for line in started), started
