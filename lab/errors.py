"""The one kind of error whose message is for the user."""

import difflib
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import accumulate

LONGEST = 300
"""Characters of a sentence that is still read."""

_SCRIPTED = "in the TorchScript interpreter."
_TAIL = 110  # of them at the end, where the sentence says how to fix it


class LabError(Exception):
    """Something that the user can fix. Its message is one sentence: what is wrong, where, and how to fix it.

    The command line prints it without a traceback and exits with code 2; a page shows it in its run bar. It stays on
    one line of at most :data:`LONGEST` characters, whatever text from outside it repeats: what is no printable
    character is escaped, and a longer one is cut in its middle.
    """

    def __init__(self, sentence: object = "") -> None:
        super().__init__(one_line(str(sentence), LONGEST))

    def worded(self, _: Callable[[str, str], str]) -> str:
        """The sentence for a surface that has words of its own for the fields of a spec, as :class:`FieldError` has."""
        return str(self)


class SpecError(LabError, ValueError):
    """A field of a spec is outside its limits, unknown, or of the wrong type."""


class Unknown(LabError):
    """Something is whole, but of a kind that this lab does not know: a newer one's, or a plug-in's. It stays."""


class FieldError(SpecError):
    """One field of a spec cannot have its value: which, of which spec, and why, for a surface to say in its own words.

    ``reason`` is the sentence without its subject; ``meaning`` is what the field means, for who reads names in code.
    """

    def __init__(self, kind: str, field: str, reason: str, meaning: str = "") -> None:
        about = f" ({meaning})" if meaning else ""
        super().__init__(f"{kind}.{field}{about} {reason}")
        self.kind, self.field, self.reason, self.meaning = kind, field, one_line(reason, LONGEST), meaning

    def worded(self, called: Callable[[str, str], str]) -> str:
        """The sentence with what a form calls the field of this kind of spec."""
        return one_line(f"{called(self.kind, self.field)} {self.reason}", LONGEST)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.kind, self.field, self.reason, self.meaning)


class DataError(LabError, ValueError):
    """A data set is damaged, missing, or not of the expected form."""


class ModelError(LabError, ValueError):
    """A model cannot be built, loaded, or used as a classifier."""


class Unrepeatable(ModelError):
    """A model is another one each time it is built, so that no result of it may be stored."""


class AttackError(LabError, ValueError):
    """An attack was asked for something impossible, or proposed an image outside the threat model."""


class EngineError(LabError, RuntimeError):
    """The engine cannot be reached, refuses a job, or lost it."""


def one_line(text: str, most: int) -> str:
    """The text on one line of at most so many characters, all of them printable; a longer one is cut in its middle."""
    ends = _ends(text, most)
    line = "".join(each if each.isprintable() else _escaped(each) for each in ends)
    if len(line) <= most and ends == text:
        return line
    tail = min(_TAIL, most // 3)
    return f"{line[: most - tail - 3]} … {line[-tail:]}"


def quoted(value: object, most: int = 60) -> str:
    """A value from outside as a sentence repeats it: its ``repr`` on one line, cut to so many characters."""
    try:
        text = repr(_ends(value, most) if isinstance(value, str) else value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits; lists in one another
        text = f"a {type(value).__name__} too long to be shown"
    return one_line(text, most)


def in_words(error: BaseException) -> str:
    """Describe any error for the middle of a sentence: its kind and the first line of its message.

    TorchScript begins with where it failed; why is in its last line.
    """
    if isinstance(error, LabError):
        return str(error).rstrip(".")
    text = ""
    with suppress(Exception):  # a user's error may fail to say what it is
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        text = next(iter(lines[-1:] if lines and lines[0].endswith(_SCRIPTED) else lines), "")
    return f"{type(error).__name__}: {text}".rstrip(": .")


def fault_of(error: Exception) -> str:
    """Describe the fault of a record that the lab itself has read, for the middle of a sentence."""
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error).rstrip(".")


def one_sentence(before: str, words: str, after: str) -> str:
    """The three parts as one sentence; the words in the middle give way when it would be too long."""
    room = max(LONGEST - len(before) - len(after), 20)
    return before + (words if len(words) <= room else words[: room - 1].rstrip() + "…") + after


def no_such(kind: str, name: str, known: Iterable[str]) -> str:
    """The sentence that nothing of a kind has that name: first the names that come close, then what there is."""
    names = list(known)
    close = _close(name, names)
    hint = f", but there is {' or '.join(close)}" if close else ""
    return f"There is no {kind} called {quoted(name, 40)}{hint}; known are {_listed(names) or 'none'}."


def _listed(names: list[str]) -> str:
    """The names, as far as they do not fill the sentence."""
    shown = [
        name for name, length in zip(names, accumulate(len(each) + 2 for each in names), strict=True) if length < 160
    ]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(shown) < len(names) else "")


def _close(name: str, names: list[str]) -> list[str]:
    """Up to three names that hold this one, or are in it, or are spelt like it."""
    mine = _letters(name[:100])
    inside = [each for each in names if len(mine) > 2 and (mine in _letters(each) or _letters(each) in mine)]
    alike = difflib.get_close_matches(mine, list(map(_letters, names)), n=3)
    return [*inside, *(each for each in names if _letters(each) in alike and each not in inside)][:3]


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _ends(text: str, most: int) -> str:
    """The text without the middle that :func:`one_line` would not show anyway."""
    return text if len(text) <= 4 * most else text[: 2 * most] + text[-2 * most :]


def _escaped(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode("ascii")
