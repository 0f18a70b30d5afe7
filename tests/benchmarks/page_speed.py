"""How fast the page PGD restarts is, and how much memory a visitor's kernel takes, in a real browser.

    python tests/benchmarks/page_speed.py [--rounds 5]

It starts the lab with a preheated kernel and prints, beside their targets: the time from the address to the first
drawn figures; the repaint of all figures after a change that needs no computing; the kernel's proportional memory
(PSS) with the page open; for 4 images × 200 restarts × 40 steps × 2 models, the time from the click to the first
partial histogram and the whole job relative to the same gradient steps in one plain batch on the idle machine.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from lab.browser import find_browser
from tests.pages.conftest import FLAGS
from tests.pages.visit import Visit
from tests.served import Served, served

PLAIN = """
import time
import torch
from lab.data import load as data
from lab.models import load as model
from lab.specs import Digits, Trained

x = data(Digits()).test.images([0, 1, 2, 3]).repeat(200, 1, 1, 1)
y = data(Digits()).test.labels([0, 1, 2, 3]).repeat(200)
networks = [model(Trained("standard")), model(Trained("pgd-trained"))]
for steps in (3, 40):
    started = time.perf_counter()
    for network in networks:
        moved = x.clone()
        for _ in range(steps):
            moved.requires_grad_()
            loss = torch.nn.functional.cross_entropy(network(moved), y, reduction="sum")
            [gradient] = torch.autograd.grad(loss, moved)
            moved = (moved.detach() + 0.01 * gradient.sign()).clamp(x - 0.3, x + 0.3).clamp(0, 1)
print(time.perf_counter() - started)
"""

WATCH = """
window.marks = {};
window.watch = () => {
  const started = performance.now();
  window.marks = { started };
  const look = () => {
    const bar = document.querySelector('.lab-run-bar').dataset.state;
    const captions = [...document.querySelectorAll('.legendtitletext')].map(each => each.textContent).join();
    marks.began ||= bar === 'running';
    if (!marks.first && /of 200 restarts so far/.test(captions)) marks.first = performance.now() - started;
    if (marks.began && /(^|\\D)200 restarts/.test(captions) && !/so far/.test(captions) && bar === 'done') {
      marks.whole = performance.now() - started;
      return;
    }
    requestAnimationFrame(look);
  };
  look();
};
null  // a function here would be called at once
"""

REPAINT = """
place => new Promise(done => {
  const views = [...document.querySelectorAll('.lab-figure-plot')].map(plot => plot.parentElement);
  const before = views.map(view => view.dataset.drawn);
  const started = performance.now();
  document.querySelector('.lab-look input[type=range]').value = place;
  document.querySelector('.lab-look input[type=range]').dispatchEvent(new Event('input'));
  const look = () => {
    if (views[0].dataset.drawn !== before[0]) done(performance.now() - started);
    else requestAnimationFrame(look);
  };
  look();
})
"""


def opening(browser: object, lab: Served) -> float:
    """Seconds from the address to the first figures that hold data."""
    started = time.perf_counter()
    visit = Visit(browser, lab.address)
    visit.page.wait_for_function(
        "document.querySelectorAll('.lab-figure .trace').length > 0 || "
        "document.querySelectorAll('.js-plotly-plot .trace').length > 0"
    )
    seconds = time.perf_counter() - started
    visit.page.context.close()
    time.sleep(6)  # until the next kernel is preheated
    return seconds


def memory(lab: Served) -> float:
    """The largest kernel's proportional memory in MB."""
    return max(each.memory_full_info().pss for each in lab.kernels()) / 1e6


def main() -> None:
    """Print a line for every target."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    folder = tempfile.TemporaryDirectory()
    with sync_playwright() as playwright, served(Path(folder.name)) as lab:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        first = Visit(browser, lab.address)
        first.until("done")
        time.sleep(6)
        opened = [opening(browser, lab) for _ in range(rounds)]
        print(f"address to first figures: median {statistics.median(opened):.2f} s of {rounds} (target 4 s)")
        painted = [first.page.evaluate(REPAINT, place) / 1000 for place in range(100, 900, 40)]
        print(
            f"repaint after a slider move: median {statistics.median(painted):.3f} s of {len(painted)} (target 0.3 s)"
        )
        print(f"a visitor's kernel: {memory(lab):.0f} MB PSS (target 120 MB)")
        first.page.evaluate(WATCH)
        for seed in range(rounds):
            plain = float(subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True).stdout)
            first.set("Restarts", "200")
            first.set("Seed", str(1000 + seed))
            first.until_said("Settings changed")
            first.page.evaluate("window.watch()")
            first.press("Run")
            first.page.wait_for_function("window.marks.whole")
            marks = first.page.evaluate("window.marks")
            print(
                f"4 × 200 × 40 × 2: first picture {marks['first'] / 1000:.2f} s (target 1 s), "
                f"whole {marks['whole'] / 1000:.2f} s, plain batch {plain:.2f} s, "
                f"ratio {marks['whole'] / 1000 / plain:.2f} (target 1.15)"
            )
        browser.close()
    print(f"{psutil.cpu_count()} cores")


if __name__ == "__main__":
    main()
