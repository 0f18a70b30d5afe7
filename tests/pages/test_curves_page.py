"""The page Robustness curves in a real browser: it draws the curves, and moving ε moves the trade-off."""

import pytest

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
PLOT = f"document.querySelectorAll('{HERE} .js-plotly-plot')"


@pytest.fixture
def page(visit):
    found = visit("robustness-curves").page
    found.wait_for_selector(f"{HERE} .js-plotly-plot .legendtoggle")
    return found


def test_moving_eps_moves_the_trade_off(page):
    robust = f"{PLOT}[1]._fullData[0].y[0]"
    page.wait_for_function(f"{PLOT}[1]._fullData[0].visible === true && {robust} < 5")
    slider = page.get_by_label("ε shown", exact=True).locator("visible=true").first
    slider.evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    page.wait_for_function(f"{robust} > 90")
    first = page.evaluate(f"Array.from({PLOT}[0]._fullData[0].y)")
    assert (len(first), first[0] > 90, first[-1] < 5) == (11, True, True)
