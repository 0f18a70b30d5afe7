"""Models on data they were not trained on: never offered as if they were, marked where a person chose them."""

import json

import numpy as np
import pytest

from lab.errors import DataError, LabError
from lab.pairing import unmarked
from lab.specs import NpzFile, SourceGradient, Trained
from tests.widgets.conftest import settled
from tests.widgets.engine import restarts
from tests.widgets.masked import masked
from widgets.dashboards.app import App
from widgets.dashboards.curves import CurvesPage
from widgets.dashboards.embedding import EmbeddingsPage
from widgets.dashboards.evaluation import EvaluationPage
from widgets.dashboards.explore import ExplorePage
from widgets.dashboards.masking import MaskingPage
from widgets.dashboards.restarts import RestartsPage
from widgets.dashboards.studio import StudioPage
from widgets.dashboards.surface import SurfacePage
from widgets.dashboards.transfer import TransferPage
from widgets.theme import model_colour

pytestmark = pytest.mark.usefixtures("cards")

PAGES = [RestartsPage, ExplorePage, EvaluationPage, SurfacePage, MaskingPage, TransferPage, EmbeddingsPage, CurvesPage]
NONE = "No model here was trained on noise: train one in the studio, choose one trained on other data, or bring one"


@pytest.fixture
def noise(tmp_path) -> NpzFile:
    """Images that have the digits' shape and classes, and are none."""
    path = tmp_path / "data" / "noise.npz"
    path.parent.mkdir()
    x, y = np.zeros((20, 28, 28), np.float32), np.arange(20) % 10
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    return NpzFile(str(path))


@pytest.fixture
def trained(tmp_path, cards, noise) -> None:
    """A model that was trained on them."""
    folder = tmp_path / "runs" / "noisy"
    folder.mkdir()
    (folder / "weights.safetensors").touch()
    record = json.loads((folder.parent / "standard" / "card.json").read_text()) | {"data": "noise"}
    (folder / "card.json").write_text(json.dumps(record))


def labels(options) -> list[str]:
    return [each["label"] for each in options]


@pytest.mark.parametrize("kind", PAGES)
async def test_no_model_is_offered_for_data_it_does_not_know_unless_apart_and_marked(engine, noise, kind):
    page = kind(engine)
    assert labels(page.models.others) == []
    page.data.value = "noise"
    assert page.models.options == []
    assert set(labels(page.models.others)) == {
        f"{name} (trained on digits)" for name in ("standard", "pgd-trained", "mine")
    }
    assert all(each["note"] == "" for each in page.models.others)  # an accuracy on digits says nothing here
    assert page.models.value == []
    await settled()
    assert page.bar.refusal.startswith(NONE)
    assert page.bar.stale or page.result is None
    page.models.value = ["standard"]
    await settled()
    assert page.bar.refusal == ""
    assert page.settings().models == (Trained("standard"),)
    page.models.refresh()
    assert page.models.value == ["standard"]
    page.data.value = "digits"
    assert page.models.others == []
    assert page.models.value


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("kind", PAGES)
async def test_the_models_of_the_data_are_chosen_for_it(engine, kind):
    page = kind(engine)
    page.data.value = "noise"
    assert page.models.value == ["noisy"]
    page.data.value = "digits"
    assert "noisy" not in page.models.value
    assert labels(page.models.others) == ["noisy (trained on noise)"]


@pytest.mark.parametrize("with_one", [False, True])
async def test_a_source_is_one_of_the_data_where_there_is_one(engine, noise, request, with_one):
    if with_one:
        request.getfixturevalue("trained")
    page = SurfacePage(engine)
    page.data.value = "noise"
    shown = next(each["label"] for each in page.source.options if each["value"] == page.source.value)
    assert shown == ("noisy" if with_one else "mine (trained on digits)")  # the usual source is not in this list


@pytest.mark.usefixtures("trained")
async def test_the_studio_builds_on_models_of_the_data(engine):
    page = StudioPage(engine)
    page.form.parts["recipe"].kind.value = "Adversarial"
    form = page.form.parts["recipe"].form
    source = form.parts["source"]
    source.kind.value = "EnsembleExamples"
    form.parts["data"].value = "noise"
    assert labels(source.form.parts["models"].options) == ["noisy"]
    source.kind.value = "CascadeExamples"
    assert source.form.parts["defended"].value == "noisy"
    assert "pgd-trained (trained on digits)" in labels(source.form.parts["defended"].options)


async def test_a_link_with_a_strange_pair_is_followed_and_marked(engine, noise):
    page = RestartsPage(engine)
    asked = page.settings().replace(data=noise, models=(Trained("standard"),))
    page.ask(asked)
    link = page.link()
    again = RestartsPage(engine)
    again.follow(link)
    assert again.settings() == asked
    assert "standard (trained on digits)" in labels(again.models.others)
    surface = SurfacePage(engine)
    asked = surface.settings().replace(data=noise, source=Trained("mine"), across=SourceGradient())
    surface.ask(asked)
    assert surface.settings() == asked


async def test_it_travels_to_the_next_page(engine, noise):
    app = App(engine)
    app.visit("pgd-restarts")
    page = app.pages["pgd-restarts"]
    page.data.value = "noise"
    page.models.value = ["mine"]
    app.visit("attack-explorer")
    there = app.pages["attack-explorer"].settings()
    assert (there.data, there.models) == (noise, (Trained("mine"),))


async def test_a_model_that_cannot_take_the_images_is_refused_by_name(engine):
    page = RestartsPage(engine)
    page.ask(page.settings().replace(models=(Trained("rgb"),)))
    assert (
        page.bar.refusal
        == "rgb takes images of 32×32 px, colour in 10 classes, and digits has other ones: choose another model."
    )


@pytest.mark.parametrize("value", [[{}], ["nobody"], [["standard"]], [None], "standard", {"a": 1}])
async def test_what_a_browser_offers_itself_is_not_believed(engine, value):
    page = RestartsPage(engine)
    page.models.set_state({"options": [{"value": value, "label": ""}], "value": value})
    page.data.set_state({"options": [{"value": "x", "label": ""}], "value": "x"})
    with pytest.raises(LabError):
        page.settings()
    with pytest.raises(LabError):
        page.data.read()


async def test_a_mark_keeps_the_colour_of_the_model():
    assert model_colour("standard (trained on digits)") == model_colour("standard")


async def test_figures_show_the_mark(engine, noise):
    page = RestartsPage(engine)
    result = restarts(engine.jobs[-1].spec)
    names = ["standard (trained on digits)", "pgd-trained (trained on digits)"]
    for each, name in zip(result.models, names, strict=True):
        object.__setattr__(each, "model", name)
    engine.jobs[-1].finish(result)
    await settled()
    for heading, view in page.views.items():
        words = json.dumps(json.loads(view.figure), ensure_ascii=False).replace("</b><br>", " ").replace("<br>", " ")
        words = words.replace("standard deviation", "")  # which is no model
        for name in names:
            assert words.count(name) == words.count(unmarked(name)), heading


@pytest.mark.parametrize("kind", [RestartsPage, ExplorePage, EvaluationPage, MaskingPage])
async def test_data_that_cannot_be_read_is_said_and_the_rest_goes_on(engine, noise, trained, monkeypatch, kind):
    page = kind(engine)
    submit, why = engine.submit, "noise/a.png cannot be read: replace or remove it."

    def broken(spec, on_change=None):
        if spec.data == noise:
            raise DataError(why)
        return submit(spec, on_change)

    monkeypatch.setattr(engine, "submit", broken)
    page.data.value = "noise"
    await settled()
    page.bar.run()
    assert page.bar.refusal == why
    assert page.models.value == ["noisy"]
    assert page.images is None or page.images.waiting == why
    page.data.value = "digits"
    await settled()
    page.bar.run()
    assert (page.bar.refusal, page.bar.state, engine.jobs[-1].spec) == ("", "waiting", page.settings())
    assert page.images is None or page.images.positions


async def test_without_a_model_one_sentence_says_so_and_nothing_tells_to_run(engine):
    page = MaskingPage(engine)
    engine.jobs[-1].finish(masked(engine.jobs[-1].spec))
    await settled()
    for chosen in (["standard"], []):
        page.models.value = chosen
    assert page.bar.refusal == page.models.error == "Choose between 1 and 4 of the models."
    assert (page.bar.stale, page.bar.due) == (True, False)
    assert "lab-due" not in page.content._dom_classes  # which says to press Run
