"""Colours that a projector and colour-blind eyes can tell apart."""

import cmath
import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest

from lab.catalogue import trained_as
from lab.catalogue.model_cards import ZOO as ZOO_FOLDER
from widgets import theme
from widgets.dark import DARK_BAR, DARK_GROUND, DARK_STRONG, IN_DARK

WIDGETS = Path(theme.__file__).parent
VOILA = WIDGETS / "voila/templates/adversarial"

ZOO = tuple(theme._MODELS)
OWN = tuple(f"run-{i}" for i in range(len(theme._OWN_MODELS)))
FIRST = ("standard", "standard-b", "fgsm-trained", "pgd-trained")
# Machado, Oliveira and Fernandes 2009, Table 1, severity 1: how linear RGB looks to colour-blind eyes.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour: str) -> np.ndarray:
    """Linear RGB of a ``#RRGGBB`` colour."""
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lightness(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """WCAG 2, contrast ratio."""
    dark, light = sorted((lightness(one), lightness(other)))
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str, sight: str) -> np.ndarray:
    """CIELAB of a colour as those eyes see it."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = to_xyz @ np.clip(np.array(SIGHT[sight]) @ linear(colour), 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def as_named(colour: str) -> str:
    return colour


SCHEMES = pytest.mark.parametrize("painted", [as_named, IN_DARK.__getitem__], ids=["light", "dark"])


@SCHEMES
@pytest.mark.parametrize("name", [*ZOO, *(f"run-{i}" for i in range(40))])
def test_every_model_is_visible_on_its_panel(name, painted):
    assert contrast(painted(theme.model_colour(name)), painted(theme.PANEL)) >= 3


@pytest.mark.parametrize("ground", [theme.PAGE, DARK_GROUND], ids=["light", "dark"])
def test_the_largest_changes_of_a_pixel_stand_out_from_where_nothing_changes(ground):
    for colour in (theme.DIVERGING[0][1], theme.DIVERGING[-1][1]):
        assert contrast(colour, ground) >= 3


@SCHEMES
@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED, theme.ACCENT, theme.DANGER, theme.WARNING, theme.SUCCESS])
def test_words_are_readable_on_both_backgrounds(colour, painted):
    assert min(contrast(painted(colour), painted(each)) for each in (theme.PANEL, theme.PAGE)) >= 4.5


def test_words_are_readable_on_a_dark_projector():
    for name in ("ink", "muted"):
        assert contrast(DARK_STRONG[name], DARK_STRONG["page"]) >= 7


@SCHEMES
def test_words_are_readable_everywhere_on_the_scale_of_a_table(painted):
    stops = [stop for stop, _ in theme.SEQUENTIAL]
    channels = np.array([[int(painted(each)[i : i + 2], 16) for i in (1, 3, 5)] for _, each in theme.SEQUENTIAL])
    for part in np.linspace(0, 1, 401):
        behind = "#" + "".join(f"{round(np.interp(part, stops, channel)):02X}" for channel in channels.T)
        assert contrast(behind, painted(theme.words_on(part))) >= 4.5, part


def hue(colour: str) -> complex:
    """The direction of a colour in CIELAB's plane of hues, as a complex number; near 0 for greys."""
    _, a, b = seen(colour, "normal")
    return complex(a, b)


def test_every_colour_has_one_of_the_same_hue_in_the_dark_and_no_two_the_same():
    listed = [each for name, each in vars(theme).items() if isinstance(each, str) and name != "DARK_BAR"]
    named = {each for each in listed if re.fullmatch("#[0-9A-F]{6}", each)}
    named |= {*theme._MODELS.values(), *theme._OWN_MODELS, *theme._CLASSES}
    named |= {each for scale in (theme.SEQUENTIAL, theme.HEIGHTS, theme.DIVERGING) for _, each in scale}
    assert set(IN_DARK) == named
    assert len(set(IN_DARK.values())) == len(IN_DARK)
    for name, painted in IN_DARK.items():
        if abs(hue(name)) > 12:
            turn = abs(cmath.phase(hue(painted) / hue(name)))
            assert turn < math.radians(25), f"{name} is painted {painted}"


@pytest.mark.parametrize("folder", ["figures", "parts", "dashboards", "plot", "controls"])
def test_a_colour_of_no_name_would_stay_as_it_is_in_the_dark(folder):
    """So only the theme has colours; the pixels that are drawn by hand on a canvas are no colours of the page."""
    named = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgb\(|\"(?:white|black|gr[ae]y|red|green|blue|orange)\"")
    found = [
        f"{path.relative_to(WIDGETS)}: {match[0]}"
        for path in sorted(WIDGETS.glob(f"{folder}/**/*.py"))
        for match in named.finditer(path.read_text("utf-8"))
    ]
    assert found == []


def test_classes_differ_as_much_in_the_dark():
    def nearest(colours):
        return [
            min(np.linalg.norm(seen(a, s) - seen(b, s)) for a, b in itertools.combinations(colours, 2)) for s in SIGHT
        ]

    light, dark = nearest(theme._CLASSES), nearest([IN_DARK[each] for each in theme._CLASSES])
    assert all(there > here - 0.5 for there, here in zip(dark, light, strict=True))


def test_what_is_shown_before_the_page_has_the_theme_s_colours():
    sheet = (VOILA / "opening.css").read_text("utf-8")
    found = {name: pair for name, *pair in re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\);", sheet)}
    names = {"paper": theme.PAGE, "panel": theme.PANEL, "line": theme.LINE, "bar": theme.ACCENT, "words": theme.INK}
    assert found == {name: [colour, DARK_BAR if name == "bar" else IN_DARK[colour]] for name, colour in names.items()}
    assert len(set(re.findall(r"#[0-9a-fA-F]{6}\b", sheet)) - {each for pair in found.values() for each in pair}) == 0


@pytest.fixture(autouse=True)
def nothing_shown(monkeypatch):
    """No model but the zoo's has a colour yet."""
    monkeypatch.setattr(theme, "_own", {})


@SCHEMES
@pytest.mark.parametrize(("names", "apart"), [(FIRST, 15), (ZOO, 14), ((*ZOO, *OWN), 10)])
@pytest.mark.parametrize("sight", SIGHT)
def test_models_differ_for_all_eyes(sight, names, apart, painted):
    colours = [painted(theme.model_colour(name)) for name in names]
    nearest = min(np.linalg.norm(seen(a, sight) - seen(b, sight)) for a, b in itertools.combinations(colours, 2))
    assert nearest > apart  # CIE76; 2.3 is just noticeable


def test_a_model_keeps_its_colour_and_a_thirteenth_run_gets_one_too():
    colours = {name: theme.model_colour(name) for name in (*OWN, "one-more")}
    assert colours == {name: theme.model_colour(name) for name in reversed(colours)}
    assert len(set(colours.values())) == len(OWN)


def test_every_shipped_model_has_a_colour_of_its_own_among_those_of_its_data():
    shipped = {path.stem for path in ZOO_FOLDER.glob("*.json")}
    assert set(ZOO) == {trained_as(name) for name in shipped}
    assert set(ZOO) < shipped
    assert theme.model_colour("mnist-standard") == theme.model_colour("standard")


def test_the_style_sheet_names_the_colours_of_this_file():
    assert f"--lab-accent: {theme.ACCENT};" in theme.css()
    assert f"--lab-accent: {IN_DARK[theme.ACCENT]};" in theme.css()


def test_what_is_not_plotted_has_a_model_s_colour_too():
    assert theme.model_paint("standard") == "var(--lab-D55E00, #D55E00)"
    assert f"--lab-D55E00: {IN_DARK['#D55E00']};" in theme.css()


def test_fade_keeps_the_colour():
    assert theme.fade("#0B5CAD", 0.3) == "rgba(11,92,173,0.3)"
