"""The server: Voilà on an engine, watched from the first port that is free to the last process that has ended."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from dask.system import cpu_count

from lab.errors import LabError
from lab.home import home
from lab.processes import MARK, end
from lab.server.access import COOKIE_KEY, TOKEN
from lab.server.addresses import plain
from lab.server.children import start
from lab.server.guesses import GUESSABLE, TEACHER
from lab.server.hosts import origin_of
from lab.server.logs import bounded_log
from lab.server.ports import free_port, is_free
from lab.server.site import NOTEBOOK, Site, kernel_memory, kernel_patience

TEMPLATES = Path(__file__).resolve().parents[2] / "widgets"  # where Jupyter finds voila/templates/adversarial
STARTING_OF_A_CORE = 2  # kernels that start for visitors at the same time
PREPARED = ("widgets.dashboards.app", "widgets.prepared:prepare")
"""What all kernels need: modules, and functions to call; nothing in ``lab`` imports them."""
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget")
"""JupyterLab's extensions that the pages need; every other one would be loaded by every visitor all the same."""
PATIENCE = (5.0, 10.0, 15.0)
"""Seconds to wait for an answer, question after question: a server that leaves all of them unanswered is stuck.

Growing, because a busy one answers late, and a restart costs every visitor his page."""
PAUSE = 5.0  # seconds between two questions
STEADY = 60.0  # seconds after which the end of Voilà is an accident, and not something that would happen again
ATTEMPTS = 8  # starts in a row that fail, or that Voilà does not survive for so long, until it is given up
LONGEST_PAUSE = 30.0  # seconds between two of them, of which the first follows at once

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy knows the way to this machine


@contextmanager
def serving(site: Site, engine: Path | str) -> Iterator[Voila]:
    """Voilà on the lab's page, answering, with its kernels connected to that engine; nothing of it is left after.

    Raises :class:`LabError` when the port is taken or Voilà does not start.
    """
    marks = {"LAB_ENGINE": str(engine), "LAB_PUBLIC": str(int(site.public)), "LAB_PRESENTER": str(int(site.presenter))}
    marks |= {GUESSABLE: json.dumps(dict(site.guessable)) if site.guessable else ""}
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as connections, ExitStack() as stack:
        voila = _begun(site, marks, connections, stack)
        if site.ahead:
            stack.enter_context(_computing_ahead(marks))
        yield voila


def _begun(site: Site, marks: dict[str, str], connections: str, stack: ExitStack) -> Voila:
    """Voilà, answering, which ends with the stack.

    A free port may be taken by another program in the seconds before Voilà listens on it. Where any will do, the next
    one is tried then.
    """
    attempts = 3
    while True:
        port = free_port(site.host, site.port)
        log_file = home() / "logs" / f"voila-{port}.log"
        with ExitStack() as attempt:
            voila = Voila(site, port, log_file, marks, connections, attempt.enter_context(bounded_log(log_file)))
            attempt.callback(voila.end)
            try:
                voila.begin()
            except LabError:
                attempts -= 1
                if not attempts or site.port or is_free(site.host, port):
                    raise
                continue
            stack.push(attempt.pop_all())
            return voila


class Voila:
    """The process that serves the pages, and those that came before it when it had to be started again."""

    def __init__(
        self, site: Site, port: int, log: Path, marks: dict[str, str], connections: str, output: IO[bytes]
    ) -> None:
        self.site = site
        self.port = port
        self.log = log
        self.room = site.room()
        self.ready = min(site.ready(), self.room)
        self.teacher = secrets.token_urlsafe(24) if site.guessable else ""
        own = {TOKEN: site.token, TEACHER: self.teacher, COOKIE_KEY: secrets.token_hex(32)}
        self._marks = marks | own  # for every restart
        self._connections = connections
        self._output = output
        self._started = ExitStack()
        self._failures = 0  # in a row

    @property
    def address(self) -> str:
        """Address for a browser."""
        return self.site.address(self.port)

    def begin(self, patience: float = 60.0) -> None:
        """Start it and wait until it answers. Raises :class:`LabError` when it does not."""
        self._mark = uuid.uuid4().hex
        self._began = time.monotonic()
        self.process = self._started.enter_context(
            start(
                "lab.server.pages",
                _arguments(self.site, self.port, self._connections, self.room, self.ready),
                _environment(self._connections) | self._marks | {MARK: self._mark},
                self._output,
                called="voila",
            )
        )
        while not self.answers():
            if self.process.poll() is not None:
                raise LabError(f"Voilà could not start; see the log: {self.log}.")
            if time.monotonic() > self._began + patience:
                raise LabError(f"Voilà does not respond after {patience:.0f} s; see the log: {self.log}.")
            time.sleep(0.05)

    def end(self) -> None:
        """End it and all its kernels."""
        end(self._mark)
        self._started.close()

    def watch(self, say: Callable[[str], None], pause: float = PAUSE, patience: tuple[float, ...] = PATIENCE) -> None:
        """Block for as long as it runs, and start it again when it answers no more; ``say`` is told so.

        Raises :class:`LabError` when it ends by itself soon after each of several starts, or cannot be started again.
        """
        while True:
            self._wait_for_its_end(pause)
            if self.process.poll() is None:
                if any(self.answers(each) for each in patience):
                    continue
                self._wait_for_its_end(min(pause, 1.0))  # one that ends at this moment is not stuck
            code = self.process.poll()
            if time.monotonic() > self._began + STEADY:
                self._failures = 0
            if code is not None:
                self._fail(f"Voilà stopped by itself (exit code {code})", say)
            else:
                say(f"Voilà has not responded for {sum(patience):.0f} s and is being restarted.")
            self._begin_again(say)

    def _begin_again(self, say: Callable[[str], None]) -> None:
        """Start it again, after a pause that grows with the failures in a row: whatever ends it may still be there."""
        while True:
            self.end()
            self._rest(min(2.0**self._failures, LONGEST_PAUSE) if self._failures > 1 else 0)
            try:
                return self.begin()
            except LabError as error:
                self._fail(str(error).partition(";")[0], say)

    def _fail(self, why: str, say: Callable[[str], None]) -> None:
        """Count a failure and say it. Raises :class:`LabError` at the last of too many in a row."""
        self._failures += 1
        if self._failures >= ATTEMPTS:
            raise LabError(f"{why}, the last of {ATTEMPTS} failures in a row; see the log: {self.log}.")
        say(f"{why} and is being restarted.")

    def answers(self, patience: float = 2.0) -> bool:
        """Return whether it is well: asked at an address that takes no visitor's kernel."""
        try:
            with _direct.open(self.site.health(self.port), timeout=patience) as answer:
                return json.load(answer).get("status") == "ok"
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            return False

    def _rest(self, seconds: float) -> None:
        time.sleep(seconds)

    def _wait_for_its_end(self, pause: float) -> None:
        try:
            self.process.wait(timeout=pause)
        except subprocess.TimeoutExpired:
            return


@contextmanager
def _computing_ahead(marks: dict[str, str]) -> Iterator[None]:
    """A process that has the pages' first pictures computed. Nothing in ``lab`` imports the pages; this starts them."""
    mark = uuid.uuid4().hex
    environment = {**os.environ, **marks, MARK: mark}
    with (
        bounded_log(home() / "logs" / "openings.log") as log,
        start("widgets.openings", [], environment, log) as process,
    ):
        try:
            yield
        finally:
            process.terminate()  # so that it takes back what it asked for
            end(mark)


def _environment(folder: str) -> dict[str, str]:
    """This environment, with the page's template, and with this Python's kernel rather than another one's.

    Without the settings of a person's other Jupyter and IPython, which may name another template, or code to run, and
    with docstrings, of which Jupyter makes its help.
    """
    apart = {"JUPYTER_CONFIG_DIR": folder, "JUPYTER_CONFIG_PATH": "", "IPYTHONDIR": os.path.join(folder, "ipython")}
    path = os.pathsep.join(filter(None, (str(TEMPLATES), os.environ.get("JUPYTER_PATH"))))
    return {**os.environ, "JUPYTER_PATH": path, "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONOPTIMIZE": "", **apart}


def _arguments(site: Site, port: int, connections: str, room: int, ready: int) -> list[str]:
    """Return the arguments of Voilà.

    A page that is left asks for its kernel's end without the token that Jupyter's forms carry, so that check is
    off: whoever knows a kernel's secret number may end it, and there is nothing else to forge. A kernel that dies
    stays dead, because a blank one in its place would leave the page on the screen without life.
    """
    options = {
        "Voila.ip": site.host,
        "Voila.port": port,
        "Voila.port_retries": 0,
        "Voila.base_url": site.path,
        "Voila.open_browser": False,
        "Voila.root_dir": NOTEBOOK.parent,
        "Voila.connection_dir_root": connections,
        "Voila.kernel_websocket_connection_class": "lab.server.gate.Gate",
        "Pages.any_host": site.any_host,
        "VoilaConfiguration.multi_kernel_manager_class": "lab.server.kernels.Kernels",
        "VoilaConfiguration.template": "adversarial",
        "VoilaConfiguration.preheat_kernel": ready > 0,
        "VoilaConfiguration.default_pool_size": 0,  # Kernels.refill fills it
        "VoilaConfiguration.file_denylist": ".*",
        "VoilaConfiguration.allow_template_override": "NO",
        "VoilaConfiguration.allow_theme_override": "NO",
        "Kernels.most_visitors": room,
        "Kernels.most_ready": ready,
        "Kernels.patience": kernel_patience(),
        "Kernels.most_starting": STARTING_OF_A_CORE * cpu_count(),
        "Kernel.most_memory": kernel_memory(),
        "KernelRestarter.restart_limit": 0,
        "KernelRestarter.time_to_dead": 1.0,
        "MappingKernelManager.cull_idle_timeout": 900,
        "MappingKernelManager.cull_interval": 60,
    }
    names = [f"--Pages.trusted_hosts={name}" for name in site.names]
    names += [f"--Pages.trusted_proxies={plain(each)}" for each in site.trusted_proxies]
    names += [f"--Pages.framed_by={origin_of(each)}" for each in site.frame_ancestors]
    names += [f"--Kernels.forked_after={each}" for each in PREPARED if site.forks]
    names += [f"--VoilaConfiguration.extension_allowlist={each}" for each in EXTENSIONS]
    return [str(NOTEBOOK), *(f"--{name}={value}" for name, value in options.items()), *names]
