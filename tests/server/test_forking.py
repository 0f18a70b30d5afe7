"""Kernels forked from one process: each its own, and none left when that process ends."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager

import psutil
import pytest
from jupyter_client import AsyncKernelClient
from jupyter_client.connect import write_connection_file

from lab.server.forking import ForkServer
from lab.server.supervision import PREPARED
from tests.served import ROOT
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")

QUESTIONS = {
    "random": "__import__('random').random()",
    "numpy": "__import__('numpy').random.random()",
    "name": "__import__('os').environ.get('NAME')",
    "folder": "__import__('os').getcwd()",
    "memory": "__import__('resource').getrlimit(__import__('resource').RLIMIT_DATA)[0]",
    "session": "__import__('os').getsid(0) == __import__('os').getpid()",
    "input": "__import__('sys').stdin.read()",
    "widgets": "'jupyter.widget' in get_ipython().kernel.comm_manager.targets",
}


@asynccontextmanager
async def fork_server(*modules):
    """A fork server, ended afterwards."""
    server = ForkServer(modules)
    try:
        yield server
    finally:
        if server.process:
            server.process.kill()
            server.process.wait()


async def forked(server, folder, name, questions=QUESTIONS):
    """A kernel, and what it answers to each question."""
    connection, _ = write_connection_file(str(folder / f"kernel-{name}.json"))
    env = {**os.environ, "NAME": name, "IPYTHONDIR": str(folder / "ipython")}
    kernel = await server.fork(connection, env, str(folder), 700)
    return kernel, await answers(connection, questions)


async def answers(connection, questions=QUESTIONS):
    client = AsyncKernelClient(connection_file=connection)
    client.load_connection_file()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=PATIENCE)
        reply = await client.execute("", user_expressions=questions, reply=True, timeout=PATIENCE)
        found = reply["content"]["user_expressions"]
        return {name: found[name].get("data", {}).get("text/plain") for name in questions}
    finally:
        client.stop_channels()


def test_each_kernel_is_its_own(tmp_path):
    async def ask():
        async with fork_server("numpy", "ipywidgets") as server:
            (one, first), (other, second) = [await forked(server, tmp_path, name) for name in ("a", "b")]
            assert (first["name"], second["name"]) == ("'a'", "'b'")
            assert first["random"] != second["random"]
            assert first["numpy"] != second["numpy"]
            for each in (first, second):
                assert each["folder"] == repr(str(tmp_path))
                assert each["memory"] == str(700 * 2**20)
                assert each["session"] == each["widgets"] == "True"
                assert each["input"] in ("''", None)
            one.kill()
            while one.poll() is None:
                await asyncio.sleep(0.01)
            assert one.poll() == -signal.SIGKILL
            assert not psutil.pid_exists(one.pid)  # reaped
            assert other.poll() is None
            one.kill()  # whose number may be another's by now

    asyncio.run(ask())


def test_a_kernel_finds_prepared_what_all_compute_and_has_no_debugger_and_no_history(tmp_path):
    questions = {
        "hashed": "__import__('lab.catalogue.deciding').catalogue.deciding.implementation.cache_info().currsize",
        "drawn": "'plotly.graph_objs.layout.xaxis._title' in __import__('sys').modules",
        "debugger": "any(each.startswith(('pydev', 'debugpy.')) for each in __import__('sys').modules)",
        "history": "get_ipython().history_manager.enabled",
    }

    async def ask():
        async with fork_server(*PREPARED) as server:
            return (await forked(server, tmp_path, "a", questions))[1]

    assert asyncio.run(ask()) == {"hashed": "1", "drawn": "True", "debugger": "False", "history": "False"}


@pytest.mark.slow
def test_kernels_end_with_the_process_that_forked_them_and_the_next_one_starts_it_again(tmp_path):
    async def ask():
        async with fork_server() as server:
            kernel, _ = await forked(server, tmp_path, "a")
            server.process.kill()
            while kernel.poll() is None:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(until, lambda: not psutil.pid_exists(kernel.pid))
            assert not server.broken
            again, _ = await forked(server, tmp_path, "b")
            assert again.poll() is None

    asyncio.run(ask())


def test_one_that_cannot_start_says_so_and_is_not_tried_again():
    async def ask():
        async with fork_server("no_such_module") as server:
            with pytest.raises(OSError, match="forks kernels"):
                await server.fork("", {}, "", 700)
            assert server.broken

    asyncio.run(ask())


@pytest.mark.skipif(not psutil.LINUX, reason="threads are counted in /proc")
def test_what_is_prepared_for_pages_begins_no_thread_makes_no_widget_and_opens_no_socket():
    code = (
        "import ipywidgets, psutil, sys\n"
        "from lab.server.fork_server import prepare\n"
        "for each in sys.argv[1:]: prepare(each)\n"
        "me = psutil.Process()\n"
        "import ipykernel.kernelapp, zmq\n"
        "print(me.num_threads(), len(ipywidgets.Widget.widgets), len(me.net_connections('all')), zmq.Context._instance)"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code, *PREPARED], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["1", "0", "0", "None"]
