"""The pages on photographs: what they open with, and names of which there are a thousand."""

from types import SimpleNamespace

import numpy as np
import pytest

from lab.specs import Explore, Linf, Photos
from lab.specs.data import IMAGENET_CLASSES, PHOTO_EPS
from widgets.dashboards.curves.page import CurvesPage
from widgets.dashboards.explore.page import ExplorePage
from widgets.figures.explore import attack
from widgets.openings import Notebook
from widgets.parts.carried import LabSettings


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    """The photographs' files are there, whatever is in them."""
    files = []
    for number, label in enumerate(Photos.labels):
        files.append(tmp_path / f"imagenet_{number:02d}_{label}.jpg")
        files[-1].touch()
    monkeypatch.setattr("lab.datafiles.outlines.package_files", lambda *_: tuple(files))


def radius_of(page):
    return page.form.parts["ball"].form_of(Linf).parts["eps"]


async def test_photographs_open_at_one_grey_level_and_digits_where_they_did():
    page = ExplorePage(Notebook())
    before = page.form.parts["ball"].read()
    page.data.value = "photos"
    assert page.form.parts["ball"].read() == Linf(PHOTO_EPS)
    assert (radius_of(page).step, radius_of(page).usual) == (PHOTO_EPS, [0, 8 * PHOTO_EPS])
    page.data.value = "digits"
    assert page.form.parts["ball"].read() == before == Explore().ball
    assert (radius_of(page).step, radius_of(page).usual) == (0, [0, 0.5])


async def test_a_page_that_sweeps_opens_at_several_grey_levels():
    page = CurvesPage(Notebook())
    page.data.value = "photos"
    assert page.form.parts["ball"].read() == Linf(4 * PHOTO_EPS)
    assert page.form.parts["levels"].read() == 4


async def test_photographs_are_carried_to_a_page_with_its_own_opening():
    settings, explore, curves = LabSettings(), ExplorePage(Notebook()), CurvesPage(Notebook())
    settings.arrive("explore", explore)
    settings.arrive("curves", curves)
    settings._note({"data": Photos(), "ball": Linf(PHOTO_EPS)})
    curves.ask = lambda spec: asked.append(spec)
    asked = []
    settings.arrive("curves", curves)
    assert [(each.data, each.ball, each.levels) for each in asked] == [(Photos(), Linf(4 * PHOTO_EPS), 4)]


def models(logits):
    return [SimpleNamespace(clean=np.array(clean, float), adversarial=np.array(adv, float)) for clean, adv in logits]


def test_of_many_classes_the_five_likeliest_are_drawn_the_likeliest_first():
    clean, attacked = np.zeros(1000), np.zeros(1000)
    clean[[10, 20, 30, 40, 50]] = [15, 14, 13, 12, 11]
    attacked[[10, 20, 30, 40, 60]] = [10, 14, 13, 12, 18]
    assert attack.likeliest(models([(clean, attacked)])).tolist() == [60, 10, 20, 30, 40, 50]


def test_of_few_classes_all_are_drawn_in_their_order():
    assert attack.likeliest(models([(np.arange(10), np.zeros(10))])).tolist() == list(range(10))


def test_a_long_class_name_is_cut_under_its_bar():
    longest = max(IMAGENET_CLASSES, key=len)
    assert len(attack.under_a_bar(longest)) == 18
    assert attack.under_a_bar("tabby") == "tabby"
