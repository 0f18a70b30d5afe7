"""The page Evaluation in a real browser: what falls, what broke which image, what failed, and where it leads."""

from itertools import pairwise

import pytest

from tests.pages.asked import ASKED
from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.visit import point_at, type_in, until_shows

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
FIGURE = f"""heading => [...document.querySelectorAll('{HERE} .js-plotly-plot')]
  .find(plot => plot.parentElement.textContent.includes(heading))"""
FALLS, IMAGES = "Accuracy after each attack", "Which attack broke which image"
DRAWN = (
    f"heading => ({FIGURE})(heading)._fullData.filter(each => each.visible === true).map(each => Array.from(each.x))"
)


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("evaluation", ASKED["evaluation"]).page
    until_done(found)
    found.wait_for_function(f"document.querySelectorAll('{HERE} .lab-verdicts .lab-case').length === 2")
    return found


def until_done(page):
    done = f"document.querySelector('{HERE} .lab-run-bar')?.dataset.state === 'done'"
    page.wait_for_function(done)


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_moves_something_drawn(page, size):
    assert move_every_control(page, size, "stale") == ["Data set"]


def test_the_waterfall_falls_and_its_verdicts_and_checks_have_their_words(page):
    standard, robust = page.evaluate(DRAWN, FALLS)
    for line in (standard, robust):
        assert all(after <= before for before, after in pairwise(line))
    assert standard[0] > 80
    assert standard[-1] == 0  # nothing defends it
    assert robust[-1] < robust[0]
    titles = page.locator(f"{HERE} .lab-verdicts .lab-case h4").all_inner_texts()
    assert [each.strip() for each in titles] == ["standard", "pgd-trained"]
    verdicts = page.locator(f"{HERE} .lab-verdicts .lab-case").all_inner_texts()
    assert "Broken. Of 20 images" in verdicts[0]
    figure = page.locator(f"{HERE} .lab-figure").filter(has=page.get_by_role("heading", name=FALLS))
    assert "accuracy falls from" in figure.locator(".annotation").first.text_content().replace("\xa0", " ")
    states = page.locator(f"{HERE} .lab-checks td .lab-outcome").all_inner_texts()
    assert states
    assert {state.split(maxsplit=1)[1] for state in states} <= {"passed", "failed", "unclear", "not needed", "skipped"}
    table = page.locator(f"{HERE} .lab-checks table")
    assert [each.strip() for each in table.locator("thead th").all_inner_texts()] == [
        "What should hold", "standard", "pgd-trained",
    ]  # fmt: skip
    passed = table.locator("td[data-state=passed]").first
    assert not passed.locator(".lab-measured").is_visible()
    assert len(passed.get_attribute("title")) > 20
    page.get_by_role("button", name="All numbers").click()
    assert passed.locator(".lab-measured").is_visible()
    page.get_by_role("button", name="All numbers").click()


def test_a_column_of_the_matrix_shows_its_image_and_leads_to_the_page_that_explains_it(page):
    figure = page.locator(f"{HERE} .lab-figure").filter(has=page.get_by_role("heading", name=IMAGES))
    figure.scroll_into_view_if_needed()

    def place():
        box = figure.locator(".nsewdrag").first.bounding_box()
        return box["x"] + box["width"] * 2.5 / 20, box["y"] + box["height"] * 0.7

    first = page.evaluate(f"heading => ({FIGURE})(heading)._fullData[1].customdata[2]", IMAGES)
    layer = f"({FIGURE})('{IMAGES}').querySelector('.hoverlayer')"
    point_at(page, place, f"{layer}.textContent.replaceAll('\\xa0', ' ').includes('image {first}, label')")
    page.mouse.click(*place())
    page.wait_for_function(
        f"[...document.querySelectorAll('{HERE} h4')].some(h => h.innerText.includes('image {first},'))"
    )
    page.wait_for_function(f"document.querySelectorAll('{HERE} .lab-case .lab-picture img').length >= 1")
    assert page.locator(f"{HERE} .lab-look").get_by_label("Image", exact=True).input_value() == str(first)
    page.get_by_role("button", name=f"Image {first} in the attack explorer").click()
    page.wait_for_function("location.hash.startsWith('#attack-explorer')")
    page.wait_for_selector(f"{HERE} .lab-run-bar[data-state]")
    until_shows(page, "ε", "0.3")


@pytest.mark.slow
def test_other_settings_are_computed_after_a_press(page):
    page.get_by_role("button", name="Evaluation", exact=True).click()
    page.wait_for_selector(f"{HERE} .lab-case")
    type_in(page, "Images", "10")
    before = page.evaluate(DRAWN, FALLS)
    page.get_by_role("button", name="Run", exact=True).locator("visible=true").click()
    page.wait_for_function(f"before => JSON.stringify(({DRAWN})('{FALLS}')) !== JSON.stringify(before)", arg=before)
    until_done(page)
    page.wait_for_function(
        f"[...document.querySelectorAll('{HERE} .annotation')].some(each => each.textContent.includes('10 images'))"
    )
