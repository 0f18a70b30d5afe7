"""The theme's colours on a dark page."""

from collections.abc import Mapping

IN_DARK: Mapping[str, str] = {
    # paper and ink
    "#1B2430": "#E6EBF1",
    "#566272": "#A9B4C2",
    "#8A94A3": "#75818F",
    "#DCE1E7": "#3A4552",
    "#E9ECF0": "#28313C",
    "#F4F6F8": "#12171E",
    "#FFFFFF": "#1A212B",
    "#22374F": "#9CC4EE",
    "#A4262C": "#FF8E88",
    "#855900": "#E3B04B",
    "#1B6B47": "#5FCB95",
    # models
    "#D55E00": "#FC6E09",
    "#8A2462": "#FE92B9",
    "#009A75": "#039A6B",
    "#476336": "#8CDC6E",
    "#003326": "#B7FFD8",
    "#8A14FF": "#9B57FF",
    "#0B5CAD": "#8BB0FD",
    "#333300": "#E2FF78",
    "#260099": "#C8C8FE",
    "#EB0058": "#FB0E63",
    "#620070": "#FFDFFF",
    "#B474AC": "#B473AC",
    "#993900": "#DA7D46",
    "#BF8040": "#9F5B00",
    "#DF20DF": "#C200BE",
    "#2080DF": "#006FC4",
    "#8216CA": "#9D84D2",
    "#6C5A96": "#756587",
    "#145239": "#7DEEA0",
    "#9F6DC0": "#8D58A1",
    "#4E8383": "#2DBDB0",
    "#0015D1": "#97A3D3",
    "#C02EFF": "#9C17FF",
    "#003B94": "#638DF4",
    "#966C5A": "#B45134",
    "#FF2E82": "#FE6E8E",
    "#68682C": "#D1C14D",
    "#324253": "#A9C7DE",
    # classes
    "#3F90DA": "#6EBFFD",
    "#FFA90E": "#FEB834",
    "#BD1F01": "#BF3E0D",
    "#94A4A2": "#93B3AD",
    "#832DB6": "#9827F1",
    "#A96B59": "#A36454",
    "#E76300": "#FE875B",
    "#B9AC70": "#E0DBA6",
    "#717581": "#696E85",
    "#92DADD": "#C8FFFE",
    # between the ends of colour scales
    "#C3D3E4": "#20364D",
    "#7FA3C7": "#2F5579",
    "#3C6E9F": "#5C8BB8",
    "#12335A": "#DDECF9",
    "#D9E3EE": "#2C3C4E",
    "#A9C1D9": "#42617F",
    "#6E97BF": "#6593BC",
    "#35689A": "#98C0E2",
    "#8DB2D9": "#2A4F75",
    "#EBAA7C": "#7A4A26",
}
"""By its name in :mod:`widgets.theme`, what paints a colour in the dark: the same hue, as far from the panel.

No two are painted alike, so that what is painted can be named again.
"""

DARK_BAR = "#0D131A"
"""Of the header, which is dark in the light, too."""

DARK_STRONG: Mapping[str, str] = {
    "ink": "#FFFFFF",
    "muted": "#D5DCE4",
    "faint": "#A9B4C2",
    "line": "#75818F",
    "page": "#000000",
}
"""For a projector, by the names of the style sheet's variables."""
