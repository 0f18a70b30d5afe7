"""The server: ports, and nothing left running however it ends."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

import psutil
import pytest

from lab.errors import LabError
from lab.processes import MARK, end, marked
from lab.server import Site, free_port
from lab.server.identity import COOKIE
from lab.server.metrics import CONTENT_TYPE
from lab.specs import to_json
from lab.stories import STORIES
from tests.served import ROOT, served
from tests.server.visitor import BROWSER, Visitor, answered, frame, heard, message, opened
from tests.waiting import PATIENCE, until
from widgets.openings import openings

HOST = "127.0.0.1"


@pytest.fixture
def taken() -> int:
    """A port that somebody else listens on."""
    with socket.create_server((HOST, 0)) as other:
        yield other.getsockname()[1]


def test_a_chosen_port_that_is_taken_is_refused(taken):
    with pytest.raises(LabError, match=f"Port {taken} of {HOST} is taken"):
        free_port(HOST, taken)


def test_without_a_choice_the_next_free_port_is_taken():
    first = free_port(HOST, None)
    with socket.create_server((HOST, first)):
        assert free_port(HOST, None) > first


def test_port_0_is_any_free_one(taken):
    assert free_port(HOST, 0) not in (0, taken)


def test_only_a_loopback_host_is_private():
    assert not Site().public
    assert not Site("localhost").public
    assert Site("0.0.0.0").public


@pytest.mark.parametrize(("host", "port"), [(HOST, 70000), ("no.such.host.invalid", 0)])
def test_an_impossible_address_is_refused(host, port):
    with pytest.raises(LabError, match="--port"):
        free_port(host, port)


def test_a_taken_port_is_one_sentence_and_exit_code_2(taken):
    command = [sys.executable, "-m", "lab", "serve", "--no-browser", "--port", str(taken)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == [f"Port {taken} of {HOST} is taken: choose another with --port, or leave it out."]


@pytest.mark.skipif(os.name != "posix", reason="uses a shell to make an orphan")
def test_ending_reaches_orphans_and_those_who_ignore_the_request():
    mark = uuid.uuid4().hex
    command = 'trap "" TERM; (trap "" TERM; exec sleep 600) & exec sleep 600'
    parent = subprocess.Popen(["sh", "-c", command], env=os.environ | {MARK: mark})
    until(lambda: len([each for each in marked(mark) if "600" in each.cmdline()]) == 2)
    parent.kill()
    parent.wait()
    [orphan] = marked(mark)
    end(mark, patience=0.2)
    assert not marked(mark)
    assert not psutil.pid_exists(orphan.pid) or orphan.status() == psutil.STATUS_ZOMBIE


BY_SIGTERM = pytest.param(signal.SIGTERM, marks=pytest.mark.slow)  # as every server of the tests ends, see served()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, BY_SIGTERM], ids=lambda how: how.name)
def test_a_stopped_server_leaves_nothing_running(tmp_path, how):
    with served(tmp_path) as server:
        opened(server.address)
        assert server.kernels()
        assert server.children("widgets.openings")
        code, said = server.stop(how)
        assert (code, said) == (0, "Stopped.\n")
        assert not server.processes()


@pytest.mark.slow
def test_a_killed_voila_takes_kernels_of_their_own_with_it_and_is_started_again(tmp_path):
    with served(tmp_path, "--lazy", "--no-fork") as server:
        opened(server.address)
        assert not server.children("lab.server.fork_server")
        kernels = server.kernels()
        assert kernels
        assert all("ipykernel_launcher" in each.cmdline() for each in kernels)
        for each in server.children("voila"):
            each.kill()
        psutil.wait_procs(kernels, timeout=PATIENCE)
        until(lambda: is_well(server.address), patience=PATIENCE)
        opened(server.address)
        assert not set(kernels) & set(server.kernels())
        code, said = server.stop()
        assert code == 0
        assert "Voilà stopped by itself (exit code -9) and is being restarted.\n" in said
        assert said.endswith("Stopped.\n")
        assert not server.processes()


def is_well(address: str) -> bool:
    """Whether the lab responds."""
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=PATIENCE) as answer:
            return json.load(answer)["status"] == "ok"
    except OSError:
        return False


@pytest.mark.slow
def test_the_first_pictures_are_there_before_anybody_opens_a_page(tmp_path):
    with served(tmp_path) as server:
        [ahead] = server.children("widgets.openings")
        asked = [to_json(each) for each in asyncio.run(openings())]
        stories = [to_json(step.asked) for story in STORIES for step in story.steps]
        assert asked[-len(stories) :] == stories  # the pages come first
        ours = len(set(asked[: -len(stories)]))
        until(lambda: len(list((tmp_path / "results").glob("*"))) >= ours)
        until(lambda: len(list((tmp_path / "results").glob("*"))) > ours)  # the stories' follow, for some minutes
        assert ahead.is_running()
        assert (tmp_path / "logs" / "openings.log").read_text() == ""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for several questions; a closed terminal ends it."""
    with served(tmp_path_factory.mktemp("home"), "--lazy") as found:
        assert not found.children("widgets.openings")
        yield found
        assert found.stop(signal.SIGHUP) == (0, "Stopped.\n")


def test_a_running_server_shows_its_numbers(server):
    visitor = Visitor(server.address)
    with urllib.request.urlopen(f"{server.address}/metrics", timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"] == CONTENT_TYPE
        said = answer.read().decode()
    assert "\nlab_visitors 1\n" in said
    assert re.search("\nlab_kernels [1-9]\n", said)
    visitor.leave()


def test_who_has_no_place_in_the_queue_hears_no_news(server):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.address}/queue", timeout=PATIENCE)
    with refused.value as answer:
        assert answer.code == 403
        assert b"allow cookies" in answer.read()
    request = urllib.request.Request(f"{server.address}/", headers=BROWSER)
    with urllib.request.urlopen(request, timeout=PATIENCE) as page:
        [cookie] = [each for each in page.headers.get_all("Set-Cookie") if each.startswith(COOKIE)]
        assert cookie.endswith("; HttpOnly; Path=/; SameSite=Lax")


@pytest.mark.parametrize(
    "path", ["lab.ipynb", "templates/adversarial/conf.json", "../theme.py", "../../lab/errors.py", "../../README.md"]
)
def test_no_file_is_served_besides_the_page(server, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.address}/voila/files/{path}", timeout=PATIENCE)
    with refused.value as answer:
        assert answer.code in (403, 404)


def test_a_visitor_cannot_have_code_executed(server, tmp_path):
    trace = tmp_path / "executed"
    content = {"code": f"open({str(trace)!r}, 'w')", "silent": False, "store_history": True}
    channel = Visitor(server.address).socket()
    try:
        for name in (b"shell", b"control"):
            channel.send_binary(frame(message("execute_request", content), name))
        channel.send_binary(frame(message("kernel_info_request")))
        assert heard(channel, "kernel_info_reply")["status"] == "ok"
    finally:
        channel.close()
    assert not trace.exists()


@pytest.mark.slow
@pytest.mark.skipif(not psutil.LINUX, reason="kernels are forked there only")
def test_a_killed_fork_server_is_started_again_for_the_next_visitor(server):
    visitor = Visitor(server.address)
    first = visitor.socket()
    assert answered(first)
    [kernel] = server.kernels(visitor.kernel)
    kernel.parent().kill()
    until(lambda: not kernel.is_running())
    second = Visitor(server.address).socket()
    assert answered(second)
    assert all("lab.server.fork_server" in each.cmdline() for each in server.kernels())
    second.close()
    first.close()
