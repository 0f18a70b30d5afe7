"""Errors on the page's own thread: caught in one place, said on the page, never sent as a traceback."""

import asyncio
import logging
from typing import Any

import ipywidgets as ipw
import pytest
from ipywidgets.widgets import widget as ipywidgets_widget

from lab.errors import DataError, LabError
from lab.specs import PGD
from tests.widgets.conftest import settled
from widgets.controls import Number
from widgets.dashboards.restarts import RestartsPage
from widgets.faults import said_on_page
from widgets.loop import Every, OnLoop
from widgets.parts.alert import Alert
from widgets.parts.forms import Form
from widgets.parts.gallery import Gallery
from widgets.plain import Box, PlainLayout, Words, shared

pytestmark = pytest.mark.faults


class Strict:
    """An IPython that no widget may ask to show a traceback."""

    def showtraceback(self, *_: Any, **__: Any) -> None:
        raise AssertionError("a traceback was sent to the visitor")


@pytest.fixture(autouse=True)
def alert(monkeypatch: pytest.MonkeyPatch) -> Alert:
    monkeypatch.setattr(ipywidgets_widget, "get_ipython", Strict)
    found = shared(Alert)
    found.words = ""
    return found


def send(widget: ipw.Widget, method: str, **data: Any) -> None:
    """What arrives from a browser, by the way that ipywidgets registers for it."""
    widget._handle_msg({"content": {"data": {"method": method, **data}}, "buffers": []})


def custom(widget: ipw.Widget, content: Any) -> None:
    send(widget, "custom", content=content)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"content": {}},
        {"content": {"data": None}},
        {"content": {"data": {"method": "custom"}}},
        {"content": {"data": {"method": "update", "state": None}}},
        {"content": {"data": {"method": ["update"]}}},
        {"content": {"data": {"method": "update", "state": {"usual": "wide", "label": 3, "layout": "IPY_MODEL_x"}}}},
        {"content": {"data": {"method": "update", "state": {"value": [1]}, "buffer_paths": [["value", 9, "x"]]}}},
    ],
)
def test_messages_that_no_page_of_ours_sends_cause_no_traceback(capfd, message) -> None:
    for widget in (Number(), Box([]), PlainLayout(), Words(), Form(PGD())):
        widget._handle_msg(message)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TypeError("at /root/secret/lab.py"), "went wrong in the lab (TypeError)"),
        (OverflowError("int too large"), "(OverflowError)"),
        (RecursionError(), "(RecursionError)"),
        (FileNotFoundError(2, "No such file", "/root/gone.png"), "(FileNotFoundError)"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), "(UnicodeEncodeError)"),
        (DataError("gone.png is missing: bring it back."), "gone.png is missing: bring it back."),
        (LabError("x" * 5000), "xxx … xxx"),
    ],
)
def test_what_a_press_raises_is_said_in_one_place(alert, caplog, error, said) -> None:
    def press(_: int) -> None:
        raise error

    gallery = Gallery("Pictures", press=press)
    gallery.cards = [{}]
    custom(gallery, 0)
    assert said in alert.words
    assert "/root" not in alert.words
    assert len(alert.words) <= 300
    logged = [each for each in caplog.records if each.name == "lab.page"]
    assert len(logged) == (not isinstance(error, LabError))


def test_the_log_has_one_line_with_the_place_and_no_line_that_a_visitor_wrote(caplog) -> None:
    with said_on_page():
        raise ValueError("a\n[Voila] forged line\x1b[31m" + "x" * 100_000)
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "\n" not in record.message
    assert "\x1b" not in record.message
    assert "test_faults.py:" in record.message
    assert len(record.message) < 1000


async def test_what_the_loop_calls_is_said_and_goes_on(alert) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise KeyError("gone")

    once, _ = OnLoop(fail, 0.01), Every(0.05, fail)
    once()
    while len(calls) <= 3:
        await asyncio.sleep(0.05)
    assert "(KeyError)" in alert.words
    alert.words = ""
    once()
    await asyncio.sleep(0.1)
    assert "(KeyError)" in alert.words


async def test_a_page_shows_it_and_goes_on(alert, engine, cards, monkeypatch) -> None:
    page = RestartsPage(engine)
    assert alert in page.children

    def broken(*_: Any, **__: Any) -> None:
        raise FileNotFoundError(2, "No such file or directory", "/root/data/gone.png")

    with monkeypatch.context() as patch:
        patch.setattr(page.bar, "_spec", broken)
        custom(page.bar, "run")
    assert "(FileNotFoundError)" in alert.words
    custom(alert, "close")
    custom(page.bar, "run")
    await settled()
    assert (alert.words, page.bar.refusal) == ("", "")
