"""What docs/extending.md says of the lab itself is true: its code lies in new files of a copy of the lab, and is found.

No line of the copy is changed. That the code does what it should is tested where it is a plug-in's.
"""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_extending import BLOCK, ROOT

HOMES = {
    "TwoSteps": "two_steps",
    "KMNIST": "kmnist",
    "short_training": "short_training",
    "LogitPairing": "logit_pairing",
    "Confidence": "confidence",
}
COMPUTING = {"two_steps": "lab/attacks", "logit_pairing": "lab/training/losses", "confidence": "lab/analysis"}
SOURCES = shutil.ignore_patterns("__pycache__", "*.safetensors", "*.npz", "*.png", "zoo")
FOUND = """
from lab.analysis import analyse
from lab.attacks.attack import ascend
from lab.cost import cost, effort
from lab.results.result import _kinds, Result
from lab.specs import presets, from_json, to_json
from lab.specs.code import imports
from lab.specs.confidence import Confidence
from lab.specs.data import published_data
from lab.specs.logit_pairing import LogitPairing
from lab.specs.two_steps import TwoSteps
from lab.training.losses import batch_loss
from widgets.dashboards.app import PAGES

assert from_json(to_json(TwoSteps(0.25))) == TwoSteps(0.25)
assert imports(TwoSteps()) == ["from lab.specs.two_steps import TwoSteps"]
assert effort(TwoSteps(), None).passes == 2
assert cost(Confidence(images=7)).passes == 7
assert cost(LogitPairing()).passes > 10 * 1437 * 12
assert "short-training" in [each.name for each in presets.every()]
assert "kmnist" in [each.published.name for each in published_data()]
assert "ConfidenceResult" in _kinds(Result)
assert (PAGES[-1].name, PAGES[-1].asks) == ("confidence", Confidence)
for function, kind in ((ascend, TwoSteps), (batch_loss, LogitPairing), (analyse, Confidence)):
    assert function.dispatch(kind).__name__ in ("two_steps", "logit_pairing", "confidence")
"""


@pytest.fixture
def copy(tmp_path):
    """The lab's sources, and the document's code in new files beside them."""
    for package in ("lab", "widgets"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=SOURCES)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.py")}
    seen: dict[str, list[ast.stmt]] = {}
    for name, code in BLOCK.findall((ROOT / "docs" / "extending.md").read_text("utf-8")):
        home = next(each for known, each in HOMES.items() if known in code)
        imports, rest = parted(code)
        imports = seen[name] = [*seen.get(name, []), *imports]  # a later section need not repeat them
        if name == "mine/computing.py":
            write(tmp_path / COMPUTING[home] / f"{home}.py", imports, rest)
        elif name == "mine/pages.py":
            folder = tmp_path / "widgets" / "dashboards" / home
            write(folder / "page.py", imports, rest)
            (folder / "__init__.py").write_text(f"from widgets.dashboards.{home}.page import PAGES\n[ENTRY] = PAGES\n")
        else:
            in_rooms(tmp_path / "lab", home, imports, rest)
    assert all(path.read_bytes() == source for path, source in before.items())
    return tmp_path


def parted(code: str) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The imports of a block, and the rest."""
    body = ast.parse(code).body
    imports = [each for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
    return imports, [each for each in body if each not in imports]


def in_rooms(lab: Path, home: str, imports: list[ast.stmt], rest: list[ast.stmt]) -> None:
    """Write specs, results and costs into a file of each of their rooms."""
    rooms: dict[str, list[ast.stmt]] = {"specs": [], "results": [], "cost": []}
    for each in rest:
        is_cost = isinstance(each, ast.FunctionDef) and each.decorator_list
        is_result = isinstance(each, ast.ClassDef) and ast.unparse(each.bases[0]) == "Result"
        rooms["cost" if is_cost else "results" if is_result else "specs"].append(each)
    for room, part in rooms.items():
        above = {"specs": ("lab.cost", "lab.results"), "results": ("lab.cost",), "cost": ()}[room]
        needed = [each for each in imports if not any(room in ast.unparse(each) for room in above)]
        if part:
            write(lab / room / f"{home}.py", needed, part, "" if room == "specs" else f"from lab.specs.{home} import *")


def write(path: Path, imports: list[ast.stmt], rest: list[ast.stmt], spec: str = "") -> None:
    """Write a file that imports from the rooms of the lab what the document's code imports from the plug-in."""
    path.parent.mkdir(exist_ok=True)
    lines = []
    for each in imports:
        if isinstance(each, ast.ImportFrom) and each.module == "mine":
            homes = {f"lab.{'results' if one.name.endswith('Result') else 'specs'}": one.name for one in each.names}
            lines += [f"from {room}.{HOMES[name.removesuffix('Result')]} import {name}" for room, name in homes.items()]
        else:
            lines.append(ast.unparse(each))
    path.write_text("\n".join([*lines, spec, *map(ast.unparse, rest)]) + "\n")


@pytest.mark.slow
def test_new_files_are_found_where_they_lie(copy):
    ran = subprocess.run([sys.executable, "-c", FOUND], cwd=copy, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
