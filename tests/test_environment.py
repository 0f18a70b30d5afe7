"""The places that say how the lab is installed and tested say the same."""

import re
import subprocess
import tomllib
import warnings
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"torch": "pytorch", "playwright": "playwright-python"}


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def conda() -> list[str]:
    found = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    by_pip = [name for each in found if isinstance(each, dict) for name in each["pip"]]
    return [*(each for each in found if isinstance(each, str) and each != "pip"), *by_pip]


def conda_name(requirement: str) -> str:
    name, rest = re.fullmatch(r"([\w.-]+)(.*)", requirement).groups()
    return CONDA_NAMES.get(name, name) + rest


def test_environment_and_project_name_the_same_dependencies(project, conda):
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["test"], *extras["check"]]
    assert sorted(map(conda_name, asked)) == sorted(each for each in conda if not each.startswith("python>"))


def test_environment_and_project_ask_for_the_same_python(project, conda):
    assert f"python{project['requires-python']}" in conda


def test_the_first_commands_of_the_readme_are_targets_of_the_makefile():
    readme = (ROOT / "README.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = re.findall(r"^make (\w+)", readme, re.MULTILINE)
    assert commands[:2] == ["lab", "test"]
    for each in commands:
        assert re.search(rf"^{each}:", makefile, re.MULTILINE), each


def test_the_windows_commands_of_the_readme_install_what_the_makefile_installs():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert 'pip install -e ".[test]"' in readme
    assert "python -m pytest" in readme


def test_continuous_integration_runs_the_readmes_test_command(tmp_path):
    """With a make that only says what it was asked for, and where; in a copy, because it makes its environment anew."""
    (tmp_path / "make").write_text('#!/bin/sh\necho "made $* in $VENV with CI=$CI"\n')
    (tmp_path / "make").chmod(0o755)
    copy = tmp_path / "copy"
    (copy / ".ci").mkdir(parents=True)
    for each in (".ci/run", "README.md"):
        (copy / each).write_text((ROOT / each).read_text("utf-8"), "utf-8")
    command = ["/bin/bash", copy / ".ci" / "run"]
    path = f"{tmp_path}:/usr/bin:/bin"
    ran = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["+ make test", "made test in .venv-ci with CI=1"]


@pytest.mark.parametrize(
    ("module", "category", "is_error"),
    [
        ("lab", DeprecationWarning, True),
        ("widgets.figures.surface", FutureWarning, True),
        ("tests.test_environment", ResourceWarning, True),
        ("numpy._core.fromnumeric", RuntimeWarning, True),
        ("matplotlib.artist", DeprecationWarning, False),
        ("torch.nn.functional", FutureWarning, False),
        ("labels.reader", DeprecationWarning, False),
        ("pyparsing.widgets", UserWarning, False),
    ],
)
def test_only_warnings_about_the_labs_own_code_turn_a_test_red(module, category, is_error):
    """In force here is what pyproject.toml asks for."""
    with warnings.catch_warnings(record=True) as heard:
        try:
            warnings.warn_explicit("old", category, "anywhere.py", 1, module)
        except category:
            assert is_error
        else:
            assert [each.category for each in heard] == [category]
            assert not is_error
