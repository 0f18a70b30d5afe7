"""Stories on the pages without a browser: each step opens its page as it says, and replies from the page's result."""

import json

import pytest

from lab import stories
from lab.specs import RobustnessCurves
from lab.stories import STORIES, Amount
from tests.widgets.conftest import settled
from tests.widgets.curved import curved
from tests.widgets.engine import FakeEngine
from widgets.dashboards.app import App

FIRST, SECOND = "one-step/by-one-step", "one-step/by-many-steps"
ADDRESSES = [f"{story.name}/{step.name}" for story in STORIES for step in story.steps]


def says(app, content):
    data = {"method": "custom", "content": content}
    app.teller.card._handle_msg({"content": {"data": data}, "buffers": []})


def finish(app):
    """End the open page's job with plausible numbers."""
    job = app.pages["robustness-curves"].bar.job
    job.finish(curved(job.spec))


@pytest.fixture
def engine():
    return FakeEngine()


async def test_every_step_of_every_story_opens_its_page_with_its_settings(engine):
    app = App(engine)
    app.tell(ADDRESSES[0])
    for address in ADDRESSES:
        telling, card = stories.read(address), app.teller.card
        assert app.navigation.step == app.teller.address == address
        assert app.navigation.selected == telling.step.page
        page = app.pages[telling.step.page]
        assert page.settings() == page.bar.job.spec == telling.step.asked
        assert all(page.look.parts[name].read() == value for name, value in telling.step.look.items())
        assert (card.told["question"], card.veiled, card.said) == (telling.step.question, True, {})
        assert (card.told["amount"] is None) != isinstance(telling.step.guess, Amount)
        says(app, {"guess": telling.step.guess.least if isinstance(telling.step.guess, Amount) else 0})
        assert (card.guessed, card.veiled, card.said["state"]) == (True, False, "waiting")
        if telling.position + 1 < len(telling.story.steps):
            says(app, "next")
        else:
            says(app, "next")
            assert (app.teller.telling, app.navigation.step, card.told, card.veiled) == (None, "", {}, False)
            if address != ADDRESSES[-1]:
                app.home.doors.told = ADDRESSES[ADDRESSES.index(address) + 1]


async def test_the_reply_is_made_from_the_result_that_is_drawn(engine):
    app = App(engine)
    app.tell(SECOND)
    card, page = app.teller.card, app.pages["robustness-curves"]
    says(app, {"guess": 37})
    finish(app)
    await settled()
    assert card.said["words"] == app.teller.telling.step.reply(37, page.result).words
    assert "You guessed 37 of 100" in card.said["words"]
    page.form.parts["images"].value = 60
    page.bar.run()
    finish(app)
    await settled()
    assert card.stale  # the sentence is about other settings than the figures
    says(app, "restore")
    finish(app)
    await settled()
    assert not card.stale
    assert page.settings() == app.teller.telling.step.asked
    says(app, {"guess": 99})
    assert "You guessed 37 of 100" in card.said["words"]  # it is made once


async def test_a_result_that_is_there_waits_for_the_guess(engine):
    app = App(engine)
    app.tell(FIRST)
    finish(app)
    await settled()
    assert (app.teller.card.veiled, app.teller.card.said) == (True, {})
    says(app, {"guess": None})
    assert (app.teller.card.veiled, app.teller.card.said["state"]) == (False, "note")
    assert "You guessed" not in app.teller.card.said["words"]


async def test_a_teachers_link_shows_nothing_without_a_guess(engine):
    app = App(engine)
    app.navigation.set_state({"step": f"{FIRST}&settings=hidden&results=after-guess"})
    card = app.teller.card
    assert (card.told["without_settings"], card.told["guess_first"]) == (True, True)
    finish(app)
    await settled()
    says(app, {"guess": None})
    assert card.veiled
    says(app, "next")
    assert app.navigation.step == f"{SECOND}&settings=hidden&results=after-guess"


@pytest.mark.parametrize(
    "content",
    [None, 3, "on", [], {}, {"guess": 3}, {"guess": -1}, {"guess": True}, {"guess": "0"}, {"guess": [0]}, ["next"],
     {"guess": 0, "more": 1}, {"guess": {}}, "restore", "back"],
)  # fmt: skip
async def test_what_no_card_of_ours_sends_changes_nothing(engine, content):
    app = App(engine)
    app.tell(FIRST)
    before = app.teller.card.get_state()
    says(app, content)
    assert app.teller.card.get_state() == before
    assert app.navigation.step == FIRST


@pytest.mark.parametrize("step", ["nothing", "one-step/nothing", f"{FIRST}&results=never", "x" * 30_000])
async def test_an_address_of_no_step_is_refused_and_leaves_all_as_it_was(engine, step):
    app = App(engine)
    app.tell(FIRST)
    app.navigation.set_state({"step": step})
    assert app.navigation.refusal == "This link names no step of a story: open one from the home page."
    assert app.navigation.step == FIRST
    assert app.teller.card.told["step"] == "by-one-step"
    json.dumps(app.navigation.get_state("refusal"))


@pytest.mark.parametrize("step", [None, 3, ["one-step"], {"a": 1}])
async def test_a_strange_step_changes_nothing(engine, step):
    app = App(engine)
    app.navigation.set_state({"step": step})
    app.home.doors.told = step
    assert (app.teller.telling, app.navigation.selected) == (None, "home")


async def test_another_page_ends_the_story_and_its_settings_are_not_carried_there(engine):
    app = App(engine)
    app.tell(FIRST)
    page, asked = app.pages["robustness-curves"], app.pages["robustness-curves"].settings()
    app.navigation.set_state({"selected": "transfer", "state": "", "step": ""})
    assert (app.teller.telling, app.navigation.step, app.teller.card.told) == (None, "", {})
    assert app.pages["transfer"].settings().models != asked.models
    app.visit("robustness-curves")
    assert (page.settings(), app.teller.telling) == (asked, None)


async def test_a_link_or_a_door_to_another_page_ends_the_story_there(engine):
    app = App(engine)
    app.tell(FIRST)
    app.home.doors.opened = "masking"
    assert (app.navigation.selected, app.navigation.step, app.teller.telling) == ("masking", "", None)


async def test_what_cannot_be_computed_is_said_and_the_story_goes_on(engine):
    app = App(engine)
    app.tell(FIRST)
    app.pages["robustness-curves"].bar.job.fail("The worker is gone.")
    await settled()
    assert app.teller.card.said["state"] == "error"
    says(app, "next")
    assert app.navigation.step == SECOND


async def test_a_step_whose_model_is_not_here_is_said_and_left(engine, cards):
    app = App(engine)
    app.tell(FIRST)
    assert app.teller.card.said["words"] == (
        "This step cannot be shown here. 'fgsm-trained' is not among the models and data sets of this lab."
    )
    says(app, {"guess": 0})
    says(app, "next")
    assert app.navigation.step == SECOND
    assert not [job for job in engine.jobs if isinstance(job.spec, RobustnessCurves)]
