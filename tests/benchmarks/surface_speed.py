"""How fast a loss surface is: against the same forward passes, point by point kept, and in a real browser.

    python tests/benchmarks/surface_speed.py [--rounds 5] [--browser]

Two of the shipped networks, 101 × 101 points, digits. It prints, beside their targets: the time to the first coarse
picture; the whole surface, without and with the attacks that are marked on it, relative to bare forward passes of the
same images (in the fastest of several ways); the time after a zoom and after a shift of a tenth of the window; a
picture's way from the store to plotly's JSON. With ``--browser``, also the time from a move of the zoom slider to the
drawn surface, for pictures that were computed before.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import torch
from plotly.io.json import to_json_plotly

from lab.analysis import analyse, surface_plane
from lab.attacks.lanes import side_by_side
from lab.context import Context
from lab.data import load
from lab.models import load as load_model
from lab.results import pack, unpack
from lab.specs import Digits, LossSurface, Trained
from widgets.figures.surface.contours import contour_map
from widgets.figures.surface.cross_sections import cross_sections
from widgets.figures.surface.three_d import surface_3d

SPEC = LossSurface(models=(Trained("standard"), Trained("fgsm-trained")))

REPAINT = """
place => new Promise(done => {
  const here = document.querySelector('.lab-place:not(.lab-closed)');
  const views = [...here.querySelectorAll('.lab-figure-plot')].map(plot => plot.parentElement);
  const before = views.map(view => view.dataset.drawn);
  const slider = here.querySelector('.lab-look input[type=range]');
  const started = performance.now();
  slider.value = place;
  slider.dispatchEvent(new Event('input'));
  const look = () => {
    if (views.every((view, i) => view.dataset.drawn !== before[i])) done(performance.now() - started);
    else requestAnimationFrame(look);
  };
  look();
})
"""


def seconds(run: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def bare(size: int, lanes: bool) -> float:
    """The forward passes alone: 101 × 101 ready images for each network, batches side by side or one by one."""
    x = load(Digits()).test.images([SPEC.image])
    images = x + 0.3 * torch.rand(101**2, *x.shape[1:], generator=torch.Generator().manual_seed(0))
    pieces = [(load_model(each), batch) for each in SPEC.models for batch in images.split(size)]

    def run(piece: tuple[torch.nn.Module, torch.Tensor]) -> torch.Tensor:
        with torch.inference_mode():
            logits: torch.Tensor = piece[0](piece[1])
        return logits

    return seconds(lambda: list(side_by_side(run, pieces)) if lanes else [run(piece) for piece in pieces])


def surface(spec: LossSurface) -> list[float]:
    """Seconds to every picture on the way, and to the result."""
    started = time.perf_counter()
    times: list[float] = []
    analyse(spec, Context(on_partial=lambda _: times.append(time.perf_counter() - started)))
    return [*times, time.perf_counter() - started]


def kernel(rounds: int) -> None:
    """Print what the analysis and the drawing cost."""
    analyse(SPEC, Context())
    middle = statistics.median
    ways = list(product((128, 256), (True, False)))
    best = min(ways, key=lambda way: middle(bare(*way) for _ in range(3)))
    floors, pictures, zooms, shifts = [], [], [], []
    for _ in range(rounds):
        floors.append(bare(*best))
        surface_plane._recent.forget()
        pictures.append(surface(SPEC))
        zooms.append(surface(SPEC.replace(zoom=2))[-1])
        shifts.append(surface(SPEC.replace(zoom=2, centre_along=0.1))[-1])
    first, _, points, whole = (list(each) for each in zip(*pictures, strict=True))

    def ratio(times: list[float], others: list[float]) -> float:
        return middle(time / other for time, other in zip(times, others, strict=True))

    print(f"first picture, 2 networks: {middle(first):.2f} s (target 0.3 s), whole {middle(whole):.2f} s")
    print(
        f"forward passes: {middle(floors):.3f} s in batches of {best[0]}, {'one core each' if best[1] else 'together'}"
    )
    print(f"whole surface / the same forward passes: {ratio(points, floors):.2f} (target 1.15)")
    print(f"with FGSM, R+FGSM and PGD marked on it, which follow: {ratio(whole, floors):.2f}")
    print(f"after a zoom: {ratio(zooms, whole):.2f} of the whole; after a shift by a tenth: {ratio(shifts, whole):.2f}")
    data = pack(analyse(SPEC, Context()))
    draws = [
        seconds(
            lambda: [to_json_plotly(draw(unpack(data)).to_dict()) for draw in (surface_3d, contour_map, cross_sections)]
        )
        for _ in range(rounds + 1)
    ]
    print(f"stored result to three figures' JSON: {middle(draws[1:]):.3f} s (target, with the browser's part, 0.1 s)")


def browser(rounds: int) -> None:
    """Print how long the slider takes to show pictures that were computed before."""
    from playwright.sync_api import sync_playwright

    from lab.browser import find_browser
    from tests.pages.conftest import FLAGS
    from tests.served import served

    here = ".lab-place:not(.lab-closed)"
    done = f"document.querySelector('{here} .lab-run-bar')?.dataset.state === 'done'"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, served(Path(folder)) as lab:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        page = chromium.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{lab.address}/#loss-surface")
        page.wait_for_function(done)
        for place in (1, 2, 3, 0):
            page.evaluate(REPAINT, place)
            page.wait_for_timeout(3000)
            page.wait_for_function(done)
        times = [page.evaluate(REPAINT, place) / 1000 for _ in range(rounds) for place in (1, 2, 3)]
        print(f"zoom slider to all three figures, computed before: median {statistics.median(times):.3f} s")
        chromium.close()


def main() -> None:
    """Print a line for every target."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--browser", action="store_true")
    given = options.parse_args()
    kernel(given.rounds)
    if given.browser:
        browser(given.rounds)


if __name__ == "__main__":
    main()
