"""Chromium or Chrome on this machine: found, or installed for the page tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def find_browser() -> Path | None:
    """An installed Chromium or Chrome that runs, Playwright's own included; None without one."""
    return next((each for each in _candidates() if _runs(each)), None)


def ensure_browser(say: Callable[[str], None]) -> Path | None:
    """A browser: an installed one, else Debian's package where it may be installed, else Playwright's own."""
    for what, install in ((None, None), ("Debian's chromium", _with_apt), ("Playwright's chromium", _with_playwright)):
        if install is not None:
            say(f"No Chromium or Chrome is installed: trying {what}.")
            install()
        if found := find_browser():
            return found
    return None


def _candidates() -> Iterator[Path]:
    yield from (Path(found) for each in _COMMANDS if (found := shutil.which(each)))
    yield from (Path(each) for each in _PLACES if Path(each).is_file())
    if own := _playwrights():
        yield own


def _playwrights() -> Path | None:
    """Return the path of Playwright's own Chromium, if it has one."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def _runs(browser: Path) -> bool:
    """Return whether it really starts: Ubuntu's chromium-browser may be a note that tells to install something else."""
    if sys.platform == "win32":  # there --version opens a window
        return True
    try:
        return subprocess.run([browser, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _with_apt() -> None:
    if shutil.which("apt-get") is None or (rights := _administrator()) is None:
        return
    install = [*rights, "apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    if not _done(install):  # the list of packages may be missing or old
        _done([*rights, "apt-get", "update"])
        _done(install)


def _administrator() -> list[str] | None:
    """Return the prefix that runs a command as administrator without a password; None where that is impossible."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") and _done(["sudo", "-n", "true"]) else None


def _with_playwright() -> None:
    _done([sys.executable, "-P", "-m", "playwright", "install", "chromium"])


def _done(command: list[str]) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environment, capture_output=True, timeout=600, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
