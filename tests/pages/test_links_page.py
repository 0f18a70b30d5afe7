"""Permalinks, code and numbers in a browser: what leaves a page is what it shows."""

import io
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.page


def dialog(page, name: str) -> str:
    """What a button of the footer brings."""
    page.get_by_role("button", name=name, exact=True).locator("visible=true").click()
    text = page.locator("dialog[open] textarea").input_value()
    page.get_by_role("button", name="Close", exact=True).click()
    return text


@pytest.fixture(scope="module")
def mine(visit_of_file):
    return visit_of_file()


@pytest.mark.slow
def test_a_link_opens_the_same_settings_for_another_visitor(mine, visit):
    mine.set("ε", "0.17")
    mine.page.wait_for_function("!location.hash.endsWith('pgd-restarts')")
    link = dialog(mine.page, "Link")
    assert link == mine.page.url
    other = visit()
    other.page.evaluate("link => { location.href = link }", link)
    other.page.wait_for_function(
        "() => [...document.querySelectorAll('.lab-number')].some(box => box.value === '0.17')"
    )
    other.until("done")
    assert other.page.url == link


def test_a_damaged_link_is_said_in_the_header_and_the_page_works(mine):
    mine.page.evaluate("location.hash = '#pgd-restarts?nonsense'")
    mine.page.wait_for_selector(".lab-engine-refusal")
    assert "damaged" in mine.page.locator(".lab-engine").inner_text()
    assert mine.state in ("done", "running", "waiting")


def test_code_and_numbers_leave_the_page(mine):
    mine.until("done")
    assert "spec = Restarts(" in dialog(mine.page, "Code")
    with mine.page.expect_download() as saved:
        mine.page.get_by_role("button", name="Numbers", exact=True).click()
    arrays = np.load(io.BytesIO(Path(saved.value.path()).read_bytes()), allow_pickle=False)
    assert b'"Restarts"' in arrays["structure"].tobytes()
