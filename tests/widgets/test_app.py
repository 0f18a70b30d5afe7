"""The application: pages are built when they are first opened, and strange wishes change nothing."""

import pytest

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
    assert open_pages(app) == ["pgd-restarts"]
    app.navigation.selected = "home"
    assert open_pages(app) == ["home"]
    app.navigation.selected = "pgd-restarts"
    assert app.built["pgd-restarts"] is page
    assert len(engine.jobs) == 1


async def test_a_card_opens_its_page_and_the_tab_follows(engine):
    app = App(engine)
    app.home.opened = app.home.cards[0]["name"]
    assert app.navigation.selected == "pgd-restarts"
    assert open_pages(app) == ["pgd-restarts"]


async def test_the_header_says_what_the_engine_is_like_when_a_browser_arrives(engine):
    app = App(engine)
    app.navigation._handle_custom_msg("arrived", [])
    assert app.navigation.engine == "Engine ready · 1 worker"
    engine.workers = lambda: 0
    app.navigation._handle_custom_msg("arrived", [])
    assert app.navigation.engine == "The engine has no worker yet"


@pytest.mark.parametrize("wish", ["nowhere", None, 3, ["home"], {"name": "home"}, "../etc"])
async def test_strange_wishes_change_nothing(engine, wish):
    app = App(engine)
    app.navigation.selected = wish
    app.home.opened = wish
    assert open_pages(app) == ["home"]
