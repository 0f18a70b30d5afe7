"""A story from home to its end, by keyboard alone: guesses, replies, progress, Back, a teacher's link, and axe-core."""

import pytest

from lab.stories import STORIES
from tests.pages.test_layout import complaints

pytestmark = pytest.mark.page

STORY = next(each for each in STORIES if each.name == "one-step")
IN_STEP = """name => location.hash === `#story?one-step/${name}`
  && document.activeElement.className === 'lab-story-question'"""
REPLIED = ".lab-story-reply:is([data-state=right], [data-state=wrong])"
VISIBLE = """() => document.querySelector('.lab-place:not(.lab-closed) .lab-figure').checkVisibility({
  visibilityProperty: true })"""
FIRST_FIGURE = """() => document.querySelector('.lab-place:not(.lab-closed) .lab-figure-plot')
  .getBoundingClientRect().top"""
FAR = """() => [...document.querySelectorAll('.lab-door-story')]
  .find(each => each.innerText.includes('Why one step')).querySelector('.lab-door-far').innerText"""


def tab_to(page, words, most=80):
    """Go with the Tab key until what has the focus says that."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.innerText ?? ''"):
            return
    raise AssertionError(f"Tab does not lead to {words!r}")


@pytest.mark.slow
def test_a_story_from_home_by_keyboard(visit):
    page = visit("home").page
    tab_to(page, STORY.title)
    page.keyboard.press("Enter")
    for position, step in enumerate(STORY.steps):
        page.wait_for_function(IN_STEP, arg=step.name)
        assert f"step {position + 1} of 4" in page.locator(".lab-story-where").inner_text()
        assert not page.evaluate(VISIBLE)
        page.keyboard.press("Tab")
        if isinstance(step.guess, tuple):
            assert page.evaluate("document.activeElement.innerText") == step.guess[0]
        else:
            page.keyboard.type("50")
        page.keyboard.press("Enter")
        page.wait_for_selector(REPLIED)
        assert "You guessed" in page.locator(".lab-story-reply").inner_text()
        assert page.evaluate(VISIBLE)
        assert page.evaluate("document.activeElement.innerText") == ("Next" if position < 3 else "Finish")
        if position == 0:
            low = page.evaluate("document.querySelector('.lab-figure').getBoundingClientRect().bottom")
            assert low <= 720  # the card has not pushed the first figure out of sight
            page.keyboard.press("Shift+Tab")  # Back is disabled, so this is what can be shared
            page.keyboard.press("Enter")
            assert complaints(page) == []
            page.keyboard.press("Escape")
            tab_to(page, "Next", 1)
        page.keyboard.press("Enter")

    page.wait_for_function("() => document.querySelector('.lab-story').hidden")
    page.go_back()
    page.wait_for_function("() => location.hash === '#story?one-step/random-step'")
    page.wait_for_selector(REPLIED)  # with the guess that was made, which the browser has kept
    page.goto("about:blank")
    page.go_back()  # loaded again, it is the same step
    page.wait_for_selector(REPLIED)
    page.get_by_role("button", name="Home", exact=True).click()
    page.wait_for_function("() => location.hash === '#home'")
    assert page.evaluate(FAR) == "✓ 4 of 4"

    page.evaluate("location.hash = '#story?transfer/blind-spot&settings=hidden&results=after-guess'")
    page.wait_for_selector(".lab-story-option")
    assert page.get_by_role("button", name="Show without a guess").count() == 0
    assert page.locator(".lab-place:not(.lab-closed) .lab-drawer-button").locator("visible=true").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".lab-story-option").first.click()
    page.wait_for_selector(REPLIED)
    assert page.evaluate(FIRST_FIGURE) < 844 - 200  # most of it is seen below its question, and not after the settings
