"""The code that a page shows: it runs as it stands, and computes what the page shows."""

import pytest

from lab.specs import L0, FlipPixels
from widgets.dashboards.app import PAGES

SMALL = {
    "attack-explorer": lambda spec: spec.replace(ball=L0(), attack=FlipPixels()),  # no other attack has to be run there
    "evaluation": lambda spec: spec.replace(images=5, models=spec.models[:1]),
    "embeddings": lambda spec: spec.replace(count=20, averaged=5, levels=3),
    "robustness-curves": lambda spec: spec.replace(images=10, searched=2, levels=2),
    "training-studio": lambda spec: spec.replace(recipe=spec.recipe.replace(epochs=1)),
    "pgd-restarts": lambda spec: spec.replace(attack=spec.attack.replace(steps=3, restarts=4)),
    "transfer": lambda spec: spec.replace(images=10, eps=()),
    "masking": lambda spec: spec.replace(images=10, eps=(), steps=2),
}
"""Settings of a page with which its code takes no longer than a test may."""


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
async def test_the_code_of_a_page_runs_and_draws_a_figure(engine, entry, monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    shown = []
    monkeypatch.setattr("plotly.graph_objects.Figure.show", lambda figure: shown.append(figure))
    page = entry.build(engine)
    if entry.name in SMALL:
        page.ask(SMALL[entry.name](page.settings()))
    scope: dict[str, object] = {}
    exec(page.code(), scope)
    assert scope["spec"] == page.settings()
    if entry.name == "training-studio":
        assert scope["result"].recipe == page.settings().recipe
    else:
        assert scope["result"].spec == page.settings()
        assert len(shown) == 1
