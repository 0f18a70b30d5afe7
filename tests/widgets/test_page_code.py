"""The code that a page shows: it runs as it stands, and computes what the page shows."""

import pytest

from widgets.dashboards.app import PAGES

SMALL = {
    "pgd-restarts": lambda spec: spec.replace(attack=spec.attack.replace(steps=3, restarts=4)),
    "transfer": lambda spec: spec.replace(images=10, eps=()),
    "masking": lambda spec: spec.replace(images=10, eps=(), steps=2),
}
"""Settings of a page with which its code takes no longer than a test may."""


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
async def test_the_code_of_a_page_runs_and_draws_a_figure(engine, entry, monkeypatch):
    shown = []
    monkeypatch.setattr("plotly.graph_objects.Figure.show", lambda figure: shown.append(figure))
    page = entry.build(engine)
    spec = page.settings()
    if entry.name in SMALL:
        page.ask(SMALL[entry.name](spec))
    scope: dict[str, object] = {}
    exec(page.code(), scope)
    assert scope["spec"] == page.settings()
    assert scope["result"].spec == page.settings()
    assert len(shown) == 1
