"""A figure as one HTML file that needs nothing else: no server, no network, no other file."""

from html import escape
from typing import TypedDict

from plotly.io import to_html

from widgets.plot.config import config
from widgets.theme import FONT, HEADING, INK, MUTED, PANEL, SMALL, TEMPLATE

_STYLE = f"""
  body {{ margin: 24px; background: {PANEL}; color: {INK}; font-family: {FONT}; }}
  h1 {{ margin: 0; font-size: {HEADING}px; }}
  p {{ margin: 4px 0 12px; color: {MUTED}; font-size: {SMALL}px; }}
"""


class FigureRecord(TypedDict, total=False):
    """A figure as plain JSON values."""

    data: list[dict[str, object]]
    layout: dict[str, object]


def document(figure: FigureRecord, heading: str, note: str, height: int) -> str:
    """The text of an .html file with the figure in the lab's look, interactive, and plotly.js inside.

    ``height`` in pixels holds if the figure names none itself.
    """
    layout = figure.get("layout", {})
    drawn = {"data": figure.get("data", []), "layout": {"height": height, **layout, "template": TEMPLATE}}
    plot = to_html(
        drawn, config=config(layout) | {"responsive": True}, include_plotlyjs=True, full_html=False, validate=False
    )
    head = f'<meta charset="utf-8"><title>{escape(heading)}</title><style>{_STYLE}</style>'
    words = f"<h1>{escape(heading)}</h1><p>{escape(note)}</p>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{words}{plot}</body></html>\n'
