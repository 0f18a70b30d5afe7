"""Text from outside does nothing in any format but to be read."""

import csv
import io
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from lab.reports.escaping import cell, file_names, html, latex, markdown
from lab.reports.tables import csv as csv_text

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a & b &amp; c",
    r"50% of_the #1 $x$ ~ ^2 {b} \input{/etc/passwd}",
    r"\\[9cm] two -- three --- four",
    "| a | b |",
    "[click](javascript:alert(1)) ![x](http://x.example/y.png)",
    "`code` *bold* _it_ ~~no~~ @everyone <b>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    " =1+1",
    "two\nlines\r\nand # more",
    "\u202eright to left\u0000 and null",
    "ordinary-name_2",
    "größer als ε",
)


class Text(HTMLParser):
    """What a browser shows, and the tags it meets."""

    def __init__(self) -> None:
        super().__init__()
        self.shown, self.tags = "", []

    def handle_data(self, data: str) -> None:
        self.shown += data

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))


def plain(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)


@pytest.mark.parametrize("text", HOSTILE)
def test_html_shows_the_text_between_tags_and_in_an_attribute(text):
    parser = Text()
    parser.feed(f'<p title="{html(text)}">{html(text)}</p>')
    assert parser.shown == plain(text)
    assert parser.tags == [("p", {"title": plain(text)})]


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_has_no_command_that_the_text_brought(text):
    shown = latex(text)
    allowed = r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textendash|ldots)\{\}"
    rest = re.sub(allowed, "", shown)
    rest = re.sub(r"\\ensuremath\{\\[a-z]+\}|\\[{}$&#_%]|\{[`\[\]]\}|-\{\}(?=-)", "", rest)
    assert not set(rest) & set("\\{}$&#_%~^<>|\n")
    assert "--" not in shown


def test_latex_keeps_what_is_harmless():
    assert latex("pgd-trained 2.0") == "pgd-trained 2.0"
    assert latex("a_b 100% ε") == r"a\_b 100\% \ensuremath{\varepsilon}"


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_has_no_markup_that_the_text_brought(text):
    shown = markdown(text)
    assert "\n" not in shown
    bare = re.sub(r"\\[\\`*_\[\]<>#|~&$@]", "", shown)
    assert not set(bare) & set("\\`*_[]<>#|~&$@")
    assert re.sub(r"\\(.)", r"\1", shown) == plain(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_csv_file_is_a_formula_and_numbers_stay_numbers(text):
    frame = pd.DataFrame({"model": [text, "fine"], "margin": [-1.5, 2.0], text: [1, 2]})
    heading, first, second = csv.reader(io.StringIO(csv_text(frame), newline=""))
    for each in (heading[2], first[0]):
        assert not each.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
        assert each.removeprefix("'") == text
    assert (first[1], second[0]) == ("-1.5", "fine")


def test_only_what_is_a_formula_is_changed():
    assert cell("pgd-trained") == "pgd-trained"
    assert cell("-x") == "'-x"


def test_names_of_files_differ_and_stay_in_their_folder():
    names = file_names(["../../etc/passwd", "a/b", "a b", "A-B", "", "…", "x" * 500, ".hidden", "C:\\con\0"])
    assert len({each.lower() for each in names}) == len(names)
    for each in names:
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", each)
        assert len(each) <= 110
