"""The page opens from this machine alone."""

import gzip
import socket
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from lab.server.supervision import EXTENSIONS
from tests.pages.test_layout import complaints
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


def test_only_the_extensions_that_the_pages_need_are_loaded_and_kept(opened):
    page, asked, _ = opened
    page.get_by_text("PGD restarts").first.wait_for()
    scripts = [url for url in asked if "/labextensions/" in url]
    assert {next((each for each in EXTENSIONS if f"/{each}/" in url), url) for url in scripts} == set(EXTENSIONS)
    assert sum("/plotly.js?v=" in url for url in asked) == 1
    for url in [*scripts, next(url for url in asked if "/plotly.js?v=" in url)]:
        with urlopen(url) as answer:
            assert "immutable" in answer.headers["Cache-Control"], url


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_plotly_is_sent_as_a_browser_can_read_it(lab, accepted):
    with urlopen(Request(f"{lab.address}/plotly.js", headers={"Accept-Encoding": accepted})) as answer:
        text, how = answer.read(), answer.headers.get("Content-Encoding", "identity")
    assert how == accepted
    assert b"plotly.js" in (gzip.decompress(text) if how == "gzip" else text)[:300]


def test_home_does_not_wait_for_plotly_and_a_figure_has_it_as_soon_as_it_comes(browser, lab):
    """Evaluating plotly.js takes a second in which nothing is answered, and home has no figure."""
    page, held = browser.new_page(), []
    page.set_default_timeout(PATIENCE)
    page.route("**/plotly.js?v=*", lambda route: held.append(route))
    page.goto(lab.address, wait_until="commit")
    page.wait_for_selector(".lab-front[data-busy=false]")
    assert page.evaluate("typeof Plotly") == "undefined"
    page.get_by_role("button", name="PGD restarts", exact=True).click()
    page.wait_for_selector(".lab-figure-plot")
    for each in held:
        each.continue_()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.close()


@pytest.mark.slow
def test_a_page_whose_server_does_not_send_plotly_has_it_from_the_kernel(browser, lab):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.route("**/plotly.js?v=*", lambda route: route.abort())
    page.goto(f"{lab.address}/#pgd-restarts")
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.close()


def test_the_shape_of_the_page_does_not_wait_for_a_kernel(lab):
    """What is sent at once, a chunk by itself, has the header; the number of the kernel comes after it."""
    url = urlsplit(lab.address)
    with socket.create_connection((url.hostname, url.port)) as asking:
        head = f"GET / HTTP/1.1\r\nHost: {url.netloc}\r\nAccept: text/html\r\n\r\n"
        asking.sendall(head.encode())
        answer = asking.makefile("rb")
        assert answer.readline().split()[1] == b"200"
        while answer.readline() != b"\r\n":
            pass
        first = answer.read(int(answer.readline(), 16)).decode()
    assert 'class="opening-bar"' in first
    assert "jupyter-config-data" not in first.replace('getElementById("jupyter-config-data")', "")


BRAND = """css => {
  const [box, bar] = [document.querySelector(css).getBoundingClientRect(), document.querySelector(css).parentElement];
  return [box.x, box.y, box.height, bar.getBoundingClientRect().height].map(Math.round);
}"""


@pytest.mark.parametrize(
    ("scheme", "place", "width"),
    [
        ("dark", "#masking", 1280),
        pytest.param("light", "", 1280, marks=pytest.mark.slow),
        pytest.param("dark", "", 390, marks=pytest.mark.slow),
    ],
)
def test_the_page_takes_the_place_of_its_shape(browser, lab, scheme, place, width):
    """Scripts that are long on their way: until they come, a header, cards in the place of figures, and a word."""
    page = browser.new_page(viewport={"width": width, "height": 720}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    come, held = [], []
    page.route("**/*.js", lambda route: route.continue_() if come else held.append(route))
    page.goto(f"{lab.address}/{place}", wait_until="commit")
    page.get_by_role("status").get_by_text("The lab is opening").wait_for()
    shape = page.locator(".opening-page" if place else ".opening-home")
    assert shape.locator(".opening-card").is_visible()
    assert page.locator("body").get_attribute("aria-busy") == "true"
    assert (
        page.evaluate("document.getAnimations().length") == 0
    )  # each takes a processor core where nothing else paints
    assert complaints(page, "page-has-heading-one", "landmark-one-main") == []
    before = page.evaluate(BRAND, ".opening-bar strong")
    come.append(True)
    for each in held:
        each.continue_()
    page.wait_for_selector("#opening", state="detached")
    assert page.locator(".lab-place:not(.lab-closed) :is(.lab-strip, .lab-front)").first.is_visible()
    assert page.locator("body").get_attribute("aria-busy") is None
    if width > 850:
        assert page.evaluate(BRAND, ".lab-brand") == before
    page.close()


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
