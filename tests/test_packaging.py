"""The wheel and the source archive are whole, and the Makefile installs the PyTorch that it was asked for."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytest.importorskip("hatchling", reason="needs hatchling: pip install -e '.[test]'")


def files(*folders: str) -> set[str]:
    """Every file in these folders of the checkout that is not made by running it or by building the site."""
    found = (each.relative_to(ROOT) for folder in folders for each in (ROOT / folder).rglob("*") if each.is_file())
    kept = (each for each in found if not any(part.startswith(("__pycache__", ".")) for part in each.parts))
    return {each.as_posix() for each in kept if each.parts[:2] != ("docs", "api")}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with both, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def wheel(built) -> zipfile.ZipFile:
    [path] = built.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_has_every_file_of_both_packages_and_the_lessons(wheel):
    names = {each for each in wheel.namelist() if ".dist-info/" not in each}
    lessons = {f"widgets/lesson/notebooks/{Path(each).name}" for each in files("notebooks/lessons")}
    assert names == files("lab", "widgets") | lessons
    assert len(lessons) == 6
    for each in ("widgets/voila/lab.ipynb", "widgets/voila/templates/adversarial/index.html.j2", "lab/py.typed"):
        assert each in names


def test_the_wheel_says_how_it_is_called_and_started(wheel):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    information = f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    assert f"Name: {project['name']}\n" in wheel.read(f"{information}/METADATA").decode()
    assert "adversarial-lab = lab.__main__:main" in wheel.read(f"{information}/entry_points.txt").decode()


def test_the_source_archive_has_all_that_the_tests_and_the_documentation_need(built):
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {each.partition("/")[2] for each in archive.getnames()}
    top = {each.name for each in ROOT.iterdir() if each.suffix in (".md", ".toml", ".yml", ".cff", ".json")}
    missing = (files("lab", "widgets", "notebooks", "tests", "docs") | top | {"LICENSE", "Makefile"}) - names
    assert not missing


def test_an_installed_lab_has_its_page_and_copies_its_lessons_out(wheel, tmp_path):
    """From the wheel's files, in a folder that has none of the checkout's."""
    wheel.extractall(tmp_path / "installed")
    (tmp_path / "here").mkdir()
    code = "import lab.cli, lab.server as s; s.check(s.Site(port=0)); lab.cli.main(['lessons', 'mine'])"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed"), "LAB_HOME": str(tmp_path / "home")}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path / "here",
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert len(list((tmp_path / "here" / "mine").glob("*.ipynb"))) == 6


@pytest.fixture
def make(tmp_path):
    """Run make in a copy, with a Python that only writes down what it is asked to install or start."""
    for each in ("Makefile", "pyproject.toml"):
        (tmp_path / each).write_text((ROOT / each).read_text("utf-8"), "utf-8")
    python = tmp_path / "python"
    recorded = tmp_path / "recorded"
    python.write_text(
        f'#!/bin/sh\nif [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"\n'
        f'elif [ "$1" = -m ]; then echo "$@" >> {recorded}; fi\n'
    )
    python.chmod(0o755)

    told = ("VENV", "TORCH", "MAKEFLAGS", "MAKELEVEL")  # by whoever makes the tests
    environment = {name: value for name, value in os.environ.items() if name not in told}

    def run(*words: str) -> tuple[int, str, list[str]]:
        command = ["make", *words, f"PYTHON={python}", "TORCH_INDEX=http://127.0.0.1:9/simple"]
        ran = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        lines = recorded.read_text().splitlines() if recorded.exists() else []
        recorded.unlink(missing_ok=True)
        return ran.returncode, ran.stdout, [each.replace("--disable-pip-version-check --quiet ", "") for each in lines]

    return run


@pytest.mark.skipif(os.name != "posix", reason="stands in for Python with a shell script")
def test_make_installs_the_pytorch_it_is_asked_for_before_the_lab(make):
    first = ["-m pip install torch torchvision --index-url http://127.0.0.1:9/simple", "-m pip install --editable ."]
    assert make("lab", "TORCH=cpu")[2] == [*first, "-m lab"]
    assert make("lab", "TORCH=cpu")[2] == ["-m lab"]  # it is there
    assert make("lab")[2] == ["-m lab"]


@pytest.mark.skipif(os.name != "posix", reason="stands in for Python with a shell script")
def test_make_does_not_lay_one_pytorch_over_another(make):
    assert make("lab")[2] == ["-m pip install --editable .", "-m lab"]
    code, words, commands = make("lab", "TORCH=cpu")
    assert code
    assert not commands
    assert ".venv already has a PyTorch: make clean, then make lab TORCH=cpu" in words
