"""Every page in windows of five sizes: what can be pressed is in reach, nothing is cut, axe-core has no complaint."""

from pathlib import Path

import pytest

from lab import links
from lab.links import PageState
from tests.families import family
from tests.pages.asked import ASKED
from tests.pages.visit import type_in
from widgets.dashboards.app import PAGES

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
SIZES = {
    "laptop": (1280, 720),
    "low laptop": (1280, 600),
    "laptop at 150%": (853, 480),
    "tablet": (820, 1180),
    "phone": (390, 844),
}
SCRIPT = Path(__file__).with_name("layout.js").read_text("utf-8")
LEAVE = f"""([name, address]) => {{
  const other = location.hash.slice(1).split("?")[0] !== name;
  for (const place of document.querySelectorAll(".lab-place")) {{
    place.toggleAttribute("data-left", other && place.matches("{HERE}"));
  }}
  location.hash = address;
}}"""
"""Goes to another page, and marks the one that is left: until the other is there, it is the one that is looked at."""
ARRIVED = ".lab-run-bar[data-state=done], .lab-cards, tr.lab-run, .lab-exhibit-card"
"""What is there when a page has been drawn."""
BUTTONS = {"Zoom", "Pan", "Reset axes", "Turntable rotation", "Orbital rotation", "Reset camera to default"}
"""All that plotly's mode bar may offer, as its buttons are called."""


@pytest.fixture(scope="module")
def page(visit_of_file):
    return visit_of_file("home").page


def go(page, name):
    page.set_viewport_size({"width": 1280, "height": 720})
    address = f"{name}?{links.write(PageState(ASKED[name]))}" if name in ASKED else name
    page.evaluate(LEAVE, [name, address])
    page.wait_for_selector(
        f"{HERE}:not([data-left]) :is(.lab-run-bar[data-state=done], .lab-cards, tr.lab-run, .lab-exhibit-card)"
    )
    page.wait_for_function(
        f"name => location.hash.startsWith('#' + name) && [...document.querySelectorAll('{HERE} .lab-figure-plot')]"
        ".every(plot => plot.classList.contains('js-plotly-plot'))",
        arg=name,
    )
    page.evaluate(SCRIPT)


EVERY_PAGE = ["home", *(entry.name for entry in PAGES)]
SOON_DRAWN = {"home", "exhibits"}
"""Those whose figures are few: drawing all of them without a graphics card is what takes long."""


@pytest.mark.parametrize("name", family(EVERY_PAGE, SOON_DRAWN.__contains__))
def test_every_page_is_in_reach_and_can_be_read(page, name):
    go(page, name)
    offered = page.eval_on_selector_all(".modebar-btn", "all => all.map(each => [each.ariaLabel, each.tabIndex])")
    assert {name for name, _ in offered} <= BUTTONS
    assert {stop for _, stop in offered} <= {-1}
    assert page.locator(".modebar a").count() == 0  # the logo
    assert faults(page, ["laptop"]) == {}
    assert complaints(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_PAGE)
def test_every_page_in_every_window(page, name):
    go(page, name)
    assert faults(page, SIZES) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_PAGE)
def test_every_page_can_be_read_in_the_dark(page, name):
    page.emulate_media(color_scheme="dark")
    go(page, name)
    assert page.evaluate("layout.pale()") == []
    assert page.evaluate("layout.glaring()") == []
    assert complaints(page) == []
    page.emulate_media(color_scheme="light")


def faults(page, sizes):
    """What is out of reach or cut in windows of these sizes; the window is a laptop's again afterwards."""
    page.evaluate("layout.drawing(false)")
    faults = {}
    for size in sizes:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        seen = page.evaluate("layout.unfolded()")
        assert seen["count"] >= 18
        if found := seen["found"] + [f"{each} overflows" for each in page.evaluate("layout.overflowing()")]:
            faults[size] = found
    page.set_viewport_size({"width": 1280, "height": 720})
    page.evaluate("layout.drawing(true)")
    return faults


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attack-explorer", "transfer"])
def test_everything_can_be_read_beside_figures_of_other_settings_and_with_help_and_a_link_open(page, name):
    go(page, name)
    type_in(page, "ε", "many")
    page.locator(f"{HERE} .lab-strip .lab-error:visible").first.wait_for()
    page.evaluate(f"document.querySelectorAll('{HERE} :is(.lab-help-sign, summary)').forEach(each => each.click())")
    assert complaints(page) == []
    type_in(page, "ε", "0.2")
    page.locator(f"{HERE} .lab-link-button").first.click()
    page.locator(".lab-dialog[open]").wait_for()
    assert complaints(page) == []
    page.keyboard.press("Escape")


def complaints(page, *but):
    """What axe-core finds wrong on the open page, in a line each, but for some of its rules."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed").Axe()
    page.wait_for_function("document.getAnimations().length === 0")  # what fades in is pale until then
    violations = axe.run(page).response["violations"]
    return [
        f"{each['id']} ({len(each['nodes'])}): {each['nodes'][0]['html'][:200]}"
        for each in violations
        if each["id"] not in but
    ]
