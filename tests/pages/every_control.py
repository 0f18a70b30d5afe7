"""Every control of a page moved and moved back: each must do something that is seen, and the page stay well drawn."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from tests.pages.visit import PATIENCE

WINDOWS = {"laptop": (1280, 720), "tablet": (820, 1180), "phone": (390, 844)}
"""The windows in which every control is moved: the drawer beside the figures, over them, and on a phone."""

_SCRIPTS = [Path(__file__).with_name(name).read_text("utf-8") for name in ("every_control.js", "blemishes.js")]
_LATER = 500  # milliseconds without a change after which the address and the figures are those of the last setting
_SOON = 3000  # milliseconds in which a figure that is drawn anew comes to rest


def move_every_control(page: Any, size: str, settings: str, only_asked: Collection[str] = ()) -> list[str]:
    """Move every control and move it back in a window; gives the labels of those that had nothing to choose from.

    A control that only changes how things are drawn must change what is ``drawn``. A setting must change what
    ``settings`` says: also what is ``drawn``, on a page that computes at once; whether the figures are ``stale``; or
    the ``address``, which holds a page's state as the kernel knows it, with the words of the run bar. A control may
    instead bring others into sight, which then are moved, too. In the end the address is what it was.
    Those ``only_asked`` for need not change the picture on the images in sight: of them the address is enough.
    After every move nothing may be cut, overlap, have no size or be wider than the window, nor a script complain.
    """
    width, height = WINDOWS[size]
    page.set_viewport_size({"width": width, "height": height})
    for script in _SCRIPTS:
        page.evaluate(script)
    _until_settled(page)
    sweep = _Sweep(page, settings, dict.fromkeys(only_asked, "address"))
    page.on("console", sweep.heard)
    page.on("pageerror", sweep.failed)
    try:
        sweep.look("as it opens")
        sweep.open_the_menu()
        address = page.evaluate("location.hash")
        idle = sweep.move(page.evaluate("everyControl.names()"))
        page.wait_for_function("address => location.hash === address", arg=address)
    finally:
        page.remove_listener("console", sweep.heard)
        page.remove_listener("pageerror", sweep.failed)
        page.keyboard.press("Escape")
        page.set_viewport_size(dict(zip(("width", "height"), WINDOWS["laptop"], strict=True)))
    assert not sweep.seen, "\n".join(f"{where}: {each}" for each, where in sweep.seen.items())
    return idle


@dataclass
class _Sweep:
    """One way through all controls of a page in a window, with what was seen of bad drawing: where it was first."""

    page: Any
    settings: str
    by_name: Mapping[str, str]
    known: set[str] = field(default_factory=set)
    seen: dict[str, str] = field(default_factory=dict)

    def heard(self, message: Any) -> None:
        if message.type == "error":
            self.seen.setdefault(message.text, "in the console")

    def failed(self, error: Exception) -> None:
        self.seen.setdefault(str(error), "in a script")

    def look(self, where: str) -> None:
        """Note what is badly drawn and stays so."""
        from playwright.sync_api import TimeoutError as Unchanged

        try:
            self.page.wait_for_function("blemishes().length === 0", polling=100, timeout=_SOON)
        except Unchanged:
            for each in self.page.evaluate("blemishes()"):
                self.seen.setdefault(each, where)

    def open_the_menu(self) -> None:
        button = self.page.locator(".lab-menu-button")
        if button.is_visible():
            button.click()
            self.look("in the menu of pages")
            self.page.keyboard.press("Escape")

    def move(self, names: list[str], settings: str = "") -> list[str]:
        page, idle = self.page, []
        settings = settings or self.settings
        self.known.update(names)
        for name in names:
            is_setting = page.evaluate("name => everyControl.isSetting(name)", name)
            told = self.by_name.get(name, settings) if is_setting else "drawn"
            page.evaluate("name => everyControl.reach(name)", name)
            before = page.evaluate("everyControl.state()")
            if not page.evaluate("name => everyControl.move(name)", name):
                idle.append(name)
                continue
            _until(page, name, f"before => (now => now.{told} !== before.{told} || now.names !== before.names)", before)
            self.look(f"{name} moved")
            new = [each for each in page.evaluate("everyControl.names()") if each not in self.known]
            if new:
                _until_settled(page)
                deeper = "address" if settings == "stale" else settings  # the figures are stale already
                idle += self.move(new, deeper)
            page.evaluate("name => everyControl.reach(name)", name)
            page.evaluate("everyControl.back()")
            _until(page, name, f"before => (now => now.{told} === before.{told} && now.names === before.names)", before)
        return idle


def _until_settled(page: Any) -> None:
    """Wait until nothing changes any more: what is compared with it later must be what these settings bring."""
    page.wait_for_function("!['waiting', 'running'].includes(everyControl.state().job)", timeout=PATIENCE)
    page.evaluate("everyControl.still(0)")
    page.wait_for_function("later => everyControl.still() >= later", arg=_LATER, polling=50, timeout=PATIENCE)


def _until(page: Any, name: str, condition: str, before: dict[str, str]) -> None:
    try:
        page.wait_for_function(
            f"before => ({condition})(before)(everyControl.state())", arg=before, polling=50, timeout=PATIENCE
        )
    except Exception as error:
        now = page.evaluate("everyControl.state()")
        changed = "; ".join(f"{each}: {_apart(before[each], now[each])}" for each in now if before[each] != now[each])
        raise AssertionError(f"{name}: waited in vain for {condition}; changed: {changed or 'nothing'}") from error


def _apart(before: str, now: str) -> str:
    """Two texts from a little before the first place where they differ."""
    same = (one == other for one, other in zip(before, now, strict=False))
    start = max(0, sum(takewhile(bool, same)) - 60)
    return f"{before[start:][:120]!r} -> {now[start:][:120]!r}"
