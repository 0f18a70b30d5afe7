"""Pages without a browser: on a running loop, with a handful of model cards and an engine moved by hand."""

import asyncio
import inspect
import json
import selectors
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import catalogue
from lab.datafiles import packages
from tests.widgets.engine import FakeEngine

SPEED = 40
"""How many seconds pass on a test's loop in one second of waiting."""


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock stands still while anything runs on it, and is fast when all of it waits.

    What is put on it comes in the order of its times, however slow the machine is, and soon; what another thread does
    has some time to come.
    """

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(Selector(self.pass_time))

    def time(self) -> float:
        return self.now

    def pass_time(self, seconds: float) -> None:
        self.now += seconds


class Selector(selectors.DefaultSelector):
    """Waits for what comes from outside as long as the fast clock says, and lets that time pass."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        super().__init__()
        self._pass_time = pass_time

    def select(self, timeout: float | None = None) -> list:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        began = time.monotonic()
        events = super().select(timeout / SPEED)
        self._pass_time(min(timeout, SPEED * (time.monotonic() - began)) if events else timeout)
        return events


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on a loop, as a kernel runs its cells."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(autouse=True)
def no_fault_ends_on_the_page(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An unexpected error is only said on the page: here it makes the test fail, unless it is marked ``faults``."""
    yield
    if request.node.get_closest_marker("faults") is None:
        assert not [each.message for each in caplog.get_records("call") if each.name == "lab.page"]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of three models for grey 28×28 images and one for colour ones; no data set but the digits."""
    monkeypatch.setattr("lab.catalogue.model_cards.ZOO", tmp_path / "zoo")
    monkeypatch.setattr(catalogue.packaged, "PACKAGED", ())
    found = packages.package_folder
    monkeypatch.setattr(packages, "package_folder", lambda name: None if name == "foolbox" else found(name))
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    for name, shape in {
        "standard": (1, 28, 28),
        "pgd-trained": (1, 28, 28),
        "mine": (1, 28, 28),
        "rgb": (3, 32, 32),
    }.items():
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "weights.safetensors").touch()
        record = {
            "recipe": {}, "architecture": {"spec": "SmallCNN", "width": 16}, "data": "digits", "shape": shape,
            "classes": 10, "measured": {"clean": 0.97, "pgd": 0.0}, "sha256": "",
        }  # fmt: skip
        (folder / "card.json").write_text(json.dumps(record))


async def settled() -> None:
    """Let everything run that was put on the loop, the throttled last state included."""
    await asyncio.sleep(0.35)
