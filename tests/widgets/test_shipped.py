"""The models that ship for other data than the digits: offered where these data are here, and nowhere else."""

import pytest

from lab.catalogue import models, shipped_on
from lab.specs import L2, Linf
from tests.data.published_files import cifar_files, mnist_files, put
from tests.widgets.test_pairs import PAGES, labels
from widgets.dashboards.curves.page import CurvesPage
from widgets.dashboards.explore.page import ExplorePage
from widgets.dashboards.masking.page import MaskingPage
from widgets.dashboards.studio import StudioPage
from widgets.dashboards.transfer.page import TransferPage
from widgets.parts.lists import Listed

MNIST = [each.name for each in models() if each.origin == "zoo" and each.data == "mnist"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))


@pytest.fixture
def with_mnist(tmp_path):
    put(tmp_path / "data" / "MNIST" / "raw", mnist_files())


@pytest.mark.parametrize("kind", PAGES)
async def test_without_their_data_nobody_is_offered_them(engine, kind):
    page = kind(engine)
    offered = labels([*page.models.options, *page.models.others])
    assert "standard" in offered
    assert not [each for each in offered if "mnist" in each]


@pytest.mark.usefixtures("with_mnist")
@pytest.mark.parametrize("kind", PAGES)
async def test_on_their_data_they_are_offered_by_name_and_the_usual_ones_are_chosen(engine, kind):
    page = kind(engine)
    usual = page.models.value
    page.data.value = "mnist"
    assert labels(page.models.options) == MNIST
    assert page.models.value == (
        [name for each in usual if (name := shipped_on("mnist", each)) in MNIST] or ["mnist-standard"]
    )
    page.data.value = "digits"
    assert page.models.value == usual


async def test_lists_of_models_leave_them_out_without_their_data(engine):
    assert not [each["name"] for each in StudioPage(engine).list.rows if "mnist" in each["name"]]
    assert not [each for each in labels(Listed((), label="Models").options) if "mnist" in each]


async def test_fashion_opens_at_the_radius_of_its_models_with_the_slider_of_the_digits(engine, tmp_path):
    put(tmp_path / "data" / "FashionMNIST" / "raw", mnist_files())
    page = ExplorePage(engine)
    before = page.form.parts["ball"].read()
    radius = page.form.parts["ball"].form_of(Linf).parts["eps"]
    page.data.value = "fashion-mnist"
    assert page.form.parts["ball"].read() == Linf(0.1)
    assert (radius.step, radius.usual) == (0, [0, 0.5])
    page.data.value = "digits"
    assert page.form.parts["ball"].read() == before


@pytest.mark.parametrize(("kind", "reach"), [(ExplorePage, 32), (CurvesPage, 32)])
async def test_on_colour_the_slider_counts_grey_levels_up_to_four_times_the_radius(engine, tmp_path, kind, reach):
    put(tmp_path / "data" / "cifar-10-batches-bin", cifar_files())
    page = kind(engine)
    radius = page.form.parts["ball"].form_of(Linf).parts["eps"]
    page.data.value = "cifar10"
    assert (radius.step, radius.usual) == (pytest.approx(1 / 255), [0, pytest.approx(reach / 255)])
    page.data.value = "digits"
    assert (radius.step, radius.usual) == (0, [0, 0.5])


@pytest.mark.parametrize("kind", [MaskingPage, TransferPage])
async def test_further_radii_follow_the_norm(engine, tmp_path, kind):
    put(tmp_path / "data" / "cifar-10-batches-bin", cifar_files())
    page = kind(engine)
    for name, usual in (("digits", 2.0), ("cifar10", 0.5)):
        page.data.value = name
        ball, before = page.form.parts["ball"], page.form.parts["eps"].read()
        own = ball.read().eps
        ball.kind.value = "L2"
        assert ball.read() == L2(usual)
        assert page.form.parts["eps"].read() == pytest.approx([each * usual / own for each in before])
        ball.kind.value = "nothing"
        ball.kind.value = "Linf"
        assert page.form.parts["eps"].read() == before


@pytest.mark.parametrize("kind", [MaskingPage, TransferPage])
async def test_settings_from_elsewhere_keep_their_radii(engine, kind):
    page = kind(engine)
    asked = page.settings().replace(ball=L2(1.5), eps=(0.1, 0.7))
    page.form.write(asked)
    assert page.settings() == asked


@pytest.mark.parametrize(("kind", "reach"), [(ExplorePage, 2.0), (CurvesPage, 4.0)])
async def test_the_slider_of_l2_reaches_as_many_times_the_radius_on_colour_as_on_digits(engine, tmp_path, kind, reach):
    put(tmp_path / "data" / "cifar-10-batches-bin", cifar_files())
    page = kind(engine)
    radius = page.form.parts["ball"].form_of(L2).parts["eps"]
    of_digits = radius.usual
    page.data.value = "cifar10"
    assert radius.usual == [0, reach]
    page.data.value = "digits"
    assert radius.usual == of_digits == [0, 8]


@pytest.mark.parametrize(("kind", "radius"), [(ExplorePage, 0.5), (CurvesPage, 1.0)])
async def test_l2_opens_on_colour_at_the_radius_of_colour_and_on_digits_at_theirs(engine, tmp_path, kind, radius):
    put(tmp_path / "data" / "cifar-10-batches-bin", cifar_files())
    page = kind(engine)
    ball = page.form.parts["ball"]
    page.data.value = "cifar10"
    ball.kind.value = "L2"
    assert ball.read() == L2(radius)
    page.ask(page.settings().replace(ball=L2(0.25)))
    assert ball.read() == L2(0.25)
    page.data.value = "digits"
    ball.kind.value = "L2"
    assert ball.read() == L2()
