"""The page Training studio in a real browser: a run is started, watched, paused, found again, carried on, and used."""

import pytest

from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.visit import PATIENCE

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
ROW = f"{HERE} tr[data-name=clicked]"


@pytest.fixture
def visitor(visit):
    found = visit("home")
    open_studio(found)
    return found


def open_studio(visitor):
    visitor.page.get_by_role("button", name="Training studio", exact=True).click()
    visitor.page.wait_for_selector(f"{HERE} tr.lab-run")


def until(visitor, state):
    visitor.page.wait_for_selector(f"{ROW}[data-state={state}]")


def points(page):
    """How many points of the training accuracy, which is in sight, are drawn for the run."""
    return page.evaluate(
        """here => {
          const all = [...document.querySelectorAll(here + ' .js-plotly-plot')];
          const plot = all.find(each => each.parentElement.textContent.includes('training batches'));
          const drawn = plot?._fullData?.find(trace => trace.name === 'clicked' && trace.visible === true);
          return drawn ? drawn.x.length : 0;
        }""",
        HERE,
    )


def until_more_points(page, than):
    for _ in range(PATIENCE // 100):
        if (now := points(page)) > than:
            return now
        page.wait_for_timeout(100)
    raise AssertionError(f"no more than {than} points were drawn")


@pytest.mark.slow
def test_start_watch_pause_reload_resume_finish_and_use(visitor):
    page = visitor.page
    name = page.get_by_label("Name", exact=True)
    name.fill("clicked")
    name.press("Enter")
    for label, value in {"Width": "1", "Epochs": "16", "Batch size": "256"}.items():
        visitor.set(label, value)
    page.wait_for_function(f"document.querySelector('{HERE} .lab-starter').innerText.includes('22,992')")
    page.get_by_role("button", name="Start", exact=True).click()
    until(visitor, "running")
    until_more_points(page, until_more_points(page, 0))
    page.get_by_label("Pause clicked").click()
    until(visitor, "paused")

    page.reload()
    visitor.open()
    open_studio(visitor)
    until(visitor, "paused")
    page.get_by_label("Show the curves of clicked").check()
    before = until_more_points(page, 0)
    page.get_by_label("Resume clicked").click()
    until_more_points(page, before)  # what is left of it may be over before a busy page has said that it is running
    until(visitor, "finished")
    assert "%" in page.locator(ROW).inner_text()

    page.get_by_role("button", name="PGD restarts", exact=True).click()
    page.locator(f"{HERE} .lab-check", has_text="clicked").wait_for()

    open_studio(visitor)
    height = page.locator(ROW).evaluate("each => each.clientHeight")
    page.get_by_label("Discard clicked").click()
    assert page.locator(ROW).evaluate("each => each.clientHeight") == height  # the rows below it stay where they are
    page.get_by_label("Delete clicked for good").click()
    page.wait_for_selector(ROW, state="detached")


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_changes_the_run_that_is_set(visitor, size):
    assert move_every_control(visitor.page, size, "address") == ["Data set"]
