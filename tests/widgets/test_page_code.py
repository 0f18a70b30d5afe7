"""The code that a page shows: it runs as it stands, and computes what the page shows."""

import pytest

from lab.specs import L0, FlipPixels
from lab.specs.spec import Spec, params
from tests.families import family
from widgets.dashboards.app import PAGES

FEW = {"images": 10, "count": 20, "averaged": 5, "searched": 2, "levels": 3, "epochs": 1, "steps": 3, "restarts": 4}
"""Values with which the code of a page takes no longer than a test may, of whichever fields its settings have."""


def small(spec: Spec) -> Spec:
    """Return settings with few images and steps, in the specs within them too."""
    within = {name: getattr(spec, name) for name in params(spec)}
    changes = {name: min(FEW[name], value) for name, value in within.items() if name in FEW and isinstance(value, int)}
    changes |= {name: small(value) for name, value in within.items() if isinstance(value, Spec)}
    if "eps" in within and isinstance(within["eps"], tuple):
        changes["eps"] = ()
    return spec.replace(**changes)


COMPUTING = [entry for entry in PAGES if entry.name != "exhibits"]  # whose code reads what is stored
SOON_COMPUTED = {"pgd-restarts", "evaluation", "training-studio"}


@pytest.mark.parametrize(
    "entry", family(COMPUTING, lambda entry: entry.name in SOON_COMPUTED), ids=lambda entry: entry.name
)
async def test_the_code_of_a_page_runs_and_draws_a_figure(engine, entry, monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    shown = []
    monkeypatch.setattr("plotly.graph_objects.Figure.show", lambda figure: shown.append(figure))
    page = entry.build(engine)
    settings = small(page.settings())
    if entry.name == "attack-explorer":
        settings = settings.replace(ball=L0(), attack=FlipPixels())  # no other attack has to be run there
    page.ask(settings)
    scope: dict[str, object] = {}
    exec(page.code(), scope)
    assert scope["spec"] == page.settings()
    if entry.name == "training-studio":
        assert scope["result"].recipe == page.settings().recipe
    else:
        assert scope["result"].spec == page.settings()
        assert len(shown) == 1
