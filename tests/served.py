"""A real server for the tests: started as a person starts it, and watched for what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
MARK = "LAB_TEST_MARK"
FORKED = "kernel "  # and eight digits: the name of a forked kernel


@dataclass(frozen=True)
class Served:
    """A running ``python -m lab serve`` and where it is open."""

    process: subprocess.Popen
    address: str
    mark: str
    home: Path

    def processes(self) -> list[psutil.Process]:
        """The server and everything it started that is alive, whoever its parent is now."""
        return [each for each in psutil.process_iter() if _is_marked(each, self.mark)]

    def children(self, word: str) -> list[psutil.Process]:
        """Those with a word on their command line, such as ``voila`` or ``widgets.openings``."""
        return [each for each in self.processes() if word in each.cmdline()]

    def kernels(self, number: str = "") -> list[psutil.Process]:
        """Visitors' kernels, forked or not; only those whose number begins as a given one, of which eight digits count.

        A forked kernel has the command line of its parent, and its number in its name.
        """
        numbers = {each: _number_of(each) for each in self.processes()}
        return [each for each, found in numbers.items() if found and found.startswith(number[:8])]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and wait: the exit code and the last words."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """The exit code and the last words of a server that is ending."""
        said, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


@contextmanager
def served(home: Path, *options: str, port: int = 0) -> Iterator[Served]:
    """A server on that port, or a free one, with its own ``LAB_HOME``.

    Fails unless SIGTERM ends it in order, with all it started.
    """
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "lab", "serve", "--port", str(port), "--no-browser", *options]
    environment = os.environ | {"LAB_HOME": str(home), MARK: mark}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        server = Served(process, _address(process), mark, home)
        yield server
        if process.poll() is None:
            code, said = server.stop()
            assert code == 0, said
            assert said.endswith("Stopped.\n"), said
        left = server.processes()
        assert not left, f"the server left {left}"
    finally:
        for each in psutil.process_iter():
            if _is_marked(each, mark):
                each.kill()
        process.wait()


def _address(process: subprocess.Popen) -> str:
    watch = threading.Timer(PATIENCE, process.kill)
    watch.start()
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"open at (http://\S+)", line):
                return found[1]
    finally:
        watch.cancel()
    raise AssertionError(f"the server did not start: {''.join(said)}")


def _number_of(process: psutil.Process) -> str:
    """The number of a kernel; empty for any other process, and for one that has just ended."""
    try:
        if process.name().startswith(FORKED):
            return process.name().removeprefix(FORKED)
        line = process.cmdline()
        return line[-1].rpartition("/kernel-")[2] if "ipykernel_launcher" in line else ""
    except psutil.Error:
        return ""


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark
    except (psutil.Error, OSError):
        return False
