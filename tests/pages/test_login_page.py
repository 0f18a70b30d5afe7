"""The page before a lab with a token, on a phone: from a link of a page to that page."""

import pytest

from lab.server.notices import login
from tests.pages.test_layout import complaints
from tests.pages.visit import PATIENCE
from tests.served import served

pytestmark = pytest.mark.page

TOKEN = "märz class 26"


@pytest.mark.parametrize("message", ["", "Too many wrong tokens came from your network address: try again in 5 s."])
def test_the_form_fits_a_phone_and_can_be_used_without_seeing_it(browser, message):
    page = browser.new_page(viewport={"width": 390, "height": 780})
    page.set_default_timeout(PATIENCE)
    page.set_content(login("/login", "/", message))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert complaints(page) == []
    page.emulate_media(color_scheme="dark")
    assert complaints(page) == []
    assert page.get_by_label("Token").get_attribute("aria-invalid") == ("true" if message else None)
    page.close()


@pytest.mark.slow
def test_a_student_with_the_token_gets_where_the_link_leads(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_TOKEN", TOKEN)
    with served(tmp_path, "--lazy", "--base-url", "/course/") as lab:
        page = browser.new_page(viewport={"width": 390, "height": 780})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{lab.address}#transfer")
        assert page.evaluate("document.activeElement.id") == "token"
        page.keyboard.type("not this one")
        page.keyboard.press("Enter")
        page.get_by_role("alert").get_by_text("That token is not valid.").wait_for()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Open the lab").click()
        page.wait_for_selector(".lab-run-bar[data-state]")  # its websocket has the cookie
        assert page.url.startswith(f"{lab.address}#transfer")
        assert page.evaluate("document.cookie") == ""
        with_token = [each for each in lab.processes() if "LAB_TOKEN" in each.environ() and each.environ()["LAB_TOKEN"]]
        assert {each.pid for each in with_token} <= {lab.process.pid, *(each.pid for each in lab.children("voila"))}
        assert not [each for each in lab.processes() if TOKEN in " ".join(each.cmdline())]
        assert TOKEN.encode() not in b"".join(each.read_bytes() for each in (tmp_path / "logs").iterdir())
        page.close()
