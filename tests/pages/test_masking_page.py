"""The page Masking in a real browser: the verdicts on the shipped networks, and figures that change."""

import pytest

from tests.pages.asked import ASKED
from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.visit import point_at, type_in, until_shows

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
FIGURE = f"""heading => [...document.querySelectorAll('{HERE} .js-plotly-plot')]
  .find(plot => plot.parentElement.textContent.includes(heading))"""
ACCURACY = f"() => ({FIGURE})('Accuracy over ε')._fullData.map(each => Array.from(each.y))"


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("masking", ASKED["masking"]).page
    until_done(found)
    found.wait_for_function(f"document.querySelectorAll('{HERE} .lab-case').length === 3")
    return found


def until_done(page):
    done = f"document.querySelector('{HERE} .lab-run-bar')?.dataset.state === 'done'"
    page.wait_for_function(done)


def until_changed(page, before):
    page.wait_for_function(f"before => JSON.stringify(({ACCURACY})()) !== JSON.stringify(before)", arg=before)


def box_of(page, heading):
    """Where the axes of a figure are drawn."""
    figure = page.locator(f"{HERE} .lab-figure").filter(has=page.get_by_role("heading", name=heading))
    figure.scroll_into_view_if_needed()
    return figure.locator(".nsewdrag").first.bounding_box()


def middle_of(page, heading):
    """Where the middle point of a figure's first trace is drawn."""
    box = box_of(page, heading)
    x, y = page.evaluate(
        f"""heading => {{
          const plot = ({FIGURE})(heading), trace = plot._fullData[0], middle = trace.x.length >> 1;
          return [plot._fullLayout.xaxis.d2p(trace.x[middle]), plot._fullLayout.yaxis.d2p(trace.y[middle])];
        }}""",
        heading,
    )
    return box["x"] + x, box["y"] + y


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_moves_something_drawn(page, size):
    assert move_every_control(page, size, "stale") == ["Data set"]


@pytest.mark.slow
def test_verdicts_curves_images_and_what_would_settle_it(page):
    titles = page.locator(f"{HERE} .lab-case h4").all_inner_texts()
    assert titles[0].strip().startswith("standard: Broken.")
    assert titles[1].strip().startswith("fgsm-trained: Masked: its gradient does not show")
    before = page.evaluate(ACCURACY)
    assert min(before[-1]) < 10  # PGD ends below chance
    page.locator(f"{HERE} .lab-look").get_by_label("Curves of", exact=True).select_option("2")
    until_changed(page, before)

    # A bar leads to its model's curves: the first of the three bars of the third attack of eight.
    after, bars = page.evaluate(ACCURACY), box_of(page, "One step, a random step first")
    page.mouse.click(bars["x"] + bars["width"] * (2 + 0.25) / 8, bars["y"] + bars["height"] * 0.8)
    until_changed(page, after)
    assert page.locator(f"{HERE} .lab-look").get_by_label("Curves of", exact=True).input_value() == "0"

    # A point of a distribution shows its image.
    point_at(
        page,
        lambda: middle_of(page, "Do one step and many go in the same direction?"),
        f"[...document.querySelectorAll('{HERE} .lab-tip')].some(tip => /^image .* label/.test(tip.innerText))",
    )

    # What would settle it is one press away, with these settings.
    page.get_by_role("button", name="Many restarts of PGD on standard").click()
    page.wait_for_function("location.hash.startsWith('#pgd-restarts')")
    page.wait_for_function(f"document.querySelector('{HERE} .js-plotly-plot')?.textContent.includes('standard')")
    until_shows(page, "ε", "0.2")
    until_shows(page, "Restarts", "50")


@pytest.mark.slow
def test_other_settings_are_computed_after_a_press(page):
    page.get_by_role("button", name="Masking", exact=True).click()
    page.wait_for_selector(f"{HERE} .lab-case")
    for label, value in {"Images": "20", "Steps": "2", "Restarts": "1", "ε of the curves": "0.1, 0.2"}.items():
        type_in(page, label, value)
    before = page.evaluate(ACCURACY)
    page.get_by_role("button", name="Run", exact=True).locator("visible=true").click()
    until_changed(page, before)
    until_done(page)
    assert {len(each) for each in page.evaluate(ACCURACY) if each} == {3}
    page.wait_for_function(
        f"document.querySelector('{HERE} .lab-case').closest('.lab-gallery').innerText.includes('20 images')"
    )
