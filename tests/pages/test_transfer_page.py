"""The page Transfer in a real browser: what is drawn changes with every control, and a click chooses a cell."""

import pytest

from tests.pages.asked import ASKED
from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.visit import point_at, type_in, until_shows
from tests.waiting import until

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
PLOTS = f"{HERE} .lab-figure-plot"


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("transfer", ASKED["transfer"]).page
    found.wait_for_function(f"document.querySelectorAll('{HERE} .lab-figure-plot.js-plotly-plot').length === 4")
    until_done(found)
    until_captioned(found, "top-1 transfer rate · FGSM")
    return found


def until_done(page):
    done = f"document.querySelector('{HERE} .lab-run-bar')?.dataset.state === 'done'"
    page.wait_for_function(done)


def matrix(page):
    """The rates in % and the chosen cell, as plotly.js holds them after drawing."""
    return page.evaluate(
        """plots => {
          const plot = document.querySelector(plots);
          const rows = plot._fullData[0].z.map(row => Array.from(row));
          const frame = plot._fullLayout.shapes[plot._fullLayout.shapes.length - 1];
          return { rows, chosen: [(frame.y0 + frame.y1) / 2, (frame.x0 + frame.x1) / 2].map(Math.round) };
        }""",
        PLOTS,
    )


def until_captioned(page, words):
    page.wait_for_function(
        "([plots, words]) => document.querySelector(plots)?.textContent.includes(words)", arg=[PLOTS, words]
    )


def until_shown(page, words):
    page.wait_for_function(
        f"words => document.querySelector('{HERE} .lab-transferred').textContent.includes(words)", arg=words
    )


def choose(page, label, value):
    page.locator(f"{HERE} .lab-look").get_by_label(label, exact=True).select_option(value)


def run(page):
    page.get_by_role("button", name="Run", exact=True).locator("visible=true").click()


def check(page, label, *others):
    """Press the check boxes of that name, one after the other."""
    for each in (label, *others):
        page.locator(f"{HERE} .lab-check").filter(has=page.get_by_text(each, exact=True)).first.click()


def place_of(page, source, target):
    """Where a cell of the matrix of four models is drawn; two rows and a quarter are below it."""
    cells = page.locator(PLOTS).first.locator(".nsewdrag").bounding_box()
    return cells["x"] + cells["width"] * (target + 0.5) / 4, cells["y"] + cells["height"] * (source + 0.5) / 6.3


@pytest.mark.slow
def test_a_cell_shows_its_images_and_leads_to_the_surface(page):
    tip = f"document.querySelector('{HERE} .lab-tip')"
    point_at(page, lambda: place_of(page, 1, 2), f"{tip}?.innerText.includes('standard-b predicts')")
    assert page.locator(f"{HERE} .lab-tip img").count() == 2
    page.mouse.click(*place_of(page, 1, 2))
    until_shown(page, "fool standard-b and also fgsm-trained")
    until(lambda: matrix(page)["chosen"] == [1, 2])
    facts = page.locator(f"{HERE} .lab-transferred .lab-facts").first.inner_text()
    assert facts.startswith("standard-b predicts")
    assert "fgsm-trained predicts" in facts
    label = page.locator(f"{HERE} .lab-transferred h4").first.inner_text().split("label ")[1].strip()
    page.get_by_role("button", name="Open the loss surface of fgsm-trained").click()
    page.wait_for_function(
        f"document.querySelector('{HERE} select[aria-label=\"Source model\"]')?.value === 'standard-b'"
    )
    assert page.locator(f"{HERE} select[aria-label='Second axis, g⊥']").input_value() == "SourceGradient"
    until_done(page)
    for words in ("fgsm-trained", f"clean: {label}"):
        page.wait_for_function(
            f"words => document.querySelector('{HERE} .lab-surface-here').innerText.includes(words)", arg=words
        )
    until_shows(page, "ε", "0.2")
    page.get_by_role("button", name="Transfer", exact=True).click()
    until_captioned(page, "top-1 transfer rate · FGSM")


@pytest.mark.slow
def test_every_control_that_only_draws_changes_the_drawn_figure(page):
    rates = matrix(page)["rows"]
    assert [rates[i][i] for i in range(4)] == [100] * 4
    choose(page, "Measure", "error rate")
    until_captioned(page, "top-1 error rate")
    errors = matrix(page)["rows"]
    masked, robust = 2, 3
    assert errors[robust][masked] > errors[masked][masked]  # the black box is stronger: FGSM is masked there
    page.locator(f"{HERE} .lab-look .lab-segment", has_text="PGD").click()
    until_captioned(page, "error rate · PGD")
    assert matrix(page)["rows"][masked][masked] > 95
    type_in(page, "Top", "3")
    until_captioned(page, "top-3 error rate")
    choose(page, "Source", "3")
    choose(page, "Target", "1")
    until_shown(page, "also standard-b")
    until(lambda: matrix(page)["chosen"] == [3, 1])


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_moves_something_drawn(page, size):
    assert move_every_control(page, size, "stale") == ["Data set"]


@pytest.mark.slow
def test_other_settings_are_computed_after_a_press_and_are_said_to_be_stale_before(page):
    before = matrix(page)["rows"]
    type_in(page, "ε", "0.1")
    type_in(page, "Images", "40")
    page.get_by_role("button", name="Add another PGD").click()
    said = page.locator(f"{HERE} .lab-run-words")
    said.get_by_text("Two of the attacks have the same settings").wait_for()  # its own controls are there
    type_in(page, "Steps", "2")
    said.get_by_text("Settings changed").wait_for()
    page.wait_for_selector(f"{HERE} .lab-stale")
    assert matrix(page)["rows"] == before
    run(page)
    until_captioned(page, "L∞, ε = 0.1 · 40 images")
    until_done(page)
    assert matrix(page)["rows"] != before
    assert page.locator(f"{HERE} .lab-stale").count() == 0
    page.locator(f"{HERE} .lab-look").get_by_label("Attack", exact=True).select_option(label="PGD (steps 2)")
    until_captioned(page, "PGD (steps 2), L∞, ε = 0.1 · 40 images")
