"""What holds for all tests. PyTorch's threads sleep while they wait: browser, server and engine share the cores."""

import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.catalogue import live_models
from lab.datafiles import arrays

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # as make test has it: more sum in another order, and take other steps

SHARING = ("tests/pages", "tests/engine")
"""Folders whose tests share what is dear to start: a browser and a server, or an engine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: ``make test`` runs the tests side by side."""
    folders = [*SHARING, *dict.fromkeys(_together(item.nodeid) for item in items)]
    items.sort(key=lambda item: folders.index(_together(item.nodeid)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among the ten thousand tests, which all stay: neither while they are found nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let one process run what shares something, and every other file as a whole.

    Nothing may depend on what runs beside it: tests wait for what should come about (see ``tests/waiting.py``).
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _together(nodeid)

    return Together(config, log)


def _together(test: str) -> str:
    """The folder or the file with which a test is run."""
    file = test.partition("::")[0]
    return next((each for each in SHARING if file.startswith(each)), file)


@pytest.fixture(autouse=True, scope="session")
def home_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home of their own for the tests that set none: what the user's holds decides no test, and stays as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(tmp_path_factory.mktemp("lab-home")))
        yield


@pytest.fixture(autouse=True, scope="session")
def heard_ctrl_c() -> None:
    """Ctrl-C interrupts, as in a terminal: what a shell starts in the background ignores it, and so do its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers as live is gone after it: the next one's pages would offer it."""
    for module in (live_models, arrays):
        monkeypatch.setattr(module, "_registered", dict(module._registered))


@pytest.fixture(autouse=True)
def logged_and_interrupted_as_before() -> Iterator[None]:
    """A test leaves behind neither silence nor a handler of a signal: a later one would fail, or could not."""
    before = _heard()
    yield
    silence, after = logging.root.manager.disable, _heard()
    logging.disable(logging.NOTSET)
    for number, handler in before.items():
        signal.signal(number, handler)
    assert not silence, "The test leaves loggers silent."
    assert after == before, "The test leaves other handlers of signals."


def _heard() -> dict[signal.Signals, Any]:
    return {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``LAB_HOME`` of the test's own, without data beside it."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LAB_DATA", raising=False)
    return tmp_path / "home"


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command of these lines: its exit code, what it printed and what it complained of."""
    from lab.cli import main

    def run(*lines: str) -> tuple[int, str, str]:
        code = main([word for line in lines for word in line.split()])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
