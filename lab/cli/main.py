"""From the words a person typed to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from lab import __version__, plugins, processes
from lab.cli import (
    analyse,
    attack,
    browser,
    claims,
    data,
    doctor,
    evaluate,
    exhibit,
    lessons,
    listing,
    pretrained,
    serve,
    train,
    worker,
    zoo,
)
from lab.cli.options import Once
from lab.cli.output import abandon_stdout, settle_streams, stdout_of_its_own
from lab.cli.stray import stray_signals_said
from lab.cli.threads import threads_of_the_container
from lab.errors import LONGEST, LabError, one_line
from lab.home import current_folder, home, lacks_temporary_folder, settle_folders
from lab.memory import NOT_ENOUGH, ran_out

_COMMANDS = (
    serve,
    worker,
    doctor,
    listing,
    data,
    evaluate,
    attack,
    train,
    analyse,
    claims,
    exhibit,
    lessons,
    pretrained,
    zoo,
    browser,
)


class UsageError(LabError):
    """The command line was not understood."""


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake is one sentence and no page of usage, and an option is written out.

    What is short for one option today may be short for two tomorrow, or for another one.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})
        for action in (None, "store"):
            self.register("action", action, Once)

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse does, but refuse ``--option=--``, of which it would make an empty list, and what is unknown.

        A command refuses this itself, because it then names its own help.
        """
        for each in args or ():
            if each.startswith("--") and each.endswith("=--"):
                self.error(f"argument {each.removesuffix('=--')}: '--' is not a value")
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}: see '{self.prog} --help'.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns 0, what the command says, 2 after a sentence on stderr, 130 after Ctrl-C, 141 when nobody reads on, or 1
    after a fault of the lab itself, which is said in a sentence too; with ``LAB_DEBUG`` set it is raised.
    """
    settle_streams()
    with stdout_of_its_own(), stray_signals_said():
        return _answered(arguments)


def _answered(arguments: Sequence[str] | None) -> int:
    """The exit code of a command, whatever happens in it."""
    try:
        settle_folders()
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except LabError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        abandon_stdout()
        return 141
    except OSError as error:
        abandon_stdout()
        return _complain(_refusal(error))
    except Exception as error:
        if os.environ.get("LAB_DEBUG"):
            raise
        if ran_out(error):
            return _complain(NOT_ENOUGH)
        if processes.ran_out(error):
            return _complain(f"The system allows no more processes or threads: {processes.NO_MORE}.")
        what = one_line(f"{type(error).__name__}: {error}", 200)
        if place := plugins.fault_in(error):
            return _complain(f"The plug-in failed at {place} ({what}): with LAB_DEBUG=1 the traceback is shown.")
        _complain(f"Something went wrong in the lab ({what}): with LAB_DEBUG=1 it shows where.")
        return 1
    return code


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    made = Parser(prog="python -m lab", description="A visual lab for adversarial robustness.")
    made.add_argument("--version", action="version", version=__version__)
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for each in _COMMANDS:
        each.add_to(commands)
    return made


def _run(arguments: list[str]) -> int:
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments = ["serve", *arguments]
    if arguments[0] != "serve":  # which decides for all its processes, and whether it is public
        plugins.load()
    try:
        options = parser().parse_args(arguments)
    except SystemExit as printed:  # --help or --version
        return int(printed.code or 0)
    options.arguments = arguments
    if getattr(options, "computes", False):
        current_folder()  # without one PyTorch's libraries end the process
        with threads_of_the_container():
            plugins.parts("computing")
            code: int = options.run(options)
        return code
    return int(options.run(options))


def _refusal(error: OSError) -> str:
    """Word a refusal of the operating system, with the fix where that is known."""
    if lacks_temporary_folder(error):
        return "No folder for temporary files can be written to: make room in /tmp, or set TMPDIR to one that has some."
    if processes.ran_out(error):
        return f"The system allows no more processes or threads: {processes.NO_MORE}."
    path = Path(error.filename) if isinstance(error.filename, str) else None
    remedy = ": set LAB_HOME to a folder that you can write to" if path and _is_inside(path, home()) else ""
    return f"{path or 'The system'}: {error.strerror or error}{remedy}."


def _is_inside(path: Path, folder: Path) -> bool:
    """Return whether the path is the folder, in it, or one that would have to be made for it."""
    return path.is_relative_to(folder) or folder.is_relative_to(path)


def _complain(sentence: str) -> int:
    with suppress(OSError):
        print(one_line(sentence, LONGEST), file=sys.stderr, flush=True)
    return 2
