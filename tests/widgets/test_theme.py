"""Colours that a projector and colour-blind eyes can tell apart."""

import itertools

import numpy as np
import pytest

from lab.catalogue import trained_as
from lab.catalogue.model_cards import ZOO as ZOO_FOLDER
from widgets import theme

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


@pytest.mark.parametrize("name", [*ZOO, *(f"run-{i}" for i in range(40))])
def test_every_model_is_visible_on_white(name):
    assert contrast(theme.model_colour(name), theme.PANEL) >= 3


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED, theme.DANGER, theme.WARNING, theme.SUCCESS])
def test_words_are_readable_on_both_backgrounds(colour):
    assert min(contrast(colour, theme.PANEL), contrast(colour, theme.PAGE)) >= 4.5


@pytest.fixture(autouse=True)
def nothing_shown(monkeypatch):
    """No model but the zoo's has a colour yet."""
    monkeypatch.setattr(theme, "_own", {})


@pytest.mark.parametrize(("names", "apart"), [(FIRST, 15), (ZOO, 14), ((*ZOO, *OWN), 10)])
@pytest.mark.parametrize("sight", SIGHT)
def test_models_differ_for_all_eyes(sight, names, apart):
    colours = [theme.model_colour(name) for name in names]
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


def test_fade_keeps_the_colour():
    assert theme.fade("#0B5CAD", 0.3) == "rgba(11,92,173,0.3)"
