"""The page Transfer in a real browser: what is drawn changes with every control, and a click chooses a cell."""

import pytest

from tests.pages.visit import PATIENCE

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
PLOTS = f"{HERE} .lab-figure-plot"


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("transfer").page
    found.wait_for_function(f"document.querySelectorAll('{HERE} .lab-figure-plot.js-plotly-plot').length === 4")
    done = f"document.querySelector('{HERE} .lab-run-bar').dataset.state === 'done'"
    found.wait_for_function(done, timeout=2 * PATIENCE)
    until_captioned(found, "top-1 transfer rate · FGSM")
    return found


def matrix(page):
    """The rates in %, the frames of the chosen cell and the caption, as plotly.js holds them after drawing."""
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
        "([plots, words]) => document.querySelector(plots).textContent.includes(words)", arg=[PLOTS, words]
    )


def until_shown(page, words):
    page.wait_for_function(
        f"words => document.querySelector('{HERE} .lab-transferred').textContent.includes(words)", arg=words
    )


def choose(page, label, value):
    page.locator(f"{HERE} .lab-look").get_by_label(label, exact=True).select_option(value)


def test_a_click_on_a_cell_shows_images_that_transferred(page):
    cells = page.locator(f"{PLOTS}").first.locator(".nsewdrag").bounding_box()
    # The third target in the second of six rows and a quarter.
    page.mouse.click(cells["x"] + cells["width"] * 2.5 / 4, cells["y"] + cells["height"] * 1.5 / 6.3)
    until_shown(page, "fool standard-b and also fgsm-trained")
    assert matrix(page)["chosen"] == [1, 2]
    facts = page.locator(f"{HERE} .lab-transferred .lab-facts").first.inner_text()
    assert facts.startswith("standard-b reads")
    assert "fgsm-trained reads" in facts
    assert page.locator(f"{HERE} .lab-transferred img").count() >= 2


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
    box = page.get_by_label("Top", exact=True).locator("visible=true").first
    box.fill("3")
    box.press("Enter")
    until_captioned(page, "top-3 error rate")
    choose(page, "Source", "3")
    choose(page, "Target", "1")
    until_shown(page, "also standard-b")
    assert matrix(page)["chosen"] == [3, 1]


def test_another_radius_is_computed_after_a_press_and_is_said_to_be_stale_before(page):
    before = matrix(page)["rows"]
    box = page.get_by_label("ε", exact=True).locator("visible=true").first
    box.fill("0.1")
    box.press("Enter")
    page.wait_for_selector(f"{HERE} .lab-stale")
    assert matrix(page)["rows"] == before
    page.get_by_role("button", name="Run", exact=True).locator("visible=true").click()
    until_captioned(page, "L∞ ε 0.1 · 200 images")
    page.wait_for_function(f"document.querySelector('{HERE} .lab-run-bar').dataset.state === 'done'")
    assert matrix(page)["rows"] != before
    assert page.locator(f"{HERE} .lab-stale").count() == 0
