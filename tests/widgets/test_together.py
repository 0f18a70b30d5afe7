"""Widgets that are built together reach the browser together: each in one message, after all those that it holds."""

import json
import re

import comm
import ipywidgets as ipw
import pytest

from widgets.dashboards.app import PAGES, App
from widgets.plain import Box, Plain, PlainLayout, Words, shared
from widgets.together import together

pytestmark = pytest.mark.usefixtures("cards")


@pytest.fixture
def sent(monkeypatch):
    """The messages that reach a browser: what they do, of which widget, and what they tell of its state."""
    messages = []

    def publish(self, msg_type, data=None, **_):
        messages.append((msg_type, self.comm_id, (data or {}).get("state", {})))

    monkeypatch.setattr(comm.DummyComm, "publish_msg", publish)
    return messages


def held(state: dict) -> set[str]:
    """The widgets that a state refers to."""
    return set(re.findall(r"IPY_MODEL_(\w+)", json.dumps(state, default=str)))


def test_each_is_sent_once_as_it_is_in_the_end_and_after_what_it_holds(sent):
    shared(PlainLayout)
    sent.clear()
    with together():
        box = Box([], "outer")
        words = Words(heading="first")
        words.add_class("bold")
        words.heading = "last"
        box.children = [Box([words])]
        assert sent == []
    assert [kind for kind, *_ in sent] == ["comm_open"] * 3
    assert [each for _, each, _ in sent][::2] == [words.model_id, box.model_id]
    told = sent[0][2]
    assert (told["heading"], told["_dom_classes"]) == ("last", ("bold",))
    words.heading = "later"
    assert sent[-1] == ("comm_msg", words.model_id, {"heading": "later"})


@pytest.mark.parametrize("name", [each.name for each in PAGES])
async def test_a_page_that_is_opened_tells_of_each_widget_once(engine, sent, name):
    app = App(engine)
    sent.clear()
    app.visit(name)
    opened = [each for kind, each, _ in sent if kind == "comm_open"]
    known = {each for each in ipw.widgets.widget._instances if each not in opened}
    assert len(opened) == len(set(opened)) > 10
    assert sum(kind == "comm_msg" for kind, *_ in sent) < 20
    for kind, each, state in sent:
        assert held(state) <= known
        if kind == "comm_open":
            known.add(each)


def test_what_fails_half_way_is_sent_all_the_same(sent):
    made = []

    def build():
        with together():
            made.append(Words(heading="seen"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        build()
    assert made[0].model_id in [each for _, each, _ in sent]


def test_one_that_is_closed_before_the_end_never_gets_there(sent):
    with together():
        gone = Words(heading="gone")
        assert not gone.closed
        gone.close()
        assert gone.closed
    assert gone.comm is None


def test_a_shared_one_is_made_once_in_the_context(sent):
    class Seal(Plain):
        """A widget of which a page has one."""

    with together():
        one = shared(Seal)
        with together():
            assert shared(Seal) is one
        assert one.comm is None
    assert one.comm is not None
    assert not one.closed
