"""docs/extending.md is true: its code is written as a plug-in, loaded, and found wherever the lab has such things."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab import plugins
from lab.catalogue import fingerprints
from lab.cli import serve
from lab.engine.origin import origin, require_alike
from lab.errors import EngineError, LabError
from lab.keys import asked_key
from lab.plugins import loading
from lab.specs import Preview, Spec
from lab.specs.spec import family_of
from tests import garbage
from tests.widgets.engine import FakeEngine
from widgets.dashboards.app import PAGES, App

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```python\n# (mine/\w+\.py)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def of_the_document() -> dict[str, str]:
    """The files of the plug-in: the document's blocks of Python one after the other."""
    files: dict[str, str] = {}
    for name, code in BLOCK.findall((ROOT / "docs" / "extending.md").read_text("utf-8")):
        files[name] = files.get(name, "") + code
    return files


def test_every_python_block_of_the_document_is_part_of_the_plug_in():
    text = (ROOT / "docs" / "extending.md").read_text("utf-8")
    assert text.count("```python") == len(BLOCK.findall(text)) >= 8
    assert set(of_the_document()) == {f"mine/{each}.py" for each in ("__init__", "computing", "pages")}


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """What the lab has with the document's plug-in, in a process of its own: see tests/extending.py."""
    folder = tmp_path_factory.mktemp("extended")
    (folder / "mine").mkdir()
    for name, code in of_the_document().items():
        (folder / name).write_text(code, "utf-8")
    environment = os.environ | {
        "LAB_PLUGINS": "mine",
        "LAB_HOME": str(folder / "home"),
        "LAB_DATA": str(folder / "data"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.extending"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    *said, found = ran.stdout.splitlines()
    return json.loads(found) | {"said": "\n".join(said)}


def test_lists_costs_and_json_know_what_was_added(extended):
    listed = extended["listed"]
    assert "TwoSteps" in listed["attacks"]
    assert {"LogitPairing", "short-training"} <= set(listed["recipes"])
    assert "KMNIST/raw" in listed["data"]["kmnist"]
    assert listed["passes"] == [7, 2]
    assert listed["training passes"] > 10 * 1437 * 12
    for name in ("TwoSteps: Two gradient steps", "LogitPairing:", "short-training:", "Confidence:", "kmnist"):
        assert name in extended["said"]


def test_its_page_and_forms_are_there_without_pytorch(extended):
    drawn = extended["drawn"]
    assert drawn["tabs"][-1] == "confidence"
    assert json.loads(drawn["asked"])["spec"] == "Confidence"
    assert "from mine import Confidence\n" in drawn["code"]
    assert drawn["form"] == [0.75, "First step"]
    assert extended["light"]


def test_it_computes(extended):
    computed = extended["computed"]
    assert "TwoSteps" in extended["said"]
    assert computed["rows"] == "model,image,confidence,correct"
    names, shape, least = computed["confidence"]
    assert (names, shape) == (["standard"], [1, 5])
    assert 0.1 < least <= 1
    assert computed["traces"] == [4, 4]
    assert computed["data"] == ["kmnist", 12, "ki"]
    assert computed["metrics"] == ["adversarial", "clean", "eps"]
    assert computed["learns"]


def test_its_sources_are_part_of_every_key(extended, monkeypatch):
    monkeypatch.setenv(plugins.VARIABLE, "")
    assert extended["listed"]["key"] != asked_key(Preview())


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Write a plug-in and have it loaded here. All it brought is gone after the test."""
    monkeypatch.setattr("lab.plugins.loading._loaded", {})
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two sources of one second and size would be one to Python

    def write(code: str, name: str = "faulty", file: str = "__init__.py") -> None:
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / file).write_text(code)
        monkeypatch.setenv(plugins.VARIABLE, name)
        forget(name)

    def forget(name: str) -> None:
        loading._loaded.clear()
        for each in [each for each in sys.modules if f"{each}.".startswith(f"{name}.")]:
            del sys.modules[each]

    yield write
    forget("faulty")
    garbage.collect()
    assert not [each for each in family_of(Spec) if each.__module__.startswith("faulty")]


ATTACK = """
from dataclasses import dataclass
from lab.specs.attacks import AttackSpec
from lab.specs.capabilities import NORM_BALLS, Capabilities
@dataclass(frozen=True)
class Faulty(AttackSpec, title="Faulty"):
    @property
    def capabilities(self):
        return Capabilities(
            balls=NORM_BALLS, gradient=True, deterministic=True, eps_per_image=True, retried=False, to_cross=0
        )
"""
RECIPE = """
from dataclasses import dataclass
from lab.specs import Recipe
@dataclass(frozen=True)
class Faulty(Recipe, title="Faulty"):
    trained_against = fixed = None
"""


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        (ATTACK, "Faulty has no declared cost: register one with lab.cost.effort"),
        (ATTACK.replace(', title="Faulty"', ""), "Faulty has no title: state it in its head, as in class Faulty"),
        (ATTACK.replace("def capabilities", "def capable"), "Faulty does not state its capabilities"),
        (
            "from lab.specs import Spec\nclass Faulty(Spec, title='Faulty'): steps: int = 3",
            "Faulty is not a dataclass: write @dataclass(frozen=True) above its class",
        ),
        (RECIPE, "Faulty does not state what a training step costs: give it a property 'step_cost'"),
        (RECIPE.replace("fixed =", "fixes ="), "Faulty does not state which examples"),
        (
            "from lab.specs import Analysis\nclass Faulty(Analysis, title='Faulty'): pass",
            "Faulty has no declared cost: register one with lab.cost.cost",
        ),
        (
            "from lab.specs.data import IdxData\nclass Faulty(IdxData, title='Faulty'): pass",
            "Faulty states no files: give its class published",
        ),
        ("import nowhere_at_all", "No module named 'nowhere_at_all'"),
        ("def broken(:", "invalid syntax (__init__.py, line 1)"),
    ],
)
def test_what_a_plug_in_leaves_out_is_named_when_it_is_loaded(plugin, code, missing):
    plugin(code)
    with pytest.raises(LabError, match=re.escape(missing)) as refused:
        plugins.load()
    sentence = str(refused.value)
    del refused
    assert sentence.startswith("The plug-in 'faulty' cannot be loaded (")
    assert sentence.endswith("correct it, or take it out of LAB_PLUGINS.")
    assert len(sentence) <= 300


def test_an_error_in_its_code_is_not_called_one_of_the_lab(plugin, monkeypatch, capsys):
    from lab.cli import listing
    from lab.cli.main import main

    plugin("def fail(_):\n    return 1 / 0\n")
    plugins.load()
    monkeypatch.setattr(listing, "use_data_folder", sys.modules["faulty"].fail)
    assert main(["list", "data"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("The plug-in failed at faulty, line 2 (ZeroDivisionError: division by zero): ")


def test_a_missing_plug_in_is_named(monkeypatch, capsys):
    from lab.cli.main import main

    monkeypatch.setenv(plugins.VARIABLE, "nowhere_at_all")
    assert main(["list", "attacks"]) == 2
    assert "The plug-in 'nowhere_at_all' cannot be loaded" in capsys.readouterr().err


def test_a_page_that_cannot_be_loaded_is_said_in_the_header_and_leaves_the_others(plugin):
    async def opened():
        app = App(FakeEngine())
        return app.navigation.refusal, len(app.navigation.pages)

    plugin("A = 1")
    plugin("PAGES = 1 / 0", file="pages.py")
    refusal, tabs = asyncio.run(opened())
    assert refusal.startswith("The plug-in 'faulty' cannot be loaded (division by zero)")
    assert tabs == 1 + len(PAGES)


def test_a_change_of_its_sources_changes_keys_and_one_of_its_pages_does_not(plugin, monkeypatch):
    keys = []
    for code, file in (("A = 1", "__init__.py"), ("", "computing.py"), ("A = 2", "__init__.py"), ("", "pages.py")):
        plugin(code, file=file)
        keys.append(fingerprints(Preview())[-1])
    monkeypatch.setenv(plugins.VARIABLE, "")
    keys.append(fingerprints(Preview())[-1])
    assert keys[2] == keys[3]
    assert len(set(keys)) == 4


def test_a_worker_with_other_plug_ins_refuses(plugin, monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    plugin("A = 1")
    asking = origin()
    require_alike(asking)
    plugin("A = 2")
    with pytest.raises(EngineError, match=r"has the plug-ins faulty \(\w+\), the server faulty .* set LAB_PLUGINS"):
        require_alike(asking)


def test_a_public_server_loads_only_what_its_owner_has_named(plugin, monkeypatch):
    plugin("A = 1")
    monkeypatch.setattr("lab.plugins.loading._installed", lambda: {"installed": "nowhere_at_all"})
    monkeypatch.setenv("LAB_MODULE_FOLDERS", "[]")
    serve.load_plugins(public=True)
    assert [each.name for each in plugins.load()] == ["faulty"]
    monkeypatch.delenv(plugins.VARIABLE)
    serve.load_plugins(public=True)
    assert (plugins.load(), os.environ[plugins.VARIABLE]) == ([], "")
    monkeypatch.delenv(plugins.VARIABLE)
    with pytest.raises(LabError, match="The plug-in 'installed' cannot be loaded"):
        serve.load_plugins(public=False)
    assert os.environ[plugins.VARIABLE] == "installed"  # so that every process of the server loads the same


def test_a_spec_or_result_from_outside_loads_nothing(plugin, monkeypatch):
    plugin(ATTACK)
    from lab.specs import from_json

    with pytest.raises(LabError, match="There is no spec called"):
        from_json('{"spec": "Faulty"}')
    assert "faulty" not in sys.modules
