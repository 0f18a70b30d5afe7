"""A process that ends with the one that started it: ``python -P child.py [options] MODULE [ARGUMENT …]`` runs a module.

It is run by its path and with ``-P``, so that nothing in the folder where a user stands, such as a ``lab.py`` or a
folder ``widgets``, is taken for a part of the lab; the user's own modules come last.
"""

import argparse
import json
import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

MODULE_FOLDERS = "LAB_MODULE_FOLDERS"
"""Folders in which a user's modules are looked for, a JSON list: names of folders may contain any separator."""

_ROOT = str(Path(__file__).resolve().parents[2])
_GRACE = 5.0  # seconds to end in order


def main() -> None:
    """Run the module that the command line names, as ``python -m`` would."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--parent", type=int, required=True, help="the process that this one ends with")
    parser.add_argument("--watch", action="store_true", help="the parent holds the other end of stdin for that")
    parser.add_argument("--memory", type=int, help="MiB of data that it may hold")
    parser.add_argument("--called", help="the name under which it is found in a list of processes")
    parser.add_argument("module")
    options, arguments = parser.parse_known_args()
    end_with(options.parent)
    if options.watch:
        threading.Thread(target=_end_at_the_end_of_stdin, daemon=True).start()
    if options.memory:
        limit_memory(options.memory * 2**20)
    _find_modules()
    sys.argv = [options.module, *arguments]
    runpy.run_module(options.module, run_name="__main__", alter_sys=True)


def end_with(parent: int) -> None:
    """Have Linux kill this process when its parent is gone, however that came."""
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it was gone before
            sys.exit(1)


def _end_at_the_end_of_stdin() -> None:
    """On other systems: the pipe that only the parent writes to ends when the parent does."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)


def limit_memory(most: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _find_modules() -> None:
    if _ROOT not in sys.path:  # a checkout that is not installed
        sys.path.insert(0, _ROOT)
    sys.path += [each for each in json.loads(os.environ.get(MODULE_FOLDERS) or "[]") if each not in sys.path]


if __name__ == "__main__":
    main()
