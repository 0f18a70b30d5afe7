"""Every control of a page moved, one after the other, and moved back: each must do something that is seen."""

from collections.abc import Collection, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from tests.pages.visit import PATIENCE

_SCRIPT = Path(__file__).with_name("every_control.js").read_text("utf-8")
_LATER = 500  # milliseconds without a change after which the address and the figures are those of the last setting


def move_every_control(page: Any, settings: str, only_asked: Collection[str] = ()) -> list[str]:
    """Move every control in sight and move it back; gives the labels of those that had nothing to choose from.

    A control that only changes how things are drawn must change what is ``drawn``. A setting must change what
    ``settings`` says: also what is ``drawn``, on a page that computes at once; whether the figures are ``stale``; or
    the ``address``, which holds a page's state as the kernel knows it, with the words of the run bar. A control may
    instead bring others into sight, which then are moved, too. In the end the address is what it was.
    Those ``only_asked`` for need not change the picture on the images in sight: of them the address is enough.
    """
    page.evaluate(_SCRIPT)
    _until_settled(page)
    names = page.evaluate("everyControl.names()")
    address = page.evaluate("location.hash")
    told = dict.fromkeys(only_asked, "address")
    idle = _move(page, names, settings, set(names), told)
    page.wait_for_function("address => location.hash === address", arg=address)
    return idle


def _move(page: Any, names: list[str], settings: str, known: set[str], by_name: Mapping[str, str]) -> list[str]:
    idle: list[str] = []
    for name in names:
        told = by_name.get(name, settings) if page.evaluate("name => everyControl.isSetting(name)", name) else "drawn"
        before = page.evaluate("everyControl.state()")
        if not page.evaluate("name => everyControl.move(name)", name):
            idle.append(name)
            continue
        _until(page, name, f"before => (now => now.{told} !== before.{told} || now.names !== before.names)", before)
        deeper = "address" if settings == "stale" else settings  # the figures are stale already
        new = [each for each in page.evaluate("everyControl.names()") if each not in known]
        known.update(new)
        if new:
            _until_settled(page)
            idle += _move(page, new, deeper, known, by_name)
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
