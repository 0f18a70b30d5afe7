"""Colours, fonts and the plotly template: the only place where a look is decided."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lab.catalogue import trained_as
from lab.pairing import unmarked
from widgets.dark import DARK_BAR, DARK_GROUND, DARK_STRONG, IN_DARK

INK = "#1B2430"
MUTED = "#566272"
FAINT = "#8A94A3"
LINE = "#DCE1E7"
GRID = "#E9ECF0"
PAGE = "#F4F6F8"
PANEL = "#FFFFFF"
ACCENT = "#22374F"
DANGER = "#A4262C"
WARNING = "#855900"
SUCCESS = "#1B6B47"

FONT = 'Inter, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif'
SMALL, TEXT, HEADING, TITLE, DISPLAY = 12, 14, 16, 20, 28

_MODELS = {
    "standard": "#D55E00",
    "standard-b": "#8A2462",
    "fgsm-trained": "#009A75",
    "fgsm-leaking": "#476336",
    "rfgsm-trained": "#003326",
    "kurakin-trained": "#8A14FF",
    "pgd-trained": "#0B5CAD",
    "ensemble-trained": "#333300",
    "pivot-trained": "#260099",
    "cascade-trained": "#EB0058",
    "pivot-cascade-trained": "#620070",
    "trades-trained": "#B474AC",
    "fast-trained": "#993900",
    "flat-standard": "#BF8040",
    "flat-kurakin": "#DF20DF",
    "flat-pivot": "#2080DF",
}
_OWN_MODELS = (
    "#8216CA", "#6C5A96", "#145239", "#9F6DC0", "#4E8383", "#0015D1", "#C02EFF", "#003B94", "#966C5A", "#FF2E82",
    "#68682C", "#324253",
)  # fmt: skip
_own: dict[str, str] = {}

_CLASSES = (
    "#3F90DA", "#FFA90E", "#BD1F01", "#94A4A2", "#832DB6", "#A96B59", "#E76300", "#B9AC70", "#717581", "#92DADD",
)  # fmt: skip

_ON_PALE, _ON_DEEP, _DEEP = "#000000", "#FEFEFE", 0.7
SEQUENTIAL = ((0.0, "#F4F6F8"), (0.25, "#C3D3E4"), (0.5, "#7FA3C7"), (_DEEP, "#4979A7"), (1.0, "#12335A"))
"""A colour scale for quantities that start at zero; plotly takes it as ``colorscale``."""

HEIGHTS = ((0.0, "#D9E3EE"), (0.25, "#A9C1D9"), (0.5, "#6E97BF"), (0.75, "#35689A"), (1.0, "#12335A"))
"""The same for a surface in space, whose lowest parts must stand out from the page, too."""

DIVERGING = ((0.0, "#0B5CAD"), (0.25, "#8DB2D9"), (0.5, "#F4F6F8"), (0.75, "#EBAA7C"), (1.0, "#D55E00"))
"""A colour scale for signed quantities such as a perturbation; its middle is zero."""


def model_colour(name: str) -> str:
    """The colour of a model, the same on every page, at least 3:1 on white; a mark in the name does not change it.

    The models of the zoo that were trained on the same data differ also for colour-blind eyes; those that were trained
    alike on other data have the same colours. Another name gets its colour from its letters, or the next one if that is
    taken: the first dozen of them differ from each other and from the zoo.
    """
    name = trained_as(unmarked(name))
    if name not in _MODELS and name not in _own:
        first = hashlib.sha256(name.encode()).digest()[0] % len(_OWN_MODELS)
        wanted = (*_OWN_MODELS[first:], *_OWN_MODELS[:first])
        _own[name] = next((each for each in wanted if each not in _own.values()), wanted[0])
    return _MODELS.get(name) or _own[name]


def model_paint(name: str) -> str:
    """The same for what is not plotted, as a style sheet has it: on a dark page it is another."""
    colour = model_colour(name)
    return f"var(--lab-{colour[1:]}, {colour})"


def class_colour(index: int) -> str:
    """The colour of a class: Petroff's ten, which differ also for colour-blind eyes, then the same again.

    Of no class, at an index below 0, it is grey.
    """
    return MUTED if index < 0 else _CLASSES[index % len(_CLASSES)]


def words_on(part: float) -> str:
    """The colour of words on :data:`SEQUENTIAL` at a part of its range: at least 4.5:1 at each, light and dark."""
    return _ON_DEEP if part > _DEEP else _ON_PALE


def fade(colour: str, opacity: float) -> str:
    """A ``#RRGGBB`` colour as ``rgba(...)`` with an opacity in [0, 1], e.g. for a fill under its line."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


_AXIS: dict[str, object] = {
    "gridcolor": GRID,
    "linecolor": LINE,
    "showline": True,
    "zeroline": False,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": LINE,
    "tickfont": {"size": SMALL, "color": MUTED},
    "title": {"font": {"size": SMALL, "color": MUTED}, "standoff": 8},
    "automargin": True,
}

TEMPLATE: dict[str, object] = {
    "layout": {
        "font": {"family": FONT, "size": SMALL, "color": INK},
        "paper_bgcolor": PANEL,
        "plot_bgcolor": PANEL,
        "colorway": [*_MODELS.values(), *_OWN_MODELS],
        "margin": {"l": 52, "r": 16, "t": 16, "b": 44},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": SMALL, "color": INK},
        },
        "hoverlabel": {
            "bgcolor": INK,
            "bordercolor": INK,
            "font": {"family": FONT, "size": SMALL, "color": PANEL},
        },
        "annotationdefaults": {"font": {"size": SMALL, "color": MUTED}, "showarrow": False},
        "barmode": "overlay",
        "bargap": 0.02,
        "dragmode": "zoom",
        "scene": {
            name: {"gridcolor": LINE, "backgroundcolor": PANEL, "tickfont": {"size": SMALL}}
            for name in ("xaxis", "yaxis", "zaxis")
        },
        "colorscale": {
            "sequential": [list(stop) for stop in SEQUENTIAL],
            "diverging": [list(stop) for stop in DIVERGING],
        },
    }
}
"""Plotly's template as plain JSON. The plot view adds it in the browser; a figure never carries a copy."""


_HERE = Path(__file__).parent
_FOR_FINGERS = ("@media (pointer: coarse)", "@container lab-app (max-width: 850px)")
_SHEETS = ("theme", "controls", "parts/run_bar", "layout", "parts/strip", "figures")


_PRESENTER = ".lab.lab-presenter, .lab-presenter .lab"
_STRONG = {"ink": "#000000", "muted": "#2B333D", "faint": MUTED, "line": FAINT, "page": PANEL}
"""On a projector what is pale on a bad one is not."""


def _rule(selector: str, values: Mapping[str, object]) -> str:
    lines = "\n".join(f"  {name}: {value};" for name, value in values.items())
    return f"{selector} {{\n{lines}\n}}"


def _dark_rules(selector: str, values: Mapping[str, object]) -> list[str]:
    """The same where a page is dark: as the system is or a person has chosen, and in JupyterLab as its theme is."""
    as_system = ':root:not([data-lab-scheme="light"]) body[data-voila]'
    chosen = '[data-lab-scheme="dark"] body[data-voila], body[data-jp-theme-light="false"]'
    by_system, by_choice = (_rule(f":where({where}) :is({selector})", values) for where in (as_system, chosen))
    return [f"@media (prefers-color-scheme: dark) {{\n{by_system}\n}}", by_choice]


def _variables(values: Mapping[str, object]) -> dict[str, object]:
    return {f"--lab-{name}": value for name, value in values.items()}


@cache
def css() -> str:
    """The page's style sheet: the names of this file as CSS variables, light and dark, then the sheets beside it."""
    colours = {
        "ink": INK,
        "muted": MUTED,
        "faint": FAINT,
        "line": LINE,
        "page": PAGE,
        "panel": PANEL,
        "accent": ACCENT,
        "danger": DANGER,
        "warning": WARNING,
        "success": SUCCESS,
        "first": model_colour("standard"),
        "second": model_colour("pgd-trained"),
        "third": model_colour("fgsm-trained"),
    }
    sizes = {"small": SMALL, "text": TEXT, "heading": HEADING, "title": TITLE, "display": DISPLAY}
    lengths = {f"size-{name}": f"calc({value} * var(--lab-unit))" for name, value in sizes.items()}
    light = _variables(colours | {"bar": ACCENT, "ground": PAGE} | lengths | {"font": FONT})
    painted = {colour[1:]: found for colour, found in IN_DARK.items()}
    dark = _variables({name: IN_DARK[colour] for name, colour in colours.items()} | painted)
    dark |= _variables({"bar": DARK_BAR, "ground": DARK_GROUND})
    *sheets, targets = [(_HERE / f"{each}.css").read_text(encoding="utf-8") for each in (*_SHEETS, "targets")]
    rules = [
        _rule(".lab", {"color-scheme": "light"} | light),
        *_dark_rules(".lab", {"color-scheme": "dark"} | dark),
        _rule(_PRESENTER, _variables(_STRONG)),
        *_dark_rules(_PRESENTER, _variables(DARK_STRONG)),
    ]
    return "\n".join([*rules, *sheets, *(f"{where} {{\n{targets}}}" for where in _FOR_FINGERS)])
