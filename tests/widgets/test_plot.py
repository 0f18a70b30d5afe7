"""The plot view: the last figure as plain JSON, and plotly.js once."""

import gzip
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from lab.errors import LabError
from widgets.plain import shared
from widgets.plot import PlotView
from widgets.plot.library import Library

FLAT = ["zoom2d", "pan2d", "resetScale2d"]


def answers(view: PlotView, content: object, monkeypatch) -> list:
    """What a view sends back to a message from the browser."""
    sent: list = []
    monkeypatch.setattr(
        view, "send", lambda content, buffers=(): sent.append((content, *buffers) if buffers else content)
    )
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


def test_a_browser_that_has_no_plotly_asks_for_it():
    library = Library()
    assert library.source == b""
    library._handle_custom_msg("plotly", [])
    assert library.source == b""
    library._handle_custom_msg("source", [])
    assert b"plotly.js" in gzip.decompress(library.source)[:300]


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


def test_a_figure_leaves_as_one_html_file(monkeypatch):
    view = PlotView("Loss <& gain>", height=410)
    view.note = "120 images"
    view.draw(go.Figure(go.Scatter(y=np.arange(1000.0), name="</script>"), {"xaxis": {"title": {"text": "steps"}}}))
    [(kind, packed)] = answers(view, "html", monkeypatch)
    text = gzip.decompress(packed).decode()
    assert kind == {"html": "gzip"}
    assert "<title>Loss &lt;&amp; gain&gt;</title>" in text
    assert "<p>120 images</p>" in text
    assert view.template["layout"]["colorway"][0] in text  # the lab's look
    assert '"height":410' in text.replace(": ", ":")
    assert "plotly.js" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text[:2000] + text[-4000:])  # nothing is fetched
    assert view.drawn["data"][0]["y"]["bdata"] in text.replace("\\u002f", "/")
    assert "\\u003c\\u002fscript" in text  # no name of a trace ends the script


@pytest.mark.parametrize(
    ("layout", "buttons"),
    [
        ({}, FLAT),
        ({"xaxis": {"fixedrange": True}, "yaxis": {}}, FLAT),
        ({"xaxis": {"fixedrange": True}, "yaxis12": {"fixedrange": True}}, []),
        ({"scene2": {"aspectmode": "cube"}}, ["zoom3d", "pan3d", "orbitRotation", "resetCameraDefault3d"]),
        ({"modebar": {"add": ["sendChartToCloud", "sendDataToCloud", "editInChartStudio"]}}, FLAT),
    ],
)
def test_a_figure_offers_what_is_on_the_list_and_nothing_else(layout, buttons, monkeypatch):
    view = PlotView("a")
    view.draw(go.Figure(go.Scatter(y=[1]), layout=layout, skip_invalid=True))
    assert [each for group in view.config.get("modeBarButtons", []) for each in group] == buttons
    assert view.config.get("displayModeBar", True) == bool(buttons)
    assert view.config["showSendToCloud"] is False
    assert view.config["plotlyServerURL"] == ""
    [(_, packed)] = answers(view, "html", monkeypatch)
    text = gzip.decompress(packed).decode()
    assert '"showSendToCloud": false' in text
    assert all(f'"{each}"' in text for each in buttons)


def test_no_figure_is_said_in_words(monkeypatch):
    assert answers(PlotView("a"), "html", monkeypatch) == [
        {"error": "There is no figure to download yet: run it first."}
    ]
