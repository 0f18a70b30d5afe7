"""One press in the picker of data sets downloads one, with what a person sees of it."""

import asyncio

import pytest

from lab.errors import SpecError
from lab.specs import MNIST, Digits
from tests.downloads.conftest import folder, mirror  # noqa: F401
from tests.downloads.published import publish
from tests.downloads.test_data_sets import FIRST
from tests.widgets.conftest import SPEED
from widgets.parts import downloads
from widgets.parts.choices import DataChoice


@pytest.fixture
def own(mirror, monkeypatch):  # noqa: F811
    monkeypatch.setenv("LAB_PUBLIC", "0")
    monkeypatch.setattr(downloads, "_fetches", {})
    return mirror


def press(picker, action, name="mnist"):
    content = {"action": action, "name": name}
    picker._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def row(picker, name="mnist"):
    return next((each for each in picker.downloads if each["name"] == name), None)


async def until(true):
    async with asyncio.timeout(20 * SPEED):
        while not true():
            await asyncio.sleep(0.005 * SPEED)


async def test_one_press_brings_and_chooses_a_data_set_for_every_page(folder, own, monkeypatch):  # noqa: F811
    publish(own, monkeypatch, 600)
    own.slow = 0.1
    picker, other = DataChoice(), DataChoice()
    host = own.address.removeprefix("http://")
    assert row(picker)["words"] == f"MNIST, 0 MB, from {host} into {folder}"
    assert not row(picker)["running"]
    press(picker, "download")
    press(picker, "download")
    await until(lambda: row(other) and row(other)["running"] and "MB/s" in row(other)["detail"])
    assert 0 < row(other)["fraction"] < 1
    assert row(other)["detail"].endswith(" s left")
    await until(lambda: picker.value == "mnist")
    await until(lambda: row(other) is None)
    assert row(picker) is None
    assert (picker.read(), other.read()) == (MNIST(), Digits())
    assert "mnist" in [option["value"] for option in other.options]
    assert [name for name, _ in own.asked].count(FIRST) == 1


async def test_settings_with_a_data_set_that_is_not_here_say_where_to_press(folder, own):  # noqa: F811
    with pytest.raises(SpecError, match="MNIST is not here yet: open 'Download another data set' under the data set"):
        DataChoice().write(MNIST())


async def test_what_was_chosen_meanwhile_stays(folder, own):  # noqa: F811
    own.slow = 0.1
    picker = DataChoice()
    press(picker, "download")
    picker.value = "photos"  # whatever a person did
    await until(lambda: row(picker) is None)
    assert picker.value == "photos"


async def test_a_failed_download_says_why_and_can_be_tried_again(folder, own):  # noqa: F811
    picker = DataChoice()
    own.status[FIRST] = 404
    press(picker, "download")
    await until(lambda: row(picker)["error"])
    assert "404 Not Found): try again later, or put the files there yourself." in row(picker)["error"]
    assert (row(picker)["running"], row(picker)["begun"]) == (False, True)
    own.status.clear()
    press(picker, "download")
    await until(lambda: row(picker) is None)
    assert picker.read() == MNIST()


async def test_a_stopped_download_says_that_it_goes_on(folder, own):  # noqa: F811
    own.slow = 0.2
    picker = DataChoice()
    press(picker, "stop")
    press(picker, "download")
    await until(lambda: own.asked)
    press(picker, "stop")
    await until(lambda: row(picker)["error"])
    assert row(picker)["error"] == "Stopped: what has arrived is kept, and the download goes on from there."
    press(picker, "download")
    await until(lambda: row(picker) is None)


@pytest.mark.faults
async def test_a_fault_of_the_lab_is_said_and_ends_it(folder, own, monkeypatch):  # noqa: F811
    def faulty(*_):
        raise KeyError("a path of this server")

    monkeypatch.setattr(downloads, "download", faulty)
    picker = DataChoice()
    press(picker, "download")
    await until(lambda: row(picker)["error"])
    assert row(picker)["error"] == "Something went wrong in the lab (KeyError): its log says where."
    assert not row(picker)["running"]
