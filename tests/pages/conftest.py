"""What every page test needs: one browser and one server for all of them.

Both end with the last page test, because Playwright's loop would keep other tests from running one of their own.
"""

import os
from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

import pytest

from lab.browser import find_browser
from lab.specs import Spec
from tests.pages.visit import PATIENCE, Visit
from tests.served import Served, served

FLAGS = (
    "--no-sandbox",  # the administrator of a container has no other
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--enable-unsafe-swiftshader",  # WebGL without a GPU
)

POLLING = 50  # milliseconds between two looks; Playwright's own, with every frame, makes the browser draw them all

NO_BROWSER = "Page tests need Chromium or Chrome, and none is installed: python -m lab browser"


_open: list[Visit] = []
"""The visits of the test that runs: where it fails, they are described."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Say in one line that there is no browser, and of a failed test what its visitors saw then."""
    report = yield
    if report.skipped and NO_BROWSER in str(report.longrepr):
        report.longrepr = (__file__, 0, f"Skipped: {NO_BROWSER}")
    if report.failed:
        report.sections += [("page of a visitor", each.described()) for each in _open]
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium or Chrome, driven by Playwright. Without one, page tests skip; they fail where CI is set."""
    path = find_browser()
    if path is None:
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain(NO_BROWSER)
    from playwright.sync_api import Page, sync_playwright

    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "wait_for_function", partialmethod(Page.wait_for_function, polling=POLLING))
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The lab, served from an empty ``LAB_HOME``; afterwards nothing of it is left running.

    It asks for the browser first, because without one there is nothing to serve. First pictures are not computed
    beforehand, so that whatever is stored or being computed is a test's own.
    """
    with served(tmp_path_factory.mktemp("home"), "--lazy") as found:
        yield found


@pytest.fixture(scope="package")
def window(browser: Any) -> Iterator[Any]:
    """Where visitors open their pages: what the browser has read once, such as plotly.js, it keeps."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture(scope="package")
def phone(browser: Any) -> Iterator[Any]:
    """The same on a phone, whose screen is touched."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


Opens = Callable[..., Visit]


def visits(window: Any, lab: Served) -> Iterator[Opens]:
    """Opens a page, PGD restarts unless told, as a new visitor; at the end nothing must have gone wrong."""
    opened: list[Visit] = []

    def opens(place: str = "pgd-restarts", asked: Spec | None = None) -> Visit:
        opened.append(Visit(window, lab.address, place, asked))
        _open.append(opened[-1])
        return opened[-1]

    yield opens
    for each in opened:
        _open.remove(each)
        each.leave()
    assert [words for each in opened for words in each.complaints] == []


visit = pytest.fixture(visits)
visit_of_file = pytest.fixture(visits, scope="module")  # for tests that can go on where the one before left the page
