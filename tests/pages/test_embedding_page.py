"""The page Embeddings in a real browser: the slider repaints, pointing shows an image, a click follows it."""

import pytest

from tests.pages.asked import ASKED
from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.visit import point_at, type_in

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
POINT = """([trace, place]) => {
  const plot = document.querySelector('.lab-place:not(.lab-closed) .js-plotly-plot');
  plot.scrollIntoView({ block: 'center' });
  const points = plot.querySelectorAll(`.scatterlayer .trace:nth-child(${trace}) .point`);
  const box = points[place].getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("embeddings", ASKED["embeddings"]).page
    found.wait_for_selector(f"{HERE} .lab-gallery-small img")
    until_drawn(found, "_fullData[2].x.length > 0")
    return found


def until_drawn(page, condition):
    """Wait until the first figure, as plotly holds it, is so."""
    page.wait_for_function(
        f"(plot => plot && plot._fullData && plot.{condition})(document.querySelector('{HERE} .js-plotly-plot'))"
    )


@pytest.mark.slow
def test_the_slider_shortens_the_ways_and_play_lengthens_them(page):
    slider = page.get_by_label("ε shown", exact=True).locator("visible=true").first
    slider.evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    until_drawn(page, "_fullData[2].x.length === 2 * plot._fullData[4].x.length")
    page.wait_for_function(
        f"document.querySelector('{HERE} .lab-gallery .lab-figure-note').textContent.includes('at ε 0 ')"
    )
    page.locator(f"{HERE} .lab-links button").first.evaluate("button => { button.dataset.there = 'before'; }")
    page.get_by_role("button", name="Play ε shown").click()
    until_drawn(page, "_fullData[2].x.length >= 4 * plot._fullData[4].x.length")
    page.get_by_label("Pause ε shown").or_(page.get_by_label("Play ε shown")).evaluate(
        "button => { if (button.title === 'Pause') button.click(); }"  # it may have come to its end meanwhile
    )
    link = page.locator(f"{HERE} .lab-links button").first
    assert "ε 0 " not in link.inner_text()
    assert link.get_attribute("data-there") == "before"  # a button that is replaced under the mouse hears no click


def until_done(page):
    page.wait_for_function(f"document.querySelector('{HERE} .lab-run-bar').dataset.state === 'done'")


@pytest.mark.slow
def test_pointing_shows_the_image_and_a_click_follows_it(page):
    until_done(page)
    shown = f"document.querySelector('{HERE} .lab-tip:not([hidden]) img')"
    point_at(page, lambda: page.evaluate(POINT, [1, 200]), shown)
    assert "label" in page.locator(f"{HERE} .lab-tip:not([hidden])").inner_text()
    before = page.locator(f"{HERE} .lab-gallery h4").count()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function(f"before => document.querySelectorAll('{HERE} .lab-gallery h4').length > before", arg=before)
    page.get_by_role("button", name="Look at image 200").locator("visible=true").wait_for()
    ring, clean = (page.evaluate(f"document.querySelector('{HERE} .js-plotly-plot')._fullData[{i}].x") for i in (5, 0))
    assert (len(ring), len(clean)) == (1, 300)


@pytest.mark.slow
def test_the_link_of_the_chosen_image_opens_the_explorer_and_the_way_back_computes_nothing(page):
    until_done(page)
    page.get_by_role("button", name="Look at image 200").locator("visible=true").click()
    page.wait_for_function("location.hash.startsWith('#attack-explorer')")
    page.wait_for_function(f"document.querySelector('{HERE} .lab-gallery')?.textContent.includes('flat-pivot')")
    page.locator(".lab-tab", has_text="Embeddings").click()
    page.wait_for_selector(f"{HERE} .lab-gallery-small img")
    assert page.locator(f"{HERE} .lab-gallery h4").count() == 11
    assert page.locator(f"{HERE} .lab-run-bar").get_attribute("data-state") == "done"


@pytest.mark.slow
def test_every_plane_can_be_chosen(page):
    for name, title in (("PCA", "principal component"), ("two classes", "logit of"), ("as is", "first dimension")):
        page.locator(f"{HERE} .lab-segment", has_text=name).click()
        until_drawn(page, f"layout.xaxis.title.text.includes('{title}')")


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_moves_something_drawn(page, size):
    assert move_every_control(page, size, "stale") == ["Data set"]


@pytest.mark.slow
def test_other_settings_are_computed_after_a_press(page):
    for label, value in {"Number of images": "60", "Images averaged over": "8", "Levels of ε": "3"}.items():
        type_in(page, label, value)
    page.get_by_role("button", name="Run", exact=True).locator("visible=true").click()
    until_drawn(page, "_fullData[0].x.length < 70")
    until_done(page)
    page.wait_for_function(
        f"[...document.querySelectorAll('{HERE} .js-plotly-plot')].some(plot => plot.textContent.includes('8 images'))"
    )
