"""As many traces whatever there is to draw."""

from dataclasses import dataclass

import pytest

from widgets.figures.slots import Slot, padded, slots
from widgets.theme import model_colour


@dataclass
class Loss:
    model: str


@pytest.mark.parametrize("found", ["", "ab", "abc", "abcd"])
def test_there_are_as_many_as_a_figure_has_traces(found):
    assert len(padded(found, 3)) == len(slots([Loss(each) for each in found], 3)) == 3
    assert [each for each in padded(found, 3) if each] == list(found[:3])


def test_a_slot_has_its_model_s_name_and_colour():
    named, empty = slots([Loss("<b>")], 2)
    assert (named.name, named.colour, named.shown.model) == ("&lt;b&gt;", model_colour("<b>"), "<b>")
    assert (empty.name, empty.shown) == (Slot().name, None) == ("", None)
