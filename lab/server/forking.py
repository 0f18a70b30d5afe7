"""Kernels forked from one process that has imported what they need: Jupyter's kernel provisioner for them.

See `Kernel provisioning <https://jupyter-client.readthedocs.io/en/stable/provisioning.html>`_ in Jupyter's manual.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from lab.server.children import command

if TYPE_CHECKING:
    from lab.server.fork_server import ForkRequest


class ForkedKernel:
    """A process that another one started for us, with what Jupyter asks of a :class:`subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the code it ended with, None while it lives."""
        return self.returncode

    def wait(self) -> int | None:
        """The same, because Jupyter waits only for what has ended."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The process of :mod:`lab.server.fork_server`. When it ends, its kernels do too, and the next one starts it again.

    ``broken`` says that it ended before it forked any: it would do so again.
    """

    def __init__(self, prepared: Sequence[str]) -> None:
        self.broken = False
        self.process: subprocess.Popen[bytes] | None = None
        self._prepared = prepared
        self._kernels: dict[int, ForkedKernel] = {}
        self._asked: deque[asyncio.Future[ForkedKernel]] = deque()
        self._writer: asyncio.StreamWriter | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> asyncio.StreamWriter:
        """Start the process unless it runs; it answers once it has prepared everything."""
        async with self._starting:
            if self._writer is None:
                ours, theirs = socket.socketpair()
                arguments = [str(theirs.fileno()), *self._prepared]
                with theirs:
                    self.process = subprocess.Popen(
                        command("lab.server.fork_server", arguments),
                        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # else NumPy begins threads at its import
                        stdin=subprocess.DEVNULL,
                        pass_fds=[theirs.fileno()],
                        start_new_session=True,
                    )
                reader, self._writer = await asyncio.open_unix_connection(sock=ours)
                self._listening = asyncio.ensure_future(self._listen(reader))
            return self._writer

    async def fork(self, connection: str, env: dict[str, str], cwd: str, memory: int) -> ForkedKernel:
        """Fork a kernel. Raises OSError when the process has ended before it could."""
        writer = await self.start()
        forked: asyncio.Future[ForkedKernel] = asyncio.get_running_loop().create_future()
        self._asked.append(forked)
        request: ForkRequest = {"connection": connection, "env": env, "cwd": cwd, "memory": memory}
        writer.write(json.dumps(request).encode() + b"\n")
        return await forked

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Hear of forked kernels and of ended ones, until the process ends."""
        served = False
        try:
            while line := await reader.readline():
                record = json.loads(line)
                served = True
                if "pid" in record:
                    kernel = self._kernels[record["pid"]] = ForkedKernel(record["pid"])
                    forked = self._asked.popleft()
                    kernel.kill() if forked.cancelled() else forked.set_result(kernel)
                else:
                    self._kernels.pop(record["ended"]).returncode = record["code"]
        except OSError:  # it ended in the middle of a word
            pass
        finally:
            self._end(served)

    def _end(self, served: bool) -> None:
        assert self._writer is not None
        assert self.process is not None
        self._writer.close()
        self._writer = None
        self.process.kill()
        self.process.wait()
        self.broken = not served
        for kernel in self._kernels.values():
            kernel.returncode = -signal.SIGKILL
        self._kernels.clear()
        while self._asked:
            forked = self._asked.popleft()
            if not forked.done():
                forked.set_exception(ChildProcessError("The process that forks kernels has ended."))


class ForkingProvisioner(LocalProvisioner):
    """Has a kernel forked; where that fails, it is started as a process of its own."""

    process: Any = None
    _server: ForkServer
    _memory: int

    def by(self, server: ForkServer, memory: int) -> ForkingProvisioner:
        """Return this provisioner, set to have that process fork a kernel with so many MiB of data."""
        self._server, self._memory = server, memory
        return self

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel."""
        assert self.parent is not None  # the kernel's manager
        connection = os.path.realpath(self.parent.connection_file)
        try:
            self.process = await self._server.fork(connection, kwargs["env"], kwargs["cwd"], self._memory)
        except OSError:
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.process.pid  # and no process group: the kernel makes its own a moment later
        self.cwd = kwargs["cwd"]
        return self.connection_info
