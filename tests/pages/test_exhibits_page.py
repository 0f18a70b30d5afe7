"""The page Exhibits in a browser: from the shelves to an exhibit, by keyboard, by address, and to the live page."""

import pytest

from lab import links
from lab.links import PageState
from tests.pages.every_control import move_every_control
from tests.pages.test_layout import complaints
from widgets.dashboards.exhibits.shown import ShownExhibit

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
CARD = f"{HERE} [data-name='madry.figure1']"
NAME = f"{HERE} .lab-exhibit-name"
FOCUSED = "document.activeElement"


@pytest.mark.slow
def test_from_the_shelves_to_an_exhibit_and_on_to_its_live_page(visit):
    page = visit().page
    page.get_by_role("button", name="Exhibits", exact=True).click()
    page.locator(CARD).focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"{FOCUSED}.matches('.lab-exhibit-name')")
    assert "Madry et al. 2017, Figure 1" in page.locator(NAME).inner_text()
    address = f"#exhibits?{links.write(PageState(ShownExhibit('madry.figure1')))}"
    page.wait_for_function("address => location.hash === address", arg=address)

    page.get_by_role("button", name="All exhibits").press("Enter")
    page.wait_for_function(f"{FOCUSED}.dataset.name === 'madry.figure1'")
    page.wait_for_function("address => location.hash !== address", arg=address)
    page.evaluate("address => { location.hash = address; }", address)
    page.locator(NAME).wait_for()
    assert "Madry et al. 2017, Figure 1" in page.locator(NAME).inner_text()

    table = links.write(PageState(ShownExhibit("kurakin.table3")))
    page.evaluate("address => { location.hash = address; }", f"exhibits?{table}")
    cell = page.locator(f"{HERE} .lab-exhibit-values td[data-at]").first
    cell.get_by_text("the paper's value 77.3").wait_for()  # for those who hear it
    letter = page.locator(f"{HERE} .lab-exhibit-letter").first
    letter.press("Enter")
    assert page.locator(f"{HERE} td.lab-marked").count() > 0
    letter.press("Enter")
    assert page.locator(f"{HERE} td.lab-marked").count() == 0
    wide = page.locator(f"{HERE} .lab-exhibit-wide").first
    page.set_viewport_size({"width": 390, "height": 844})
    chosen = page.locator(f"{HERE} .lab-strip .lab-select").first
    assert chosen.evaluate("each => getComputedStyle(each).textOverflow") == "ellipsis"  # of a name too long for it
    assert wide.evaluate("each => each.tabIndex === 0 && each.getBoundingClientRect().right <= innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints(page) == []
    page.set_viewport_size({"width": 1280, "height": 720})
    assert complaints(page) == []
    header = "document.querySelector('.lab-header').getBoundingClientRect().height"
    assert page.evaluate(header) < 60  # eleven tabs in one row

    page.get_by_role("button", name="Open the live page").click()
    page.wait_for_function("location.hash.startsWith('#transfer')")


@pytest.mark.slow
@pytest.mark.parametrize("size", ["laptop", "tablet"])  # a title of 63 letters is cut in the closed list there
@pytest.mark.parametrize("shown", [ShownExhibit(), ShownExhibit("madry.figure1"), ShownExhibit("kurakin.table3")])
def test_every_control_changes_what_is_shown(visit, shown, size):
    page = visit("home").page
    page.evaluate("address => { location.hash = address; }", f"exhibits?{links.write(PageState(shown))}")
    page.wait_for_selector(NAME if shown.opened else f"{HERE} .lab-exhibit-card")
    assert move_every_control(page, size, "address") == []
