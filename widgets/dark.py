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
    "#D55E00": "#FF8204",
    "#8A2462": "#E2A0B6",
    "#009A75": "#009B61",
    "#476336": "#95FB97",
    "#003326": "#CFFFF4",
    "#8A14FF": "#8763FE",
    "#0B5CAD": "#32A2FF",
    "#333300": "#FCF16D",
    "#260099": "#D7D7FF",
    "#EB0058": "#CB2B41",
    "#620070": "#BCA0CE",
    "#B474AC": "#875F7C",
    "#993900": "#FF9E60",
    "#BF8040": "#B67B2D",
    "#DF20DF": "#E52CC0",
    "#2080DF": "#6185CB",
    "#8216CA": "#8F30FE",
    "#6C5A96": "#6D64A0",
    "#145239": "#66FFB9",
    "#9F6DC0": "#9C7BA4",
    "#4E8383": "#6D9590",
    "#0015D1": "#93A2E3",
    "#C02EFF": "#E46DFC",
    "#003B94": "#9FC7FE",
    "#966C5A": "#C5A38E",
    "#FF2E82": "#FC4069",
    "#68682C": "#F0D424",
    "#324253": "#B2C9DB",
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
    "#4979A7": "#4A79A9",
    "#12335A": "#DDECF9",
    "#D9E3EE": "#2C3C4E",
    "#A9C1D9": "#42617F",
    "#6E97BF": "#6593BC",
    "#35689A": "#98C0E2",
    "#8DB2D9": "#2A4F75",
    "#EBAA7C": "#7A4A26",
    # words on them
    "#000000": "#FFFFFF",
    "#FEFEFE": "#000000",
}
"""By its name in :mod:`widgets.theme`, what paints a colour in the dark: the same hue, as far from the panel.

No two are painted alike, so that what is painted can be named again.
"""

DARK_BAR = "#0D131A"
"""Of the header, which is dark in the light, too."""

DARK_GROUND = "#000000"
"""Of the picture of a perturbation, where it leaves a pixel as it is: its colours are those of the light there, too."""

DARK_STRONG: Mapping[str, str] = {
    "ink": "#FFFFFF",
    "muted": "#D5DCE4",
    "faint": "#A9B4C2",
    "line": "#75818F",
    "page": "#000000",
}
"""For a projector, by the names of the style sheet's variables."""
