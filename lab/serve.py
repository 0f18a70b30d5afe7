"""The server: an engine and Voilà, from the first port that is free to the last process that has ended."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.home import home
from lab.processes import MARK, end

PORT = 8866
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "lab.ipynb"
TEMPLATES = ROOT / "widgets"  # where Jupyter finds voila/templates/adversarial


@dataclass(frozen=True)
class Site:
    """Where the pages are served: ``port`` None means the first free one from 8866 on, 0 any free one.

    ``preheat`` is how many kernels wait, ready drawn, for the next visitors; ``ahead`` whether the pages' first
    pictures are computed before anybody opens them.
    """

    host: str = LOOPBACK[0]
    port: int | None = None
    preheat: int = 1
    ahead: bool = True

    @property
    def public(self) -> bool:
        """Whether other machines can reach it."""
        return self.host not in LOOPBACK


@contextmanager
def serving(site: Site, engine: Path | str) -> Iterator[Voila]:
    """Voilà on the lab's page, answering, with its kernels connected to that engine; nothing of it is left after.

    Raises :class:`LabError` when the port is taken or Voilà does not start.
    """
    mark = uuid.uuid4().hex
    marks = {"LAB_ENGINE": str(engine), "LAB_PUBLIC": str(int(site.public)), MARK: mark}
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as connections:
        try:
            voila = _started(site, marks, connections)
            with _computing_ahead(marks) if site.ahead else nullcontext():
                yield voila
        finally:
            end(mark)


@dataclass(frozen=True)
class Voila:
    """A running Voilà: its process, where it listens, and the file that it and its kernels write their log to."""

    process: subprocess.Popen[bytes]
    host: str
    port: int
    log: Path

    @property
    def address(self) -> str:
        """What to type into a browser, on another machine too if others can reach it."""
        return self._address({"0.0.0.0": socket.gethostname(), "::": socket.gethostname()})

    def wait(self) -> None:
        """Block for as long as it runs. Raises :class:`LabError` when it ends by itself."""
        code = self.process.wait()
        raise LabError(f"Voilà stopped by itself (exit code {code}); its last words are in {self.log}.")

    def answers(self) -> bool:
        """Whether it serves: asked for a file, because asking for the page would take a visitor's kernel."""
        here = self._address({"0.0.0.0": "127.0.0.1", "::": "::1"})
        try:
            urllib.request.urlopen(f"{here}/voila/static/index.css", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _address(self, everywhere: dict[str, str]) -> str:
        host = everywhere.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def check(site: Site) -> None:
    """Raise :class:`LabError` when that site cannot be served: the page is missing or the port is taken."""
    if not NOTEBOOK.exists():
        raise LabError(f"The page {NOTEBOOK} is missing: install the lab from a checkout with 'pip install -e .'.")
    free_port(site.host, site.port)


def stop_on_signals() -> None:
    """Make SIGTERM and a closed terminal end the program as Ctrl-C does: by the way it came."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)


def _interrupt(_signal: int, _frame: object) -> None:
    logging.disable()  # what is interrupted while it starts complains at length, and it helps nobody
    raise KeyboardInterrupt


def free_port(host: str, port: int | None) -> int:
    """A port to listen on: the given one, any for 0, for None the first free one from 8866 on.

    Raises :class:`LabError` when the given one is taken, or none is free.
    """
    if port is not None:
        return _bound(host, port, f"Port {port} of {host} is taken: choose another with --port, or leave it out.")
    for candidate in range(PORT, PORT + 100):
        try:
            return _bound(host, candidate, "taken")
        except LabError:
            continue
    raise LabError(f"No port of {host} from {PORT} to {PORT + 99} is free: choose one with --port.")


def _bound(host: str, port: int, complaint: str) -> int:
    if port > 65535:
        raise LabError(f"There is no port {port}: choose one up to 65535 with --port.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise LabError(
            f"There is no address {host}:{port} on this machine: choose others with --host and --port."
        ) from None
    with socket.socket(family, kind, protocol) as probe:
        if os.name == "posix":  # elsewhere this would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise LabError(f"Port {port} needs more rights than yours: choose one above 1023 with --port.") from None
        except OSError:
            raise LabError(complaint) from None
        return probe.getsockname()[1]


def _started(site: Site, environment: dict[str, str], connections: str) -> Voila:
    port = free_port(site.host, site.port)
    log_file = home() / "logs" / f"voila-{port}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            _command(site, port, connections),
            env=_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C in the terminal is for the server, which then ends Voilà in order
        )
    return _once_it_answers(Voila(process, site.host, port, log_file))


@contextmanager
def _computing_ahead(marks: dict[str, str]) -> Iterator[None]:
    """A process that has the pages' first pictures computed. Nothing in ``lab`` imports the pages; this starts them."""
    with (home() / "logs" / "openings.log").open("wb") as log:
        command = [sys.executable, "-m", "widgets.openings"]
        process = subprocess.Popen(
            command, env=os.environ | marks, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()  # so that it takes back what it asked for; whoever ends the marked processes waits for it


def _environment() -> dict[str, str]:
    """This environment, with the page's template, and with this Python's kernel rather than another one's."""
    path = os.pathsep.join(filter(None, (str(TEMPLATES), os.environ.get("JUPYTER_PATH"))))
    return {**os.environ, "JUPYTER_PATH": path, "JUPYTER_PREFER_ENV_PATH": "1"}


def _command(site: Site, port: int, connections: str) -> list[str]:
    """How Voilà is started.

    A page that is left asks for its kernel's end without the token that Jupyter's forms carry, so that check is
    off: whoever knows a kernel's secret number may end it, and there is nothing else to forge.
    """
    options = {
        "Voila.ip": site.host,
        "Voila.port": port,
        "Voila.port_retries": 0,
        "Voila.open_browser": False,
        "Voila.root_dir": NOTEBOOK.parent,
        "Voila.connection_dir_root": connections,
        "Voila.tornado_settings": "disable_check_xsrf=True",
        "VoilaConfiguration.template": "adversarial",
        "VoilaConfiguration.preheat_kernel": site.preheat > 0,
        "VoilaConfiguration.default_pool_size": site.preheat,
        "VoilaConfiguration.file_denylist": ".*",
        "VoilaConfiguration.allow_template_override": "NO",
        "VoilaConfiguration.allow_theme_override": "NO",
        "MappingKernelManager.cull_idle_timeout": 900,
        "MappingKernelManager.cull_interval": 60,
    }
    return [sys.executable, "-m", "voila", str(NOTEBOOK), *(f"--{name}={value}" for name, value in options.items())]


def _once_it_answers(voila: Voila, patience: float = 60.0) -> Voila:
    deadline = time.monotonic() + patience
    while not voila.answers():
        if voila.process.poll() is not None:
            raise LabError(f"Voilà could not start; its last words are in {voila.log}.")
        if time.monotonic() > deadline:
            raise LabError(f"Voilà does not answer after {patience:.0f} s; its last words are in {voila.log}.")
        time.sleep(0.05)
    return voila
