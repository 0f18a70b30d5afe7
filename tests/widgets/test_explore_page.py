"""The page Attack explorer without a browser: set a control, wait, look at the cards and the figures."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lab.results import Health
from lab.results.prediction import NO_CLASS
from lab.specs import FGSM, L2, AttackSpec, Explore, Linf, Trained
from lab.specs.spec import family_of
from tests.families import family
from tests.widgets.conftest import settled
from tests.widgets.explored import explored
from widgets.dashboards.explore import ExplorePage
from widgets.dashboards.explore.cards import attack_cards, badges, model_cards, model_note
from widgets.figures.explore.attack import probabilities
from widgets.parts.forms import has_control

pytestmark = pytest.mark.usefixtures("cards")


async def opened(engine) -> ExplorePage:
    """A page whose first result has arrived."""
    page = ExplorePage(engine)
    engine.jobs[0].finish(explored(engine.jobs[0].spec))
    await settled()
    return page


async def test_it_opens_with_the_default_settings_asked_for(engine):
    page = ExplorePage(engine)
    [job] = engine.jobs
    assert job.spec.models == (Trained("standard"), Trained("pgd-trained"))
    assert (job.spec.image, page.pictures.cards) == (0, [])


async def test_a_changed_setting_is_computed_without_a_press_and_the_latest_wins(engine):
    page = await opened(engine)
    eps = page.form.parts["ball"].form.parts["eps"]
    for value in (0.21, 0.22, 0.23):
        eps.value = value
    await settled()
    assert engine.jobs[-1].spec.ball.eps == 0.23
    assert len(engine.jobs) <= 3
    eps.value = 0.3
    await settled()
    assert engine.jobs[-2].state == "cancelled"
    assert engine.jobs[-1].spec.ball.eps == 0.3


async def test_the_first_stage_shows_the_pictures_and_keeps_the_rest(engine):
    page = await opened(engine)
    row, scales = page.row.cards, page.views["success-by-scale"].figure
    page.form.parts["ball"].form.parts["eps"].value = 0.4
    await settled()
    engine.jobs[-1].advance(0.1, explored(engine.jobs[-1].spec, stage=1))
    await settled()
    assert "PGD, 20 steps of 0.112, L∞, ε = 0.4" in page.pictures.note  # what follows ε is said
    assert (page.row.cards, page.views["success-by-scale"].figure) == (row, scales)


async def test_a_card_says_what_is_read_how_far_it_is_and_whether_to_trust_it(engine):
    page = await opened(engine)
    fooled, holds = page.pictures.cards
    assert [each["title"] for each in fooled["pictures"]] == ["clean", "adversarial", "difference"]
    assert fooled["pictures"][1]["words"].startswith("predicted 3")
    assert (fooled["pictures"][1]["fooled"], holds["pictures"][1]["fooled"]) == (True, False)
    assert fooled["facts"][0] == "L∞ 0.2 · L2 0.75 · L0 14 of 784 pixels"
    assert fooled["facts"][1] == "loss 0.00 → 9.00 nats · margin 8.00 → −8.00"
    assert "saturated for this image" in fooled["badges"][0]["words"]
    assert [each["good"] for each in holds["badges"]] == [True]
    assert "magnified × 5" in page.pictures.note


def test_loss_and_margin_are_from_the_clean_image_to_the_end_wherever_the_attack_began():
    result = explored(Explore())
    started = replace(result.models[0], loss=result.models[0].loss + 2, margin=result.models[0].margin - 4)
    facts = model_cards(replace(result, models=(started,)))[0]["facts"]
    assert facts[1] == "loss 0.00 → 11.00 nats · margin 8.00 → −12.00"


@pytest.mark.parametrize(("eps", "words"), [(8 / 255, "L∞ 8/255"), (0.03, "L∞ 0.03"), (1 / 255, "L∞ 1/255")])
def test_distances_are_written_as_the_radius_is(eps, words):
    result = explored(Explore(ball=Linf(eps)))
    assert model_cards(result)[0]["facts"][0].startswith(words + " ·")
    tried = tuple(replace(each, linf=eps) for each in result.tried)
    assert attack_cards(replace(result, tried=tried))[0]["facts"][0] == words


@pytest.mark.parametrize("channels", [1, 3])
def test_the_note_says_one_factor_of_the_difference_in_grey_and_in_colour(channels):
    result = explored(Explore())
    coloured = [replace(each, x_adv=np.repeat(each.x_adv, channels, axis=0)) for each in result.models]
    note = model_note(replace(result, x=np.repeat(result.x, channels, axis=0), models=tuple(coloured)))
    assert note.count("×") == 1


@pytest.mark.parametrize(("classes", "kept"), [(10, True), (4, False), (1000, False)])
async def test_cards_still_to_come_are_those_before_unless_they_read_other_classes(engine, classes, kept):
    page = await opened(engine)
    page.form.parts["ball"].form.parts["eps"].value = 0.4
    await settled()
    job = engine.jobs[-1]
    partial = explored(job.spec, classes=classes)
    job.advance(0.5, replace(partial, tried=partial.tried[:2], done=0.5))
    await settled()
    assert [each.get("pale", False) for each in page.row.cards] == [False, True][: 1 + kept]


async def test_a_further_start_that_gains_is_said_of_the_one_image(engine):
    health = Health(0.0, 0.0, 0.0, probabilities=False, one_step_stronger=False, restart_gain=1.0)
    [badge] = badges(health)
    assert badge["words"].startswith("One further random start fooled this image, which the attack alone had not")
    assert "robust accuracy" not in badge["words"]
    page = await opened(engine)
    page.form.parts["ball"].form.parts["eps"].value = 0.4
    await settled()
    spec = engine.jobs[-1].spec
    engine.jobs[-1].advance(0.1, explored(spec, stage=1))
    await settled()
    found = explored(spec, stage=2)
    examined = replace(found.models[1], health=health)
    engine.jobs[-1].advance(0.3, replace(found, models=(found.models[0], examined)))
    await settled()
    assert badge in page.pictures.cards[1]["badges"]


async def test_steps_that_cannot_cross_the_ball_are_said_at_every_card(engine):
    page = await opened(engine)
    assert not any("far side" in each["words"] for card in page.pictures.cards for each in card["badges"])
    page.form.parts["ball"].kind.value = "L2"
    page.form.parts["ball"].form.parts["eps"].value = 8
    page.form.parts["attack"].form.parts["step_size"].value = 0.03
    await settled()
    engine.jobs[-1].finish(explored(engine.jobs[-1].spec))
    await settled()
    for card in page.pictures.cards:
        assert "20 steps of 0.03 go 0.6 far" in card["badges"][0]["words"]
        assert not card["badges"][0]["good"]


async def test_an_attack_that_failed_says_its_sentence_in_the_row(engine):
    page = ExplorePage(engine)
    engine.jobs[0].finish(explored(engine.jobs[0].spec, error="Flip pixels requires the threat model L0, not L∞."))
    await settled()
    first, second = page.row.cards
    assert (first["error"], first["pictures"]) == ("Flip pixels requires the threat model L0, not L∞.", [])
    assert [each["words"] for each in second["pictures"]] == ["→ 3", "→ 3"]


CHOSEN = ("FGSM", "APGD", "AutoAttack", "CarliniWagnerL2", "FlipPixels", "Square", "WorstCase")


@pytest.mark.parametrize(
    "kind", family(family_of(AttackSpec), lambda kind: kind.__name__ in CHOSEN), ids=lambda kind: kind.__name__
)
async def test_every_attack_can_be_chosen(engine, kind):
    page = await opened(engine)
    page.form.parts["attack"].kind.value = kind.__name__
    await settled()
    assert page.bar.refusal == ""
    assert type(engine.jobs[-1].spec.attack) is kind


async def test_settings_reach_the_spec(engine):
    page = await opened(engine)
    page.models.value = ["mine"]
    page.images.value = [5]
    page.form.parts["ball"].kind.value = "L2"
    page.form.parts["logit_scale"].value = 1000
    page.form.parts["attack"].kind.value = "FGSM"
    await settled()
    spec = engine.jobs[-1].spec
    assert (spec.models, spec.image, spec.ball, spec.logit_scale) == ((Trained("mine"),), 5, L2(), 1000)
    assert spec.attack == FGSM()


async def test_hostile_values_are_refused_in_words_at_their_fields(engine):
    page = await opened(engine)
    eps = page.form.parts["ball"].form.parts["eps"]
    four = ["standard", "pgd-trained", "mine", "rgb"]
    wrong = ((page.models, four), (page.images, [-1]), (page.images, [1, 2]), (page.images, []), (eps, 77))
    for control, value in wrong:
        count, kept, control.value = len(engine.jobs), control.value, value
        await settled()
        assert page.bar.refusal
        assert control.error or control is page.images
        assert len(engine.jobs) == count
        control.value = kept
        await settled()
        assert page.bar.refusal == ""


@pytest.mark.parametrize("view", ["probabilities", "path", "success-by-scale", "loss-by-scale"])
async def test_every_figure_has_its_numbers_as_csv(engine, view, monkeypatch):
    page = await opened(engine)
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    assert "standard" in pd.read_csv(io.StringIO(sent[0]["csv"])).to_numpy()


async def test_numbers_that_are_not_there_yet_say_so(engine, monkeypatch):
    page = ExplorePage(engine)
    sent: list = []
    monkeypatch.setattr(page.views["path"], "send", sent.append)
    page.views["path"]._handle_custom_msg("csv", [])
    assert "no numbers yet" in sent[0]["error"]


async def test_a_visitor_names_only_listed_models_of_an_attack(engine):
    page = await opened(engine)
    page.form.parts["attack"].kind.value = "EnsembleAttack"
    await settled()
    listed = page.form.parts["attack"].form.parts["models"]
    listed.value = ["mine", "standard"]
    await settled()
    assert engine.jobs[-1].spec.attack.models == (Trained("mine"), Trained("standard"))
    count = len(engine.jobs)
    for value in (["/etc/passwd"], [{"spec": "Custom"}], [], None, ["standard"] * 7):
        listed.value = value
        await settled()
        assert page.bar.refusal
    assert len(engine.jobs) == count


@pytest.mark.parametrize("kind", family_of(AttackSpec), ids=lambda kind: kind.__name__)
def test_every_field_of_an_attack_has_a_control(kind):
    assert [name for name in vars(kind()) if not has_control(kind(), name)] == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_no_numbers_are_read_as_no_class(value):
    result = explored(Explore(models=(Trained("mine"),)))
    model = replace(result.models[0], clean=np.full(10, value, np.float32), adversarial=np.full(10, value, np.float32))
    tried = tuple(replace(each, prediction=NO_CLASS) for each in result.tried)
    result = replace(result, models=(model,), tried=tried)
    [card] = model_cards(result)
    assert [each.get("words", "") for each in card["pictures"][:2]] == ["not a number"] * 2
    assert all(each["fooled"] for each in card["pictures"][:2])
    assert {each["words"] for card in attack_cards(result) for each in card["pictures"]} == {"→ not a number"}
    assert (result.to_frame()["prediction"] == NO_CLASS).all()
    assert probabilities(result) is not None
