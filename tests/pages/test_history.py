"""Back and Forward step through what a person did on a page: its settings, without loading it again."""

import pytest

from lab import links
from lab.links import PageState
from tests.pages.asked import ASKED
from tests.pages.test_touch import ON_TOP
from tests.pages.visit import type_in, until_shows

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
SETTLED = 1500  # milliseconds after which an address is that of the last change, and the next change is another one
COUNTED = """() => {
  const { pushState } = history;
  window.stepsSoFar = 0;
  history.pushState = (...step) => {
    window.stepsSoFar += 1;
    pushState.apply(history, step);
  };
}"""
"""Counts the steps that a page adds to its history; a page that is loaded again has forgotten them."""


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("attack-explorer", ASKED["attack-explorer"]).page
    found.wait_for_selector(f"{HERE} .lab-image")
    found.wait_for_timeout(SETTLED)
    found.evaluate(COUNTED)
    return found


def steps(page):
    return page.evaluate("window.stepsSoFar")


def change(page, label, value):
    before = page.evaluate("location.hash")
    type_in(page, label, value)
    page.wait_for_function("before => location.hash !== before", arg=before)
    page.wait_for_timeout(SETTLED)


def asked(page):
    return links.read(page.evaluate("location.hash").partition("?")[2]).asked


def test_back_takes_back_a_setting_and_forward_sets_it_again(page):
    before, opening = steps(page), page.get_by_label("ε", exact=True).locator("visible=true").first.input_value()
    change(page, "ε", "0.13")
    change(page, "Steps", "7")
    assert steps(page) == before + 2
    page.go_back()
    until_shows(page, "Steps", str(ASKED["attack-explorer"].attack.steps))
    until_shows(page, "ε", "0.13")
    page.wait_for_function("document.querySelector('.lab-gallery .lab-figure-note').innerText.includes('ε = 0.13')")
    page.wait_for_timeout(SETTLED)
    page.go_back()
    until_shows(page, "ε", opening)
    for label, value in {"ε": "0.13", "Steps": "7"}.items():
        page.go_forward()
        until_shows(page, label, value)
    page.wait_for_timeout(SETTLED)
    assert (asked(page).ball.eps, asked(page).attack.steps) == (0.13, 7)
    assert steps(page) == before + 2  # nothing that the kernel said meanwhile has added one, or cut what is ahead
    assert page.evaluate("stepsSoFar > 0")


@pytest.mark.parametrize("pause", [0, pytest.param(1500, marks=pytest.mark.slow)])
def test_a_slider_that_is_dragged_is_one_step(page, pause):
    page.wait_for_timeout(SETTLED)
    before, now = steps(page), page.evaluate("location.hash")
    slider = page.locator(f"{HERE} .lab-strip .lab-slider:visible").first
    x, y = slider.evaluate(ON_TOP)
    box = page.get_by_label("ε", exact=True).locator("visible=true").first
    value = box.input_value()
    page.mouse.move(x - 40, y)
    page.mouse.down()
    for way in range(-40, 41, 4):
        page.mouse.move(x + way, y)
        page.wait_for_timeout(30 if way else 30 + pause)
    page.mouse.up()
    page.wait_for_function("now => location.hash !== now", arg=now)
    page.wait_for_timeout(SETTLED)
    assert steps(page) == before + 1
    assert box.input_value() != value
    page.go_back()
    until_shows(page, "ε", value)
    page.wait_for_timeout(SETTLED)
    assert page.evaluate("location.hash") == now


def test_back_leads_out_of_a_page_after_its_settings(page):
    """What a page itself says of its settings when it opens is no step."""
    page.locator(".lab-tab", has_text="Exhibits").click()
    page.locator(f"{HERE} .lab-exhibit-card").first.wait_for()
    page.wait_for_timeout(SETTLED)
    before = steps(page)
    page.locator(f"{HERE} [data-name='madry.figure1']").press("Enter")
    page.locator(f"{HERE} .lab-exhibit-name").wait_for()
    page.wait_for_timeout(SETTLED)
    assert steps(page) == before + 1
    page.go_back()
    page.locator(f"{HERE} .lab-exhibit-card").first.wait_for()
    page.wait_for_timeout(SETTLED)
    page.go_back()
    page.wait_for_function("location.hash.startsWith('#attack-explorer?')")
    page.locator(f"{HERE} .lab-image").first.wait_for()
    assert page.evaluate("stepsSoFar > 0")


def test_a_page_that_is_opened_by_an_address_adds_no_step(page):
    page.wait_for_timeout(SETTLED)
    before = steps(page)
    address = f"transfer?{links.write(PageState(ASKED['transfer']))}"
    page.evaluate("address => { location.hash = address; }", address)
    page.wait_for_selector(f"{HERE} .lab-run-bar[data-state=done]")
    page.wait_for_timeout(SETTLED)
    assert steps(page) == before
    assert asked(page) == ASKED["transfer"]
