"""How soon the stage answers in a real browser: Home, every tab, a slider, the 3-D surface.

    python -m tests.benchmarks.stage_speed [--rounds 20]

It starts the lab, waits until every page's first picture is stored, and prints medians and the longest beside their
targets: from the address to a home page that can be used, and to its first fooled image, which takes one press of a
key; from a tab's click to its page's figures, at once and where the pointer had rested on the tab; from a move of a
slider to the repaint, on Home and on PGD restarts; from the address of a stored loss surface to the 3-D view.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from lab.browser import find_browser
from tests.benchmarks.page_speed import REPAINT
from tests.benchmarks.visitors_load import settle
from tests.pages.conftest import FLAGS
from tests.pages.visit import PATIENCE
from tests.served import Served, served
from widgets.dashboards.app import PAGES

RESTS = 0.3
_READY = ".lab-front[data-busy=false]"
_SHOWN = """name => {
  const here = ".lab-place:not(.lab-closed)";
  const bar = document.querySelector(`${here} .lab-run-bar`);
  if (document.querySelector(".lab-tab[aria-current]")?.value !== name || !bar) return false;
  if (!["done", "ready"].includes(bar.dataset.state) || bar.dataset.stale === "true") return false;
  const inSight = [...document.querySelectorAll(`${here} .lab-figure:has(> .lab-figure-plot)`)].filter(each => {
    const { top, bottom, height } = each.getBoundingClientRect();
    return height > 0 && bottom > 0 && top < innerHeight;
  });
  return inSight.every(each => each.dataset.drawn) && performance.now() - window.pressed;
}"""
_PRESSED = """() => {
  document.addEventListener("pointerdown", () => { window.pressed = performance.now(); }, { capture: true });
}"""
_SOLID = """() => document.querySelector(
  ".lab-place:not(.lab-closed) .gl-container canvas, .lab-place:not(.lab-closed) .scene"
)"""
_MOVED = """() => new Promise(done => {
  const slider = document.querySelector(".lab-front .lab-slider");
  const canvas = document.querySelector(".lab-front-pictures figure:last-child canvas");
  const before = canvas.toDataURL();
  const started = performance.now();
  slider.value = Number(slider.value) + 1;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  const look = () => canvas.toDataURL() === before && performance.now() - started < 5000
    ? requestAnimationFrame(look) : done((performance.now() - started) / 1000);
  look();
})"""


def said(what: str, seconds: list[float], target: str) -> None:
    """Print a line."""
    print(
        f"| {what} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s | {len(seconds)} | {target} |",
        flush=True,
    )


def alone(browser: Browser, lab: Served, do: Callable[[Page], list[float]]) -> list[float]:
    """What is measured by a visitor for whom a page is ready, and who leaves."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.set_default_timeout(PATIENCE)
    try:
        return do(page)
    finally:
        page.goto("about:blank")
        page.context.close()
        settle(lab)


def home(lab: Served, page: Page) -> list[float]:
    """From the address to a page that can be used, and to a fooled image."""
    started = time.perf_counter()
    page.goto(f"{lab.address}/#home")
    page.wait_for_selector(_READY)
    ready = time.perf_counter() - started
    page.get_by_role("slider", name="ε, largest change of a pixel").focus()
    presses = 0
    while not page.locator(".lab-front-verdict", has_text="✗").count() and presses < 30:
        page.keyboard.press("ArrowRight")
        presses += 1
    return [ready, time.perf_counter() - started, presses]


def tabs(lab: Served, page: Page, rests: float = 0.0) -> list[float]:
    """From the click on each tab to its page's figures, in the order of the header; the pointer ``rests`` on it before.

    A person's pointer does so while a finger goes down; a program's click follows at once.
    """
    page.goto(f"{lab.address}/#home")
    page.wait_for_selector(_READY)
    page.wait_for_timeout(3000)
    page.evaluate(_PRESSED)
    found = list[float]()
    for entry in PAGES:
        tab = page.locator(f".lab-tab[value={entry.name}]")
        tab.hover()
        page.wait_for_timeout(1000 * rests)
        tab.click()
        shown = page.wait_for_function(_SHOWN, arg=entry.name, polling="raf")
        found.append(shown.json_value() / 1000)
        page.wait_for_timeout(1500)
    return found


def sliders(lab: Served, page: Page) -> list[float]:
    """From a move of Home's slider to the repaint."""
    page.goto(f"{lab.address}/#home")
    page.wait_for_selector(_READY)
    return [page.evaluate(_MOVED) for _ in range(20)]


def places(lab: Served, page: Page) -> list[float]:
    """From a move of a slider of PGD restarts to the repaint."""
    page.goto(f"{lab.address}/#pgd-restarts")
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .trace').length > 0")
    page.wait_for_timeout(3000)
    return [page.evaluate(REPAINT, place) / 1000 for place in range(100, 900, 40)]


def solid(lab: Served, page: Page) -> list[float]:
    """From the address of a stored loss surface to its 3-D view."""
    started = time.perf_counter()
    page.goto(f"{lab.address}/#loss-surface")
    page.wait_for_function(_SOLID, polling="raf")
    return [time.perf_counter() - started]


def measure(lab: Served, browser: Browser, rounds: int) -> None:
    """Print the table."""

    def run(do: Callable[[Served, Page], list[float]]) -> list[float]:
        return alone(browser, lab, lambda page: do(lab, page))

    run(tabs)  # so that all is stored
    print("| what | median | longest | of | target |\n|---|---|---|---|---|")
    opened = [run(home) for _ in range(rounds)]
    said("address to a home page that can be used", [each[0] for each in opened], "2.0 s")
    said(f"address to a fooled image ({opened[0][2]:.0f} presses)", [each[1] for each in opened], "10 s, 2 presses")
    pairs = [(run(tabs), run(partial(tabs, rests=RESTS))) for _ in range(max(1, rounds // 4))]
    clicked, rested = (zip(*each, strict=True) for each in zip(*pairs, strict=True))
    for entry, at_once, after in zip(PAGES, clicked, rested, strict=True):
        said(f"tab {entry.name}, the first time", list(at_once), "0.5 s")
        said(f"tab {entry.name}, the first time, the pointer had rested on it for {RESTS} s", list(after), "0.5 s")
    said("slider to repaint, Home", run(sliders), "0.1 s")
    said("slider to repaint, PGD restarts", run(places), "0.1 s")
    said("address to the 3-D surface", [run(solid)[0] for _ in range(max(1, rounds // 4))], "1.5 s after the page")


def main() -> None:
    """Print a line for every target."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=20)
    chosen: Any = options.parse_args()
    print(f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, served(Path(folder)) as lab:
        settle(lab)
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        measure(lab, browser, chosen.rounds)
        browser.close()


if __name__ == "__main__":
    main()
