"""The page opens from this machine alone."""

import pytest


@pytest.mark.page
def test_the_page_opens_and_asks_nothing_of_another_server(browser, server):
    page = browser.new_page()
    asked, failed = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)
    page.on("requestfailed", lambda request: failed.append(request.url))
    try:
        page.goto(server)
        page.get_by_text("PGD restarts").first.wait_for(timeout=30_000)
    finally:
        page.close()
    here = (server, server.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(here)] == []
    assert failed == []
