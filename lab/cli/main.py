"""From the words a person typed to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from lab import __version__
from lab.cli import analyse, attack, browser, doctor, listing, pretrained, serve, train, zoo
from lab.errors import LabError

_COMMANDS = (serve, doctor, listing, attack, train, analyse, pretrained, zoo, browser)


class UsageError(LabError):
    """The command line was not understood."""


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake is one sentence and no page of usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}: see '{self.prog} --help'.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, what the command says, 2 after a sentence on stderr, or 130 after Ctrl-C."""
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except LabError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered has no reader
        return 141
    except OSError as error:
        return _complain(f"{error.filename or 'The system'}: {error.strerror or error}.")
    return code


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    made = Parser(prog="python -m lab", description="A visual lab for adversarial robustness.", allow_abbrev=False)
    made.add_argument("--version", action="version", version=__version__)
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for each in _COMMANDS:
        each.add_to(commands)
    return made


def _run(arguments: list[str]) -> int:
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments = ["serve", *arguments]
    options = parser().parse_args(arguments)
    return options.run(options)


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2
