"""The home page: what it asks for and shows, where its links lead, and that a browser's word changes nothing else."""

import json
from pathlib import Path

import pytest

from lab.errors import EngineError
from lab.specs import ImageSweep, Linf
from tests.widgets.conftest import settled
from tests.widgets.swept import LABEL, swept
from widgets.dashboards.app import App
from widgets.dashboards.home import Home
from widgets.dashboards.home.doors import LESSONS

pytestmark = pytest.mark.usefixtures("cards")


def said(home, content):
    data = {"method": "custom", "content": content}
    home.showcase._handle_msg({"content": {"data": data}, "buffers": []})


async def drawn(engine):
    home = Home(engine)
    home.come()
    engine.jobs[-1].finish(swept(engine.jobs[-1].spec))
    await settled()
    return home


async def test_it_asks_for_one_image_over_eps_with_the_models_that_are_there(engine):
    home = Home(engine)
    assert engine.jobs == []  # nobody looks at it yet
    home.come()
    home.come()
    [job] = engine.jobs
    assert [each.name for each in job.spec.models] == ["standard", "pgd-trained"]
    assert home.showcase.said == "Attacking at every ε …"
    job.advance(0.5, swept(job.spec, 1))
    await settled()
    assert [each["name"] for each in home.showcase.record["models"]] == ["standard"]
    job.finish(swept(job.spec))
    await settled()
    assert (home.showcase.record["done"], home.showcase.said) == (True, "")
    assert len(home.showcase.pixels) == 784 * (1 + 2 * 21)


async def test_another_image_and_a_target_take_the_place_of_the_one_before(engine):
    home = await drawn(engine)
    said(home, {"target": 7})
    assert (engine.jobs[-1].spec.target, engine.jobs[-1].spec.image) == (7, 4)
    said(home, {"image": "next"})
    assert engine.jobs[-2].state == "cancelled"
    assert (engine.jobs[-1].spec.target, engine.jobs[-1].spec.image) == (None, 5)
    said(home, {"image": "random"})
    assert 0 <= engine.jobs[-1].spec.image < 360
    home.ask(engine.jobs[0].spec.replace(image=359))
    said(home, {"image": "next"})
    assert engine.jobs[-1].spec.image == 0
    engine.jobs[-1].finish(swept(engine.jobs[-1].spec))
    await settled()
    said(home, {"target": None})
    assert engine.jobs[-1].spec.target is None


async def test_a_path_is_sent_when_it_is_asked_for(engine):
    home = await drawn(engine)
    assert home.showcase.path == {}
    said(home, {"path": 3})
    assert home.showcase.path["level"] == 3
    assert len(home.showcase.path_pixels) == 2 * 21 * 784
    home.ask(engine.jobs[0].spec.replace(image=5))
    engine.jobs[-1].finish(swept(engine.jobs[-1].spec))
    await settled()
    assert home.showcase.path == {}


@pytest.mark.parametrize(
    "content",
    [
        None, 3, "next", [], {}, {"image": 5}, {"image": "all"}, {"image": ["next"]}, {"target": LABEL}, {"target": 10},
        {"target": -1}, {"target": True}, {"target": "7"}, {"target": 7.0}, {"path": 21}, {"path": -1}, {"path": True},
        {"path": None}, {"closer": 1}, {"closer": [0, 0]}, {"closer": [2, 1]}, {"closer": [0, 21]},
        {"closer": [True, 1]}, {"closer": [0, 1, 2]}, {"set": "Nothing"}, {"set": ["Digit"]}, {"no such": 1},
        {"image": "next", "target": 7},
    ],
)  # fmt: skip
async def test_what_no_page_of_ours_sends_changes_nothing(engine, content):
    home = await drawn(engine)
    home.lead(lambda link: pytest.fail(f"it led to {link}"))
    before = home.showcase.get_state()
    said(home, content)
    await settled()
    assert home.showcase.get_state() == before
    assert len(engine.jobs) == 1


async def test_what_cannot_be_asked_for_is_said(engine, monkeypatch):
    home = await drawn(engine)

    def refuse(*_, **__):
        raise EngineError("The engine is gone.")

    monkeypatch.setattr(engine, "submit", refuse)
    said(home, {"image": "next"})
    assert home.showcase.said == "The engine is gone."


async def test_looking_closer_opens_the_explorer_on_the_same_image_model_and_eps(engine):
    app = App(engine)
    app.home.come()
    engine.jobs[-1].finish(swept(engine.jobs[-1].spec))
    await settled()
    said(app.home, {"closer": [1, 5]})
    assert app.navigation.selected == "attack-explorer"
    settings = app.pages["attack-explorer"].settings()
    assert [each.name for each in settings.models] == ["pgd-trained"]
    assert (settings.image, settings.ball, settings.attack) == (4, Linf(0.1), engine.jobs[0].spec.attack)


async def test_a_home_that_is_left_gives_its_request_up_and_asks_again(engine):
    app = App(engine)
    app.navigation._handle_custom_msg("arrived", [])
    [job] = engine.jobs
    app.visit("training-studio")
    assert job.state == "cancelled"
    app.visit("home")
    assert engine.jobs[-1].spec == job.spec
    assert isinstance(job.spec, ImageSweep)


def test_the_lessons_are_called_as_their_notebooks():
    folder = Path(__file__).parents[2] / "notebooks" / "lessons"
    heads = [json.loads(each.read_text("utf-8"))["cells"][0]["source"][0] for each in sorted(folder.glob("*.ipynb"))]
    assert tuple(each.strip().partition(" · ")[2] for each in heads) == LESSONS
