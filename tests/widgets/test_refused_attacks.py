"""An attack that cannot be run is shown as refused, with what it needs; never as one that failed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lab.results import Tried
from lab.specs import FGSM, L0, L2, PGD, Explore, Extended, FlipPixels, Linf, RayS, RotateTranslate, Spatial, Staged
from tests.widgets.conftest import settled
from tests.widgets.explored import explored
from widgets.dashboards.explore import ExplorePage
from widgets.dashboards.explore.cards import attack_cards, model_cards
from widgets.figures.explore.attack import path, path_frame, probabilities

WHY = "Flip pixels requires the threat model L0, not L∞."


def refused(spec: Explore, models: int | None = None):
    """The chosen attack refused on the first models, on all by default."""
    result = explored(spec)
    changed = [
        replace(each, error=WHY, x_adv=result.x, adversarial=each.clean, health=None) for each in result.models[:models]
    ]
    return replace(result, models=(*changed, *result.models[len(changed) :]))


def of(attack, ball=Linf(0.2)) -> Explore:
    return Explore(attack=attack, ball=ball)


@pytest.mark.parametrize(
    ("attack", "ball", "button"),
    [
        (FlipPixels(), Linf(0.2), "Flip pixels in L0"),
        (RotateTranslate(), Linf(0.2), "Rotate and translate in Spatial"),
        (Staged(), L0(), "Rotate, flip, then change in Combined"),
        (PGD(), Spatial(), "PGD in L∞"),
        (RayS(), L2(1.0), "RayS in L∞"),
        (PGD(), Linf(0.2), None),  # refused for another reason, such as a model without gradient
    ],
)
def test_a_card_shows_the_clean_image_the_sentence_and_the_threat_model_that_is_needed(attack, ball, button):
    [card] = model_cards(refused(of(attack, ball)))
    assert [each["title"] for each in card["pictures"]] == ["clean"]
    assert card["error"] == WHY
    assert card.get("fixes") == button
    assert not card.get("facts")
    assert not card.get("badges")


def test_no_bars_and_no_curve_of_what_was_not_attacked():
    result = refused(of(FlipPixels()))
    shown = [each for each in probabilities(result).data if each.visible]
    assert {each.name for each in shown} == {"clean"}
    assert not any(each.visible for each in path(result).data)
    assert "cannot be run" in json.dumps(path(result).to_plotly_json(), default=str)
    assert path_frame(result).empty
    first = result.to_frame().iloc[0]
    assert (first["prediction"], first["error"]) == (-1, WHY)
    assert np.isnan(first["margin"])


async def test_one_model_refuses_and_the_other_does_not(engine, cards):
    page = ExplorePage(engine)
    engine.jobs[-1].finish(refused(engine.jobs[-1].spec, models=1))
    await settled()
    no, yes = page.pictures.cards
    assert (len(no["pictures"]), len(yes["pictures"])) == (1, 3)
    assert "cannot be run on standard" in page.views["path"].figure
    assert "pgd-trained" in page.views["path"].figure


async def test_the_button_takes_the_threat_model_and_the_attack(engine, cards):
    page = ExplorePage(engine)
    page.form.parts["attack"].write(FlipPixels())
    await settled()
    engine.jobs[-1].finish(refused(engine.jobs[-1].spec))
    await settled()
    page.pictures._handle_custom_msg({"fix": 0}, [])
    await settled()
    assert (type(page.settings().attack), page.settings().ball) == (FlipPixels, L0())
    assert engine.jobs[-1].spec.ball == L0()


async def test_a_tile_that_was_refused_offers_its_own_threat_model(engine, cards):
    page = ExplorePage(engine)
    spec = engine.jobs[-1].spec
    nothing = Tried(Staged(), "standard", np.zeros((0, 0, 0), np.uint8), -1, np.nan, np.nan, np.nan, 0, "No.")
    result = explored(spec)
    engine.jobs[-1].finish(replace(result, tried=(*result.tried, nothing)))
    await settled()
    *others, tile = page.row.cards
    assert (tile["pictures"], tile["error"], tile["fixes"]) == ([], "No.", "Rotate, flip, then change in Combined")
    assert not any("fixes" in each for each in others)
    for content in ({"fix": 99}, {"fix": "2"}, {"fix": True}, {"fix": -1}, {}, {"fix": None}):
        page.row._handle_custom_msg(content, [])
    assert page.settings().ball == spec.ball
    page.row._handle_custom_msg({"fix": len(others)}, [])
    assert (page.settings().attack, page.settings().ball) == (Staged(), Extended())


def test_what_is_misclassified_before_the_attack_is_not_called_adversarial():
    result = explored(Explore(attack=FGSM()))
    [fooled] = model_cards(result)
    assert fooled["pictures"][1]["title"] == "adversarial"
    wrong = replace(result.models[0], clean=result.models[0].adversarial)
    [card] = model_cards(replace(result, models=(wrong,)))
    assert card["pictures"][1]["title"] == "attacked"
    assert "misclassified before any attack" in card["facts"]
    holds = replace(result.models[0], adversarial=result.models[0].clean)
    assert model_cards(replace(result, models=(holds,)))[0]["pictures"][1]["title"] == "attacked"
    assert len(attack_cards(result)) == 2
