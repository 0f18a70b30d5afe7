"""The page Transfer without a browser: set a control, press Run, click a cell, look at the figures' data."""

import io
from dataclasses import replace

import pandas as pd
import pytest

from lab.errors import LabError, SpecError
from lab.results.transfer import TRANSFER_BOTH
from lab.specs import BIM, FGSM, L2, PGD, Digits, Explore, Linf, Trained, TransferMatrix, from_json, to_json
from lab.specs.spec import from_dict, to_dict
from tests.widgets.conftest import settled
from tests.widgets.transferred import transferred
from widgets.dashboards.transfer import TransferPage
from widgets.dashboards.transfer.plots import TransferLook
from widgets.parts.carried import with_fields

pytestmark = pytest.mark.usefixtures("cards")


async def opened(engine, follow=None) -> TransferPage:
    """A page whose first result has arrived."""
    page = TransferPage(engine, follow)
    engine.jobs[0].finish(transferred(engine.jobs[0].spec))
    await settled()
    return page


def words(page, name="matrix") -> str:
    return page.views[name].drawn["layout"]["annotations"][0]["text"]


def frames(page) -> list:
    return [round((each["x0"] + each["x1"]) / 2) for each in page.views["matrix"].drawn["layout"]["shapes"]]


async def test_it_opens_with_the_default_settings_asked_for(engine):
    page = TransferPage(engine)
    [job] = engine.jobs
    assert job.spec.models == (Trained("standard"), Trained("pgd-trained"))
    assert job.spec.attacks == TransferMatrix().attacks
    assert words(page) == "Nothing computed yet"
    assert page.gallery.note == "Nothing computed yet"


async def test_a_partial_matrix_is_drawn_as_it_comes(engine):
    page = TransferPage(engine)
    engine.jobs[0].advance(0.1, transferred(engine.jobs[0].spec, sources=1))
    await settled()
    assert "1 source to come" in words(page)
    assert page.views["matrix"].provisional


async def test_another_measure_repaints_without_computing(engine):
    page = await opened(engine)
    before = {name: view.figure for name, view in page.views.items()}
    for name, value in (("measure", "accuracy"), ("attack", "2"), ("top", 2)):
        page.look.parts[name].value = value
    assert len(engine.jobs) == 1
    assert "top-2 accuracy" in words(page)
    assert "PGD" in words(page)
    assert all(before[name] != view.figure for name, view in page.views.items())


async def test_a_click_on_a_cell_chooses_it_and_shows_what_transferred(engine):
    page = await opened(engine)
    assert frames(page)[-1] == 0  # the third model that the page prefers is not there
    page.views["matrix"].clicked = {"trace": 0, "point": [0, 1], "x": 1, "y": 0, "customdata": None}
    assert (page.places["source"].value, page.places["target"].value) == ("0", "1")
    assert frames(page)[-1] == 1
    [card] = page.gallery.cards
    assert card["title"] == "Image 0, label 0"
    assert card["facts"] == ["standard predicts 1", "pgd-trained predicts 2"]
    assert "standard → pgd-trained" in page.views["over-eps"].drawn["layout"]["legend"]["title"]["text"]


async def test_the_first_image_of_a_cell_stands_beside_the_pointer(engine):
    page = await opened(engine)
    page.views["matrix"].hovered = {"trace": 0, "point": [0, 1], "x": 1, "y": 0, "customdata": None}
    tip = page.views["matrix"].tip
    assert tip["words"] == "image 0, label 0: standard predicts 1, pgd-trained predicts 2"
    assert len(tip["pictures"]) == 2
    for nothing in (None, {"x": 1, "y": 7}, "x"):
        page.views["matrix"].hovered = nothing
        assert page.views["matrix"].tip is None


async def test_an_image_that_is_pressed_opens_in_the_explorer(engine):
    followed: list = []
    page = await opened(engine, followed.append)
    for message in (0, 1, -1, "0", None, True):
        page.gallery._handle_custom_msg(message, [])
    [link] = followed
    spec = with_fields(Explore(), link.settings)
    assert (link.page, spec.image, spec.attack, spec.ball) == ("attack-explorer", 0, FGSM(), Linf(0.2))


async def test_many_models_get_the_whole_width(engine):
    page = await opened(engine)
    few = page.settings()
    for count, wide in ((8, ["lab-several", "lab-many"]), (4, ["lab-several"]), (2, [])):
        page.show(transferred(few.replace(models=tuple(Trained(f"model-{i}") for i in range(count)))))
        assert [each for each in ("lab-several", "lab-many") if each in page.figures._dom_classes] == wide


@pytest.mark.parametrize("view", ["matrix", "correlation"])
@pytest.mark.parametrize("name", ["=cmd|'/C calc'!A0", "@SUM(A1)", " +1"])
async def test_no_name_of_a_model_is_a_formula_in_the_csv_file_of_a_figure(engine, monkeypatch, view, name):
    page = await opened(engine)
    page.show(replace(page.result, models=(name, *page.result.models[1:])))
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    texts = pd.read_csv(io.StringIO(sent[0]["csv"])).select_dtypes(["object", "string"]).to_numpy().ravel()
    assert f"'{name}" in texts
    assert name not in texts


@pytest.mark.parametrize(
    "place", [None, "x", {}, {"x": 7, "y": 0}, {"x": "0", "y": 0}, {"x": 0.5, "y": 0}, {"x": [1], "y": {}}]
)
async def test_a_click_on_nothing_or_a_hostile_one_changes_nothing(engine, place):
    page = await opened(engine)
    page.views["matrix"].clicked = place
    assert page.places["source"].value == "0"


async def test_the_keyboard_reaches_every_cell_too(engine):
    page = await opened(engine)
    page.places["source"].value = page.places["target"].value = "1"
    assert frames(page)[-1] == 1
    assert page.gallery.cards[0]["facts"] == ["pgd-trained predicts 2"]


async def test_no_transferred_image_says_so(engine):
    page = TransferPage(engine)
    result = transferred(engine.jobs[0].spec)
    for shown in result.shown:
        for [each] in filter(None, shown.examples):
            each.prediction[:] = result.y[0]
    engine.jobs[0].finish(result)
    await settled()
    assert page.gallery.cards == []
    assert "none of the 200 images fool" in page.gallery.note


async def test_settings_reach_the_spec_and_a_change_is_said_to_be_stale(engine):
    page = await opened(engine)
    page.models.value = ["mine", "standard"]
    page.attacks.chosen.value = ["BIM", "FGSM"]
    page.attacks.edited.value = "BIM"
    page.attacks.form("BIM").parts["steps"].value = 7
    page.form.parts["ball"].kind.value = "L2"
    page.radii.value = "0.5, 1 ,2"
    page.form.parts["images"].value = 50
    assert page.bar.stale
    assert "lab-stale" in page.content._dom_classes
    page.bar.run()
    spec = engine.jobs[-1].spec
    assert spec.models == (Trained("mine"), Trained("standard"))
    assert (spec.attacks, spec.ball, spec.eps, spec.images) == ((BIM(steps=7), FGSM()), L2(), (0.5, 1.0, 2.0), 50)
    engine.jobs[-1].finish(transferred(spec))
    await settled()
    assert not page.bar.stale


async def test_the_settings_of_a_dropped_attack_are_not_offered(engine):
    page = await opened(engine)
    assert [option["value"] for option in page.attacks.edited.options] == ["FGSM", "StepLL", "PGD"]
    page.attacks.chosen.value = ["StepLL"]
    assert page.attacks.edited.value == "StepLL"
    assert page.settings().attacks == (TransferMatrix().attacks[1],)


async def test_hostile_values_are_refused_in_words(engine):
    page = await opened(engine)
    eps = page.form.parts["ball"].form.parts["eps"]
    hostile = (
        (page.attacks.chosen, []),
        (page.attacks.chosen, ["__class__"]),
        (page.attacks.chosen, 7),
        (page.models, ["rgb2"]),
        (page.radii, "a, b"),
        (page.radii, "0.1, 9"),
        (page.radii, ",".join(map(str, range(99)))),
        (page.radii, None),
        (eps, 7),
    )
    for control, value in hostile:
        kept, control.value = control.value, value
        page.bar.run()
        assert page.bar.refusal
        assert len(engine.jobs) == 1
        control.value = kept
        page.bar.settings_changed()
        assert page.bar.refusal == ""
    page.attacks.edited.value = "Nonsense"
    assert page.settings().attacks == TransferMatrix().attacks


async def test_a_failed_or_stopped_run_keeps_the_picture(engine):
    page = await opened(engine)
    before = page.views["matrix"].figure
    page.form.parts["seed"].value = 1
    page.bar.run()
    engine.jobs[-1].fail("The worker was lost.")
    await settled()
    assert (page.bar.state, page.bar.message, page.views["matrix"].figure) == ("failed", "The worker was lost.", before)
    page.bar.run()
    page.bar.stop()
    await settled()
    assert (page.bar.state, page.views["matrix"].figure) == ("cancelled", before)


async def test_a_spec_opens_the_page_as_it_was(engine):
    page = await opened(engine)
    spec = TransferMatrix(
        Digits(), (Trained("mine"),), (PGD(steps=3, labels="predicted"), BIM()), Linf(0.1), (0.05,), 30, 4
    )
    page.ask(from_json(to_json(spec)))
    assert page.settings() == engine.jobs[-1].spec == spec
    again = TransferPage(engine)
    again.ask(page.settings())
    assert again.settings() == spec


async def test_a_model_that_is_not_here_is_said(engine):
    page = await opened(engine)
    with pytest.raises(LabError, match="not offered"):
        page.ask(TransferMatrix(models=(Trained("gone"),)))


async def test_one_attack_in_two_settings(engine):
    page = await opened(engine)
    page.attacks.edited.value = "PGD"
    assert page.attacks.again.kind == "PGD"
    page.attacks.again._handle_custom_msg("again", [])
    assert page.attacks.chosen.value == ["FGSM", "StepLL", "PGD", "PGD 2"]
    page.bar.run()
    assert "have the same settings" in page.bar.refusal
    page.attacks.form("PGD 2").parts["steps"].value = 5
    page.bar.run()
    assert engine.jobs[-1].spec.attacks[2:] == (PGD(steps=20), PGD(steps=5))
    engine.jobs[-1].finish(transferred(engine.jobs[-1].spec))
    await settled()
    assert [option["label"] for option in page.places["attack"].options][2:] == ["PGD (steps 20)", "PGD (steps 5)"]
    again = TransferPage(engine)
    again.ask(page.settings())
    assert again.settings() == page.settings()
    page.attacks.chosen.value = ["FGSM", "PGD 2"]
    assert page.settings().attacks[1] == PGD(steps=5)
    page.attacks.chosen.value = ["FGSM"]
    assert "PGD 2" not in [option["value"] for option in page.attacks.chosen.options]


async def test_no_more_attacks_than_a_matrix_can_have(engine):
    page = await opened(engine)
    for _ in range(9):
        page.attacks.repeat()
    assert len(page.attacks.chosen.value) == 6
    assert page.attacks.again.kind == ""


def test_a_link_with_a_former_name_of_a_measure_still_opens():
    former = to_dict(TransferLook()) | {"measure": "transfer rate, target right before"}
    assert from_dict(former) == TransferLook(measure=TRANSFER_BOTH)
    with pytest.raises(SpecError):
        from_dict(former | {"measure": ["target right before"]})


def test_how_many_images_there_are_is_no_image_of_another_page():
    spec = Explore()
    assert with_fields(spec, {"images": 50}) == spec
    assert with_fields(TransferMatrix(), {"image": 3}) == TransferMatrix()


async def test_links_are_there_only_for_those_who_follow_them(engine):
    assert (await opened(engine)).links.labels == []


async def test_a_cell_leads_to_the_surface_and_to_the_explorer(engine):
    followed: list = []
    page = TransferPage(engine, followed.append)
    engine.jobs[-1].finish(transferred(engine.jobs[-1].spec))
    await settled()
    page.places["target"].value = "1"
    assert len(page.links.labels) == 2
    for message in (0, 1, 2, -1, True, "0", None):
        page.links._handle_custom_msg(message, [])
    surface, explorer = followed
    assert surface.page == "loss-surface"
    assert (surface.settings["models"], surface.settings["source"]) == ((Trained("pgd-trained"),), Trained("standard"))
    assert explorer.page == "attack-explorer"
    assert explorer.settings["models"] == (Trained("standard"), Trained("pgd-trained"))


@pytest.mark.parametrize("view", ["matrix", "over-eps", "black-box", "correlation"])
async def test_every_figure_has_its_numbers_as_csv(engine, view, monkeypatch):
    page = TransferPage(engine)
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    assert "no numbers yet" in sent[0]["error"]
    engine.jobs[0].finish(transferred(engine.jobs[0].spec))
    await settled()
    page.views[view]._handle_custom_msg("csv", [])
    assert "standard" in pd.read_csv(io.StringIO(sent[1]["csv"])).to_numpy()
