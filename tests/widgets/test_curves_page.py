"""The page Robustness curves without a browser: set a control, press, look at the figures."""

import io

import pandas as pd
import pytest

from lab.catalogue import ModelCard
from lab.specs import FGSM, L2, RobustnessCurves, Trained
from tests.widgets.conftest import settled
from tests.widgets.curved import curved
from widgets.dashboards.curves import CurvesPage
from widgets.dashboards.curves_sweeps import pivot_weights, widths

pytestmark = pytest.mark.usefixtures("cards")


async def opened(engine) -> CurvesPage:
    """A page whose first result has arrived."""
    page = CurvesPage(engine)
    engine.jobs[0].finish(curved(engine.jobs[0].spec))
    await settled()
    return page


def card(name: str, width: int = 16, data: str = "digits", **recipe) -> ModelCard:
    """A finished run of a recipe."""
    about = {"architecture": {"spec": "SmallCNN", "width": width}, "seed": 0, **recipe}
    return ModelCard(name, Trained(name), "run", data=data, measured={"clean": 0.9}, recipe=about)


async def test_it_opens_with_the_default_settings_asked_for(engine):
    page = CurvesPage(engine)
    [job] = engine.jobs
    assert job.spec == page.settings()
    assert job.spec.models == (Trained("standard"), Trained("pgd-trained"))
    assert all(view.drawn["data"] for view in page.views.values())
    assert "python -m lab train" in page.views["widths"].drawn["layout"]["annotations"][0]["text"]


async def test_the_level_and_the_intervals_repaint_only(engine):
    page = await opened(engine)
    assert page.player.words[page.player.value] == "0.3"
    before = page.views["trade-off"].figure
    page.player.value = 1
    page.look.parts["intervals"].value = False
    await settled()
    assert page.views["trade-off"].figure != before
    assert page.views["accuracy"].drawn["data"][0]["error_y"]["visible"] is False
    assert len(engine.jobs) == 1


async def test_attack_by_attack_the_picture_grows(engine):
    page = CurvesPage(engine)
    [job] = engine.jobs
    job.advance(0.3, curved(job.spec, attacks=1, searched=False))
    await settled()
    shown = [each["visible"] for each in page.views["accuracy"].drawn["data"][:2]]
    assert shown == [True, False]


async def test_settings_reach_the_spec_and_a_spec_the_settings(engine):
    page = await opened(engine)
    spec = RobustnessCurves(
        models=(Trained("mine"),), attacks=(FGSM(),), ball=L2(2.0), levels=3, images=50, searched=0, seed=4
    )
    page.ask(spec)
    assert page.settings() == spec
    assert engine.jobs[-1].spec == spec


async def test_wrong_settings_are_refused_in_words(engine):
    page = await opened(engine)
    page.attacks.chosen.value = ["FGSM", "PGD", "BIM", "StepLL", "RFGSM"]
    assert page.bar.refusal
    page.attacks.chosen.value = ["FGSM"]
    assert page.bar.refusal == ""
    assert page.bar.stale
    page.form.parts["ball"].kind.value = "Spatial"
    assert "L∞ or L2" in page.bar.refusal


@pytest.mark.parametrize("view", ["accuracy", "trade-off", "distances", "widths"])
async def test_every_figure_has_its_numbers_as_csv(engine, view, monkeypatch):
    page = CurvesPage(engine)
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    assert "no numbers yet" in sent[0]["error"]
    engine.jobs[0].finish(curved(engine.jobs[0].spec))
    await settled()
    page.views[view]._handle_custom_msg("csv", [])
    if view != "widths":  # without such runs it has no rows
        assert "standard" in pd.read_csv(io.StringIO(sent[1]["csv"])).to_numpy()


def test_runs_of_several_widths_are_found():
    cards = [card("narrow", 4), card("wide", 64, seed=3), card("other", 8, epochs=2), card("mnist", 2, data="mnist")]
    assert [(each.name, each.value) for each in widths(cards, "digits")] == [("narrow", 4), ("wide", 64)]
    assert widths(cards[1:], "digits") == []


def test_runs_of_several_pivot_weights_are_found():
    cards = [
        card("pivot", similarity={"spec": "Pivot", "weight": 0.01}),
        card("without", similarity={"spec": "NoSimilarity"}),
        card("both", similarity={"spec": "Bidirectional", "weight": 0.1}),
    ]
    assert [(each.name, each.value) for each in pivot_weights(cards, "digits")] == [("without", 0), ("pivot", 0.01)]


def test_recipes_without_the_setting_are_left_out():
    strange = ModelCard("x", Trained("x"), "run", data="digits", recipe={"architecture": "?"})
    assert widths([strange], "digits") == pivot_weights([strange], "digits") == []
