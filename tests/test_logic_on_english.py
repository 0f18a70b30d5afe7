"""What the program decides, it decides by typed findings: no code looks into the sentences that it shows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SENTENCES = {"warnings", "flaws", "sentence", "sentences"}
"""Attributes, methods and functions of the lab that give sentences for a person."""

LOOKS = {
    "count", "endswith", "find", "fullmatch", "index", "lower", "lstrip", "match", "partition", "removeprefix",
    "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "search", "split", "startswith", "strip",
    "sub", "translate", "upper",
}  # fmt: skip
"""Methods of a text, and functions of ``re``, that find out what it says or change it."""

KEEP = {"list", "tuple", "sorted", "str"}
"""Functions that give back the sentences that they are given."""


class Module:
    """The names of a module that hold sentences, function by function, and where the code looks into one."""

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        self.functions = {each.name: each for each in functions}
        self.scopes: list[ast.AST] = [self.tree, *functions]
        self.holding: dict[int, set[str]] = {id(each): set() for each in self.scopes}
        while self._follow():
            pass

    def looks(self) -> list[str]:
        """The expressions that look into a sentence."""
        nodes = [(node, self.holding[id(scope)]) for scope in self.scopes for node in own(scope)]
        return [ast.unparse(node) for node, names in nodes if self._looks(node, names)]

    def _follow(self) -> bool:
        """Follow sentences one step further: into names, loops and functions of the module. Whether one was new."""
        before = sum(map(len, self.holding.values()))
        for scope in self.scopes:
            names = self.holding[id(scope)]
            for node in own(scope):
                if isinstance(node, ast.Assign) and says(node.value, names):
                    names |= {each.id for target in node.targets for each in names_in(target)}
                if isinstance(node, ast.For | ast.comprehension) and says(node.iter, names):
                    names |= {each.id for each in names_in(node.target)}
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self.functions:
                    function = self.functions[node.func.id]
                    given = zip(function.args.args, node.args, strict=False)
                    self.holding[id(function)] |= {name.arg for name, value in given if says(value, names)}
        return sum(map(len, self.holding.values())) > before

    @staticmethod
    def _looks(node: ast.AST, names: set[str]) -> bool:
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            texts = any(isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value for each in sides)
            return texts and any(says(each, names) for each in sides)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS):
            return False
        owner = node.func.value
        pattern = isinstance(owner, ast.Name) and (owner.id == "re" or owner.id.isupper())
        return any(says(each, names) for each in (node.args if pattern else [owner]))


def own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of the functions in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from own(child)


def names_in(target: ast.AST) -> list[ast.Name]:
    return [each for each in ast.walk(target) if isinstance(each, ast.Name)]


def says(value: ast.AST, names: set[str]) -> bool:
    """Whether an expression is a sentence, or holds sentences."""
    match value:
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(attr=name):
            return name in SENTENCES
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=given):
            return name in SENTENCES or (name in KEEP and any(says(each, names) for each in given))
        case ast.Subscript(value=part) | ast.Starred(value=part):
            return says(part, names)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            return any(says(each, names) for each in parts)
        case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
            return says(first, names) or says(second, names)
        case ast.ListComp(elt=made, generators=loops) | ast.GeneratorExp(elt=made, generators=loops):
            held = {each.id for loop in loops if says(loop.iter, names) for each in names_in(loop.target)}
            return says(made, names | held)
    return False


PATHS = sorted(path for folder in ("lab", "widgets") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", ["lab", "widgets"])
def test_no_program_logic_looks_into_a_sentence(folder):
    found = {
        str(path.relative_to(ROOT)): looks
        for path in PATHS
        if path.relative_to(ROOT).parts[0] == folder
        if (looks := Module(path.read_text("utf-8")).looks())
    }
    assert found == {}


ONE_IMAGE = """
def f(health):
    warnings = [*health.warnings]
    return [g(each) for each in warnings]

def g(words):
    for many in ("100% of the images", "100.0% of the images"):
        words = words.replace(many, "this image")
    return words
"""


@pytest.mark.parametrize(
    "source",
    [
        ONE_IMAGE,
        'def f(model):\n    return [each for each in model.health.warnings if "exactly zero" not in each]',
        'def f(check):\n    return sentence(check).startswith("Not checked")',
        'import re\ndef f(finding):\n    return re.sub("images", "image", finding.sentence())',
        "PATTERN = 1\ndef f(found):\n    return [PATTERN.search(each) for each in found.flaws]",
        'def f(found):\n    return found.flaws[0] == "The gradient is masked."',
        'def f(found):\n    said = found.sentence() or ""\n    return said.split(":")[0]',
    ],
)
def test_a_look_into_a_sentence_is_seen(source):
    assert Module(source).looks()


@pytest.mark.parametrize(
    "source",
    [
        'def f(model):\n    return [each.sentence() for each in model.health.findings if each.kind != "zero gradient"]',
        'def f(health):\n    return "; ".join(health.warnings) if health.warnings else "none"',
        "def f(spec, found):\n    return spec.replace(eps=0.1), len(found.flaws)",
        'import warnings\ndef f(name):\n    warnings.warn(name)\n    return name.split("-")',
    ],
)
def test_showing_a_sentence_is_no_look_into_it(source):
    assert Module(source).looks() == []
