"""Every text that a user can see uses the field's words: none of those that ``tests/words.py`` leaves out."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.words import WORDS

ROOT = Path(__file__).resolve().parents[1]
SHORT = {"brief", "description", "help", "label", "meaning", "name", "title", "words"}
"""Arguments that are texts for users even where they are a single word."""


def python_texts(source: str) -> Iterator[tuple[int, str]]:
    """Texts of a module, with their lines: all that have a space, and single words that are :data:`SHORT`.

    Docstrings are none, and a formatted text is one text with … for what is filled in.
    """
    tree = ast.parse(source)
    silent: set[int] = set()
    short: set[int] = set()
    for node in ast.walk(tree):
        for each in getattr(node, "body", None) if isinstance(getattr(node, "body", None), list) else []:
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
                silent.add(id(each.value))
        if isinstance(node, ast.keyword) and node.arg in SHORT:
            short.add(id(node.value))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "report":
            yield from ((node.lineno, each.arg) for each in node.keywords if each.arg)  # figures beside the progress
        if isinstance(node, ast.JoinedStr):
            silent |= {id(each) for each in node.values}
            yield (
                node.lineno,
                "".join(str(each.value) if isinstance(each, ast.Constant) else "{…}" for each in node.values),
            )
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in silent else None
        if isinstance(text, str) and (id(node) in short or " " in text.strip()):
            yield node.lineno, text


def script_texts(source: str) -> Iterator[tuple[int, str]]:
    """Texts of a script with a space, without its comments and what is filled in."""
    plain = re.sub(r"/\*.*?\*/", lambda found: "\n" * found[0].count("\n"), source, flags=re.DOTALL)
    plain = re.sub(r"(?m)(^|\s)//.*$", "", plain)
    for found in re.finditer(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`(?:[^`\\]|\\.)*`', plain):
        text = re.sub(r"\$\{[^}]*\}", "…", found[0])
        if " " in text and not re.search(r"\blab-", text):  # names of style classes
            yield plain[: found.start()].count("\n") + 1, text


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Paragraphs of a Markdown text, with their first lines, without code and addresses."""
    plain = re.sub(r"(?ms)^\s*```.*?^\s*```", lambda found: "\n" * found[0].count("\n"), source)
    plain = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "`…`", plain))
    for found in re.finditer(r"(?:.+\n?)+", plain):
        yield plain[: found.start()].count("\n") + 1, " ".join(found[0].split())


def lesson_texts(source: str) -> Iterator[tuple[int, str]]:
    """Texts of a notebook: its prose, and the texts in its code; the numbers count cells."""
    for number, cell in enumerate(json.loads(source)["cells"]):
        read = prose if cell["cell_type"] == "markdown" else python_texts
        for _, text in read("".join(cell["source"])):
            yield number, text


READERS = {
    "lab/**/*.py": python_texts,
    "widgets/**/*.py": python_texts,
    "widgets/**/*.js": script_texts,
    "*.md": prose,
    "docs/*.md": prose,
    "notebooks/**/*.ipynb": lesson_texts,
}


def faults(text: str) -> list[str]:
    """The left-out words of a text, each with what to write."""
    shown = re.sub(r"[\w-]+:\s[^;{}\n]*;|<[^>]*>", " ", text)  # without style rules and tags
    return [f"'{use}': write {word.write}" for word in WORDS for use in word.uses(shown)]


@pytest.mark.parametrize("pattern", READERS)
def test_every_text_of_the_lab_uses_the_words_of_the_field(pattern):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {fault} in {text.strip()!r:.160}"
        for path in sorted(ROOT.glob(pattern))
        for line, text in READERS[pattern](path.read_text("utf-8"))
        for fault in faults(text)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    ("read", "source"),
    [
        (python_texts, 'epochs: int = param(1, meaning="the share of images")'),
        (python_texts, 'label = param(1, label="Mountains")'),
        (python_texts, "ctx.report(step, steps, standing=3)"),
        (python_texts, 'raise LabError(f"{name} is no folder: name one.")'),
        (python_texts, 'TRIES = ["Point at it: beside the mountains."]'),
        (python_texts, 'title = f"{share:.1f} % of the images"'),
        (prose, "It keeps 95 % of them."),
        (script_texts, "button.title = 'Stop it for everybody';"),
        (script_texts, "title.textContent = `${count} images were misread`;"),
        (prose, "# Title\n\nThe network reads it."),
        (lesson_texts, '{"cells": [{"cell_type": "markdown", "source": ["Ask the ", "model."]}]}'),
        (lesson_texts, '{"cells": [{"cell_type": "code", "source": ["print(f\\"{x} of 20 images fell\\")"]}]}'),
    ],
)
def test_a_left_out_word_is_seen_in_every_kind_of_text(read, source):
    assert any(faults(text) for _, text in read(source))


@pytest.mark.parametrize(
    ("read", "source"),
    [
        (
            python_texts,
            '"""Whoever reads this."""\n\ndef f():\n    """Answer."""\n    return {"place": "share"}',
        ),
        (python_texts, 'title = "Neural networks: one standard deviation, changed in place"'),
        (python_texts, 'style = "color: red; border: 0; place-content: center;"'),
        (script_texts, "// whoever stands here\nconst text = `${place} of 5`; /* asks */"),
        (prose, "`share of` and [text](network.md)\n\n```sh\nask the network\n```\n"),
    ],
)
def test_code_and_allowed_phrases_are_spared(read, source):
    assert [fault for _, text in read(source) for fault in faults(text)] == []
