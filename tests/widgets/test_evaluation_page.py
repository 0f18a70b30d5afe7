"""The page Evaluation without a browser: set a control, press Run, read verdicts, checks and the figures' data."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lab.data import load
from lab.errors import LabError
from lab.reports.adversarial import adversarial_npz
from lab.results.evaluation_checks import KINDS
from lab.specs import (
    L2,
    Digits,
    Evaluation,
    Explore,
    Linf,
    LossSurface,
    Masking,
    NpzFile,
    Restarts,
    Square,
    Trained,
    from_json,
    to_json,
)
from tests.evaluations import sample_evaluation
from tests.widgets.conftest import settled
from tests.widgets.evaluated import evaluated, running
from widgets.dashboards.evaluation import EvaluationPage
from widgets.dashboards.evaluation.images import CLOSEST, FEW, adversarial_example, deciding
from widgets.dashboards.evaluation.plots import PLOTS, EvaluationLook
from widgets.dashboards.evaluation.report import FILES
from widgets.parts.carried import with_fields

pytestmark = pytest.mark.usefixtures("cards")


async def opened(engine, follow=None, **changes) -> EvaluationPage:
    """A page whose first result has arrived."""
    page = EvaluationPage(engine, follow)
    engine.jobs[-1].finish(replace(evaluated(engine.jobs[-1].spec), **changes))
    await settled()
    return page


async def test_it_opens_with_the_quick_budget_on_a_few_images(engine):
    page = EvaluationPage(engine)
    [job] = engine.jobs
    assert job.spec == Evaluation(models=(Trained("standard"), Trained("pgd-trained")), images=200)
    assert job.spec.budget == "quick"
    assert page.verdicts.note == page.checks.note == page.gallery.note == "Nothing computed yet"


async def test_each_model_has_one_verdict_with_its_numbers(engine):
    page = await opened(engine)
    first, second = page.verdicts.cards
    assert first["title"] == "standard"
    assert second["title"] == "pgd-trained"
    assert "30.0%" in " ".join(first["facts"])
    assert "60.0%" in " ".join(second["facts"])
    assert page.verdicts.note == "L∞, ε = 0.3 · quick"
    assert [badge["good"] for badge in first["badges"]] == [False]  # the check that failed


async def test_the_checks_are_a_table_of_signs_and_models(engine):
    page = await opened(engine)
    assert [column["name"] for column in page.checks.columns] == ["standard", "pgd-trained"]
    rows = {row["title"]: [cell["state"] for cell in row["cells"]] for row in page.checks.rows}
    assert rows[KINDS["one step"]] == ["failed", "failed"]
    assert rows[KINDS["unbounded"]] == ["passed", "passed"]
    assert rows[KINDS["transfer"]] == ["skipped", "skipped"]
    assert list(rows) == [title for title in KINDS.values() if title in rows]
    assert KINDS["noise"] not in rows  # it was not run
    assert page.checks.note == "standard fails 1 check, pgd-trained fails 1 check."
    failed = page.checks.rows[list(rows).index(KINDS["one step"])]["cells"][0]
    assert "40%" in failed["words"]


async def test_of_several_checks_of_a_kind_the_worst_counts(engine):
    page = EvaluationPage(engine)
    result = evaluated(engine.jobs[-1].spec)
    passed = next(check for check in result.models[0].checks if check.state == "passed")
    first = replace(result.models[0], checks=(passed, replace(passed, state="failed", detail="again")))
    engine.jobs[-1].finish(replace(result, models=(first, replace(result.models[1], checks=()))))
    await settled()
    [row] = page.checks.rows
    assert [cell["state"] for cell in row["cells"]] == ["failed", ""]


async def test_what_is_known_is_drawn_while_the_rest_is_computed(engine):
    page = EvaluationPage(engine)
    spec = engine.jobs[0].spec
    engine.jobs[0].advance(0.4, running(evaluated(spec, 1)))
    await settled()
    assert page.verdicts.cards[0]["title"] == "standard so far"
    assert "1 model to come" in page.verdicts.note
    assert page.checks.note == "The checks run after the attacks"
    assert page.checks.rows == []
    assert page.views["waterfall"].provisional
    assert [option["label"] for option in page.place.options] == ["standard", "pgd-trained"]


async def test_models_may_become_known_in_any_order(engine):
    followed: list = []
    page = EvaluationPage(engine, followed.append)
    result = evaluated(engine.jobs[0].spec)
    engine.jobs[0].advance(0.4, replace(result, models=result.models[1:], done=0.4))
    await settled()
    page.links._handle_custom_msg(1, [])
    assert followed[0].settings["models"] == (Trained("pgd-trained"),)
    page.views["waterfall"].clicked = {"trace": 0, "point": 1, "x": 1.0, "y": 60.0, "customdata": None}
    assert page.place.value == "1"


async def test_another_model_and_another_image_are_shown_without_computing(engine):
    page = await opened(engine)
    before = {name: page.views[name].figure for name in PLOTS}
    page.place.value = "1"
    assert {name for name in PLOTS if page.views[name].figure != before[name]} == {"waterfall", "images"}
    assert page.gallery.cards[0]["title"].startswith("pgd-trained: image ")
    before, title = page.views["images"].figure, page.gallery.cards[0]["title"]
    page.image.value = page.image.options[-1]["value"]
    assert page.views["images"].figure != before
    assert page.gallery.cards[0]["title"] != title
    assert len(engine.jobs) == 1


async def test_the_images_that_decide_are_offered_the_closest_call_first(engine):
    page = await opened(engine)
    page.place.value = "0"
    model = page.result.models[0]
    images = [int(option["value"]) for option in page.image.options]
    assert images == [CLOSEST, *deciding(model)[1:]]
    survivors, broken = list(deciding(model)[:FEW]), list(deciding(model)[FEW:])
    narrow = np.sort(model.margin[model.robust])[:FEW]
    np.testing.assert_allclose(model.margin[survivors], narrow)
    assert set(model.broken_by[broken]) == {model.broken_by.max()}
    assert page.image.options[0]["label"].startswith(f"closest: {survivors[0]}, withstands, margin ")
    assert f"image {survivors[0]}," in page.gallery.cards[0]["title"]


async def test_the_images_that_decide_on_a_model_without_survivors_were_broken_last(engine):
    page = EvaluationPage(engine)
    result = evaluated(engine.jobs[0].spec)
    model = result.models[1]
    broken = replace(model, broken_by=np.where(model.robust, 1, model.broken_by))
    assert all(broken.broken_by[image] >= 0 for image in deciding(broken))
    engine.jobs[0].finish(replace(result, models=(result.models[0], broken)))
    await settled()
    page.place.value = "1"
    assert ", broken: " in page.image.options[0]["label"]


async def test_a_click_on_the_matrix_chooses_its_image_and_shows_it_before_and_after(engine):
    page = await opened(engine)
    page.place.value = "0"
    model = page.result.models[0]
    image = int(np.flatnonzero(model.broken_by == 0)[2])
    page.views["images"].clicked = {"trace": 1, "point": 3, "x": 3, "y": 1, "customdata": image}
    await settled()
    assert page.image.value == str(image)
    assert page.look.spec() == EvaluationLook(model=0, image=image)
    [card] = page.gallery.cards
    assert [picture["title"] for picture in card["pictures"]] == ["clean", "adversarial"]
    assert [picture["fooled"] for picture in card["pictures"]] == [False, True]
    assert f"image {image}, label {image % 10}: broken by PGD" in card["title"]
    page.place.value = "1"  # the same image on the other model
    assert f"image {image}, label {image % 10}" in page.gallery.cards[0]["title"]


def test_the_adversarial_example_of_an_image_is_its_own():
    model = evaluated(Evaluation()).models[0]
    broken = np.flatnonzero(model.broken_by >= 0)
    for place in (0, 7, len(broken) - 1):
        assert adversarial_example(model, int(broken[place])) is not None
        np.testing.assert_array_equal(adversarial_example(model, int(broken[place])), model.x_adv[place])
    assert adversarial_example(model, int(np.flatnonzero(model.robust)[0])) is None
    assert adversarial_example(model, 99) is None
    assert adversarial_example(replace(model, x_adv=model.x_adv[:0]), int(broken[0])) is None


async def test_links_lead_to_the_chosen_image_under_the_attack_that_decided_it(engine):
    assert (await opened(engine)).links.labels == []
    followed: list = []
    page = await opened(engine, followed.append)
    page.place.value = "0"
    image = int(np.flatnonzero(page.result.models[0].broken_by == 2)[0])
    page.image.write(image)
    for message in (0, 1, 2, 3, 9, "0", None):
        page.links._handle_custom_msg(message, [])
    explorer, surface, restarts, masking = (
        with_fields(spec, link.settings)
        for spec, link in zip((Explore(), LossSurface(), Restarts(), Masking()), followed, strict=True)
    )
    assert [link.page for link in followed] == ["attack-explorer", "loss-surface", "pgd-restarts", "masking"]
    assert all(each.models == (Trained("standard"),) for each in (explorer, surface, restarts, masking))
    assert all(each.ball == Linf(0.3) for each in (explorer, surface, restarts, masking))
    assert (explorer.image, surface.image, restarts.images) == (image, image, (image,))
    assert explorer.attack == Square()
    assert restarts.attack.restarts == 50


@pytest.mark.parametrize(
    "event", [3, "x", {}, {"trace": 9, "customdata": 1000}, {"trace": 0, "customdata": "1"}, {"trace": True}]
)
async def test_nothing_is_chosen_by_what_no_browser_of_ours_sends(engine, event):
    page = await opened(engine)
    before = page.place.value, page.image.value
    page.views["images"].clicked = page.views["waterfall"].clicked = event
    assert (page.place.value, page.image.value) == before


async def test_settings_reach_the_spec_and_a_change_is_said_to_be_stale(engine):
    page = await opened(engine)
    page.models.value = ["mine"]
    page.form.parts["ball"].kind.value = "L2"
    page.form.parts["budget"].value = "standard"
    page.form.parts["images"].value = 50
    assert page.bar.stale
    page.bar.run()
    spec = engine.jobs[-1].spec
    assert (spec.models, spec.ball, spec.budget, spec.images) == ((Trained("mine"),), L2(), "standard", 50)


async def test_hostile_values_are_refused_in_words(engine):
    page = await opened(engine)
    for part, value in ((page.form.parts["budget"], "huge"), (page.form.parts["images"], -3), (page.models, ["x"])):
        kept, part.value = part.value, value
        page.bar.run()
        assert page.bar.refusal
        assert len(engine.jobs) == 1
        part.value = kept
    before = page.views["images"].figure
    for value in ("77x", 10**12, [], "999"):
        page.image.value = value
        assert page.views["images"].figure == before


async def test_a_spec_opens_the_page_as_it_was(engine):
    page = await opened(engine)
    spec = Evaluation(Digits(), (Trained("mine"),), L2(1.0), 60, "thorough", 3)
    page.ask(from_json(to_json(spec)))
    assert page.settings() == engine.jobs[-1].spec == spec
    other = EvaluationPage(engine)
    page.look.write(EvaluationLook(model=0, image=33))
    other.follow(page.link())
    assert other.settings() == spec
    assert other.look.spec() == EvaluationLook(model=0, image=33)


async def test_what_the_lab_does_not_allow_is_said_before_it_is_run(engine, monkeypatch):
    monkeypatch.setenv("LAB_MAX_GRADIENT_STEPS", "1_000_000")
    page = await opened(engine)
    assert (page.affordable.words, page.affordable.labels) == ("", [])
    page.form.parts["budget"].value = "standard"
    assert "this lab allows 1,000,000" in page.affordable.words
    assert page.affordable.labels[0] == "Take the quick budget"
    assert page.affordable.labels[1].endswith(" images")
    page.affordable._handle_custom_msg(1, [])
    assert page.settings().budget == "standard"
    assert page.settings().images < 200
    assert engine.jobs[-1].spec == page.settings()
    assert (page.affordable.words, page.affordable.labels) == ("", [])
    for message in (0, -1, "0", None, True):
        page.affordable._handle_custom_msg(message, [])
    assert page.settings().budget == "standard"


@pytest.mark.parametrize("view", PLOTS)
async def test_every_figure_has_its_numbers_as_csv(engine, view, monkeypatch):
    page = EvaluationPage(engine)
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    assert "no numbers yet" in sent[0]["error"]
    engine.jobs[0].finish(evaluated(engine.jobs[0].spec))
    await settled()
    page.views[view]._handle_custom_msg("csv", [])
    frame = pd.read_csv(io.StringIO(sent[1]["csv"]))
    assert set(frame["model"]) == {"standard", "pgd-trained"}
    assert len(frame) == {"waterfall": 2 * 5, "images": 2 * 100}[view]


async def test_the_checks_have_their_numbers_as_csv(engine, monkeypatch):
    page = EvaluationPage(engine)
    sent: list = []
    monkeypatch.setattr(page.checks, "send", sent.append)
    page.checks._handle_custom_msg("csv", [])
    assert "no numbers yet" in sent[0]["error"]
    engine.jobs[0].finish(evaluated(engine.jobs[0].spec))
    await settled()
    for message in ("csv", "html", 3):
        page.checks._handle_custom_msg(message, [])
    frame = pd.read_csv(io.StringIO(sent[1]["csv"]))
    assert len(sent) == 2
    assert list(frame["state"]) == ["passed", "failed", "skipped"] * 2
    assert frame["words"].notna().all()


async def test_a_failed_run_keeps_the_verdicts(engine):
    page = await opened(engine)
    before = page.verdicts.cards
    page.form.parts["seed"].value = 1
    page.bar.run()
    engine.jobs[-1].fail("The worker was lost.")
    await settled()
    assert (page.bar.state, page.verdicts.cards) == ("failed", before)


@pytest.mark.parametrize("place", range(len(FILES)))
async def test_what_is_shown_leaves_as_a_report(engine, place, monkeypatch):
    page = EvaluationPage(engine)
    sent: list = []
    monkeypatch.setattr(page.downloads, "send", lambda content, buffers=(): sent.append((content, *buffers)))
    page.downloads._handle_custom_msg(place, [])
    assert "no numbers yet" in sent[0][0]["error"]
    monkeypatch.setattr("lab.catalogue.fingerprints", lambda _: ("d", "m1", "m2", "code"))
    result = evaluated(engine.jobs[0].spec)
    engine.jobs[0].advance(0.5, replace(result, models=result.models[1:], done=0.5))
    await settled()
    for message in (place, -1, 99, "0", True, None):
        page.downloads._handle_custom_msg(message, [])
    [_, (answer, content)] = sent
    assert answer["name"] == FILES[place]
    assert b"pgd-trained" in content
    assert (b"<svg" in content) == answer["name"].endswith(".html")
    if answer["name"].endswith((".html", ".json")):
        assert b"m2" in content  # the hash of the one model that is known


async def test_the_adversarial_examples_of_the_chosen_model_leave_as_a_data_set(engine, monkeypatch, tmp_path):
    page = EvaluationPage(engine)
    sent: list = []
    monkeypatch.setattr(page.examples, "send", lambda content, buffers=(): sent.append((content, *buffers)))
    page.examples._handle_custom_msg(0, [])
    assert "no numbers yet" in sent.pop()[0]["error"]
    result = evaluated(engine.jobs[0].spec)
    engine.jobs[0].finish(result)
    await settled()
    for place, model in enumerate(result.models):
        page.place.value = str(place)
        page.examples._handle_custom_msg(0, [])
        file = tmp_path / "adversarial.npz"
        file.write_bytes(sent.pop()[1])
        test, arrays = load(NpzFile(str(file))).test, np.load(file)
        broken = np.flatnonzero(model.broken_by >= 0)
        np.testing.assert_array_equal(arrays["index"], broken)
        np.testing.assert_array_equal(test.labels(range(len(broken))), model.y[broken])
        np.testing.assert_array_equal(test.images(range(len(broken))), model.x_adv)
        assert set(arrays["attack"]) <= {stage.name for stage in model.stages}
        assert str(arrays["model"]) == model.model


@pytest.mark.parametrize(("robust", "kept", "words"), [(20, 0, "No attack broke"), (0, 3, "took too much room")])
def test_examples_that_are_not_there_are_refused_in_a_sentence(robust, kept, words):
    model = sample_evaluation("standard", 20, robust=robust)
    with pytest.raises(LabError, match=words):
        adversarial_npz(Evaluation(), replace(model, x_adv=model.x_adv[:kept]))


async def test_a_threat_model_without_parameter_free_attacks_is_neither_offered_nor_taken(engine):
    page = await opened(engine)
    kind = page.form.parts["ball"].kind
    assert [each["label"] for each in kind.options] == ["L∞", "L2"]
    kind.value = "L0"  # as a browser could send it
    await settled()
    assert page.bar.refusal == "Norm must be one of L∞, L2, but is 'L0'."
    page.bar.run()
    assert len(engine.jobs) == 1
    page.form.parts["ball"].kind.value = "Linf"
    await settled()
    assert page.bar.refusal == ""


async def test_models_that_were_trained_on_other_data_are_found_by_their_names(engine, monkeypatch):
    followed: list = []
    page = EvaluationPage(engine, followed.append)
    monkeypatch.setattr("lab.catalogue.fingerprints", lambda _: ("d", "m1", "m2", "code"))
    result = evaluated(engine.jobs[0].spec)
    models = tuple(replace(each, model=f"{each.model} (trained on noise)") for each in result.models)
    engine.jobs[0].finish(replace(result, models=models))
    await settled()
    page.place.value = "1"
    page.links._handle_custom_msg(1, [])
    assert followed[0].settings["models"] == (Trained("pgd-trained"),)
    assert page.gallery.cards[0]["title"].startswith("pgd-trained (trained on noise): image ")
    assert b"m2" in page._report("evaluation.json")
