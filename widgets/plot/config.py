"""Mode bar of a figure: plotly's as an allow-list, and no way to another server."""

from collections.abc import Mapping

_FLAT = [["zoom2d", "pan2d"], ["resetScale2d"]]
_SOLID = [["zoom3d", "pan3d", "orbitRotation"], ["resetCameraDefault3d"]]

# No way to plotly's servers: the button that uploads a figure has one name up to plotly.js 3 and another since 4.
_ALONE = {"displaylogo": False, "watermark": False, "showSendToCloud": False, "plotlyServerURL": ""}


def config(layout: Mapping[str, object]) -> dict[str, object]:
    """plotly's configuration for a figure with that layout, on a page and in a file alike.

    The mode bar holds the buttons named here and no others, whatever a version of plotly adds; a figure whose axes
    cannot be moved has none.
    """
    buttons = _SOLID if _axes(layout, "scene") else [] if _is_fixed(layout) else _FLAT
    bar = {"modeBarButtons": buttons} if buttons else {"displayModeBar": False}
    return {"responsive": False, "scrollZoom": False} | _ALONE | bar


def _axes(layout: Mapping[str, object], kind: str) -> list[dict[str, object]]:
    return [each for name, each in layout.items() if name.rstrip("0123456789") == kind and isinstance(each, dict)]


def _is_fixed(layout: Mapping[str, object]) -> bool:
    across, up = _axes(layout, "xaxis"), _axes(layout, "yaxis")
    return bool(across and up) and all(each.get("fixedrange") for each in [*across, *up])
