"""The page Loss surface in a real browser: zooming, turning, moving and pointing change what is drawn."""

import json

import pytest

from tests.pages.asked import ASKED
from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.visit import point_at

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
CAMERAS = f"""() => {{
  const layout = document.querySelector('{HERE} .js-plotly-plot')._fullLayout;
  const eyes = ['scene', 'scene2'].map(name => layout[name]._scene.getCamera().eye);
  return eyes.map(eye => Object.values(eye).map(each => each.toFixed(4)));
}}"""


@pytest.fixture
def page(visit):
    found = visit("loss-surface", ASKED["loss-surface"]).page
    found.wait_for_function(f"document.querySelectorAll('{HERE} .js-plotly-plot').length >= 3")
    until_done(found)
    return found


def until_done(page):
    page.wait_for_function(f"document.querySelector('{HERE} .lab-run-bar')?.dataset.state === 'done'")


def until_range(page, low, high):
    """Wait until the maps show this part of the first axis."""
    page.wait_for_function(
        f"""ends => [...document.querySelectorAll('{HERE} .js-plotly-plot')].some(plot => plot._fullLayout.xaxis2
          && plot._fullLayout.xaxis.range.every((end, i) => Math.abs(end - ends[i]) < 1e-4 * Math.abs(ends[1])))""",
        arg=[low, high],
    )


def slide(page, place):
    slider = page.get_by_role("slider", name="Zoom", exact=True).locator("visible=true")
    slider.evaluate("(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }", place)


def plot(page, place):
    found = page.locator(f"{HERE} .js-plotly-plot").nth(place)
    found.scroll_into_view_if_needed()
    return found.bounding_box()


def drag(page, box, across):
    x, y = box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.6
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + 4, steps=4)
    page.mouse.up()


@pytest.mark.slow
def test_zoom_turn_move_and_point(page):
    kinds = page.evaluate(f"document.querySelector('{HERE} .js-plotly-plot')._fullData.map(each => each.type)")
    assert kinds.count("surface") == 2
    for place in (3, 6, 1):
        slide(page, place)
    until_range(page, -0.15, 0.15)
    until_done(page)

    before = page.evaluate(CAMERAS)
    drag(page, plot(page, 0), 60)
    page.wait_for_function(f"before => JSON.stringify(({CAMERAS})()) !== JSON.stringify(before)", arg=before)
    page.wait_for_function(f"() => new Set(({CAMERAS})().map(each => JSON.stringify(each))).size === 1")

    until_done(page)
    card = page.locator(f"{HERE} .lab-surface-here .lab-facts")
    facts = card.inner_text()

    def place():
        box = plot(page, 1)
        return box["x"] + box["width"] * 0.33, box["y"] + box["height"] * 0.55

    shown = f"document.querySelector('{HERE} .lab-surface-here .lab-facts').innerText"
    point_at(page, place, f"{shown} !== {json.dumps(facts)}")
    drag(page, plot(page, 1), -80)
    page.wait_for_function("Number(document.querySelector('[aria-label=\"Centre along, slider\"]').value) > 510")


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_changes_the_picture(page, size):
    assert move_every_control(page, size, "drawn") == ["Data set"]


@pytest.mark.slow
def test_every_axis_and_quantity_can_be_chosen(page):
    def boxes(label):
        return page.get_by_label(label, exact=True).locator("visible=true").first

    for label in ("Quantity", "First axis, g", "Second axis, g⊥", "Source model"):
        choice = page.locator(f"{HERE} select[aria-label='{label}']")
        options = choice.locator("option").evaluate_all("all => all.map(each => each.value)")
        assert len(options) > 2
        for option in (*options, choice.input_value()):
            choice.select_option(option)
    for label in ("Attacks", "Clip"):
        boxes(label).click(force=True)
    for label, value in {"ε": "0.25", "Points": "51", "Seed": "3", "Steps": "5", "Step size": "0.05",
                         "Centre along": "0.5", "Centre across": "-0.5"}.items():  # fmt: skip
        boxes(label).fill(value)
        boxes(label).press("Enter")
    page.locator(f"{HERE} .lab-image").nth(1).click()
    page.locator(f"{HERE} .lab-check").filter(has_text="standard").last.click()
    page.locator(f"{HERE}").get_by_text("class", exact=True).click()
    page.wait_for_function(f"document.querySelector('{HERE} .lab-surface-here').innerText.includes('clean: 8')")
    page.wait_for_function(
        f"""() => {{
          const plot = document.querySelector('{HERE} .js-plotly-plot');
          const drawn = plot._fullData.filter(each => each.visible === true);
          const surfaces = drawn.filter(each => each.type === 'surface');
          return surfaces.length === 1 && surfaces[0].x.length === 51 && drawn.some(each => /label/.test(each.name));
        }}"""
    )
