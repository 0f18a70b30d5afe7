"""The plot view: the last figure as plain JSON, and plotly.js once."""

import gzip

import numpy as np
import plotly.graph_objects as go

from lab.errors import LabError
from widgets.plain import shared
from widgets.plot import PlotView
from widgets.plot.library import Library


def answers(view: PlotView, content: object, monkeypatch) -> list:
    """What a view sends back to a message from the browser."""
    sent: list = []
    monkeypatch.setattr(view, "send", sent.append)
    view._handle_custom_msg(content, [])
    return sent


def test_a_figure_carries_no_template_and_its_arrays_are_binary():
    view = PlotView("Losses")
    assert view.drawn == {}
    view.draw(go.Figure(go.Scatter(y=np.arange(1000.0)), layout={"title": {"text": "a"}}))
    assert "template" not in view.drawn["layout"]
    assert view.drawn["layout"]["title"]["text"] == "a"
    assert view.drawn["data"][0]["y"]["dtype"] == "f8"
    assert view.template["layout"]["colorway"]


def test_the_last_figure_wins():
    view = PlotView("Losses")
    for i in range(3):
        view.draw(go.Figure(go.Scatter(y=[i])))
    assert view.drawn["data"][0]["y"] == [2]


def test_all_views_share_one_library_which_is_plotly():
    assert PlotView("a").library is PlotView("b").library
    assert b"plotly.js" in gzip.decompress(shared(Library).source)[:300]


def test_a_closed_library_is_replaced():
    old = shared(Library)
    old.close()
    assert PlotView("a").library is not old


def test_csv_is_sent_when_it_is_asked_for(monkeypatch):
    assert answers(PlotView("a", csv=lambda: "x\n1\n"), "csv", monkeypatch) == [{"csv": "x\n1\n"}]
    assert answers(PlotView("a"), "csv", monkeypatch) == []
    assert answers(PlotView("a", csv=lambda: "x"), {"csv": ["no"]}, monkeypatch) == []


def test_no_csv_is_said_in_words(monkeypatch):
    def nothing() -> str:
        raise LabError("There are no numbers yet: run it first.")

    assert answers(PlotView("a", csv=nothing), "csv", monkeypatch) == [
        {"error": "There are no numbers yet: run it first."}
    ]
