"""Text from outside, as a model's name, made harmless for the format that it goes into."""

import re
from collections.abc import Sequence
from html import escape

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": "{`}",
    "[": "{[}",  # after the \\ of a row before, it would begin an option
    "]": "{]}",
    "ε": r"\ensuremath{\varepsilon}",
    "∞": r"\ensuremath{\infty}",
    "≥": r"\ensuremath{\geq}",
    "≤": r"\ensuremath{\leq}",
    "×": r"\ensuremath{\times}",
    "→": r"\ensuremath{\rightarrow}",
    "–": r"\textendash{}",
    "…": r"\ldots{}",
}
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&$@])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def html(text: str) -> str:
    """The text for HTML, between tags and inside a quoted attribute."""
    return escape(_printable(text), quote=True)


def latex(text: str) -> str:
    """The text for LaTeX, outside mathematics."""
    shown = "".join(_LATEX.get(each, each) for each in _printable(text))
    return re.sub("-(?=-)", "-{}", shown)  # two of them would become a dash


def markdown(text: str) -> str:
    """The text for Markdown, inside a line or a table's cell: what could be markup or HTML stands for itself."""
    return _MARKDOWN.sub(r"\\\1", _printable(text))


def cell(text: str) -> str:
    """The text for a cell of a CSV file: a spreadsheet takes none for a formula. OWASP, "CSV injection"."""
    shown = text.lstrip(" ")
    return f"'{text}" if shown.startswith(_FORMULA) else text


def file_names(texts: Sequence[str]) -> list[str]:
    """Different names of files or folders for these texts, good on every system and in no other folder."""
    found: list[str] = []
    for text in texts:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:100] or "model"
        taken = {each.lower() for each in found}  # some systems do not tell capitals from small letters
        numbered = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
        found.append(next(each for each in numbered if each.lower() not in taken))
    return found


def _printable(text: str) -> str:
    """The text on one line: no character that commands a terminal, a printer or the order of writing."""
    return "".join(each if each.isprintable() else " " for each in text)
