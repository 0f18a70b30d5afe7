"""The page PGD restarts in a real browser: what is set is what is drawn."""

import csv
import json
import re
import urllib.request

import pytest

from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.visit import PATIENCE
from tests.waiting import until

pytestmark = pytest.mark.page


@pytest.fixture(scope="module")
def page(visit_of_file, lab):
    found = visit_of_file()
    found.until("done")
    until(lambda: not at_work(lab))  # on what pages of the tests before had asked for: nothing more is stored for them
    return found


def test_opens_with_a_picture(page):
    assert page.restarts() == 50
    histogram = page.drawn("Final losses")
    assert any(trace["y"] for trace in histogram["data"])
    assert {"standard", "pgd-trained"} <= {trace["name"] for trace in histogram["data"]}


def test_looks_need_no_computing(page):
    assert page.drawn("Final losses")["axes"][0] == "linear"
    page.page.get_by_label("Log axis", exact=True).check(force=True)
    page.page.wait_for_function(
        "[...document.querySelectorAll('.js-plotly-plot')].some(plot => plot._fullLayout.xaxis?.type === 'log')"
    )
    before = page.drawn("Pairwise angles")["data"]
    page.page.locator(".lab-look").get_by_text("2", exact=True).click()
    page.page.wait_for_function(
        "[...document.querySelectorAll('.legendtitletext')]"
        ".filter(each => each.textContent.includes('image 2 · ')).length >= 3"
    )
    assert page.drawn("Pairwise angles")["data"] != before
    assert page.state == "done"


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_moves_something_drawn(page, size):
    assert move_every_control(page.page, size, "stale") == ["Data set"]


@pytest.mark.parametrize(("label", "value"), [("Steps", "5000"), ("Steps", "-1"), ("Steps", "many"), ("Seed", "0.5")])
def test_what_is_not_admissible_is_refused_in_words(page, lab, label, value):
    before, stored = page.box(label).input_value(), results(lab)
    page.set(label, value)
    page.until_said("Check the settings")
    assert label.lower() in page.words.lower()
    page.press("Run")
    page.set(label, before)
    page.until_said("Done")
    assert (page.restarts(), results(lab)) == (50, stored)


def test_a_hostile_value_is_refused_in_words(page):
    """Not typed, but sent on the websocket: a slider's limits would have been the browser's only."""
    page.set("Steps", "41")
    page.until_said("Settings changed")
    update = next(text for text in reversed(page.sent) if '"value":41' in text.replace(" ", ""))
    comm = update.split('"comm_id":"')[1].split('"')[0]
    content = {"comm_id": comm, "data": {"method": "update", "state": {"value": 10**9}, "buffer_paths": []}}
    page.tell_kernel(_message("comm_msg", content))
    page.until_said("between 1 and 1000")


def test_a_visitor_runs_no_code(page, tmp_path):
    proof = tmp_path / "proof"
    code = {"code": f"open({str(proof)!r}, 'w')", "silent": False, "store_history": False, "allow_stdin": False}
    page.tell_kernel(_message("execute_request", code))
    for steps, words in {"42": "Settings changed", "4000": "Check the settings", "43": "Settings changed"}.items():
        page.set("Steps", steps)
        page.until_said(words)  # the page lives on, and its kernel has heard what came before
    assert not proof.exists()


def save_as(page, name):
    """Save the first figure, with the keyboard."""
    page.locator(".lab-figure-tools > button").first.press("Enter")
    while page.evaluate("document.activeElement.textContent") != name:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_downloads(page, tmp_path):
    for name in ("CSV", "PNG", "SVG"):
        with page.page.expect_download() as download:
            save_as(page.page, name)
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        content = saved.read_bytes()
        assert {"CSV": b"model" in content, "PNG": content[:4] == b"\x89PNG", "SVG": b"<svg" in content[:200]}[name]
        if name == "CSV":
            assert len(list(csv.DictReader(content.decode().splitlines()))) > 10


def test_a_figure_leaves_as_a_page_that_needs_no_network(page, browser, tmp_path):
    with page.page.expect_download() as download:
        save_as(page.page, "HTML")
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    alone = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    alone.set_default_timeout(PATIENCE)
    asked, complaints = [], []
    alone.on("request", lambda request: asked.append(request.url))
    alone.on("pageerror", lambda error: complaints.append(str(error)))
    alone.goto(saved.as_uri())
    alone.wait_for_selector(".js-plotly-plot .main-svg")
    drawn, shown = (
        window.evaluate("document.querySelector('.js-plotly-plot').data.map((trace) => trace.type)")
        for window in (alone, page.page)
    )
    heading = alone.locator("h1").inner_text()
    alone.locator(".js-plotly-plot").first.hover()
    offered = alone.eval_on_selector_all(".modebar-btn", "all => all.map(each => each.ariaLabel ?? each.dataset.title)")
    links = alone.locator(".modebar a[href]").count()
    alone.context.close()
    assert drawn == shown != []
    assert offered == ["Zoom", "Pan", "Reset axes"]  # no button sends the figure anywhere
    assert links == 0
    assert heading == page.page.locator(".lab-figure-title").first.inner_text()
    assert [each for each in asked if not each.startswith(("file:", "data:", "blob:"))] == []
    assert complaints == []


def test_run_draws_what_was_set(page):
    before = page.drawn("Loss over the steps")["data"]
    page.set("Steps", "7")
    page.set("Restarts", "23")
    page.until_said("Settings changed")
    assert page.drawn("Loss over the steps")["data"] == before  # the last good picture stays until there is a new one
    page.press("Run")
    page.until_drawn(23)
    page.until("done")
    paths = page.drawn("Loss over the steps")
    points = [point for trace in paths["data"] for point in zip(trace["x"] or [], trace["y"] or [], strict=True)]
    steps = [step for step, loss in points if loss is not None]
    assert max(steps) == 7
    assert page.restarts() == 23


def at_work(lab):
    """Whether jobs are computed or wait."""
    with urllib.request.urlopen(f"{lab.address}/metrics") as answer:
        return re.search(r"^lab_jobs\{.*\} [1-9]", answer.read().decode(), re.MULTILINE)


def results(lab):
    return len(list((lab.home / "results").iterdir()))


def _message(kind, content):
    header = {"msg_id": "test", "msg_type": kind, "username": "", "session": "test", "date": "", "version": "5.3"}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    return json.loads(json.dumps(message | {"buffers": []}))
