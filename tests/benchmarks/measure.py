"""How the code is kept: ``make measure``, or ``python -m tests.benchmarks.measure``.

It prints what a reader of the code pays for: circles of imports; arrows between rooms (packages or modules directly
below lab/ or widgets/); files of each page; places to touch to add one of a kind, counted from docs/extending.md, which
the tests execute; classes of one name in several modules; ``Any`` in annotations; lines of code; and, where the tests
have that check, texts with words that the glossary leaves out.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.imports import PACKAGES, ROOT, circles, graph

KINDS = {
    "attack": "An attack",
    "analysis and page": "An analysis with its page",
    "data set": "A data set",
    "recipe": "A recipe",
}
WORDS = ROOT / "tests" / "test_words.py"
INDENT = "  "


def rooms(package: str) -> set[tuple[str, str]]:
    """The arrows between the rooms of a package: which imports from which."""
    pairs = {(_room(one), _room(other)) for one, others in graph().items() for other in others}
    return {
        (one, other) for one, other in pairs if one != other and one.startswith(package) and other.startswith(package)
    }


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def page_files() -> dict[str, tuple[int, int]]:
    """For each page the number of its files, figures included, and of the folders they lie in."""
    found = {}
    for page in sorted((ROOT / "widgets" / "dashboards").glob("*/page.py")):
        folders = [each for each in (page.parent, ROOT / "widgets" / "figures" / page.parent.name) if each.is_dir()]
        found[page.parent.name] = (sum(len(_files(each)) for each in folders), len(folders))
    return found


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def places() -> dict[str, tuple[int, int]]:
    """For each kind the files of a plug-in that docs/extending.md writes, and what it names to touch in the lab."""
    text = (ROOT / "docs" / "extending.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    found = {}
    for kind, heading in KINDS.items():
        section = sections[heading]
        [inside] = re.findall(r"^In the lab: (.*?)(?=\n\n|\Z)", section, re.DOTALL | re.MULTILINE)
        outside = set(re.findall(r"^# (mine/\w+\.py)$", section, re.MULTILINE))
        found[kind] = (len(outside), len(set(re.findall(r"`((?:lab|widgets|tests)/[\w./]+)`", inside))))
    return found


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Every source file of the lab and its pages, parsed."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def shared_names() -> dict[str, list[str]]:
    """Names that classes of several modules have, and the modules."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(path.relative_to(ROOT).as_posix())
    return {name: where for name, where in sorted(found.items()) if len(where) > 1}


def anys() -> tuple[int, int, int]:
    """Annotations (of arguments, results, attributes, variables) that are ``Any``, those that hold one inside, and
    what says ``Any`` elsewhere: aliases, casts.
    """
    parsed = [tree for _, tree in trees()]
    every = [each for tree in parsed for each in _annotations(tree)]
    whole = sum(map(_is_any, every))
    inside = sum(any(map(_is_any, ast.walk(each))) for each in every) - whole
    said = sum(_is_any(each) for tree in parsed for each in ast.walk(tree))
    return whole, inside, said - sum(_is_any(each) for annotation in every for each in ast.walk(annotation))


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield node.returns


def _is_any(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "Any"
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "typing.Any"


def lines() -> dict[str, int]:
    """Lines of Python, by package and of the tests, and of scripts and style sheets."""
    found = {name: _lines((ROOT / name).rglob("*.py")) for name in (*PACKAGES, "tests")}
    for kind in ("js", "css"):
        found[f"widgets, .{kind}"] = _lines((ROOT / "widgets").rglob(f"*.{kind}"))
    return found


def _lines(paths: Iterator[Path]) -> int:
    return sum(len(path.read_text("utf-8").splitlines()) for path in paths)


def glossary() -> str:
    """What the check of the words says at its end."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "--no-header", str(WORDS)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    failed = len(re.findall(r"^FAILED", ran.stdout, re.MULTILINE)) or int(ran.returncode != 0)
    return f"{failed} files or texts refused by {WORDS.relative_to(ROOT)}"


def main() -> None:
    """Print everything."""
    found = circles(graph())
    print(f"circles of imports: {len(found)}", *(f"{INDENT}{' ⇄ '.join(each)}" for each in found), sep="\n")
    for package in PACKAGES:
        print(f"arrows between the rooms of {package}: {len(rooms(package))}")
    print("files of each page, figures included, and folders:")
    for name, (files, folders) in page_files().items():
        print(f"{INDENT}{name}: {files} in {folders}")
    print("places to add one (files of a plug-in; files and folders of the lab itself):")
    for kind, (outside, inside) in places().items():
        print(f"{INDENT}{kind}: {outside}; {inside}")
    shared = shared_names()
    print(f"classes with one name in several modules: {len(shared)}")
    for name, where in shared.items():
        print(f"{INDENT}{name}: {', '.join(where)}")
    whole, inside, elsewhere = anys()
    print(f"annotations that are Any: {whole}, that hold one, as in dict[str, Any]: {inside}; elsewhere: {elsewhere}")
    print("lines:", ", ".join(f"{name} {count:,}" for name, count in lines().items()))
    if WORDS.exists():
        print(f"glossary: {glossary()}")


if __name__ == "__main__":
    main()
