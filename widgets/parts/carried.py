"""Settings carried from page to page: data, models, images, attack, threat model."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from lab import datafiles
from lab.errors import LabError, SpecError
from lab.specs import AttackSpec, Ball, Linf, Spec, params
from lab.specs.capabilities import NORM_BALLS
from lab.specs.data import DataSpec
from lab.specs.opening import changed, followed
from widgets.parts.page import AnyPage

CARRIED = ("data", "models", "image", "images", "attack", "ball")
"""The settings that travel. A page of one image has ``image``, one of several ``images``: the same for the lab."""


@dataclass(frozen=True)
class Change:
    """Change of a field: its new value, and its number among all changes."""

    value: object
    number: int


class LabSettings:
    """The last changes of all pages, which each page takes over when it is visited, as far as it can.

    A page that lacks a setting, or cannot have its value, passes it on all the same.
    """

    def __init__(self) -> None:
        self._changes: dict[str, Change] = {}
        self._count = 0
        self._found: dict[str, dict[str, object]] = {}  # of each page: what it had when it was visited last
        self._known: dict[str, int] = {}  # and how many changes it has taken over

    def arrive(self, name: str, page: AnyPage, take: bool = True) -> None:
        """The page is visited: it takes over what was changed elsewhere since. ``take``: or is set by an address."""
        if take:
            with suppress(LabError):  # settings that cannot be stay as they are, and the page says what is wrong
                self._set(page, self._news(name))
            self._known[name] = self._count
        self._found[name] = _of(page) or self._found.get(name, {})

    def leave(self, name: str, page: AnyPage) -> None:
        """The page is left: what was changed on it is so for all. Settings that cannot be stay on their own page."""
        found = self._found.get(name, {})
        self._note({each: value for each, value in _of(page).items() if value != found.get(each)})
        self._known[name] = self._count

    def follow(self, origin: str, name: str, page: AnyPage, settings: Mapping[str, object]) -> None:
        """A link on a page leads to another one: what it sets is so everywhere, but for the page that it was on."""
        page.ask(with_fields(page.settings(), settings))
        self._note({each: value for each, value in settings.items() if each in CARRIED and _travels(each, value)})
        self._known[name] = self._known[origin] = self._count
        self._found[name] = _of(page)

    def _set(self, page: AnyPage, news: dict[str, object]) -> None:
        mine = page.settings()
        data = news.get("data")
        if isinstance(data, DataSpec) and "data" in params(mine):
            before, after = (datafiles.opening(each) for each in (mine.data, data))
            mine = mine.replace(**changed(page.form.opening, before, after))
            if news.get("ball") == Linf(after.eps):  # this page may open on them with a larger one
                del news["ball"]
        ball = news.pop("ball", None)
        wanted = with_fields(mine, news)
        if isinstance(ball, Ball) and _admits(wanted, ball):
            wanted = followed(with_fields(wanted, {"ball": ball}), getattr(wanted, "ball", ball))
        if wanted != mine:
            page.ask(wanted)

    def _news(self, name: str) -> dict[str, object]:
        known = self._known.get(name, 0)
        return {each: change.value for each, change in self._changes.items() if change.number > known}

    def _note(self, values: Mapping[str, object]) -> None:
        for each, value in values.items():
            self._count += 1
            if each in ("image", "images"):
                self._changes.pop("images" if each == "image" else "image", None)
            self._changes[each] = Change(value, self._count)


def _of(page: AnyPage) -> dict[str, object]:
    """The settings of a page that travel; none while they cannot be."""
    try:
        spec = page.carried()
    except LabError:
        return {}
    values = {each: getattr(spec, each) for each in params(spec) if each in CARRIED}
    return {each: value for each, value in values.items() if _travels(each, value)}


def _admits(spec: Spec, ball: Ball) -> bool:
    """Return whether a page's attacks work in this threat model; those that it does not let choose work in two."""
    values = [getattr(spec, name, ()) for name in ("attack", "attacks")]
    chosen = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
    attacks = [each for each in chosen if isinstance(each, AttackSpec)]
    return all(isinstance(ball, each) for each in [attack.balls for attack in attacks] or [NORM_BALLS])


def _travels(name: str, value: object) -> bool:
    return name != "images" or isinstance(value, tuple)  # elsewhere it is how many images there are


def with_fields(spec: Spec, values: Mapping[str, object]) -> Spec:
    """``spec`` with those of some values that it can have.

    A page of one image takes the first of several, and gives its own as the only one where it is not among them; one
    of fewer models takes the first ones.
    """
    for name, value in values.items():
        mine = getattr(spec, "images", None)
        if name == "image" and isinstance(mine, tuple):
            name, value = "images", mine if value in mine else (value,)
        elif name == "images" and hasattr(spec, "image") and isinstance(value, tuple):
            name, value = "image", value[0]
        fewer = [value[:count] for count in range(len(value), 0, -1)] if isinstance(value, tuple) else []
        for each in (value, *(fewer if name == "models" else ())):
            with suppress(SpecError):
                spec = spec.replace(**{name: each})
                break
    return spec
