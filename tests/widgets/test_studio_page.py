"""The page Training studio without a browser: runs are folders, so a test writes folders and looks at the list."""

import io
import json

import pandas as pd
import pytest

from lab import catalogue, links, runs
from lab.errors import LabError
from lab.links import PageState
from lab.runs.claim import claimed
from lab.specs import (
    TRADES,
    Adversarial,
    CascadeExamples,
    Custom,
    EnsembleExamples,
    NpzFile,
    OwnExamples,
    Restarts,
    SmallCNN,
    Standard,
    Trained,
    TrainingRun,
    fgsm_training,
    pivot_training,
)
from tests.widgets.conftest import settled
from tests.widgets.studios import begun, curves, finish, home, lines, press, row  # noqa: F401 home is a fixture
from widgets.dashboards.studio import StudioPage
from widgets.dashboards.studio.runs import summary
from widgets.parts.choices import ModelChoice


async def test_it_opens_with_the_curves_that_come_with_the_lab_and_starts_nothing(engine):
    page = StudioPage(engine)
    assert curves(page) == ["fgsm-trained"]
    assert engine.jobs == []
    assert page.settings() == TrainingRun("standard-training", Standard())
    assert page.list.problems == []


async def test_the_list_begins_with_those_whose_curves_are_shown(engine, tmp_path):
    """Else they are scrolled out of sight, below models that come first only by the alphabet."""
    zoo = tmp_path / "zoo"
    for name in ("cascade-trained", "pgd-trained"):
        finish(zoo / f"{name}.json", zoo / f"{name}.safetensors", fgsm_training(epochs=4))
        (zoo / f"{name}.metrics.jsonl").write_text(lines(4))
    rows = [(each["name"], each["shown"]) for each in StudioPage(engine).list.rows]
    assert rows[:3] == [("fgsm-trained", True), ("pgd-trained", True), ("cascade-trained", False)]


async def test_with_nothing_at_all_it_invites(engine, tmp_path):
    for each in (tmp_path / "zoo").iterdir():
        each.unlink()
    page = StudioPage(engine)
    assert page.list.rows == []
    assert "press Start" in page.views["loss"].figure


async def test_start_makes_the_folder_asks_the_engine_and_offers_the_next_name(engine):
    page = StudioPage(engine)
    page.preset.value = "pivot-training"
    usual = pivot_training().similarity
    page.form.parts["recipe"].form.parts["epochs"].value = 3
    page.bar._handle_custom_msg("start", [])
    [job] = engine.jobs
    assert (job.spec.name, job.spec.recipe.epochs, job.spec.recipe.similarity) == ("pivot-training", 3, usual)
    assert page.bar.said == "pivot-training"
    assert "pivot-training" in page._shown
    page.start()
    assert engine.jobs[-1].spec.name == "pivot-training-2"


async def test_fixed_networks_are_chosen_among_those_that_fit(engine):
    page = StudioPage(engine)
    page.preset.value = "ensemble-training"
    source = page.form.parts["recipe"].form.parts["source"]
    source.form.parts["models"].value = ["fgsm-trained", "pivot-trained"]
    assert page.settings().recipe.source == EnsembleExamples(
        models=(Trained("fgsm-trained"), Trained("pivot-trained")), mode="training"
    )
    source.kind.value = "CascadeExamples"
    source.form.parts["defended"].value = "fgsm-trained"
    assert page.settings().recipe.source == CascadeExamples(defended=Trained("fgsm-trained"))
    source.form.parts["defended"].value = "../../etc"
    assert "must be one of" in page.bar.refusal
    source.kind.value = "OwnExamples"
    assert page.bar.refusal == ""


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "con.", "x" * 65, "ü", None, ["x"], "a b", "a\n"])
async def test_hostile_names_are_refused_in_words(engine, name):
    page = StudioPage(engine)
    page.form.parts["name"].value = name
    page.start()
    assert engine.jobs == []
    assert page.bar.refusal
    assert page.form.parts["name"].error


async def test_too_much_is_refused_with_the_limit_before_anything_is_started(engine, monkeypatch):
    monkeypatch.setenv("LAB_MAX_TRAINING_STEPS", "290000")
    page = StudioPage(engine)
    assert "14,370" in page.bar.cost
    page.form.parts["recipe"].form.parts["epochs"].value = 20
    assert "LAB_MAX_TRAINING_STEPS" in page.bar.refusal
    assert page.bar.cost == ""


async def test_a_run_is_followed_from_its_folder(engine):
    page = StudioPage(engine)
    begun("mine")
    engine.underway = {"mine": False}
    assert row(page, "mine")["state"] == "waiting"
    engine.underway = {"mine": True}
    begun("mine", 4)
    found = row(page, "mine")
    assert (found["state"], found["fraction"], found["left"]) == ("running", 0.4, 12)
    assert found["actions"] == ["pause"]
    press(page, "show", "mine")
    assert "mine" in curves(page)
    (runs.folder("mine") / "metrics.jsonl").write_text(lines(6))
    page.refresh()
    trace = next(each for each in page.views["loss"].drawn["data"] if each["name"] == "mine")
    assert len(json.dumps(trace["x"])) > 2
    assert page.result[-1].history.epoch[-1] == 6
    finish(runs.folder("mine") / "card.json", runs.folder("mine") / "weights.safetensors", Standard())
    found = row(page, "mine")
    assert (found["state"], found["accuracies"]) == ("finished", ["97%", "50%", "0%", ""])


async def test_pause_resume_and_discard(engine):
    page = StudioPage(engine)
    recipe = begun("mine", 2)
    engine.underway = {"mine": True}
    assert row(page, "mine")["state"] == "running"
    press(page, "discard", "mine")  # not while it runs
    assert runs.folder("mine").exists()
    press(page, "pause", "mine")
    assert not runs.wanted("mine")
    engine.underway = {}
    assert row(page, "mine")["state"] == "paused"
    press(page, "resume", "mine")
    assert engine.jobs[-1].spec == TrainingRun("mine", recipe)
    press(page, "discard", "mine")
    assert not runs.folder("mine").exists()
    assert "mine" not in [each["name"] for each in page.list.rows]


async def test_a_run_of_the_command_line_is_followed_but_not_steered(engine):
    page = StudioPage(engine)
    begun("mine", 4)
    with claimed(runs.folder("mine")):
        found = row(page, "mine")
        assert (found["state"], found["fraction"], found["left"], found["actions"]) == ("elsewhere", 0.4, 12, [])
        press(page, "discard", "mine")
        press(page, "pause", "mine")
    assert row(page, "mine")["state"] == "paused"
    assert runs.wanted("mine")


async def test_a_run_of_somebody_elses_is_not_discarded_from_a_page(engine):
    page = StudioPage(engine)
    begun("theirs")
    (runs.folder("theirs") / "begun.json").unlink()
    assert row(page, "theirs")["actions"] == ["resume"]
    press(page, "discard", "theirs")
    assert runs.folder("theirs").exists()
    with pytest.raises(LabError, match="was started elsewhere"):
        runs.discard("theirs")


async def test_among_strangers_a_visitor_steers_only_his_own_runs(engine, monkeypatch):
    monkeypatch.setenv("LAB_PUBLIC", "1")
    page, other = StudioPage(engine), StudioPage(engine)
    begun("from-the-command-line")
    assert row(page, "from-the-command-line")["actions"] == []  # before the browser has said who it is
    page.list.visitor, other.list.visitor = "alice", "bob"
    page.form.parts["name"].value = "mine"
    page.start()
    assert row(page, "mine")["actions"] == ["resume", "discard"]
    assert row(other, "mine")["actions"] == row(page, "from-the-command-line")["actions"] == []
    press(other, "discard", "mine")
    assert runs.folder("mine").exists()
    assert "alice" not in (runs.folder("mine") / "visitor").read_text()
    again = StudioPage(engine)
    again.list.visitor = "alice"
    press(again, "discard", "mine")
    assert not runs.folder("mine").exists()


async def test_why_a_run_failed_stands_in_its_row(engine):
    page = StudioPage(engine)
    begun("mine", 2)
    runs.fail("mine", "It diverged.")
    found = row(page, "mine")
    assert (found["state"], found["error"]) == ("failed", "It diverged.")


async def test_a_clone_fills_the_form_under_a_free_name(engine):
    page = StudioPage(engine)
    begun("mine", recipe=TRADES(epochs=7))
    page.refresh()
    press(page, "clone", "mine")
    assert page.settings() == TrainingRun("mine-2", TRADES(epochs=7))
    press(page, "clone", "fgsm-trained")
    assert page.settings() == TrainingRun("fgsm-trained-2", fgsm_training(epochs=4))


@pytest.mark.parametrize(
    "content", [None, 3, [], {}, {"action": "discard", "name": "../.."}, {"action": ["pause"], "name": "mine"}]
)
async def test_strange_messages_change_nothing(engine, content):
    page = StudioPage(engine)
    begun("mine")
    page.refresh()
    page.list._handle_custom_msg(content, [])
    page.bar._handle_custom_msg(content, [])
    assert (runs.wanted("mine"), engine.jobs, page.list.message) == (True, [], "")


async def test_a_damaged_folder_is_said(engine):
    page = StudioPage(engine)
    begun("mine")
    (runs.folder("mine") / "recipe.json").write_text("{")
    page.refresh()
    [sentence] = page.list.problems
    assert "cannot be read as a run" in sentence


async def test_the_newest_six_are_shown_side_by_side(engine):
    page = StudioPage(engine)
    for i in range(8):
        begun(f"run{i}", 3)
        page.refresh()
        press(page, "show", f"run{i}")
    assert curves(page) == [f"run{i}" for i in range(2, 8)]
    press(page, "show", "run4")
    assert "run4" not in curves(page)


async def test_a_finished_run_joins_every_list_of_models(engine):
    choice = ModelChoice(("standard-b",))
    choice.offer(next(card for card in catalogue.data_sets() if card.name == "digits"))
    before = choice.value
    begun("mine", 2)
    finish(runs.folder("mine") / "card.json", runs.folder("mine") / "weights.safetensors", Standard())
    choice.refresh()
    assert "mine" in [option["value"] for option in choice.options]
    assert choice.value == before


async def test_a_link_gives_the_settings_back(engine):
    page = StudioPage(engine)
    page.preset.value = "fast-training"
    again = StudioPage(engine)
    again.follow(page.link())
    assert again.settings() == page.settings()
    assert engine.jobs == []


async def test_what_a_visitor_may_not_name_is_refused(engine):
    page = StudioPage(engine)
    own = EnsembleExamples(models=(Custom("os:system"),))
    for spec in (
        TrainingRun("x", Standard(data=NpzFile("/etc/passwd"))),
        TrainingRun("x", Adversarial(source=own)),
        TrainingRun("../x", Standard()),
        Restarts(),
    ):
        with pytest.raises(LabError):
            page.ask(spec)
        with pytest.raises(LabError):
            page.follow(links.write(PageState(spec)))


async def test_code_and_numbers_leave_the_page(engine, monkeypatch):
    page = StudioPage(engine)
    compile(page.code(), "code", "exec")
    assert "train(spec.recipe" in page.code()
    assert page.numbers()[:2] == b"PK"
    sent: list = []
    monkeypatch.setattr(page.views["loss"], "send", sent.append)
    page.views["loss"]._handle_custom_msg("csv", [])
    assert list(pd.read_csv(io.StringIO(sent[0]["csv"]))["run"]) == ["fgsm-trained"] * 4


async def test_the_list_is_looked_up_again_and_again(engine):
    page = StudioPage(engine)
    begun("mine")
    for _ in range(4):
        await settled()
    assert "mine" in [each["name"] for each in page.list.rows]


def test_a_recipe_in_a_line():
    assert summary(Standard(epochs=1)) == "Standard · Small CNN · 1 epoch"
    assert summary(fgsm_training(architecture=SmallCNN(width=4))) == (
        "FGSM (predicted labels) · L∞, ε = 0.3 · Small CNN · 10 epochs"
    )
    assert summary(Adversarial(source=CascadeExamples())).startswith("Cascade Step-LL · L∞, ε = 0.3")
    assert summary(Adversarial(source=OwnExamples())).startswith("FGSM (predicted labels)")
