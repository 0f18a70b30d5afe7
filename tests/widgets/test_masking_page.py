"""The page Masking without a browser: set a control, press Run, read the verdict and the figures' data."""

import io

import pandas as pd
import pytest

from lab.specs import (
    FGSM,
    L2,
    Digits,
    Explore,
    Linf,
    LossSurface,
    Masking,
    Restarts,
    RobustnessCurves,
    Square,
    Trained,
    TransferMatrix,
    from_json,
    to_json,
)
from tests.widgets.conftest import settled
from tests.widgets.masked import masked
from widgets.dashboards.masking import MaskingPage
from widgets.dashboards.masking.plots import PLOTS
from widgets.parts.carried import with_fields

pytestmark = pytest.mark.usefixtures("cards")


async def opened(engine, follow=None) -> MaskingPage:
    """A page whose first result has arrived."""
    page = MaskingPage(engine, follow)
    engine.jobs[-1].finish(masked(engine.jobs[-1].spec))
    await settled()
    return page


async def test_it_opens_with_the_default_settings_asked_for(engine):
    page = MaskingPage(engine)
    [job] = engine.jobs
    assert job.spec == Masking(models=(Trained("standard"), Trained("pgd-trained")))
    assert page.verdicts.note == "Nothing computed yet"


async def test_a_verdict_has_its_reasons_and_what_would_settle_it(engine):
    page = await opened(engine)
    [card, _] = page.verdicts.cards
    assert card["title"] == "standard: Broken."
    assert "0.0% withstand the quick evaluation (PGD broke " in card["facts"][0]
    assert card["facts"][1].startswith("What would settle it: ")
    assert "Labels leaked: 0 of 100" in card["facts"]
    assert all(badge["good"] for badge in card["badges"])
    assert card["badges"][0]["words"].startswith("✓ Black box against white box: FGSM on pgd-trained fools 80%")


async def test_a_sign_stands_first_and_is_marked(engine):
    page = MaskingPage(engine)
    result = masked(engine.jobs[0].spec)
    result.models[0].wrong[3] = False
    engine.jobs[0].finish(result)
    await settled()
    first = page.verdicts.cards[0]["badges"][0]
    assert (first["good"], first["words"][0]) == (False, "✗")


async def test_models_come_one_by_one(engine):
    page = MaskingPage(engine)
    engine.jobs[0].advance(0.5, masked(engine.jobs[0].spec, 1))
    await settled()
    assert "1 model to come" in page.verdicts.note
    assert page.place.value == "1"  # the model that is still examined can be chosen already
    assert page.views["errors"].provisional


async def test_another_model_s_curves_are_drawn_without_computing(engine):
    page = await opened(engine)
    before = {name: page.views[name].figure for name in PLOTS}
    page.place.value = "0"
    changed = {name for name, view in page.views.items() if view.figure != before[name]}
    assert (changed, len(engine.jobs)) == ({"accuracy", "gradients"}, 1)


async def test_settings_reach_the_spec_and_a_change_is_said_to_be_stale(engine):
    page = await opened(engine)
    page.models.value = ["mine"]
    page.form.parts["ball"].kind.value = "L2"
    page.radii.value = "1, 3"
    page.form.parts["steps"].value = 7
    assert page.bar.stale
    assert "lab-stale" in page.content._dom_classes
    page.bar.run()
    spec = engine.jobs[-1].spec
    assert (spec.models, spec.ball, spec.eps, spec.steps) == ((Trained("mine"),), L2(), (1.0, 3.0), 7)


async def test_hostile_values_are_refused_in_words(engine):
    page = await opened(engine)
    for control, value in ((page.radii, "0.1, 9"), (page.radii, []), (page.models, ["x"]), (page.models, 3)):
        kept, control.value = control.value, value
        page.bar.run()
        assert page.bar.refusal
        assert len(engine.jobs) == 1
        control.value = kept
    before = page.views["accuracy"].figure
    page.place.value = "77"
    assert page.views["accuracy"].figure == before
    assert page.place.error


async def test_a_failed_run_keeps_the_verdict(engine):
    page = await opened(engine)
    before = page.verdicts.cards
    page.form.parts["seed"].value = 1
    page.bar.run()
    engine.jobs[-1].fail("The worker was lost.")
    await settled()
    assert (page.bar.state, page.verdicts.cards) == ("failed", before)


async def test_a_spec_opens_the_page_as_it_was(engine):
    page = await opened(engine)
    spec = Masking(Digits(), (Trained("mine"),), Linf(0.1), (0.05,), 30, 5, 3, 4)
    page.ask(from_json(to_json(spec)))
    assert page.settings() == engine.jobs[-1].spec == spec


async def test_what_would_settle_the_verdict_is_ready_to_run(engine):
    assert (await opened(engine)).links.labels == []
    followed: list = []
    page = await opened(engine, followed.append)
    for message in (0, 1, 2, 3, 9):
        page.links._handle_custom_msg(message, [])
    asked = [
        with_fields(spec, link.settings)
        for spec, link in zip((Restarts(), RobustnessCurves(), LossSurface(), TransferMatrix()), followed, strict=True)
    ]
    restarts, curves, surface, matrix = asked
    assert all(each.ball == Linf(0.2) for each in asked)
    assert all(each.models == (Trained("pgd-trained"),) for each in (restarts, curves, surface))
    assert (restarts.attack.restarts, curves.attacks[1], surface.source) == (50, Square(queries=500), Trained())
    assert matrix.models == page.settings().models


async def test_a_bar_shows_the_curves_of_its_model(engine):
    page = await opened(engine)
    page.views["errors"].clicked = {"trace": 0, "point": 2, "x": "FGSM", "y": 100.0, "customdata": None}
    assert page.place.value == "0"
    for hostile in (7, "0", None, {"trace": 5}, {"trace": "x"}, {"trace": True}):
        page.views["errors"].clicked = hostile
    assert page.place.value == "0"


async def test_a_point_shows_its_image_and_a_click_opens_it(engine):
    followed: list = []
    page = await opened(engine, followed.append)
    point = {"trace": 1, "point": 3, "x": 0.4, "y": 20.0, "customdata": 17}
    page.views["cosine"].hovered = point
    await settled()
    assert page.views["cosine"].tip["words"] == "image 17, label 7"
    page.views["cosine"].hovered = None
    assert page.views["cosine"].tip is None
    page.views["cosine"].clicked = point
    page.views["leaks"].clicked = point | {"x": 0.5}
    spec, leak = (with_fields(Explore(), link.settings) for link in followed)
    assert (spec.image, spec.models, spec.attack, spec.ball) == (17, (Trained("pgd-trained"),), FGSM(), Linf(0.2))
    assert leak.ball == Linf(0.5)


@pytest.mark.parametrize(
    "event", [3, {}, {"trace": 9, "customdata": 1}, {"trace": 0, "customdata": 1000}, {"trace": 0, "customdata": "1"}]
)
async def test_nothing_is_opened_by_what_is_no_image(engine, event):
    followed: list = []
    page = await opened(engine, followed.append)
    page.views["leaks"].clicked = page.views["leaks"].hovered = event
    assert (followed, page.views["leaks"].tip) == ([], None)


@pytest.mark.parametrize("view", PLOTS)
async def test_every_figure_has_its_numbers_as_csv(engine, view, monkeypatch):
    page = MaskingPage(engine)
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    assert "no numbers yet" in sent[0]["error"]
    engine.jobs[0].finish(masked(engine.jobs[0].spec))
    await settled()
    page.views[view]._handle_custom_msg("csv", [])
    assert "standard" in pd.read_csv(io.StringIO(sent[1]["csv"])).to_numpy()
