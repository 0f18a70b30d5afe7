"""Names of models where there is little room: shortened, in lines, with the mark of other training data below."""

import re
from html import escape, unescape

from lab.pairing import unmarked

_LONGEST = 24  # letters of a name beside a figure; the hover has all of it


def mark_below(name: str) -> str:
    """The mark of a model that was trained on other data, in lines of its own below a name that may be shortened."""
    mark = name.removeprefix(unmarked(name)).strip()
    return "<br>" + escape(mark).replace("(trained ", "(trained<br>") if mark else ""


def shortened(name: str) -> str:
    """An escaped name of a model, as much of it as there is room for."""
    plain = unmarked(unescape(name))
    short = plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
    return escape(short) + mark_below(unescape(name))


def wrapped(name: str) -> str:
    """The same for under a column: in lines of a word each where it is long."""
    return shortened(name) if len(unmarked(name)) <= 12 else shortened(name).replace("-", "-<br>")


def in_lines(name: str, most: int) -> list[str]:
    """An escaped name in lines of at most so many letters, broken after its hyphens, underscores and spaces.

    A part that is longer than a line is shortened.
    """
    lines = [""]
    for part in re.findall(r"[^-_ ]*[-_ ]*", name)[:-1]:
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > most:
            lines.append("")
        lines[-1] += part if len(part.rstrip()) <= most else part[: most - 1] + "…"
    return [escape(each.rstrip()) for each in lines]
