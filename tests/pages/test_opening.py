"""The page opens from this machine alone."""

import pytest

from tests.pages.visit import PATIENCE


@pytest.mark.page
def test_the_page_opens_and_asks_nothing_of_another_server(browser, lab):
    page = browser.new_page()
    asked, failed = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)
    page.on("requestfailed", lambda request: failed.append(request.url))
    try:
        page.goto(lab.address)
        page.get_by_text("PGD restarts").first.wait_for(timeout=PATIENCE)
    finally:
        page.close()
    here = (lab.address, lab.address.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(here)] == []
    assert failed == []


@pytest.mark.page
def test_a_page_that_is_left_takes_its_kernel_along(visit, lab):
    found = visit()
    [kernel] = [each for each in lab.children("ipykernel_launcher") if found.kernel in " ".join(each.cmdline())]
    found.page.goto("about:blank")
    kernel.wait(timeout=PATIENCE / 1000)


@pytest.mark.page
def test_a_busy_machine_has_time_to_make_the_widgets(window, lab):
    """anywidget's own limit is two seconds, after which a widget is deaf for good."""
    aborted = """new Promise(done => {
      const limit = AbortSignal.timeout(2000);
      setTimeout(() => done(limit.aborted), 2300);
    })"""
    page = window.new_page()
    page.goto(lab.address)
    assert page.evaluate(aborted) is False
    page.goto("about:blank")
    page.close()
