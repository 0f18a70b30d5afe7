"""What imports what in the repository, read off the sources: the graph of modules, and the circles in it."""

import ast
from collections.abc import Container, Iterator, Mapping, Set
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("lab", "widgets")


@cache
def graph() -> dict[str, frozenset[str]]:
    """Each module of ours and the modules of ours that it imports, wherever in it, also for type checkers only."""
    modules = {module_of(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    return {name: frozenset(_imported(path, modules.keys())) - {name} for name, path in modules.items()}


def module_of(path: Path) -> str:
    """A source file's module: ``lab.specs.data``; a package's ``__init__`` is the package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, modules: Container[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                submodule = f"{node.module}.{each.name}"
                if submodule in modules:
                    yield submodule
                elif node.module in modules:
                    yield node.module


def circles(arrows: Mapping[str, Set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module. Tarjan 1972."""
    found: list[list[str]] = []
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in arrows[module]:
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            part = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(part) > 1:
                found.append(sorted(part))

    for module in arrows:
        if module not in index:
            visit(module)
    return found
