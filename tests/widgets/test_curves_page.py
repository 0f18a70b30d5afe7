"""The page Robustness curves without a browser: set a control, press, look at the figures."""

import io

import numpy as np
import pandas as pd
import pytest

from lab.catalogue import ModelCard
from lab.specs import (
    FGSM,
    L2,
    RobustnessCurves,
    SmallCNN,
    Standard,
    Trained,
    TrainingRun,
    fgsm_training,
    pivot_training,
    to_dict,
)
from lab.specs.curves import MOST_ATTACKS
from tests.widgets.conftest import settled
from tests.widgets.curved import curved
from widgets.dashboards.curves import CurvesPage
from widgets.dashboards.curves.links import fate
from widgets.dashboards.curves.sweeps import pivot_weights, widths
from widgets.dashboards.studio import StudioPage
from widgets.figures.curves.robustness import Point
from widgets.figures.curves.sweep import Sweep, SweepPoint, accuracy_over_setting, ratio_over_setting, setting_frame

pytestmark = pytest.mark.usefixtures("cards")


async def opened(engine) -> CurvesPage:
    """A page whose first result has arrived."""
    page = CurvesPage(engine)
    engine.jobs[0].finish(curved(engine.jobs[0].spec))
    await settled()
    return page


def card(name: str, width: int = 16, data: str = "digits", **recipe) -> ModelCard:
    """A finished run of a recipe."""
    about = {"architecture": {"spec": "SmallCNN", "width": width}, "seed": 0} | recipe
    return ModelCard(name, Trained(name), "run", data=data, measured={"clean": 0.9}, recipe=about)


async def test_it_opens_with_the_default_settings_asked_for(engine):
    page = CurvesPage(engine)
    [job] = engine.jobs
    assert job.spec == page.settings()
    assert job.spec.models == (Trained("standard"), Trained("pgd-trained"))
    assert all(view.drawn["data"] for view in page.views.values())
    for name in ("widths", "ratios", "pivots"):
        layout = page.views[name].drawn["layout"]
        words = layout["annotations"][0]["text"].replace("<br>", " ")
        assert "training studio" in words
        assert "python -m" not in words
        assert (layout["xaxis"]["visible"], layout["yaxis"]["visible"]) == (
            False,
            False,
        )  # nothing lies under the words
        assert layout["height"] < 200


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
    assert "L∞, L2" in page.bar.refusal


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
    if view == "widths":  # there are no such runs
        assert "figure says what is missing" in sent[1]["error"]
    else:
        assert "standard" in pd.read_csv(io.StringIO(sent[1]["csv"])).to_numpy()


def values(sweeps: tuple[Sweep, ...]) -> list[list[tuple[str, float]]]:
    return [[(run.name, run.value) for run in sweep.runs] for sweep in sweeps]


def test_runs_of_several_widths_are_found():
    cards = [card("narrow", 4), card("wide", 64, seed=3), card("other", 8, epochs=2), card("mnist", 2, data="mnist")]
    assert values(widths(cards, "digits")) == [[("narrow", 4), ("wide", 64)]]
    assert widths(cards[1:], "digits") == ()


def test_two_recipes_of_several_widths_are_compared_by_what_their_runs_are_called():
    cards = [card(f"clean-width-{width}", width) for width in (2, 4)]
    cards += [card(f"robust-width-{width}", width, epochs=2) for width in (2, 4, 8)]
    assert [each.name for each in widths(cards, "digits")] == ["robust", "clean"]


def test_the_rho_of_inception_is_a_width():
    cards = [card(str(rho), architecture={"spec": "Inception", "scale": rho}) for rho in (0.5, 1)]
    assert values(widths(cards, "digits")) == [[("0.5", 0.5), ("1", 1)]]


def test_runs_of_several_pivot_weights_are_found():
    cards = [
        card("pivot", similarity={"spec": "Pivot", "weight": 0.01}),
        card("without", similarity={"spec": "NoSimilarity"}),
        card("both", similarity={"spec": "Bidirectional", "weight": 0.1}),
        card("elsewhere", similarity={"spec": "Pivot", "weight": 0.1, "layer": "embedding"}),
    ]
    alone = [("without", 0), ("pivot", 0.01)]  # a run without the loss belongs to the sweep of every form of it
    assert values(pivot_weights(cards, "digits")) == [alone, [("without", 0), ("elsewhere", 0.1)]]


def test_recipes_without_the_setting_are_left_out():
    strange = ModelCard("x", Trained("x"), "run", data="digits", recipe={"architecture": "?"})
    assert widths([strange], "digits") == pivot_weights([strange], "digits") == ()


def sweep(*measured: dict[str, float]) -> Sweep:
    return Sweep(
        "runs",
        tuple(SweepPoint(f"w{width}", width, each) for width, each in zip((0, 1e-4, 1e-2), measured, strict=False)),
    )


def test_the_ratio_is_the_attacked_accuracy_as_a_share_of_the_clean_one():
    runs = sweep({"clean": 0.8, "fgsm": 0.4, "pgd": 0.0}, {"clean": 0.5, "fgsm": 0.6}, {"clean": 0.0, "fgsm": 0.0})
    drawn = ratio_over_setting([runs], "width", "none").to_dict()
    lines = {each["name"]: list(each["y"]) for each in drawn["data"] if each["visible"] and each["y"] != [None]}
    assert lines == {"FGSM": [0.5, 1.2], "PGD": [0.0]}
    assert drawn["layout"]["yaxis"]["range"][1] > 1.2
    assert setting_frame([runs], "width")["fgsm_ratio"].tolist()[:2] == [0.5, 1.2]


def test_zero_stands_left_of_the_smallest_weight_on_a_logarithmic_axis():
    drawn = accuracy_over_setting([sweep(*[{"clean": 0.9}] * 3)], "λ₂", "none").to_dict()
    assert drawn["data"][0]["x"] == pytest.approx([1e-5, 1e-4, 1e-2])
    assert drawn["layout"]["xaxis"]["type"] == "log"
    assert drawn["layout"]["xaxis"]["ticktext"] == ["0", "0.0001", "0.01"]


def closed(page):
    return {name for name, view in page.views.items() if "lab-closed" in view._dom_classes}


async def test_in_the_place_of_figures_without_runs_stands_how_to_train_them(engine):
    page = CurvesPage(engine)
    assert closed(page) == {"pivots", "widths", "ratios"}
    assert [each.partition(" alone")[0] for each in page.missing.words.split("\n\n")] == [
        "No two models trained on digits differ in width",
        "No two models trained on digits differ in the weight of the pivot loss",
    ]
    assert page.missing.labels == []  # nothing follows them in a notebook
    page.lead(lambda _: None)
    assert len(page.missing.labels) == 2
    page.models.cards = {f"run-{width}": card(f"run-{width}", width) for width in (2, 4)}
    page.models.options = [*page.models.options, {"value": "run-2", "label": "run-2"}]  # a training has ended
    assert closed(page) == {"pivots"}
    assert len(page.missing.words.split("\n\n")) == len(page.missing.labels) == 1


async def test_what_is_missing_leads_to_the_studio_where_it_is_trained(engine):
    page = await opened(engine)
    followed: list = []
    page.lead(followed.append)
    for place, _ in enumerate(page.missing.links):
        page.missing._handle_custom_msg(place, [])
    width, weight = (each.settings["recipe"] for each in followed)
    studio = StudioPage(engine)
    for recipe in (width, weight):
        studio.ask(TrainingRun("mine", recipe))
        assert studio.settings().recipe == recipe
    others = (fgsm_training(), pivot_training())  # what a person trains from the presets, beside these two
    for kind, recipe, other in zip((widths, pivot_weights), (width, weight), others, strict=True):
        cards = [ModelCard(f"r{i}", Trained(f"r{i}"), "run", "digits", recipe=to_dict(each)) for i, each in
                 enumerate((recipe, other))]  # fmt: skip
        assert len(kind(cards, "digits")[0].runs) == 2


@pytest.mark.parametrize(
    ("right", "level", "image", "words"),
    [
        ([[1, 1, 0], [1, 0, 0], [0, 0, 0]], 1, 1, "broken at this"),
        ([[1, 1, 0], [1, 0, 0], [1, 0, 0]], 2, 1, "broken at a smaller"),
        ([[1, 1, 0], [1, 1, 0]], 1, 2, "misclassified"),
        ([[1, 1], [1, 1]], 1, 0, "withstands"),
    ],
)
def test_a_point_is_explained_by_an_image_that_falls_there(right, level, image, words):
    found = fate(np.array(right, bool), level)
    assert (found.image, words in found.words) == (image, True)


async def test_a_click_on_a_curve_opens_the_explorer_with_its_model_attack_and_eps(engine):
    page, opened_pages = await opened(engine), []
    page.links.lead(opened_pages.append)
    page.views["accuracy"].clicked = {"trace": MOST_ATTACKS, "point": 4, "x": 0.12, "y": 40}
    [link] = opened_pages
    spec = page.result.spec
    assert (link.page, link.settings["models"]) == ("attack-explorer", (spec.models[1],))
    assert (link.settings["attack"], link.settings["ball"].eps) == (spec.attacks[0], pytest.approx(0.12))
    right = page.result.models[1].right[0][:, link.settings["image"]]
    assert (right[3], right[4]) == (True, False)
    assert page.look.spec().point == Point(1, 0, 4)
    assert any("explorer" in each.page for each in page.links.links)


async def test_clicks_on_the_other_figures_open_what_explains_them(engine):
    page, opened_pages = await opened(engine), []
    page.links.lead(opened_pages.append)
    page.views["trade-off"].clicked = {"trace": 1, "point": 0, "x": 90, "y": 10}
    page.views["distances"].clicked = {"trace": 0, "point": 3, "x": 0.1, "y": 10, "customdata": 2}
    masking, explorer = opened_pages
    assert (masking.page, masking.settings["models"]) == ("masking", (Trained("pgd-trained"),))
    assert (explorer.page, explorer.settings["image"]) == ("attack-explorer", 2)
    assert explorer.settings["attack"] == page.result.spec.search


async def test_a_click_on_a_run_opens_its_training(engine, monkeypatch):
    page = await opened(engine)
    recipes = [to_dict(Standard(architecture=SmallCNN(width=width))) for width in (2, 4)]
    cards = {each["architecture"]["width"]: each for each in recipes}
    page.models.cards = {
        f"run-{width}": ModelCard(f"run-{width}", Trained(f"run-{width}"), "run", data="digits", recipe=recipe)
        for width, recipe in cards.items()
    }
    page.models.options = [*page.models.options, {"value": "run-2", "label": "run-2"}]  # a training has ended
    opened_pages: list = []
    page.links.lead(opened_pages.append)
    page.views["widths"].hovered = {"trace": 0, "point": 1, "x": 4, "y": 0, "customdata": "run-4"}
    assert page.views["widths"].tip["words"] == "Click: See the training of run-4"
    page.views["widths"].clicked = page.views["widths"].hovered
    [link] = opened_pages
    assert (link.page, link.settings["name"]) == ("training-studio", "run-4")
    assert link.settings["recipe"].architecture.width == 4


@pytest.mark.parametrize(
    "event",
    [3, [], {}, {"trace": "0"}, {"trace": 0}, {"trace": 0, "point": 99}, {"trace": -1, "point": 1},
     {"trace": 10**9, "point": 1}, {"trace": 0, "point": True}, {"trace": 0, "point": 99, "customdata": [1]}],
)  # fmt: skip
async def test_strange_clicks_lead_nowhere(engine, event):
    page, opened_pages = await opened(engine), []
    page.links.lead(opened_pages.append)
    for name in ("accuracy", "distances", "widths"):
        page.views[name].clicked = event
        page.views[name].hovered = event
    assert opened_pages == []
