"""A process that has prepared what pages need and forks visitors' kernels: ``… fork_server FD NAME [NAME …]``.

A kernel spends most of its start on imports, and most of its memory on what they leave; a forked one shares both. Each
name is of a module, which is imported, or of a function, ``module:function``, which is called without arguments. The
process keeps to one thread and opens no socket of ZeroMQ, because a fork copies neither threads nor what they hold.

Over the Unix socket ``FD`` come requests, one JSON object a line: ``connection`` (the kernel's connection file),
``env``, ``cwd`` and ``memory`` (MiB). Each is answered in order with ``{"pid": …}``; ``{"ended": PID, "code": …}``
follows when the kernel ends, with a code as :class:`subprocess.Popen` has it. Without the other end of the socket all
kernels end.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pkgutil
import random
import select
import signal
import socket
import sys
import traceback
from typing import TypedDict

from lab.server.child import end_with, limit_memory

KERNEL_OPTIONS = ("--HistoryManager.enabled=False",)
"""Of every kernel of a page: nobody types into it, so that no history is kept."""

_LONGEST_REQUEST = 2**20
_OF_A_KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
)  # what a kernel imports whatever it runs


def main() -> None:
    """Prepare what is named, then fork a kernel for every request."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # not to be imported: a debugger, 8 MB a kernel, for nobody
    for name in (*_OF_A_KERNEL, *sys.argv[2:]):
        prepare(name)
    gc.collect()
    gc.freeze()  # else the first collection in each kernel would write on every page of memory they share
    _Server(control).serve()


def prepare(name: str) -> None:
    """Import the module, or call the function, of that name. Raises what they raise."""
    found = pkgutil.resolve_name(name)
    if callable(found):
        found()


class ForkRequest(TypedDict):
    """What a forked kernel is told: its connection file, its environment and folder, and its MiB of memory."""

    connection: str
    env: dict[str, str]
    cwd: str
    memory: int


class _Server:
    """The kernels that were forked, and the socket to whoever asked for them."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._begun = b""
        self._kernels: set[int] = set()

    def serve(self) -> None:
        """Fork and reap until the other end of the socket is closed."""
        waking, woken = os.pipe()
        for each in (waking, woken):
            os.set_blocking(each, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler, so that the signal writes into the pipe
        self._inherited = (waking, woken)
        try:
            while True:
                ready, _, _ = select.select([self._control.fileno(), waking], [], [])
                if waking in ready:
                    os.read(waking, 4096)
                    self._reap()
                if self._control.fileno() in ready and not self._answer():
                    return
        except (BrokenPipeError, ConnectionResetError):  # the other end is gone
            return
        finally:
            for each in self._kernels:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)

    def _answer(self) -> bool:
        """Fork for each whole request that has come; return whether more may follow."""
        heard = self._control.recv(65536)
        *whole, self._begun = (self._begun + heard).split(b"\n")
        for each in whole:
            self._fork(json.loads(each))
        return bool(heard) and len(self._begun) < _LONGEST_REQUEST

    def _fork(self, request: ForkRequest) -> None:
        server = os.getpid()
        pid = os.fork()
        if not pid:
            try:
                self._forget()
                become_kernel(server, **request)
                os._exit(0)
            except SystemExit as error:
                os._exit(error.code if isinstance(error.code, int) else 1)
            except BaseException:  # nothing of the server may go on in the child
                traceback.print_exc()
                os._exit(1)
        self._kernels.add(pid)
        self._say({"pid": pid})

    def _forget(self) -> None:
        """In the child: leave behind what belongs to the server."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        for each in self._inherited:
            os.close(each)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._kernels.discard(ended[0])
                self._say({"ended": ended[0], "code": os.waitstatus_to_exitcode(ended[1])})

    def _say(self, record: dict[str, int]) -> None:
        self._control.sendall(json.dumps(record).encode() + b"\n")


def become_kernel(server: int, connection: str, env: dict[str, str], cwd: str, memory: int) -> None:
    """Be a kernel until its end: with its own session, environment, limit of memory and random numbers."""
    os.setsid()
    end_with(server)
    limit_memory(memory * 2**20)
    _show_name(connection)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    sys.argv = ["ipykernel_launcher", "-f", connection, *KERNEL_OPTIONS]

    from ipykernel.kernelapp import IPKernelApp

    kernel = IPKernelApp.instance(parent_handle=server)  # its default was read from the environment at import
    kernel.initialize(sys.argv[1:])
    if widgets := sys.modules.get("ipywidgets"):
        widgets.register_comm_target()  # at its import there was no kernel to register with
    kernel.start()


def _show_name(connection: str) -> None:
    """Have Linux show the kernel's number among the processes, where its command line would be its parent's."""
    if sys.platform == "linux":
        import ctypes

        set_name = 15
        number = os.path.basename(connection).removeprefix("kernel-")[:8]
        ctypes.CDLL(None).prctl(set_name, f"kernel {number}".encode(), 0, 0, 0)


if __name__ == "__main__":
    main()
