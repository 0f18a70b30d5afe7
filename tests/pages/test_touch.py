"""Every page under a finger on a phone: help opens, sliders follow, and what is drawn lets the page be moved."""

import pytest

from tests.pages.asked import ASKED
from tests.pages.conftest import visits

pytestmark = [pytest.mark.page, pytest.mark.slow]

HERE = ".lab-place:not(.lab-closed)"
ON_TOP = """each => {
  each.scrollIntoView({ block: "center" });
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}"""


@pytest.fixture(scope="module")
def touched(phone, lab):
    yield from visits(phone, lab)


@pytest.fixture(scope="module", params=ASKED)
def page(request, touched):
    found = touched(request.param, ASKED[request.param]).page
    found.wait_for_selector(f"{HERE} .lab-run-bar[data-state=done]")
    found.wait_for_selector(f"{HERE} .js-plotly-plot")
    return found


def drag(page, start, end, steps=6):
    """Move one finger from a place to another."""
    session = page.context.new_cdp_session(page)
    (x0, y0), (x1, y1) = start, end

    def touch(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", start)
    for i in range(1, steps + 1):
        touch("touchMove", (x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps))
    touch("touchEnd")
    session.detach()


def test_every_question_mark_opens_what_it_explains(page):
    page.locator(f"{HERE} .lab-drawer-button").tap()
    page.wait_for_selector(f"{HERE} .lab-page[data-drawer=open]")
    signs = page.locator(f"{HERE} .lab-panel .lab-help-sign:visible")
    assert signs.count() > 2
    tap_all(page, signs)
    page.locator(f"{HERE} .lab-drawer-close button").tap()
    page.wait_for_selector(f"{HERE} .lab-page[data-drawer=closed]")
    tap_all(page, page.locator(f"{HERE} .lab-stage .lab-help-sign:visible"))


def tap_all(page, signs):
    for i in range(signs.count()):
        sign = signs.nth(i)
        sign.tap()
        words = page.locator(f"[id='{sign.get_attribute('aria-controls')}']")
        words.wait_for()
        assert len(words.inner_text()) > 10
        box = words.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        sign.tap()
        words.wait_for(state="hidden")


def test_a_slider_follows_the_finger_and_comes_back(page):
    slider = page.locator(f"{HERE} .lab-strip .lab-slider:visible").first
    x, y = slider.evaluate(ON_TOP)
    before, width = slider.input_value(), slider.bounding_box()["width"]
    part = float(before) / float(slider.get_attribute("max"))
    left = x - width / 2
    drag(page, (left + part * width, y), (left + 0.9 * width, y))
    assert float(slider.input_value()) > float(before)


def test_a_finger_on_a_figure_moves_the_page(page):
    content = page.locator(f"{HERE} .lab-content")
    flat = page.locator(f"{HERE} .js-plotly-plot:has(.cartesianlayer .xy)").locator("visible=true").last
    x, y = flat.evaluate(ON_TOP)
    before = content.evaluate("each => each.scrollTop")
    drag(page, (x, y), (x, y + 250))
    page.wait_for_function(
        "([css, before]) => document.querySelector(css).scrollTop < before", arg=[f"{HERE} .lab-content", before]
    )


def test_a_finger_fools_a_model_on_home_and_opens_a_page(touched):
    page = touched("home").page
    slider = page.get_by_role("slider", name="ε, largest change of a pixel")
    x, y = slider.evaluate(ON_TOP)
    width = slider.bounding_box()["width"]
    drag(page, (x - width / 2 + 4, y), (x + 0.4 * width, y))
    assert float(slider.input_value()) > 0
    verdict = page.locator(".lab-front-verdict").first
    assert "✗" in verdict.inner_text()
    page.locator(".lab-front-pin").first.tap()
    page.locator(".lab-front-walk summary").tap()
    steps = page.get_by_role("slider", name="step of the attack")
    page.wait_for_function("() => !document.querySelector('.lab-front-walk .lab-slider').disabled")
    x, y = steps.evaluate(ON_TOP)
    width = steps.bounding_box()["width"]
    drag(page, (x + width / 2 - 4, y), (x - width / 2 + 4, y))
    assert steps.input_value() == "0"
    home = page.locator(".lab-home")
    before = home.evaluate("each => each.scrollTop")
    x, y = page.locator(".lab-front-pictures").evaluate(ON_TOP)
    drag(page, (x, y), (x, y - 150))
    page.wait_for_function("before => document.querySelector('.lab-home').scrollTop !== before", arg=before)
    page.locator(".lab-card", has_text="Exhibits").tap()
    page.locator(f"{HERE} .lab-exhibit-card").first.wait_for()


def test_a_finger_opens_an_exhibit_marks_what_decides_a_claim_and_moves_a_wide_table(touched):
    page = touched("home").page
    page.evaluate("location.hash = '#exhibits'")
    page.locator(f"{HERE} [data-name='kurakin.table3']").tap()
    page.locator(f"{HERE} .lab-exhibit-name").wait_for()
    page.locator(f"{HERE} .lab-exhibit-letter").first.tap()
    assert page.locator(f"{HERE} td.lab-marked").count() > 0
    wide = page.locator(f"{HERE} .lab-exhibit-wide").first
    x, y = wide.evaluate(ON_TOP)
    drag(page, (x + 100, y), (x - 100, y))
    hidden = wide.evaluate("each => each.scrollWidth - each.clientWidth")
    assert (wide.evaluate("each => each.scrollLeft") > 0) == (hidden > 0)
    page.get_by_role("button", name="All exhibits").tap()
    page.locator(f"{HERE} .lab-exhibit-card").first.wait_for()


def test_a_finger_sets_a_recipe_and_shows_the_curves_of_a_run(touched):
    page = touched("home").page
    page.evaluate("location.hash = '#training-studio'")
    page.wait_for_selector(f"{HERE} tr.lab-run")
    trial = page.locator(f"{HERE} .lab-try").first
    trial.tap()
    page.wait_for_function("trial => trial.ariaPressed === 'true'", arg=trial.element_handle())
    shown = page.locator(f"{HERE} tr.lab-run input[type=checkbox]")
    before = shown.nth(2).is_checked()
    shown.nth(2).tap()
    page.wait_for_function("([box, before]) => box.checked !== before", arg=[shown.nth(2).element_handle(), before])
    page.locator(f"{HERE} .lab-drawer-button").tap()
    page.wait_for_selector(f"{HERE} .lab-page[data-drawer=open]")
    slider = page.locator(f"{HERE} .lab-panel .lab-slider:visible").first
    x, y = slider.evaluate(ON_TOP)
    width, value = slider.bounding_box()["width"], slider.input_value()
    drag(page, (x - 0.3 * width, y), (x + 0.3 * width, y))
    assert slider.input_value() != value
    tap_all(page, page.locator(f"{HERE} .lab-panel .lab-help-sign:visible"))
    page.locator(f"{HERE} .lab-drawer-close button").tap()
    page.wait_for_selector(f"{HERE} .lab-page[data-drawer=closed]")
