"""A test that fails does not wait for what it has started."""

import sys
import threading
from pathlib import Path

import pytest

from tests.running import running
from tests.waiting import as_soon_as


def test_a_process_ends_with_a_context_that_fails():
    with pytest.raises(ZeroDivisionError), running(sys.executable, "-c", "import time; time.sleep(600)") as process:
        raise ZeroDivisionError
    assert process.returncode


def test_what_waits_for_an_act_is_freed_where_its_condition_never_holds(monkeypatch):
    complained, acted = [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", complained.append)
    with as_soon_as(lambda: False, acted.set, patience=0.05):
        assert acted.wait(20)
    assert [each.exc_type for each in complained] == [AssertionError]


def test_an_act_comes_as_soon_as_its_condition_holds_and_not_after_the_context():
    happened, acted = threading.Event(), threading.Event()
    with as_soon_as(happened.is_set, acted.set):
        happened.set()
        assert acted.wait(20)
    acted.clear()
    with as_soon_as(lambda: False, acted.set):
        pass
    assert not acted.is_set()


def test_no_test_waits_for_a_process_for_ever():
    here = Path(__file__)
    found = [each.name for each in here.parent.rglob("*.py") if "with subprocess.Popen(" in each.read_text("utf-8")]
    assert sorted(found) == ["running.py", here.name]
