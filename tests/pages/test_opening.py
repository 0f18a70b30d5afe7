"""The page opens from this machine alone."""

import pytest

from tests.pages.visit import PATIENCE
from tests.served import served
from tests.server.visitor import Visitor

pytestmark = pytest.mark.page


@pytest.fixture(scope="module")
def opened(browser, lab):
    """The page in a browser that has read nothing of it before, with the addresses asked for and those that failed."""
    page, asked, failed = browser.new_page(), [], []
    page.set_default_timeout(PATIENCE)
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto(lab.address)
    yield page, asked, failed
    page.close()


def test_the_page_opens_and_asks_nothing_of_another_server(opened, lab):
    page, asked, failed = opened
    page.get_by_text("PGD restarts").first.wait_for()
    here = (lab.address, lab.address.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(here)] == []
    assert failed == []


def test_a_busy_machine_has_time_to_make_the_widgets(opened):
    """anywidget's own limit is two seconds, after which a widget is deaf for good."""
    aborted = """new Promise(done => {
      const limit = AbortSignal.timeout(2000);
      setTimeout(() => done(limit.aborted), 2300);
    })"""
    page, _, _ = opened
    assert page.evaluate(aborted) is False


@pytest.mark.slow
def test_a_page_that_is_left_takes_its_kernel_along(visit, lab):
    found = visit()
    [kernel] = lab.kernels(found.kernel)
    found.page.goto("about:blank")
    kernel.wait(timeout=PATIENCE / 1000)


@pytest.mark.slow
def test_a_visitor_who_waits_gets_in_by_himself_where_he_wanted(browser, tmp_path):
    with served(tmp_path, "--lazy", "--visitors", "1") as full:
        first, page = Visitor(full.address), browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{full.address}/#pgd-restarts")
        page.get_by_role("status").get_by_text("one visitor is here. You are next.").wait_for()
        assert page.title() == "1 · Adversarial Lab"
        first.leave()
        page.wait_for_selector(".lab-run-bar[data-state]")
        assert page.url.startswith(f"{full.address}/#pgd-restarts")
        page.close()
