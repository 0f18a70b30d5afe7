"""The browser's side of a widget: its class has it, so that no object needs a class of its own."""

from pathlib import Path

import pytest
import traitlets as t

import widgets.controls.control
from widgets.controls import Number, Toggle
from widgets.dashboards.home import doors as home
from widgets.dashboards.home.doors import Doors
from widgets.plain import Words

CONTROLS = Path(widgets.controls.control.__file__).parent


class Louder(Number):
    """A control that looks otherwise."""

    _css = ".louder { font-weight: bold }"


@pytest.mark.parametrize("kind", [Number, Toggle, Words, Louder])
def test_objects_share_their_class(kind):
    one, other = kind(), kind()
    assert type(one) is type(other) is kind
    assert one._anywidget_id == f"{kind.__module__}.{kind.__name__}"
    assert {"_esm", "_anywidget_id"} <= one.get_state().keys()


def test_the_browser_is_sent_what_the_class_says_or_inherits():
    assert (CONTROLS / "number.js").read_text("utf-8") in Number().get_state()["_esm"]
    assert Louder().get_state()["_esm"] == Number().get_state()["_esm"]
    assert Louder().get_state()["_css"] == ".louder { font-weight: bold }"
    assert "_css" not in Number().get_state()
    assert Path(home.__file__).with_name("doors.css").read_text("utf-8") == Doors().get_state()["_css"]


def test_a_trait_that_no_class_has_can_still_be_added():
    number = Number()
    number.add_traits(shade=t.Unicode("grey").tag(sync=True))
    assert number.get_state()["shade"] == "grey"
    assert type(Number()) is Number
