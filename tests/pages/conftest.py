"""What every page test needs: one browser and one server for all of them.

Both end with the last page test, because Playwright's loop would keep other tests from running one of their own.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from lab.browser import find_browser
from tests.pages.visit import Visit
from tests.served import Served, served

FLAGS = (
    "--no-sandbox",  # the administrator of a container has no other
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--enable-unsafe-swiftshader",  # WebGL without a GPU
)


NO_BROWSER = "Page tests need Chromium or Chrome, and none is installed: python -m lab browser"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Without a browser, all page tests are skipped for one reason: let pytest say it in one line."""
    report = yield
    if report.skipped and NO_BROWSER in str(report.longrepr):
        report.longrepr = (__file__, 0, f"Skipped: {NO_BROWSER}")
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[object]:
    """Chromium or Chrome, driven by Playwright. Without one, page tests skip; they fail where CI is set."""
    path = find_browser()
    if path is None:
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def lab(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The lab, served from an empty ``LAB_HOME``; afterwards nothing of it is left running.

    It asks for the browser first, because without one there is nothing to serve.
    """
    with served(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def visit(browser: object, lab: Served) -> Iterator[Callable[..., Visit]]:
    """Opens a page, PGD restarts unless told, as a new visitor; at the end nothing must have gone wrong."""
    visits: list[Visit] = []

    def opened(place: str = "pgd-restarts") -> Visit:
        visits.append(Visit(browser, lab.address, place))
        return visits[-1]

    yield opened
    for each in visits:
        each.page.context.close()
        assert each.complaints == []
