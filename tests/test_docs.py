"""The documentation is true: generated parts, links, file names, commands and imports, checked without a network."""

import ast
import importlib.util
import re
import shlex
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from lab.cli.listing import FAMILIES
from lab.cli.main import UsageError, parser
from lab.specs import papers
from lab.specs.spec import family_of

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CHECKED_FOLDERS = ("lab/", "widgets/", "tests/", "docs/", "notebooks/")


def on_every_page(test):
    return pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())(test)


@cache
def generator():
    """The program that writes the generated parts."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def prose(page: Path) -> str:
    """A page without its code."""
    return FENCED.sub("", page.read_text("utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """What a link into a page may name: its headings as forges and MyST write them in an address."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in titles)


def broken_links(page: Path) -> list[str]:
    """Links of a page into the repository that lead nowhere."""
    found = []
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        if re.match(r"\w+:", path):
            continue
        meant = (page.parent / path).resolve() if path else page
        if not meant.is_file() or (anchor and anchor not in anchors(meant)):
            found.append(target)
    return found


def missing_files(text: str) -> list[str]:
    """File names in backticks, below the repository's folders, that no file has."""
    named = re.findall(r"`([\w./-]+)`", text)
    return [each for each in named if each.startswith(CHECKED_FOLDERS) and not (ROOT / each).exists()]


def shell_lines(text: str) -> list[str]:
    """The commands of a text, each on one line: in its shell examples, and whole ones between backticks."""
    inline = re.findall(r"`((?:python -m lab|adversarial-lab|make) [^`\n…]+)`", FENCED.sub("", text))
    blocks = [block for language, block in FENCED.findall(text) if language in ("sh", "bat")]
    lines = (line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines())
    return [*inline, *filter(None, lines)]


def complaint(line: str) -> str:
    """What is wrong with a command that is one of the lab's; empty for others, which are not examined."""
    words = shlex.split(line, comments=True)
    if words[:1] == ["make"]:
        makefile = (ROOT / "Makefile").read_text("utf-8")
        targets = [each for each in words[1:] if "=" not in each]
        return "".join(f"no target {each}. " for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE))
    starts = [
        i for i, word in enumerate(words) if word.endswith("adversarial-lab") or words[i - 1 : i + 1] == ["-m", "lab"]
    ]
    words = words[starts[0] + 1 :] if starts else []
    if not words or words[0].startswith("-"):
        return ""
    try:
        options = parser().parse_args(words)
    except UsageError as error:
        return str(error)
    return unknown_name(words[0], vars(options))


def unknown_name(command: str, options: dict) -> str:
    known = {
        "analyse": {each.__name__ for each in family_of(FAMILIES["analyses"])},
        "train": {each.name for each in papers.named()} | {None},
    }
    named = next((options[each] for each in ("analysis", "recipe") if each in options), None)
    return "" if command not in known or named in known[command] else f"no {named} for {command}"


def test_the_generated_parts_are_up_to_date():
    for name in generator().PARTS:
        page = generator().page(name)
        assert page.read_text("utf-8") == generator().renewed(name), f"{page}: run python -m docs.generate"


def test_generating_renews_what_somebody_changed_and_nothing_else(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generator(), "DOCS", tmp_path)
    monkeypatch.setattr(generator(), "PARTS", {"attacks": generator().attacks})
    whole = (DOCS / "attacks.md").read_text("utf-8")
    (tmp_path / "attacks.md").write_text(whole.replace("### FGSM\n", "### Old\n", 1), "utf-8")
    assert generator().main(["--check"]) == 1
    assert generator().main([]) == 0
    assert (tmp_path / "attacks.md").read_text("utf-8") == whole
    assert generator().main(["--check"]) == 0
    assert capsys.readouterr().out.count("attacks.md") == 2


@on_every_page
def test_links_lead_somewhere(page):
    assert not broken_links(page)


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One Title: ε\n[a](#one-title-ε) [b](#two) [c](gone.md) [d](page.md#gone) [e](https://a.org/b)")
    assert broken_links(page) == ["#two", "gone.md", "page.md#gone"]


@on_every_page
def test_files_that_are_named_are_there(page):
    assert not missing_files(prose(page))


def test_a_file_that_is_gone_is_found():
    assert missing_files("`lab/gone.py`, `lab/specs`, `lab/doctor.py`, `timm/resnet.py`") == ["lab/gone.py"]


@on_every_page
def test_commands_are_understood(page):
    lines = shell_lines(page.read_text("utf-8"))
    assert not {line: said for line in lines if (said := complaint(line))}


@pytest.mark.parametrize(
    "line",
    [
        "python -m lab attack --modell standard",
        ".venv/bin/adversarial-lab lesson mine",
        "python -m lab analyse Gone --model standard",
        "python -m lab train gone-training",
        "make gone",
        "torchrun --nproc-per-node 2 -m lab train --eps 3",
    ],
)
def test_a_command_that_is_not_understood_is_found(line):
    assert complaint(line)


@on_every_page
def test_python_examples_compile_and_import_what_is_there(page):
    for language, block in FENCED.findall(page.read_text("utf-8")):
        if language != "python" or block.startswith(" "):  # a step of a list is indented, and makes what it imports
            continue
        tree = ast.parse(block)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in ("lab", "widgets"):
                exec(compile(ast.Module([node], []), str(page), "exec"), {})


def test_every_limit_that_can_be_set_is_documented():
    read = {
        name
        for path in (ROOT / "lab").rglob("*.py")
        for name in re.findall(r'"(LAB_MAX_\w+)"', path.read_text("utf-8"))
    }
    documented = set(re.findall(r"^\| `(LAB_MAX_\w+)` \|", (DOCS / "deployment.md").read_text("utf-8"), re.MULTILINE))
    assert documented == read


def test_the_readme_is_short_and_the_site_has_every_page():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150
    listed = re.findall(r"^([\w-]+)$", (DOCS / "index.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(each.stem for each in DOCS.glob("*.md") if each.stem != "index")


def test_the_citation_and_the_changelog_know_the_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["version"] == version
    assert f"## {version}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_workflow_runs_targets_of_the_makefile_on_every_python_that_is_supported():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))["jobs"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert "make test" in runs
    assert not [said for run in runs if run.startswith("make") and (said := complaint(run))]
    supported = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert supported == f">={jobs['test']['strategy']['matrix']['python-version'][0]}"
