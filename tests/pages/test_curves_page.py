"""The page Robustness curves in a real browser: it draws the curves, and moving ε moves the trade-off."""

import pytest

from tests.pages.visit import PATIENCE

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
PLOT = f"document.querySelectorAll('{HERE} .js-plotly-plot')"


@pytest.fixture
def page(browser, lab):
    """The page, opened by its address; at the end no complaint must have been heard."""
    found, complaints = browser.new_page(viewport={"width": 1280, "height": 720}), []
    found.set_default_timeout(PATIENCE)
    found.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.goto(f"{lab.address}/#robustness-curves")
    found.wait_for_selector(f"{HERE} .js-plotly-plot .legendtoggle")
    yield found
    found.close()
    assert complaints == []


def test_moving_eps_moves_the_trade_off(page):
    robust = f"{PLOT}[1]._fullData[0].y[0]"
    page.wait_for_function(f"{PLOT}[1]._fullData[0].visible === true && {robust} < 5")
    slider = page.get_by_label("ε shown", exact=True).locator("visible=true").first
    slider.evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    page.wait_for_function(f"{robust} > 90")
    first = page.evaluate(f"Array.from({PLOT}[0]._fullData[0].y)")
    assert (len(first), first[0] > 90, first[-1] < 5) == (11, True, True)
