"""What a browser may set: every synced trait of every widget, and what a hostile visitor of the studio tries."""

import importlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ipywidgets as ipw
import pytest

import widgets
from lab import runs
from lab.errors import LabError
from lab.runs import visitors
from lab.specs import Standard, TrainingRun
from widgets.controls import Choice, Images, Number, Option
from widgets.dashboards.studio import StudioPage
from widgets.guarded import Guarded
from widgets.parts.choices import DataChoice
from widgets.plain import Box, Plain

HEARD = {
    "Control": {"value"},
    "Images": {"value", "page", "drawing", "criterion", "order"},
    "Sketch": {"shown"},
    "Navigation": {"selected", "state", "step"},
    "Doors": {"opened", "told"},
    "RunList": {"visitor"},
    "PlotView": {"clicked", "hovered", "camera", "ranges"},
    "Question": {"answer"},
}
"""The traits a browser may set, by the class that has them. All else, and every other class's, is the server's."""


def classes():
    root = Path(widgets.__file__).parent
    for path in root.rglob("*.py"):
        if "paper" not in path.parts and path.name != "__init__.py":
            importlib.import_module(".".join(path.relative_to(root.parent).with_suffix("").parts))

    def below(kind):
        return [kind, *(each for child in kind.__subclasses__() for each in below(child))]

    found = {each for each in below(ipw.Widget) if each.__module__.startswith("widgets.")}
    return sorted(found, key=lambda each: each.__qualname__)


@pytest.mark.parametrize("kind", classes(), ids=lambda each: each.__qualname__)
def test_a_browser_sets_only_what_is_said_here(kind):
    assert issubclass(kind, Guarded)
    parents = [each.__name__ for each in kind.__mro__]
    allowed = set().union(*(names for name, names in HEARD.items() if name in parents))
    synced = kind.class_traits(sync=True)
    assert {name for name, trait in synced.items() if trait.metadata.get("heard")} == allowed & set(synced)
    for name in allowed:
        assert type(synced[name]).__name__ == "Any", "what a browser says is judged by who reads it, never by its type"


def say(widget, **state):
    """A message of the browser, as it comes over the kernel's channel."""
    widget._handle_msg(
        {"content": {"data": {"method": "update", "state": json.loads(json.dumps(state))}}, "buffers": []}
    )


SPOOFED = {
    "options": [{"value": "rm", "label": "rm"}], "most": 10**6, "label": "x", "error": "x", "help": "x",
    "usual": [0, 1], "positions": [1], "total": 10**9, "shape": [1], "names": ["x"], "pixels": "x",
    "_esm": "x", "_css": "x", "_view_name": "x", "_model_module": "x", "layout": "IPY_MODEL_x", "children": [],
    "_dom_classes": ["x"], "tabbable": True, "comm": None, "log": None, "keys": [], "no_such": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [
        lambda: Choice(value="a", options=[Option(value="a", label="a")], label="Kind"),
        lambda: Images(value=[1], most=2, label="Images"),
        lambda: Number(value=1, usual=[0.0, 5.0], label="steps"),
        lambda: Box([]),
        lambda: Plain(),
    ],
    ids=["Choice", "Images", "Number", "Box", "Plain"],
)
def test_what_is_spoofed_stays_as_it_is(make):
    widget = make()
    before = {name: getattr(widget, name) for name in widget.trait_names()}
    say(widget, **SPOOFED)
    assert {name: getattr(widget, name) for name in widget.trait_names()} == before


@pytest.mark.parametrize("value", [3, "b", None, ["x"], {"a": [1]}, 1e308, True, "ü" * 300])
def test_what_may_be_said_is_heard_as_it_is(value):
    choice = Choice(value="a", options=[Option(value="a", label="a")], label="Kind")
    say(choice, value=value)
    assert choice.value == value


def deep(n):
    found = []
    for _ in range(n):
        found = [found]
    return found


@pytest.mark.parametrize("value", ["\ud800", ["\udfff"], "x" * 200_000, deep(100_000), b"bytes", object()])
def test_what_could_not_be_sent_back_is_not_heard(value):
    choice = Choice(value="a", options=[Option(value="a", label="a")], label="Kind")
    choice._handle_msg({"content": {"data": {"method": "update", "state": {"value": value}}}, "buffers": []})
    choice._handle_msg({"content": {"data": {"method": "custom", "content": value}}, "buffers": []})
    assert choice.value == "a"


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"method": "update"}, {"method": "update", "state": []}, {"method": ["update"], "state": {}},
        {"method": "update", "state": {"value": "b"}, "buffer_paths": [["value"]]}, {"method": "explode"},
        {"method": "custom", "content": {1, 2}},
    ],
)  # fmt: skip
def test_what_is_not_a_message_of_ours_is_not_heard(data):
    choice = Choice(value="a", options=[Option(value="a", label="a")], label="Kind")
    choice._handle_msg({"content": {"data": data}, "buffers": []})
    assert choice.value == "a"


@pytest.fixture
def public(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LAB_PUBLIC", "1")


def visitor(engine, name):
    page = StudioPage(engine)
    say(page.list, visitor=name)
    return page


def started(page, name):
    page.form.parts["name"].value = name
    page.start()
    return page.bar.refusal


def press(page, action, name):
    page.list._handle_msg(
        {"content": {"data": {"method": "custom", "content": {"action": action, "name": name}}}, "buffers": []}
    )


@pytest.mark.parametrize(
    "said",
    [
        {"action": "download", "name": "mnist"}, {"action": "stop", "name": "mnist"}, {"action": "download"}, "mnist",
        {"action": ["download"], "name": {"a": 1}}, ["download", "mnist"], None, {"action": "download", "name": "../x"},
    ],
)  # fmt: skip
async def test_no_visitor_downloads_a_data_set(public, monkeypatch, said):
    asked = []
    monkeypatch.setattr("widgets.parts.downloads.download", lambda *given: asked.append(given))
    picker = DataChoice()
    assert picker.downloads == []
    say(picker, downloads=[{"name": "mnist", "words": "MNIST"}], options=[{"value": "mnist", "label": "mnist"}])
    picker._handle_msg({"content": {"data": {"method": "custom", "content": said}}, "buffers": []})
    assert (picker.downloads, asked) == ([], [])


async def test_a_lab_that_has_become_public_downloads_nothing(public, monkeypatch):
    asked = []
    monkeypatch.setattr("widgets.parts.downloads.download", lambda *given: asked.append(given))
    monkeypatch.setenv("LAB_PUBLIC", "0")
    picker = DataChoice()
    assert "mnist" in [row["name"] for row in picker.downloads]
    monkeypatch.setenv("LAB_PUBLIC", "1")
    told = []
    monkeypatch.setattr("widgets.faults._listeners", [told.append])
    press = {"action": "download", "name": "mnist"}
    picker._handle_msg({"content": {"data": {"method": "custom", "content": press}}, "buffers": []})
    assert told == ["Visitors of a public lab download no data sets: its owner can, with data fetch."]
    assert (asked, [row["running"] for row in picker.downloads if row["running"]]) == ([], [])


async def test_nobody_pauses_or_discards_what_another_visitor_began(engine, public):
    alice, mallory = visitor(engine, "alice"), visitor(engine, "mallory")
    assert started(alice, "hers") == ""
    every = ["show", "clone", "pause", "resume", "discard"]
    say(mallory.list, rows=[{"name": "hers", "actions": every}], problems=[], message="")
    for action in every:
        press(mallory, action, "hers")
    assert runs.wanted("hers")
    runs.pause("hers")
    for action in ("resume", "discard"):
        press(mallory, action, "hers")
    assert runs.folder("hers").exists()
    assert not runs.wanted("hers"), "resumed by a stranger"
    assert "already a run called" in started(mallory, "hers"), "to begin it again is to resume it"
    assert not runs.wanted("hers")
    press(alice, "discard", "hers")
    assert not runs.folder("hers").exists()


async def test_a_run_that_nobody_signed_is_not_taken_over(engine, public):
    runs.begin(TrainingRun("standard-training", Standard()))
    mallory = visitor(engine, "mallory")
    assert "already a run called" in started(mallory, "standard-training")
    assert not (runs.folder("standard-training") / "visitor").exists()


async def test_a_page_stays_the_visitor_it_was(engine, public):
    alice, mallory = visitor(engine, "alice"), visitor(engine, "mallory")
    started(alice, "hers")
    runs.pause("hers")
    say(mallory.list, visitor="alice")
    press(mallory, "discard", "hers")
    assert runs.folder("hers").exists()


@pytest.mark.parametrize("name", [3, None, ["alice"], {"a": 1}, "x" * 1000, ""])
async def test_who_says_no_name_begins_nothing_on_a_public_demo(engine, public, name):
    page = visitor(engine, name)
    assert "reload the page" in started(page, "mine")
    assert not runs.folder("mine").exists()


async def test_a_visitor_has_two_unfinished_runs_whatever_he_calls_himself(engine, public, monkeypatch):
    mallory, bob = visitor(engine, "mallory"), visitor(engine, "bob")
    assert [started(mallory, f"run{i}") for i in range(2)] == ["", ""]
    say(mallory.list, visitor="mallory2")
    for i in range(2, 50):
        assert "each visitor may have 2" in started(mallory, f"run{i}")
    press(mallory, "pause", "run0")
    assert "each visitor may have 2" in started(mallory, "run2"), "a paused run is unfinished"
    assert started(bob, "his") == ""
    press(mallory, "discard", "run0")
    assert started(mallory, "run2") == ""
    monkeypatch.setenv("LAB_MAX_VISITOR_TRAININGS", "3")
    monkeypatch.setenv("LAB_MAX_VISITOR_RUNS", "2")
    assert "may keep 2" in started(mallory, "run3")
    monkeypatch.setenv("LAB_PUBLIC", "0")
    assert started(mallory, "run3") == ""


def begin(run, visitor, address=""):
    """What the studio does for a visitor."""
    visitors.require_turn(visitor, address)
    runs.begin(TrainingRun(run, Standard()))
    runs.sign(run, visitor, address)


def test_those_of_one_address_leave_turns_for_others(public, monkeypatch):
    monkeypatch.setenv("LAB_MAX_VISITORS_TRAININGS", "4")
    for i in range(3):
        begin(f"run{i}", f"mallory{i}", "203.0.113.5")
    assert "203.0.113.5" not in (runs.folder("run0") / "address").read_text()
    with pytest.raises(LabError, match="From your network address 3 unfinished runs were started, and 3 may wait"):
        begin("one-more", "another", "203.0.113.5")
    begin("his", "bob", "203.0.113.6")
    monkeypatch.setenv("LAB_MAX_VISITORS_TRAININGS", "1000")
    monkeypatch.setenv("LAB_MAX_VISITORS_RUNS_AN_HOUR", "5")
    with pytest.raises(LabError, match="3 runs were started within an hour, and 3 are allowed"):
        begin("one-more", "another", "203.0.113.5")
    monkeypatch.setenv("LAB_MAX_ADDRESS_SHARE", "100")
    begin("one-more", "another", "203.0.113.5")


async def test_the_studio_counts_a_run_for_the_address_that_the_server_names(engine, public, monkeypatch):
    monkeypatch.setenv("LAB_MAX_VISITORS_TRAININGS", "1")
    page = StudioPage(engine)
    hello = {"content": {"data": {"method": "update", "state": {"visitor": "bob"}}}, "buffers": []}
    page.list._handle_msg(hello | {"metadata": {"address": "203.0.113.5"}})
    page.list._handle_msg(hello | {"metadata": {"address": "203.0.113.6"}})  # the first word counts
    assert started(page, "his") == ""
    [card] = runs.runs()
    assert card.address == runs.signature("203.0.113.5")


def test_one_person_with_many_names_does_not_fill_the_lab(public, monkeypatch):
    for i in range(visitors.MOST_UNFINISHED_OF_ALL):
        begin(f"run{i}", f"mallory{i}")
    with pytest.raises(LabError, match="20 unfinished runs"):
        begin("one-more", "another")
    monkeypatch.setenv("LAB_MAX_VISITORS_TRAININGS", "1000")
    monkeypatch.setenv("LAB_MAX_VISITORS_RUNS_AN_HOUR", "20")
    with pytest.raises(LabError, match="started 20 runs within an hour"):
        begin("his", "bob")
    begun = runs.folder("run0") / "begun.json"
    begun.write_text(json.dumps({"created": (datetime.now(UTC) - timedelta(minutes=61)).isoformat()}))
    begin("his", "bob")


async def test_runs_of_the_command_line_take_no_visitors_turn(engine, public, monkeypatch):
    runs.begin(TrainingRun("ours", Standard()))
    monkeypatch.setenv("LAB_MAX_VISITORS_TRAININGS", "1")
    assert started(visitor(engine, "alice"), "hers") == ""
    monkeypatch.setenv("LAB_PUBLIC", "0")
    assert started(visitor(engine, "bob"), "his") == ""
