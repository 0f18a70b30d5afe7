"""Processes that end with their parent, that are watched, and whose words are kept short."""

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from io import BytesIO
from pathlib import Path

import psutil
import pytest

from lab.errors import LabError
from lab.processes import MARK
from lab.server import Site, Voila, child, logs, supervision
from lab.server.children import command, start
from lab.server.logs import FILES_KEPT, LONGEST_LINE, bounded_log, lines
from tests.running import running
from tests.waiting import PATIENCE

STARTS_ANOTHER = """
import os, sys, time
from lab.server.children import start
made = start("quietly", [], {**os.environ}, open(os.devnull, "wb"))
print(made.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Makes a module that only child processes find."""
    monkeypatch.setenv(child.MODULE_FOLDERS, json.dumps([str(tmp_path)]))

    def make(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return make


def gone(process: psutil.Process) -> bool:
    try:
        process.wait(PATIENCE)
    except psutil.TimeoutExpired:
        return False
    except psutil.NoSuchProcess:
        return True
    return True


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_child_ends_with_a_parent_that_was_killed(module):
    module("quietly", "import time; time.sleep(600)")
    with running(sys.executable, "-c", STARTS_ANOTHER, stdout=subprocess.PIPE) as parent:
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert gone(orphan)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("how", ["in order", "stubborn"])
def test_without_linux_the_end_of_a_pipe_says_that_the_parent_is_gone(module, tmp_path, how):
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" if how == "stubborn" else ""
    module("patient", f"{ignoring}\nimport time; print('here', flush=True); time.sleep(600)")
    bare = f"import sys; sys.platform = 'other'; sys.argv[0] = {child.__file__!r}; import runpy; "
    bare += f"child = runpy.run_path({child.__file__!r}); child['main'].__globals__['_GRACE'] = 0.2; child['main']()"
    line = [sys.executable, "-c", bare, "--parent", "0", "--watch", "patient"]
    with running(*line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"here\n"
        process.stdin.close()
        assert process.wait(PATIENCE) == (1 if how == "stubborn" else -signal.SIGTERM)


def test_nothing_where_the_user_stands_hides_the_lab_but_his_modules_are_found(module, tmp_path):
    elsewhere = tmp_path / "course 10:30"
    elsewhere.mkdir()
    for name in ("lab.py", "json.py", "widgets.py"):
        (elsewhere / name).write_text("raise SystemExit('hidden')")
    (elsewhere / "lab").mkdir()
    found = module("found", "import json, lab.errors, widgets, sys; print(lab.errors.__file__, sys.argv[1:])")
    ran = subprocess.run(
        command(found, ["--port", "1", "x"]), cwd=elsewhere, capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"{Path(supervision.__file__).parents[1] / 'errors.py'} ['--port', '1', 'x']\n"


def test_the_server_has_the_docstrings_that_jupyter_reads(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    environment = supervision._environment(str(tmp_path))
    ran = subprocess.run(
        [sys.executable, "-c", "import sys; sys.exit(sys.flags.optimize)"], env=environment, check=False
    )
    assert ran.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's data")
def test_a_child_that_takes_too_much_memory_fails_alone(module):
    greedy = module("greedy", "try:\n    x = bytearray(2**29)\nexcept MemoryError:\n    print('refused')")
    ran = subprocess.run(command(greedy, [], "--memory", "256"), capture_output=True, text=True, check=True)
    assert ran.stdout == "refused\n"


def test_a_log_is_bounded_and_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MOST_BYTES", 50_000)
    path = tmp_path / "logs" / "voila.log"
    for _ in range(2):
        with bounded_log(path) as log:
            for _ in range(FILES_KEPT + 3):
                log.write((b"x" * 999 + b"\n") * 65)
            log.write(b"y" * 10**7 + b"\n")
            log.write(b"last words\n")
        assert path.read_text("utf-8").endswith("last words\n")
        sizes = [each.stat().st_size for each in path.parent.iterdir()]
        assert len(sizes) == FILES_KEPT + 1
        assert max(sizes) <= 50_000 + 2 * LONGEST_LINE


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b"a\nb", ["a", "b"]),
        (b"\r\n\x1b[31mred\x07\n", ["", "�[31mred�"]),
        (b"\xff\xfe", ["��"]),
        (b"x" * (LONGEST_LINE + 1) + b"\nb\n", ["x" * LONGEST_LINE + " …", "b"]),
        ("ü".encode() * 10**6, ["ü" * (LONGEST_LINE // 2) + " …"]),
        ("\u2028".encode(), ["�"]),
    ],
)
def test_lines_are_short_and_lines(said, kept):
    assert list(lines(BytesIO(said))) == kept


def test_a_log_survives_a_full_disk(tmp_path, monkeypatch):
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("logging.StreamHandler.flush", full)
    with bounded_log(tmp_path / "x.log") as log:
        log.write(b"a\n" * 1000)


class Answers(http.server.BaseHTTPRequestHandler):
    """A server with an answer of the test's."""

    status, body = 200, b'{"status": "ok"}'

    def do_GET(self):
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def answering():
    """Starts a server that answers so: its port."""
    servers = []

    def begin(status: int, body: bytes) -> int:
        handler = type("Handler", (Answers,), {"status": status, "body": body})
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.02,)).start()
        return servers[-1].server_address[1]

    yield begin
    for each in servers:
        each.shutdown()
        each.server_close()


def voila(port: int, tmp_path: Path) -> Voila:
    return Voila(Site(), port, tmp_path / "log", {}, str(tmp_path), BytesIO())


@pytest.mark.parametrize(
    ("status", "body", "well"),
    [
        (200, b'{"status": "ok"}', True),
        (200, b"<html>", False),
        (200, b"[]", False),
        (200, b"\xff", False),
        (403, b'{"status": "ok"}', False),
        (502, b"", False),
    ],
)
def test_only_the_labs_own_answer_is_one(answering, tmp_path, status, body, well):
    assert voila(answering(status, body), tmp_path).answers(PATIENCE) == well


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_no_proxy_is_asked_about_this_machine(answering, tmp_path, monkeypatch, variable):
    port, proxy = answering(200, b'{"status": "ok"}'), answering(403, b"")
    for where in ("http://127.0.0.1:9", f"http://127.0.0.1:{proxy}"):
        monkeypatch.setenv(variable, where)
        assert voila(port, tmp_path).answers(PATIENCE)
    monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")  # a proxy that says yes to everything
    assert not voila(9, tmp_path).answers()


class Watched(Voila):
    """A Voilà that is a process which only sleeps, and that answers as the test says."""

    def __init__(self, tmp_path: Path, answers: list[bool]) -> None:
        super().__init__(Site(), 1, tmp_path / "log", {}, str(tmp_path), BytesIO())
        self.will_answer = answers
        self.asked: list[float] = []
        self.started = 0

    def begin(self, patience: float = 60.0) -> None:
        self.started += 1
        self._mark = "none"
        self._began = time.monotonic()
        self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def answers(self, patience: float = 2.0) -> bool:
        self.asked.append(patience)
        if not self.will_answer:
            raise KeyboardInterrupt
        return self.will_answer.pop(0)


def watched(tmp_path: Path, answers: list[bool]) -> tuple[Watched, list[str]]:
    server, said = Watched(tmp_path, answers), []
    server.begin()
    try:
        with pytest.raises(KeyboardInterrupt):
            server.watch(said.append, pause=0.01)
    finally:
        server.end()
    return server, said


def test_nothing_of_a_process_that_has_ended_stays_open(module, tmp_path, monkeypatch):
    module("patient", "import time; time.sleep(600)")
    server = voila(1, tmp_path)

    def patient(_: str, __: list[str], environment: dict[str, str], *___: object, called: str = "") -> subprocess.Popen:
        with open(os.devnull, "wb") as log:
            return start("patient", [], os.environ | {MARK: environment[MARK]}, log)

    monkeypatch.setattr(supervision, "start", patient)
    monkeypatch.setattr(Voila, "answers", lambda *_: True)
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    server.begin()
    server.end()
    ended = [server.process]
    monkeypatch.setattr(supervision, "start", lambda *about: ended.append(patient(*about)) or ended[-1])
    with supervision._computing_ahead({}):
        pass
    assert len(ended) == 2
    for process in ended:
        assert process.returncode is not None, "it was waited for"
        assert process.stdin.closed


def test_a_port_that_is_taken_before_voila_has_it_is_given_up_for_another(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    ended = []

    def begin(server: Voila) -> None:
        if server.port == ports[0]:
            raise LabError("Voilà could not start")

    monkeypatch.setattr(Voila, "begin", begin)
    monkeypatch.setattr(Voila, "end", lambda server: ended.append(server.port))
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_server(("127.0.0.1", 0)) as free:
        ports = [each.getsockname()[1] for each in (other, free)]
        free.close()
        left = iter(ports * 3)
        monkeypatch.setattr(supervision, "free_port", lambda *_: next(left))
        with supervision.serving(Site(port=0, ahead=False), "engine") as server:
            assert (server.port, ended) == (ports[1], ports[:1])
        assert ended == ports
        left = iter(ports * 3)
        with pytest.raises(LabError, match="could not start"), supervision.serving(Site(port=ports[0]), "engine"):
            pass  # one that was asked for is not given up


def test_a_server_that_answers_late_is_left_alone(tmp_path):
    server, said = watched(tmp_path, [True, False, True, False, False, True])
    assert (server.started, said) == (1, [])
    assert server.asked[1:3] == [5.0, 10.0]  # each time it is given longer


def test_a_server_that_is_stuck_is_started_again(tmp_path):
    server, said = watched(tmp_path, [True, False, False, False, True, False, False, False])
    assert server.started == 3
    assert said == ["Voilà has not responded for 30 s and is being restarted."] * 2


class Ending(Watched):
    """One whose process ends as soon as it is watched, so many times, or that cannot be started so many times."""

    def __init__(self, tmp_path: Path, ends: int = 0, unstarted: int = 0) -> None:
        super().__init__(tmp_path, [])
        self.ends, self.unstarted = ends, unstarted
        self.pauses: list[float] = []

    def begin(self, patience: float = 60.0) -> None:
        super().begin(patience)
        if self.started > 1 and self.unstarted:
            self.unstarted -= 1
            self.end()
            raise LabError("Voilà could not start; see the log: log.")

    def _rest(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def _wait_for_its_end(self, pause: float) -> None:
        if self.ends:
            self.ends -= 1
            self.end()


@pytest.mark.parametrize("ends", [1, 2, supervision.ATTEMPTS - 1])
def test_a_server_that_ends_is_started_again_however_soon_with_growing_pauses(ends, tmp_path):
    server, said = Ending(tmp_path, ends), []
    server.begin()
    with pytest.raises(KeyboardInterrupt):
        server.watch(said.append)
    server.end()
    assert server.started == ends + 1
    assert said == ["Voilà stopped by itself (exit code -9) and is being restarted."] * ends
    assert server.pauses == [0, 4, 8, 16, 30, 30, 30][:ends]


def test_one_that_does_not_survive_many_starts_in_a_row_is_given_up(tmp_path):
    server = Ending(tmp_path, supervision.ATTEMPTS)
    server.begin()
    with pytest.raises(LabError, match=r"by itself \(exit code -9\), the last of 8 failures in a row; see the log"):
        server.watch(lambda _: None)
    assert server.started == supervision.ATTEMPTS


def test_ends_far_from_each_other_are_not_in_a_row(tmp_path):
    class Lasting(Ending):
        def begin(self, patience: float = 60.0) -> None:
            super().begin(patience)
            self._began -= supervision.STEADY

    server, said = Lasting(tmp_path, 2 * supervision.ATTEMPTS), []
    server.begin()
    with pytest.raises(KeyboardInterrupt):
        server.watch(said.append)
    server.end()
    assert len(said) == 2 * supervision.ATTEMPTS
    assert not any(server.pauses)


def test_a_restart_that_fails_is_tried_again(tmp_path):
    server, said = Ending(tmp_path, ends=1, unstarted=2), []
    server.begin()
    with pytest.raises(KeyboardInterrupt):
        server.watch(said.append)
    server.end()
    assert server.started == 4
    assert said[1:] == ["Voilà could not start and is being restarted."] * 2


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="waits for an end without taking note of it")
def test_a_server_that_ends_while_it_is_asked_has_ended_by_itself(tmp_path):
    class EndingWhileAsked(Watched):
        def answers(self, patience: float = 2.0) -> bool:
            if self.started > 1:
                raise KeyboardInterrupt
            if not self.asked:
                self.process.kill()
                os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
            self.asked.append(patience)
            return False

    server, said = EndingWhileAsked(tmp_path, []), []
    server.begin()
    with pytest.raises(KeyboardInterrupt):
        server.watch(said.append, pause=0.01)
    server.end()
    assert server.started == 2
    assert said == ["Voilà stopped by itself (exit code -9) and is being restarted."]


def test_what_a_child_says_goes_into_its_log(module, tmp_path):
    with bounded_log(tmp_path / "log") as log:
        process = start(module("says", "print('words')"), [], {**os.environ}, log)
        assert process.wait(PATIENCE) == 0
        process.stdin.close()
    assert (tmp_path / "log").read_text() == "words\n"
