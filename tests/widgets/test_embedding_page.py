"""The page Embeddings without a browser: set a control, press, point, look at the figures and pictures."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lab.results.prediction import NO_CLASS
from lab.specs import FGSM, L2, Embeddings, Trained
from tests.widgets.conftest import settled
from tests.widgets.embedded import embedded
from widgets.dashboards.embedding.cards import PanelImage, followed_cards, tip
from widgets.dashboards.embedding.page import FOLLOWED, EmbeddingsPage
from widgets.figures.embedding.plane import TRACES, embedding_frame
from widgets.figures.embedding.view import PCA, TWO_CLASSES

pytestmark = pytest.mark.usefixtures("cards")


async def opened(engine) -> EmbeddingsPage:
    """A page whose first result has arrived."""
    page = EmbeddingsPage(engine)
    engine.jobs[0].finish(embedded(engine.jobs[0].spec))
    await settled()
    return page


def head(page: EmbeddingsPage) -> dict:
    """The trace of where the first panel's images are now."""
    return page.views["plane"].drawn["data"][TRACES - 2]


async def test_it_opens_with_the_default_settings_asked_for(engine):
    page = EmbeddingsPage(engine)
    [job] = engine.jobs
    assert job.spec.models == (Trained("standard"), Trained("pgd-trained"))
    assert job.spec == page.settings()
    assert all(view.drawn["data"] for view in page.views.values())


async def test_the_slider_repaints_and_computes_nothing(engine):
    page = await opened(engine)
    assert page.player.words[page.player.value] == "0.3"
    before, pictures = head(page)["marker"]["symbol"], page.pictures.note
    page.player.value = 0
    await settled()
    assert (set(before), set(head(page)["marker"]["symbol"])) == ({"x"}, {"circle"})
    assert page.pictures.note != pictures
    assert len(engine.jobs) == 1


async def test_the_plane_changes_without_computing(engine):
    page = await opened(engine)
    page.look.parts["projection"].value = TWO_CLASSES
    page.image.value = "1"
    await settled()
    assert page.views["plane"].drawn["layout"]["xaxis"]["title"]["text"] == "logit of 7"
    page.look.parts["projection"].value = PCA
    await settled()
    title = page.views["plane"].drawn["layout"]["xaxis"]["title"]["text"]
    assert "principal component" in title
    assert len(title) < 32  # three stand side by side
    assert len(engine.jobs) == 1


async def test_pointing_shows_the_image_and_leaving_hides_it(engine):
    page = await opened(engine)
    page.views["plane"].hovered = {"trace": 0, "point": 20, "x": 0, "y": 0, "customdata": 20}
    await settled()
    assert page.views["plane"].tip["words"] == "image 20, label 0; standard predicts 0"
    page.views["plane"].hovered = {"trace": TRACES + 4, "point": 0, "x": 0, "y": 0, "customdata": 3}
    await settled()
    tip = page.views["plane"].tip
    assert (len(tip["pictures"]), tip["words"]) == (2, "image 3, label 3; at ε 0.3 pgd-trained predicts 4")
    page.views["plane"].hovered = None
    await settled()
    assert page.views["plane"].tip is None


async def test_a_click_follows_the_image(engine):
    page = await opened(engine)
    page.views["plane"].clicked = {"trace": 0, "point": 20, "x": 0, "y": 0, "customdata": 20}
    assert engine.jobs[-1].spec.images[-1] == 20
    assert page.look.spec().image == 0  # until its way is there
    engine.jobs[-1].finish(embedded(engine.jobs[-1].spec))
    await settled()
    assert page.result.spec.images[page.look.spec().image] == 20
    assert page.carried().images == (20,)
    for image in range(21, 30):
        page.watch(image)
    assert len(page.images.value) == FOLLOWED
    count = len(engine.jobs)
    page.watch(29)
    assert len(engine.jobs) == count


async def test_a_click_on_a_followed_image_chooses_it_and_its_links_lead_on_at_the_shown_eps(engine):
    page, opened_pages = await opened(engine), []
    page.links.lead(opened_pages.append)
    assert page.carried() == page.settings()
    page.player.value = 5
    page.views["plane"].clicked = {"trace": TRACES + 4, "point": 1, "x": 0, "y": 0, "customdata": 7}
    await settled()
    assert len(engine.jobs) == 1
    ring = page.views["plane"].drawn["data"][TRACES - 1]
    assert [*ring["x"], *ring["y"]] == pytest.approx(page.result.models[0].pca.way[5, 1].tolist())
    for place in (0, 1):
        page.links._handle_custom_msg(place, [])
    explorer, surface = opened_pages
    assert (explorer.page, surface.page) == ("attack-explorer", "loss-surface")
    for link in opened_pages:
        assert (link.settings["image"], link.settings["ball"].eps) == (7, pytest.approx(0.15))
    assert explorer.settings["attack"] == page.result.spec.attack
    page.image.write(0)
    page.views["plane"].clicked = {"trace": TRACES + 4, "point": 1, "x": 0, "y": 0, "customdata": 7}  # as before
    assert page.look.spec().image == 1


async def test_before_the_ways_are_walked_the_clean_images_are_drawn(engine):
    page = EmbeddingsPage(engine)
    job = engine.jobs[0]
    job.advance(0.0, embedded(job.spec, averaged=0, levels=0))
    await settled()
    assert len(page.views["plane"].drawn["data"][0]["text"]) == 300
    assert page.pictures.note.startswith("at ε 0 ")
    page.views["plane"].hovered = {"trace": 0, "point": 3, "x": 0, "y": 0, "customdata": 3}
    await settled()
    assert "at ε 0 " in page.views["plane"].tip["words"]


@pytest.mark.parametrize(
    "event",
    [3, [], {}, {"trace": 0}, {"trace": "0", "customdata": 1}, {"trace": -1, "customdata": 1},
     {"trace": 99, "customdata": 1}, {"trace": 0, "customdata": -1}, {"trace": 0, "customdata": 10**9},
     {"trace": 0, "customdata": True}, {"trace": 0, "customdata": [1]}],
)  # fmt: skip
async def test_strange_events_change_nothing(engine, event):
    page = await opened(engine)
    page.views["plane"].hovered = event
    page.views["plane"].clicked = event
    await settled()
    assert page.views["plane"].tip is None
    assert len(engine.jobs) == 1


@pytest.mark.parametrize("value", [-1, 11, 1.5, "3", None, True])
async def test_a_level_that_is_none_is_refused_at_its_field(engine, value):
    page = await opened(engine)
    drawn = page.views["plane"].figure
    page.player.value = value
    await settled()
    assert page.player.error
    assert page.views["plane"].figure == drawn


async def test_a_partial_result_is_drawn_and_then_the_whole(engine):
    page = EmbeddingsPage(engine)
    [job] = engine.jobs
    job.advance(0.2, embedded(job.spec, averaged=0))
    await settled()
    assert head(page)["x"]
    assert not page.views["logits"].drawn["data"][1]["visible"]
    job.finish(embedded(job.spec))
    await settled()
    assert page.views["logits"].drawn["data"][1]["visible"]


async def test_a_picture_of_each_followed_image_for_each_model(engine):
    page = await opened(engine)
    assert [card["title"] for card in page.pictures.cards][:2] == ["image 3: 3", "image 7: 7"]
    assert [each["words"] for each in page.pictures.cards[0]["pictures"]] == ["→ 4", "→ 4"]


async def test_settings_reach_the_spec_and_a_spec_the_settings(engine):
    page = await opened(engine)
    spec = Embeddings(
        models=(Trained("mine"),),
        images=(5, 6),
        count=50,
        averaged=10,
        attack=FGSM(),
        ball=L2(2.0),
        levels=5,
        t_sne=True,
    )
    page.ask(spec)
    assert page.settings() == spec
    assert engine.jobs[-1].spec == spec
    engine.jobs[-1].finish(embedded(spec))
    await settled()
    assert (len(page.player.words), page.player.value) == (6, 5)


async def test_other_settings_are_said_to_be_stale_and_wrong_ones_refused(engine):
    page = await opened(engine)
    page.form.parts["levels"].value = 5
    assert "lab-stale" in page.content._dom_classes
    page.form.parts["ball"].form.parts["eps"].value = 0
    assert "ε above 0" in page.bar.refusal


@pytest.mark.parametrize("view", ["plane", "logits", "distances"])
async def test_every_figure_has_its_numbers_as_csv(engine, view, monkeypatch):
    page = EmbeddingsPage(engine)
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    assert "no numbers yet" in sent[0]["error"]
    job = engine.jobs[0]
    job.advance(0.2, embedded(job.spec, averaged=0))
    await settled()
    page.views[view]._handle_custom_msg("csv", [])
    assert ("no numbers yet" in sent[1].get("error", "")) == (view != "plane")  # no image was averaged over yet
    job.finish(embedded(job.spec))
    await settled()
    page.views[view]._handle_custom_msg("csv", [])
    assert "standard" in pd.read_csv(io.StringIO(sent[2]["csv"])).to_numpy()


def test_logits_that_are_no_numbers_are_read_as_no_class():
    result = embedded(Embeddings(models=(Trained("mine"),)))
    model = replace(
        result.models[0],
        logits=np.full_like(result.models[0].logits, np.nan),
        way_logits=np.full_like(result.models[0].way_logits, np.nan),
    )
    result = replace(result, models=(model,))
    for image in (int(result.followed[0]), 1):
        assert tip(result, PanelImage(0, image), 0)["words"].endswith("mine predicts not a number")
    shown = [each for card in followed_cards(result, 0) for each in card["pictures"]]
    assert all((each["words"], each["fooled"]) == ("→ not a number", True) for each in shown)
    assert (embedding_frame(result, PCA)["read"] == NO_CLASS).all()
