"""How soon every page shows a picture of every data set that is here, in a real browser; with --shots, what it shows.

    LAB_DATA=FOLDER python tests/benchmarks/pages_by_data.py [--page loss-surface] [--data mnist] [--shots FOLDER]

It starts the lab with nothing computed. Of the first data set it prints the seconds from the address to the first
picture and to the whole; of each further one those from choosing it on the page, and pressing Run where there is
something to press. What is measured is printed at once, and a first picture is shot before the whole is waited for:
that of the explorer is every attack, and takes minutes on two cores.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from lab.browser import find_browser
from lab.catalogue import data_sets
from tests.pages.conftest import FLAGS, POLLING
from tests.served import Served, served
from widgets.dashboards.app import PAGES

WITHOUT_DATA = ("training-studio", "exhibits")
PATIENCE = 600_000  # milliseconds until a page is given up

_BAR = "document.querySelector('.lab-place:not(.lab-closed) .lab-run-bar')"
_DRAWN = (
    "[...document.querySelectorAll('.lab-place:not(.lab-closed) .lab-figure')]"
    ".reduce((sum, each) => sum + Number(each.dataset.drawn ?? 0), 0)"
)
_ENDED = f"['done', 'failed', 'cancelled', 'refused'].includes({_BAR}.dataset.state)"
_SHOWN = f"before => {_BAR} && {_BAR}.dataset.stale === 'false' && ({_DRAWN} > before || {_ENDED})"
_WHOLE = f"() => {_ENDED} && {_BAR}.dataset.stale === 'false'"


def seconds(page: Page, condition: str, before: int | None = None) -> float:
    """The seconds from now until the condition holds."""
    started = time.perf_counter()
    page.wait_for_function(condition, arg=before, timeout=PATIENCE, polling=POLLING)
    return time.perf_counter() - started


def choose(page: Any, name: str, before: int) -> None:
    """Choose a data set in the drawer, and run it where there is something to press."""
    field = page.get_by_role("group", name="Data set", exact=True).locator("visible=true").first
    if field.locator("select").count():
        field.locator("select").select_option(name)
    else:
        field.get_by_label(name, exact=True).check(force=True)
    run = page.locator(".lab-place:not(.lab-closed) .lab-run-bar").get_by_role("button", name="Run", exact=True)
    changed = f"before => {_BAR}.dataset.stale === 'true' || {_DRAWN} > before"
    page.wait_for_function(changed, arg=before, timeout=PATIENCE, polling=POLLING)
    if page.evaluate(f"{_BAR}.dataset.due") == "true":
        run.click()


def measure(browser: Any, lab: Served, name: str, chosen: list[str], shots: Path | None) -> None:
    """Print a page's cells: of each data set the seconds to the first picture and to the whole, and what went wrong."""
    page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{lab.address}/#{name}")
    for number, data in enumerate(chosen):
        before = page.evaluate(_DRAWN) if number else len(PAGES) + 1  # empty figures are drawn, too
        if number:
            choose(page, data, before)
        first = seconds(page, _SHOWN, before)
        print(f"{first:.1f}", end=" / ", flush=True)
        shoot(page, shots, f"{name}-{data}-first")
        whole = first + seconds(page, _WHOLE)
        state = page.evaluate(f"{_BAR}.dataset.state")
        print(f"{whole:.1f}" + ("" if state == "done" else f" {state}"), end=" | ", flush=True)
        shoot(page, shots, f"{name}-{data}")
    page.context.close()
    print(" | ".join(complaints), flush=True)


def shoot(page: Page, shots: Path | None, name: str) -> None:
    """Keep what the page shows, where that is asked for."""
    if shots:
        page.wait_for_timeout(500)
        page.screenshot(path=shots / f"{name}.png")


def main() -> None:
    """Print a row for every page."""
    here = [card.name for card in data_sets() if card.available]
    names = [entry.name for entry in PAGES if entry.name not in WITHOUT_DATA]
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--page", action="append", choices=names)
    options.add_argument("--data", action="append", choices=here, help="besides digits, which come first")
    options.add_argument("--shots", type=Path)
    chosen = options.parse_args()
    data = ["digits", *(each for each in chosen.data or here if each != "digits")]
    if chosen.shots:
        chosen.shots.mkdir(parents=True, exist_ok=True)
    print("| page |", " | ".join(data), "|")
    print("|---" * (1 + len(data)) + "|")
    for name in chosen.page or names:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
            with served(Path(folder), "--lazy") as lab:
                print(f"| {name} |", end=" ", flush=True)
                measure(browser, lab, name, data, chosen.shots)
            browser.close()


if __name__ == "__main__":
    main()
