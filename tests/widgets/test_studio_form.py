"""The form of the page Training studio: what fills it, what it says of that, and what it does not offer."""

import re

import numpy as np
import pytest

from lab.catalogue import find_data
from lab.specs import PRESETS, Linf, Standard, TrainingRun, fast_training, papers, pgd_training
from lab.specs.papers import tramer
from tests.data.published_files import mnist_files, put
from tests.widgets.studios import home, press  # noqa: F401 home is a fixture
from widgets.dashboards.studio import StudioPage
from widgets.dashboards.studio.start import TRIALS


@pytest.mark.parametrize("preset", PRESETS, ids=lambda each: each.name)
async def test_every_recipe_can_be_picked(engine, preset):
    page = StudioPage(engine)
    page.preset.value = preset.name
    assert page.settings() == TrainingRun(preset.name, preset.build())
    assert page.bar.refusal == ""
    assert preset.paper in next(each["note"] for each in page.preset.options if each["value"] == preset.name)


async def test_methods_and_whole_trainings_stand_apart_in_the_list(engine):
    groups = {each["value"]: each["group"] for each in StudioPage(engine).preset.options}
    assert {groups[each.name] for each in PRESETS} == {"Methods on your data"}
    assert {groups[each.name] for each in papers.WHOLE} == {"Whole trainings of the papers"}


async def test_a_whole_training_fills_the_form_where_its_data_are(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    page = StudioPage(engine)
    page.preset.value = "tramer-mnist-b-adv"
    assert page.bar.refusal == (
        "The data set mnist is not on this machine: 'python -m lab list data' says how to put it there."
    )
    assert page.settings().recipe == PRESETS[0].build()
    put(tmp_path / "data" / "MNIST" / "raw", mnist_files())
    page = StudioPage(engine)
    page.preset.value = "tramer-mnist-b-adv"
    assert page.settings() == TrainingRun("tramer-mnist-b-adv", tramer.mnist_b_adv())
    assert page.bar.refusal == ""
    page.preset.value = "tramer-mnist-b-adv-ens"
    assert page.bar.refusal == (
        "The model 'tramer-mnist-b' on which this recipe builds is missing: train it first with 'python -m lab train "
        "tramer-mnist-b'."
    )


@pytest.mark.parametrize("trial", TRIALS, ids=lambda each: each.name)
async def test_every_experiment_fills_the_form(engine, trial):
    page = StudioPage(engine)
    page._content()
    page.trials._handle_custom_msg(trial.name, [])
    assert page.settings().recipe == trial.recipe
    assert re.match(r"\w+ et al\. \d{4}, §", trial.text)


def told(page: StudioPage) -> tuple[str, str, str]:
    """What the page says about where its form comes from: the choice, its note, the pressed experiment."""
    note = next(each["note"] for each in page.preset.options if each["value"] == page.preset.value)
    return page.preset.value, note, page.trials.chosen


async def test_what_the_form_was_filled_with_is_said_and_nothing_else(engine):
    page = StudioPage(engine)
    presets = [each.name for each in PRESETS]
    assert told(page)[0] == presets[0]
    page.preset.value = "pgd-training"
    page.trials._handle_custom_msg("leaking", [])
    assert told(page) == ("experiment: Label leaking", "", "leaking")
    page.preset.value = "fgsm-training"
    assert (page.preset.value, page.trials.chosen) == ("fgsm-training", "")
    assert [each["value"] for each in page.preset.options] == [*presets, *(each.name for each in papers.WHOLE)]
    press(page, "clone", "fgsm-trained")
    assert told(page) == ("recipe of fgsm-trained", "The recipe of fgsm-trained, for a run under another name.", "")
    page.ask(TrainingRun("shared", fast_training()))
    assert told(page)[0] == "recipe of shared"
    page.preset.value = "pgd-training"
    assert told(page)[0] == "pgd-training"
    assert page.settings().recipe == pgd_training()
    for value in ("nonsense", None, 3, ["pgd-training"]):
        page.preset.value = value
        assert page.settings().recipe == pgd_training()


async def test_a_form_that_was_changed_says_so(engine):
    page = StudioPage(engine)
    page.trials._handle_custom_msg("capacity", [])
    epochs = page.form.parts["recipe"].form.parts["epochs"]
    kept, epochs.value = epochs.value, 3
    assert told(page) == ("experiment: Too little capacity", "Changed since.", "")
    epochs.value = kept
    assert told(page) == ("experiment: Too little capacity", "", "capacity")
    page.preset.value = "pgd-training"
    page.form.parts["recipe"].form.parts["epochs"].value = 3
    assert told(page)[0] == "pgd-training"
    assert told(page)[1].endswith("Changed since.")


async def test_a_recipe_that_cannot_be_set_leaves_everything_as_it_was(engine, tmp_path):
    for each in (tmp_path / "zoo").glob("*.json"):  # the models that ensembles are made of
        each.unlink()
    page = StudioPage(engine)
    page.preset.value = "pgd-training"
    page.form.parts["recipe"].form.parts["epochs"].value = 3
    before = page.settings()
    page.preset.value = "ensemble-training"
    assert page.bar.refusal == "The model 'standard-b' on which this recipe builds is missing: train it first."
    assert told(page)[0] == "pgd-training"
    assert page.settings() == before


@pytest.fixture
def test_only(tmp_path):
    """A data set in the lab's folder that cannot be trained on, beside one that can."""
    x, y = np.zeros((4, 28, 28), np.uint8), np.arange(4) % 2
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "whole.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    np.savez(tmp_path / "data" / "tests.npz", x_test=x, y_test=y)
    np.savez(tmp_path / "data" / "gaps.npz", x_train=x, y_train=y * 2, x_test=x, y_test=y)
    np.savez(tmp_path / "data" / "single.npz", x_train=x, y_train=y * 0, x_test=x, y_test=y * 0)


@pytest.mark.usefixtures("test_only")
async def test_data_that_cannot_be_trained_on_are_not_offered(engine):
    data = StudioPage(engine).form.parts["recipe"].form.parts["data"]
    assert [each["value"] for each in data.options] == ["digits", "whole"]
    for why in ("no training images", "no training image of class 1", "a single class"):
        assert why in data.help


@pytest.mark.usefixtures("test_only")
async def test_why_data_cannot_be_trained_on_is_said_when_a_recipe_names_them(engine):
    page = StudioPage(engine)
    before = page.settings()
    page.ask(TrainingRun("mine", Standard(data=find_data("tests"))))
    assert "no training images" in page.bar.refusal
    assert page.settings() == before


@pytest.fixture
def colour(tmp_path):
    """Custom colour images, which open with another ε than the digits."""
    x, y = np.zeros((4, 8, 8, 3), np.uint8), np.arange(4) % 2
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "colour.npz", x_train=x, y_train=y, x_test=x, y_test=y)


@pytest.mark.usefixtures("colour")
async def test_on_other_data_a_recipe_trains_against_their_radius(engine):
    page = StudioPage(engine)
    page.preset.value = "pgd-training"
    data = page.form.parts["recipe"].form.parts["data"]
    data.value = "colour"
    recipe = page.settings().recipe
    assert recipe.ball == Linf(8 / 255)
    assert recipe.source.attack.step_size == pytest.approx(0.01 * 8 / 255 / 0.3)
    data.value = "digits"
    assert page.settings().recipe.ball == Linf(0.3)


@pytest.mark.usefixtures("colour")
async def test_what_is_set_by_hand_or_by_a_link_on_these_data_stays(engine):
    page = StudioPage(engine)
    asked = pgd_training(data=find_data("colour"), ball=Linf(4 / 255))
    page.ask(TrainingRun("mine", asked))
    assert page.settings().recipe == asked
    page.form.parts["recipe"].form.parts["epochs"].value = 3
    assert page.settings().recipe == asked.replace(epochs=3)
