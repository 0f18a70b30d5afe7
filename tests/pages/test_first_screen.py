"""The first screen of a phone: the question, the controls that matter, and the page's main figure."""

import pytest

from tests.families import family
from tests.pages.test_layout import EVERY_PAGE, HERE, SIZES, go

pytestmark = pytest.mark.page

WIDTH, HEIGHT = SIZES["phone"]
BEGINS = 420  # pixels from the window's top, at most
FITS = f"""() => [...document.querySelectorAll('{HERE} .js-plotly-plot')].slice(0, 1)
  .every(plot => Math.abs(plot._fullLayout.width - plot.clientWidth) <= 1)"""
MAIN = f"""() => {{
  const all = document.querySelectorAll('{HERE} :is(.lab-front-pictures, .lab-figure, .lab-shelf)');
  const {{ top, bottom }} = [...all].find(each => each.checkVisibility()).getBoundingClientRect();
  return [top, bottom];
}}"""
"""From where to where the first figure of the open page reaches."""


@pytest.fixture(scope="module")
def page(visit_of_file):
    return visit_of_file("home").page


@pytest.mark.parametrize("name", family(EVERY_PAGE, {"exhibits", "pgd-restarts"}.__contains__))
def test_half_of_the_main_figure_is_on_the_first_screen(page, name):
    """Of one that is higher than the screen, as of several panels, half a screen."""
    go(page, name)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.wait_for_function(FITS)
    top, bottom = page.evaluate(MAIN)
    assert top <= BEGINS
    assert min(bottom, HEIGHT) - top >= min((bottom - top) / 2, HEIGHT / 2)


MIDDLES = f"""() => [...document.querySelectorAll('{HERE} .lab-strip .lab-label')]
  .filter(each => each.checkVisibility()).map(each => each.getBoundingClientRect())
  .map(box => (box.top + box.bottom) / 2)"""


@pytest.mark.parametrize("name", family([each for each in EVERY_PAGE if each != "home"], {"exhibits"}.__contains__))
def test_the_labels_of_the_controls_above_the_figures_stand_in_one_line(page, name):
    go(page, name)
    for size in ("tablet", "laptop"):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        middles = page.evaluate(MIDDLES)
        assert max(middles) - min(middles) <= 4


def test_what_is_said_of_a_page_is_beside_its_question_and_on_a_wide_screen_there_at_once(page):
    go(page, "exhibits")
    about, said = page.locator(f"{HERE} .lab-guide-about"), page.locator(f"{HERE} .lab-guide-sentence")
    assert said.is_visible()
    assert not about.is_visible()
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    assert not said.is_visible()
    for key, shown in (("Enter", True), (" ", False)):
        about.press(key)
        assert said.is_visible() == shown
        assert about.get_attribute("aria-expanded") == str(shown).lower()


@pytest.mark.parametrize("width", [320, 360, 390, 480])
def test_the_header_of_a_phone_is_one_row(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    parts = page.locator(".lab-header > :is(button, a:not(.lab-skip))").locator("visible=true")
    assert len(set(parts.evaluate_all("all => all.map(each => each.offsetTop + each.offsetHeight / 2)"))) == 1
    assert page.locator(".lab-header").evaluate("each => each.clientHeight") <= 60
