"""The processes that the server starts, each by :mod:`lab.server.child`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from lab.server import child


def command(module: str, arguments: Iterable[str], *options: str) -> list[str]:
    """The command line that runs a module in a process that ends with this one."""
    return [sys.executable, "-P", child.__file__, "--parent", str(os.getpid()), *options, module, *arguments]


def start(
    module: str, arguments: Iterable[str], environment: dict[str, str], log: IO[bytes], called: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a process that ends with this one and writes all it says into ``log``.

    A Ctrl-C in the terminal is for the server, which then ends the others in order: so each has a group of its own.
    """
    return subprocess.Popen(
        command(module, arguments, "--watch", *(["--called", called] if called else [])),
        env=environment,
        stdin=subprocess.PIPE,  # its end, kept open by the Popen, tells the child that this process is gone
        stdout=log,
        stderr=log,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
    )


def add_module_folder(folder: str | Path) -> None:
    """Have a folder searched for modules here, in workers started from here, and in every child, after all others."""
    known = json.loads(os.environ.get(child.MODULE_FOLDERS) or "[]")
    os.environ[child.MODULE_FOLDERS] = json.dumps([*known, str(folder)])
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
