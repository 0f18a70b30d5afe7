"""Which part may import which: the arrows of the design, read off the source."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests import imports
from tests.benchmarks.measure import anys, places, shared_names
from tests.imports import ROOT
from widgets.dashboards.app import PAGES

FACES = [path for package in imports.PACKAGES for path in sorted((ROOT / package).rglob("__init__.py"))]
USED_BY_FACES = {"lab.discovery", "lab.errors"}
INTERFACE = {"ipywidgets", "plotly", "IPython", "anywidget", "widgets"}
COMPUTING = {"torch", "torchvision", "sklearn"}
NEEDS_PYTORCH = {"lab.data", "lab.models", "lab.attacks", "lab.training", "lab.analysis"}

MOST_ANYS = 37
"""Bounds what says ``Any``: JSON before it is looked at, what PyTorch, Jupyter, Voilà and argparse hand over, values of
controls and pages of all kinds.
"""

BASE = {
    "errors",
    "outside_json",
    "home",
    "specs",
    "results",
    "context",
    "datafiles",
    "files",
    "memory",
    "clock",
}
MAY_IMPORT = {
    "errors": set(),
    "outside_json": {"errors"},
    "home": {"errors"},
    "counts": set(),
    "discovery": set(),
    "files": set(),
    "glossary": set(),
    "memory": set(),
    "recent": set(),
    "clock": set(),
    "specs": {"discovery", "errors", "outside_json"},
    "results": {"counts", "discovery", "errors", "outside_json", "specs"},
    "context": {"errors", "results"},
    "datafiles": {"errors", "outside_json", "home", "specs", "memory"},
    "catalogue": {
        "errors",
        "home",
        "specs",
        "datafiles",
        "outside_json",
        "plugins",
        "sources",
    },
    "stories": {"counts", "errors", "results", "specs"},
    "links": {"errors", "specs", "catalogue", "outside_json"},
    "pairing": {"errors", "specs", "datafiles", "catalogue"},
    "limits": {"errors", "home", "specs", "datafiles", "cost", "memory"},
    "runs": {"errors", "outside_json", "home", "specs", "results", "catalogue", "limits", "files"},
    "cost": {"discovery", "errors", "specs", "datafiles", "memory"},
    "sources": {"datafiles"},
    "plugins": {"cost", "errors", "sources", "specs"},
    "reports": {"counts", "errors", "specs", "results", "__init__"},
    "keys": {"catalogue", "datafiles", "models", "specs"},
    "store": BASE | {"limits"},
    "downloads": {"__init__", "context", "datafiles", "errors", "files", "home", "specs"},
    "data": BASE | {"recent", "downloads"},
    "models": BASE | {"catalogue", "data", "recent", "sources", "downloads"},
    "attacks": BASE | {"discovery", "models", "data"},
    "training": BASE | {"discovery", "attacks", "models", "data", "catalogue", "limits", "runs", "cost"},
    "analysis": BASE | {"discovery", "attacks", "models", "data", "catalogue", "pairing", "recent", "store", "keys"},
    "claims": BASE | {"discovery", "catalogue", "runs"},
    "exhibits": BASE | {"__init__", "catalogue", "counts", "runs"},
    "engine": BASE
    | {"store", "catalogue", "limits", "runs", "analysis", "training", "models", "data", "keys", "cost", "plugins"}
    | {"processes"},
    "notebook": BASE | {"analysis", "attacks", "catalogue", "keys", "models", "plugins"},
    "processes": {"quiet"},
    "quiet": set(),
    "hub": set(),
    "browser": set(),
    "doctor": {"errors", "outside_json", "home", "catalogue", "browser", "engine"},
    "server": {"errors", "home", "limits", "processes", "memory"},
}
WIDGETS_MAY_IMPORT = {
    "dark": set(),
    "theme": {"dark"},
    "glossary": {"plain"},
    "plot": {"glossary", "theme", "plain"},
    "figures": {"theme"},
    "paper": {"theme", "figures"},
    "controls": {"theme", "plain"},
    "parts": {"controls", "faults", "figures", "glossary", "loop", "plain", "plot", "theme"},
}


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Every module a file imports, wherever in it, except for type checkers only."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def within(module: str, packages: set[str]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages)


def part_of(path: Path, package: str) -> str:
    return path.relative_to(ROOT / package).parts[0].removesuffix(".py")


def parts_imported(path: Path, package: str) -> set[str]:
    """The parts of a package that a file imports, other than its own part."""
    found = {each.split(".")[1] for each in imported(path) if each.startswith(f"{package}.")}
    modules = {each.stem if each.suffix == ".py" else each.name for each in (ROOT / package).iterdir()}
    return (found & modules) - {part_of(path, package)}


@pytest.mark.parametrize("path", sources("lab"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_lab_never_imports_the_user_interface(path):
    assert not [each for each in imported(path) if within(each, INTERFACE)]


@pytest.mark.parametrize("path", sources("widgets"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_widgets_never_import_what_computes(path):
    assert not [each for each in imported(path) if within(each, COMPUTING | NEEDS_PYTORCH)]


@pytest.mark.parametrize("path", sources("lab"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_arrows_in_the_lab_point_one_way(path):
    part = part_of(path, "lab")
    if part in ("cli", "__init__", "__main__"):
        return
    assert parts_imported(path, "lab") <= MAY_IMPORT[part]


@pytest.mark.parametrize("part", WIDGETS_MAY_IMPORT)
def test_what_pages_are_made_of_knows_nothing_of_pages(part):
    paths = [each for each in sources("widgets") if part_of(each, "widgets") == part]
    assert paths
    for path in paths:
        assert parts_imported(path, "widgets") <= WIDGETS_MAY_IMPORT[part], path


PAGE_FOLDERS = sorted(each.parent for each in (ROOT / "widgets" / "dashboards").glob("*/page.py"))


@pytest.mark.parametrize("folder", PAGE_FOLDERS, ids=lambda each: each.name)
def test_no_page_imports_another_page_or_the_application(folder):
    """What two pages need is in ``widgets/parts``."""
    own = f"widgets.dashboards.{folder.name}"
    for path in folder.rglob("*.py"):
        pages = {each for each in imported(path) if within(each, {"widgets.dashboards"})}
        assert not {each for each in pages if not within(each, {own})}, path


def test_every_page_is_in_the_list_with_a_sketch_and_a_position_of_its_own():
    """The home page alone is in no list."""
    assert {each.build.__module__ for each in PAGES} == {
        f"widgets.dashboards.{each.name}.page" for each in PAGE_FOLDERS if each.name != "home"
    }
    assert len({each.position for each in PAGES}) == len({each.sketch for each in PAGES}) == len(PAGES)


def test_every_page_has_a_folder():
    loose = {each.name for each in (ROOT / "widgets" / "dashboards").iterdir() if each.suffix == ".py"}
    assert loose == {"__init__.py", "app.py"}
    assert len(PAGE_FOLDERS) == 11


def test_there_is_no_circle_not_even_for_type_checkers():
    arrows = imports.graph()
    assert "lab.specs.spec" in arrows["lab.specs.data"]
    assert "lab.engine.requests" in arrows["lab.engine.engine"]
    assert imports.circles(arrows) == []
    assert imports.circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) == [["a", "b", "c"]]


@pytest.mark.parametrize("path", FACES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_packages_face_is_what_it_imports(path):
    """Every name stands once, as ``from x import A as A``; a list of names beside it could hide some."""
    tree = ast.parse(path.read_text("utf-8"))
    assert "__all__" not in {ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)}
    brought = [each for node in tree.body if isinstance(node, ast.ImportFrom) for each in _own(node)]
    assert [each.name for each in brought if each.asname != each.name] == []
    assert len({each.name for each in brought}) == len(brought)


def _own(node: ast.ImportFrom) -> list[ast.alias]:
    """What a face offers, and not only uses itself."""
    return node.names if within(node.module, {"lab", "widgets"}) and node.module not in USED_BY_FACES else []


def test_nothing_in_the_lab_imports_the_command_line():
    for path in [*sources("lab"), *sources("widgets")]:
        if part_of(path, path.relative_to(ROOT).parts[0]) not in ("cli", "__main__"):
            assert not [each for each in imported(path) if within(each, {"lab.cli"})], path


def test_nothing_is_unpickled_evaluated_or_seeded_globally():
    forbidden = {"eval", "exec", "torch.manual_seed", "np.random.seed", "pickle.load", "pickle.loads"}
    for path in [*sources("lab"), *sources("widgets")]:
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name, keywords = ast.unparse(call.func), {each.arg: ast.unparse(each.value) for each in call.keywords}
            assert name not in forbidden, f"{path}:{call.lineno}"
            assert name != "torch.load" or keywords.get("weights_only") == "True", f"{path}:{call.lineno}"
            assert name != "np.load" or keywords.get("allow_pickle") == "False", f"{path}:{call.lineno}"


def test_every_module_is_named_after_what_it_holds():
    names = {path.stem for path in [*sources("lab"), *sources("widgets")]}
    assert not names & {"utils", "util", "helpers", "common", "misc"}


def test_few_places_are_touched_to_add_one():
    """As docs/extending.md names them, which tests/test_extending_inside.py follows."""
    inside = {kind: found for kind, (_, found) in places().items()}
    assert inside == {"attack": 3, "analysis and page": 6, "data set": 1, "recipe": 2}


def test_no_two_classes_have_one_name():
    assert not shared_names()


def test_any_stays_where_another_library_or_a_file_decides_the_type():
    assert sum(anys()) <= MOST_ANYS


LIGHT = [
    "lab",
    "widgets",
    "widgets.notebook",
    "widgets.dashboards",
    "widgets.figures",
    "lab.engine",
    "lab.store",
    "lab.catalogue",
    "lab.cli",
    "lab.exhibits",
]
ONE_BY_ONE = f"""
import importlib, sys
for module in {LIGHT}:
    importlib.import_module(module)
    print(module, sorted({COMPUTING!r} & set(sys.modules)))
"""


def test_what_draws_and_what_asks_starts_without_pytorch():
    """One after the other in one process: the first that brings something is the one at fault."""
    ran = subprocess.run([sys.executable, "-c", ONE_BY_ONE], capture_output=True, text=True, check=False)
    assert (ran.stdout.splitlines(), ran.returncode) == ([f"{each} []" for each in LIGHT], 0), ran.stderr
