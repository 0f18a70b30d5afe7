"""Sites: who can reach them, by what address, and those that cannot be served."""

import json
import os
import sys

import pytest

from lab.cli import main
from lab.cli.serve import remarks
from lab.errors import LabError
from lab.server import Site, add_module_folder, check
from lab.server.site import BYTES_OF_A_KERNEL


@pytest.mark.parametrize(
    ("site", "public"),
    [
        (Site(), False),
        (Site("localhost"), False),
        (Site("::1"), False),
        (Site("0.0.0.0"), True),
        (Site("192.168.1.5"), True),
        (Site("::"), True),
        (Site(open_to_strangers=True), True),
        (Site(trusted_hosts=("lab.example",)), False),
    ],
)
def test_public_is_an_option_and_whatever_listens_beyond_this_machine(site, public):
    assert site.public == public


@pytest.mark.parametrize(
    ("site", "address", "health"),
    [
        (Site(), "http://127.0.0.1:1", "http://127.0.0.1:1/health"),
        (Site("::1"), "http://[::1]:1", "http://[::1]:1/health"),
        (Site(base_url="lab"), "http://127.0.0.1:1/lab/", "http://127.0.0.1:1/lab/health"),
        (Site(base_url="/user/ann/"), "http://127.0.0.1:1/user/ann/", "http://127.0.0.1:1/user/ann/health"),
    ],
)
def test_the_address_is_where_the_page_is(site, address, health):
    assert (site.address(1), site.health(1)) == (address, health)


def test_as_many_visitors_as_a_container_has_memory_for(monkeypatch):
    monkeypatch.setattr("lab.memory._in_container", lambda: [3 * BYTES_OF_A_KERNEL])
    assert Site(forks=False).room() == 3
    assert Site(forks=False, visitors=7).room() == 3  # fewer than were asked for
    assert Site(visitors=2).room() == 2
    assert Site(visitors=2).ready() == 2
    assert Site(visitors=2, preheat=0).ready() == 0
    assert Site().ready() == 1


def test_a_machine_with_much_memory_admits_what_its_cores_serve(monkeypatch):
    monkeypatch.setattr("lab.server.site.free_memory", lambda: 2**40)
    monkeypatch.setattr("lab.server.site.cpu_count", lambda: 2)
    assert Site().room() == 60
    assert Site(visitors=100).room() == 100


def test_a_public_lab_answers_to_every_name_unless_it_is_given_some():
    assert Site(open_to_strangers=True).any_host
    assert not Site(open_to_strangers=True, trusted_hosts=("lab.example",)).any_host
    assert not Site().any_host


@pytest.mark.parametrize(
    ("site", "words"),
    [
        (Site(preheat=10**30), "So many pages kept ready"),
        (Site(preheat=5, visitors=4), "more than the 4 visitors that this lab admits"),
        (Site(token="short"), "The token needs 8 to 200 characters"),
        (Site(frame_ancestors=("*",)), "--frame-ancestors takes the origin"),
        (Site(base_url="/a?b"), "--base-url takes a path"),
        (Site(base_url="/löb"), "--base-url takes a path"),
        (Site(trusted_hosts=("https://lab.example/",)), "--trust-host takes the name"),
        (Site(host="a" * 300), "There is no address"),
        (Site(host=".."), "There is no address"),
        (Site(host="a\0b"), "There is no address"),
        (Site(host="ä" * 100), "There is no address"),
        (Site(port=10**400), "There is no port so large"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_short_sentence(site, words):
    with pytest.raises(LabError, match=words) as refused:
        check(site)
    assert len(str(refused.value)) <= 300


@pytest.mark.parametrize("text", ["12", "0", "-1", str(10**30), "much"])
def test_a_limit_of_memory_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("LAB_MAX_KERNEL_MEMORY", text)
    with pytest.raises(LabError, match="LAB_MAX_KERNEL_MEMORY"):
        check(Site())


@pytest.mark.parametrize("text", ["0", "-1", "much"])
def test_a_limit_of_waiting_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("LAB_MAX_KERNEL_WAIT", text)
    with pytest.raises(LabError, match="LAB_MAX_KERNEL_WAIT"):
        check(Site())


@pytest.mark.parametrize("line", [["--host", "a" * 300], ["--preheat", "9" * 40]])
def test_the_command_line_refuses_in_one_sentence(capsys, line):
    assert main(["serve", "--no-browser", *line]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert len(sentence) <= 300


def test_a_folder_of_modules_may_contain_any_character(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_MODULE_FOLDERS", "")
    monkeypatch.setattr(sys, "path", [*sys.path])
    folders = [tmp_path / "course 10:30; ü", tmp_path / "other"]
    for each in folders:
        add_module_folder(each)
    assert json.loads(os.environ["LAB_MODULE_FOLDERS"]) == list(map(str, folders))
    assert sys.path[-2:] == list(map(str, folders))  # last, so that they hide nothing


@pytest.mark.parametrize(
    ("site", "room", "said"),
    [
        (Site(), 60, []),
        (Site(forks=True, visitors=30), 30, ["30 visitors are admitted at a time, in about 1.9 GB"]),
        (Site(visitors=30), 12, ["Of the 30 visitors of --visitors, 12 fit", "12 visitors are admitted at a time"]),
        (Site(open_to_strangers=True), 60, ["60 visitors", "on this machine only; anyone whom a proxy lets through"]),
        (Site("0.0.0.0"), 60, ["60 visitors", "Anyone who can reach this machine can use it: there is no token."]),
        (Site("0.0.0.0", token="robust 26"), 60, ["60 visitors", "reach this machine with the token can use it."]),
    ],
)
def test_the_start_says_how_many_may_come_and_who(site, room, said):
    found = [*remarks(site, room, site.ready())]
    assert len(found) == len(said)
    assert all(words in sentence for words, sentence in zip(said, found, strict=True))
