"""``browser``: make sure that the page tests have a browser."""

from __future__ import annotations

import argparse

from lab.browser import ensure_browser
from lab.cli.options import Commands


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("browser", help="find or install a browser for the page tests")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Say which browser there is; without any the page tests skip themselves, so that is no error."""
    found = ensure_browser(lambda sentence: print(sentence, flush=True))
    print(f"Browser: {found}" if found else "There is no browser: install Chromium or Chrome for the page tests.")
    return 0
