"""The application: pages are built when they are first opened, and strange wishes change nothing."""

import asyncio

import pytest

from lab.specs import L2, ImageSweep, Linf, Masking, Restarts, Spec
from tests.widgets.conftest import settled
from tests.widgets.embedded import embedded
from tests.widgets.engine import restarts
from widgets.dashboards import app as application
from widgets.dashboards.app import App

pytestmark = pytest.mark.usefixtures("cards")


def open_pages(app: App) -> list[str]:
    return [name for name, place in app.built.items() if "lab-closed" not in place._dom_classes]


async def test_it_opens_at_home_and_builds_nothing_else(engine):
    app = App(engine)
    assert open_pages(app) == ["home"]
    assert engine.jobs == []


async def test_a_page_is_built_once(engine):
    app = App(engine)
    app.navigation.selected = "pgd-restarts"
    page = app.built["pgd-restarts"]
    engine.jobs[-1].finish(restarts(engine.jobs[-1].spec))
    count = len(engine.jobs)
    assert open_pages(app) == ["pgd-restarts"]
    app.navigation.selected = "home"
    assert open_pages(app) == ["home"]
    app.navigation.selected = "pgd-restarts"
    assert app.built["pgd-restarts"] is page
    assert [type(each.spec) for each in engine.jobs[count:]] == [ImageSweep]  # home's own, given up when it was left


def asked(engine, app, name):
    """The jobs of a page's kind."""
    return [job for job in engine.jobs if isinstance(job.spec, type(app.pages[name].settings()))]


async def test_a_page_whose_tab_is_pointed_at_is_built_and_not_shown(engine):
    app = App(engine)
    app.navigation._handle_custom_msg({"pointed": "pgd-restarts"}, [])
    assert (open_pages(app), app.navigation.shown) == (["home"], "home")
    page = app.pages["pgd-restarts"]
    app.navigation.selected = "pgd-restarts"
    assert open_pages(app) == ["pgd-restarts"]
    assert app.pages["pgd-restarts"] is page
    await asyncio.sleep(0.1)
    [job] = asked(engine, app, "pgd-restarts")
    assert job.state != "cancelled"


async def test_a_page_that_is_only_pointed_at_gives_up_its_job_until_it_is_visited(engine, monkeypatch):
    monkeypatch.setattr("widgets.dashboards.app._PREPARED", 0.01)
    app = App(engine)
    app.prepare("pgd-restarts")
    await asyncio.sleep(0.1)
    [job] = asked(engine, app, "pgd-restarts")
    assert job.state == "cancelled"
    app.visit("pgd-restarts")
    assert [each.state == "cancelled" for each in asked(engine, app, "pgd-restarts")] == [True, False]


async def test_a_page_that_was_visited_at_once_keeps_its_job(engine, monkeypatch):
    monkeypatch.setattr("widgets.dashboards.app._PREPARED", 0.01)
    app = App(engine)
    app.prepare("pgd-restarts")
    app.visit("pgd-restarts")
    await asyncio.sleep(0.1)
    [job] = asked(engine, app, "pgd-restarts")
    assert job.state != "cancelled"


async def test_a_prepared_page_takes_over_what_was_changed_meanwhile(engine):
    app = App(engine)
    app.visit("attack-explorer")
    app.prepare("masking")
    app.pages["attack-explorer"].form.parts["ball"].form.parts["eps"].value = 0.11
    app.visit("masking")
    assert app.pages["masking"].settings().ball.eps == 0.11


async def test_another_norm_that_is_carried_takes_the_further_radii_with_it(engine):
    app = App(engine)
    app.visit("attack-explorer")
    app.pages["attack-explorer"].form.parts["ball"].write(L2(2.0))
    app.visit("masking")
    before, now = Masking(), app.pages["masking"].settings()
    assert now.ball == L2(2.0)
    assert now.eps == pytest.approx([each * 2.0 / before.ball.eps for each in before.eps])


@pytest.mark.parametrize("wish", [None, 3, ["pgd-restarts"], {"a": 1}, "home", "nothing", "x" * 10_000])
async def test_pointing_at_what_is_no_page_builds_nothing(engine, wish):
    app = App(engine)
    app.navigation._handle_custom_msg({"pointed": wish}, [])
    app.navigation._handle_custom_msg(wish, [])
    assert list(app.built) == ["home"]


async def test_a_card_opens_its_page_and_the_tab_follows(engine):
    app = App(engine)
    app.home.doors.opened = app.home.doors.cards[0]["name"]
    assert app.navigation.selected == "pgd-restarts"
    assert open_pages(app) == ["pgd-restarts"]


async def test_the_header_says_what_the_engine_is_like_when_a_browser_arrives(engine):
    app = App(engine)
    app.navigation._handle_custom_msg("arrived", [])
    assert app.navigation.engine == "Engine ready · 1 worker"
    engine.workers = lambda: 0
    app.navigation._handle_custom_msg("arrived", [])
    assert app.navigation.engine == "No worker connected yet"


async def test_the_header_says_that_the_engine_was_lost_and_that_it_is_there_again(engine, monkeypatch):
    monkeypatch.setattr(application, "_GLANCE", 0.01)
    app = App(engine)
    app.navigation._handle_custom_msg("arrived", [])
    engine.reachable, engine.workers = False, lambda: 0
    await asyncio.sleep(0.1)
    assert app.navigation.engine == "Engine out of reach"
    engine.reachable, engine.workers = True, lambda: 2
    await asyncio.sleep(0.1)
    assert app.navigation.engine == "Engine ready · 2 workers"


async def test_a_page_is_said_to_be_shown_when_it_is_there(engine):
    """Until then the tab that was pressed is not yet that of the page in sight."""
    app = App(engine)
    seen = []
    app.navigation.observe(lambda change: seen.append((change["new"], open_pages(app))), "shown")
    app.navigation.selected = "pgd-restarts"
    app.home.doors.opened = "masking"
    app.visit("home")
    assert seen == [(name, [name]) for name in ("pgd-restarts", "masking", "home")]
    assert app.navigation.selected == "home"


@pytest.mark.parametrize("wish", ["nowhere", None, 3, ["home"], {"name": "home"}, "../etc"])
async def test_strange_wishes_change_nothing(engine, wish):
    app = App(engine)
    app.navigation.selected = wish
    app.home.doors.opened = wish
    assert open_pages(app) == ["home"]


async def test_an_address_holds_the_state_and_gives_it_back(engine):
    app = App(engine)
    app.visit("pgd-restarts")
    page = app.pages["pgd-restarts"]
    page.form.parts["ball"].form.parts["eps"].value = 0.17
    page.form.parts["images"].write((3, 5))
    page.look.parts["bins"].value = 33
    await settled()
    state = app.navigation.state

    again = App(engine)
    again.navigation.set_state({"selected": "pgd-restarts", "state": state})
    await settled()
    assert again.navigation.refusal == ""
    assert again.pages["pgd-restarts"].settings() == page.settings()
    assert again.pages["pgd-restarts"].look.spec() == page.look.spec()
    assert engine.jobs[-1].spec.ball.eps == 0.17
    assert again.navigation.refusal == ""


@pytest.mark.parametrize("state", ["damaged", 3, None, ["x"]])
async def test_a_damaged_address_opens_the_page_as_usual(engine, state):
    app = App(engine)
    app.navigation.set_state({"selected": "pgd-restarts", "state": state})
    await settled()
    assert open_pages(app) == ["pgd-restarts"]
    assert app.navigation.refusal == (
        "This link is damaged or incomplete: copy the whole link again." if state == "damaged" else ""
    )
    assert [type(each.spec) for each in engine.jobs].count(Restarts) == 1


async def test_what_was_changed_travels_to_the_next_page(engine):
    app = App(engine)
    app.visit("pgd-restarts")
    page = app.pages["pgd-restarts"]
    page.form.parts["images"].write((7, 2))
    page.form.parts["ball"].form.parts["eps"].value = 0.11
    app.navigation.selected = "attack-explorer"
    explorer = app.pages["attack-explorer"]
    assert (explorer.settings().image, explorer.settings().ball.eps) == (7, 0.11)
    assert explorer.settings().attack.steps == 20  # what was not changed stays the page's own
    explorer.form.parts["image"].write(9)
    app.navigation.selected = "pgd-restarts"
    assert page.settings().images == (9,)


async def test_a_chosen_image_travels_and_the_way_back_from_a_link_changes_nothing(engine):
    app = App(engine)
    app.visit("embeddings")
    page = app.pages["embeddings"]
    engine.jobs[-1].finish(embedded(engine.jobs[-1].spec))
    await settled()
    page.choose(14)
    asked = page.settings()
    app.navigation.selected = "loss-surface"
    assert app.pages["loss-surface"].settings().image == 14
    app.navigation.selected = "embeddings"
    assert page.settings() == asked
    page.links._handle_custom_msg(0, [])
    explorer = app.pages["attack-explorer"]
    assert (app.navigation.selected, explorer.settings().image) == ("attack-explorer", 14)
    assert (explorer.settings().models, explorer.settings().attack) == (asked.models, asked.attack)
    app.navigation.selected = "embeddings"
    assert page.settings() == asked
    app.navigation.selected = "attack-explorer"
    explorer.form.parts["ball"].form.parts["eps"].value = 0.21
    app.navigation.selected = "embeddings"
    assert page.settings() == asked.replace(ball=Linf(0.21))


def test_no_two_specs_have_one_name():
    """JSON and links name a spec by its class alone."""
    names = [each.__name__ for each in every_spec(Spec)]
    assert sorted(names) == sorted(set(names))


def every_spec(kind: type[Spec]) -> list[type[Spec]]:
    children = [each for each in kind.__subclasses__() if each.__module__.startswith(("lab.", "widgets."))]
    return [found for child in children for found in (child, *every_spec(child))]
