"""Faults that a page must survive, each really done."""

import re

import psutil
import pytest

from tests.waiting import PATIENCE

pytestmark = pytest.mark.page

LONG = {"Restarts": "1000", "Steps": "40"}


def begin(page, **more):
    """Start a job that takes many seconds; a setting that is new every time keeps the store out of it."""
    for label, value in (LONG | more).items():
        page.set(label, value)
    page.until_said("Settings changed")
    page.press("Run")


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file()
    found.until("done")
    return found


@pytest.fixture(scope="module")
def other(visit_of_file):
    """A second visitor."""
    found = visit_of_file()
    found.until("done")
    return found


@pytest.mark.slow
def test_stop_pressed_twice(page):
    begin(page, Seed="101")
    page.until_running(0.02)
    page.press("Stop", times=2)
    page.until("cancelled")
    assert 0 < page.restarts() < 1000  # what was finished stays
    page.set("Restarts", "5")
    page.press("Run")
    page.until_drawn(5)
    page.until("done")


@pytest.mark.slow
def test_run_pressed_ten_times(page):
    begin(page, Seed="102", Restarts="30")
    page.press("Run", times=10)
    page.until_drawn(30)
    page.until("done")


@pytest.mark.slow
def test_the_page_is_reloaded_during_a_job(page, lab):
    """The address brings the settings back, and with them the job that is under way."""
    begin(page, Seed="103", Restarts="60")
    page.page.wait_for_function("location.hash.includes('?')")
    page.until_running(0.05)
    before = stored(lab)
    page.page.reload()
    page.until_drawn(60)
    page.until("done")
    assert stored(lab) > before
    page.until_shows("Seed", "103")


@pytest.mark.slow
def test_the_worker_is_killed_in_the_middle_of_a_job(page, lab):
    begin(page, Seed="104", Restarts="40")
    page.until_running(0.05)
    worker(lab).kill()  # what is said until there is another one: tests/engine/test_faults.py
    page.until_said("The computation was interrupted and restarted.")
    page.until_drawn(40)
    page.until("done")


@pytest.mark.slow
def test_a_worker_that_does_not_get_on_is_said_and_so_is_what_others_wait_for(page, other, lab):
    begin(page, Seed="108", Restarts="40")
    page.until_running(0.02)
    psutil.Process(worker(lab).pid).suspend()  # until it is ended, and another one takes its place
    page.until_said("the worker that computes this does not respond")
    assert "left" not in page.words
    begin(other, Seed="109", Restarts="40")  # the same kind of slot
    other.until_said("the worker that computes this does not respond")
    page.until_said("The computation was interrupted and restarted.")
    for each in (page, other):
        each.until_drawn(40)
        each.until("done")


@pytest.mark.slow
def test_a_truncated_result_is_computed_again_and_said(page, lab):
    begin(page, Seed="105", Restarts="20")
    page.until_drawn(20)
    page.until("done")
    newest = max((lab.home / "results").iterdir(), key=lambda path: path.stat().st_mtime)
    content = newest.read_bytes()
    newest.write_bytes(content[: len(content) // 2])
    page.press("Run")
    page.until_said("computed again")
    page.until("done")
    assert page.restarts() == 20
    assert newest.read_bytes()[:200] == content[:200]


@pytest.mark.slow
def test_two_visitors_ask_for_the_same_picture_at_once(page, other):
    for each in (page, other):
        begin(each, Seed="106", Restarts="40")
    for each in (page, other):
        each.until_drawn(40)
        each.until("done")
    assert page.drawn("Final losses")["data"] == other.drawn("Final losses")["data"]


def test_a_killed_kernel_is_said_and_the_page_reloads_into_the_same_state(page, lab):
    begin(page, Seed="107", Restarts="7")
    page.until_drawn(7)
    [kernel] = lab.kernels(page.kernel)
    assert page.page.locator("#connection").is_hidden()
    kernel.kill()
    page.page.get_by_text("The connection to the lab was lost. Reload").wait_for()
    page.page.get_by_role("button", name="Reload", exact=True).click()
    page.until_drawn(7)
    assert page.page.locator("#connection").is_hidden()
    page.until_shows("Seed", "107")
    page.complaints[:] = [each for each in page.complaints if "404" not in each]  # the browser's, about the kernel


@pytest.mark.slow
def test_a_kernel_that_is_gone_before_the_page_has_reached_it_is_replaced_unseen(page, lab):
    """As one that was killed in the pool, or taken back from a browser that took more than a minute."""
    begin(page, Seed="110", Restarts="7")
    page.until_drawn(7)
    window, given = page.page, []

    def kill(route):
        """Fetch the page, and end its kernel; the browser lets only a page that it fetched itself speak with one."""
        given.append(route.request.url)
        if len(given) > 1:
            return route.continue_()
        answer = route.fetch()
        [kernel] = lab.kernels(re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', answer.text())[1])
        kernel.kill()
        kernel.wait(PATIENCE)
        return route.fulfill(response=answer)

    window.route(f"{lab.address}/", kill)
    window.reload()
    page.until_drawn(7)
    assert len(given) == 2
    page.until_shows("Seed", "110")
    window.unroute(f"{lab.address}/")
    page.complaints.clear()  # the browser's, about the kernel that is no more


def stored(lab):
    return len(list((lab.home / "results").iterdir()))


def worker(lab):
    """The process that holds PyTorch: the largest of the server's."""
    return max(lab.processes(), key=lambda each: each.memory_info().rss if each.is_running() else 0)


@pytest.mark.slow
def test_the_worker_is_the_largest_process(lab):
    assert any("torch" in each.path for each in psutil.Process(worker(lab).pid).memory_maps())
