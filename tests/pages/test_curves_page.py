"""The page Robustness curves in a real browser: moving ε moves the trade-off, and a click opens what explains it."""

import pytest

from tests.pages.asked import ASKED
from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.visit import point_at, type_in
from tests.waiting import until

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
PLOT = f"document.querySelectorAll('{HERE} .js-plotly-plot')"
AT = f"""([place, x, y]) => {{
  const plot = {PLOT}[place];
  plot.scrollIntoView({{ block: 'center' }});
  const {{ xaxis, yaxis }} = plot._fullLayout;
  const box = plot.getBoundingClientRect();
  return [box.x + xaxis._offset + xaxis.d2p(x), box.y + yaxis._offset + yaxis.d2p(y)];
}}"""
FGSM_TRAINED = 4
"""The first curve of the second model."""


@pytest.fixture(scope="module")
def page(visit_of_file):
    """The page, opened by its address, for all tests of this file."""
    found = visit_of_file("robustness-curves", ASKED["robustness-curves"]).page
    found.wait_for_selector(f"{HERE} .js-plotly-plot .legendtoggle")
    return found


def slide(page, place):
    slider = page.get_by_label("ε shown", exact=True).locator("visible=true").first
    slider.evaluate("(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }", place)


def until_done(page):
    page.wait_for_function(f"document.querySelector('{HERE} .lab-run-bar').dataset.state === 'done'")


def ring(page):
    """Where the chosen point is drawn."""
    return page.evaluate(f"(trace => [trace.x[0], trace.y[0]])({PLOT}[0]._fullData.at(-1))")


@pytest.mark.slow
def test_moving_eps_moves_the_trade_off(page):
    robust = f"{PLOT}[1]._fullData[0].y[0]"
    page.wait_for_function(f"{PLOT}[1]._fullData[0].visible === true && {robust} < 5")
    slide(page, 0)
    page.wait_for_function(f"{robust} > 90")
    first = page.evaluate(f"Array.from({PLOT}[0]._fullData[0].y)")
    assert (len(first), first[0] > 90, first[-1] < 5) == (11, True, True)


@pytest.mark.slow
def test_a_click_on_a_point_opens_the_explorer_at_its_eps(page):
    until_done(page)  # a figure that is drawn anew under the pointer hears no click
    y = page.evaluate(f"{PLOT}[0]._fullData[{FGSM_TRAINED}].y[4]")
    tip = f"{HERE} .lab-tip:not([hidden])"

    def opened():
        """Press as a hand does: again, where the figure was drawn anew under the pointer."""
        point_at(page, lambda: page.evaluate(AT, [0, 0.12, y]), f"document.querySelector('{tip}')")
        assert "Click: Look at image" in page.locator(tip).inner_text()
        page.mouse.down()
        page.mouse.up()
        for _ in range(100):
            if page.evaluate("location.hash.startsWith('#attack-explorer')"):
                return True
            page.wait_for_timeout(100)
        return False

    until(opened)
    page.wait_for_function(
        f"[...document.querySelectorAll('{HERE} .lab-number')].some(box => Math.abs(box.value - 0.12) < 1e-6)"
    )
    page.get_by_role("button", name="Curves", exact=True).or_(page.get_by_role("link", name="Curves")).first.click()
    page.wait_for_function("location.hash.startsWith('#robustness-curves')")
    page.get_by_label("ε shown").locator("visible=true").first.wait_for()  # shown after the address has changed
    x, drawn = ring(page)
    assert (x, drawn) == (pytest.approx(0.12), y)
    assert page.get_by_role("button", name="Look at image").locator("visible=true").count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_moves_something_drawn(page, size):
    until_done(page)
    slide(page, 5)  # where models and attacks differ
    assert move_every_control(page, size, "stale") == ["Data set"]


@pytest.mark.slow
def test_other_settings_are_computed_after_a_press(page):
    for label, value in {"Images": "20", "Levels of ε": "3", "ε": "0.24"}.items():
        type_in(page, label, value)
    page.wait_for_selector(f"{HERE} .lab-stale")
    page.get_by_role("button", name="Run", exact=True).locator("visible=true").click()
    page.wait_for_function(f"{PLOT}[0].textContent.includes('20 images')")
    until_done(page)
    assert page.evaluate(f"Array.from({PLOT}[0]._fullData[0].x)") == pytest.approx([0, 0.08, 0.16, 0.24])
    assert page.locator(f"{HERE} .lab-stale").count() == 0
