"""The page Loss surface without a browser: set a control, move the map, point at it, look at what is drawn."""

import io

import pandas as pd
import pytest

from lab.errors import LabError
from lab.specs import L2, HadamardSigns, LossSurface, RawGradient, TowardAttack, Trained
from tests.widgets.conftest import settled
from tests.widgets.surfaced import surfaced
from widgets.dashboards.surface.here import PlanePoint, plane_point
from widgets.dashboards.surface.page import SurfacePage, window_of
from widgets.dashboards.surface.plots import TRACES

pytestmark = pytest.mark.usefixtures("cards")


async def opened(engine) -> SurfacePage:
    """A page whose first result has arrived."""
    page = SurfacePage(engine)
    engine.jobs[0].finish(surfaced(engine.jobs[0].spec))
    await settled()
    return page


def x_range(page: SurfacePage) -> list[float]:
    return page.views["map"].drawn["layout"]["xaxis"]["range"]


async def test_it_opens_with_the_default_settings_asked_for(engine):
    page = SurfacePage(engine)
    [job] = engine.jobs
    assert (job.spec.image, job.spec.zoom, job.spec.points) == (3, 1, 101)
    assert page.views["map"].drawn["layout"]["annotations"][0]["text"] == "Not computed yet"


async def test_a_coarse_picture_is_drawn_and_then_a_finer_one(engine):
    page = SurfacePage(engine)
    engine.jobs[0].advance(0.01, surfaced(engine.jobs[0].spec, points=11, done=0.01))
    await settled()
    assert page.views["map"].provisional
    coarse = page.views["map"].figure
    engine.jobs[0].finish(surfaced(engine.jobs[0].spec, points=21))
    await settled()
    assert not page.views["map"].provisional
    assert page.views["map"].figure != coarse
    assert "cosine before, inner product after: standard 0.25, 1e−15" in page.views["map"].note


async def test_zooming_asks_for_another_window_and_the_last_one_wins(engine):
    page = await opened(engine)
    for zoom in (2, 4, 1024):
        page.form.parts["zoom"].value = zoom
    await settled()
    assert engine.jobs[-1].spec.zoom == 1024
    assert x_range(page) == pytest.approx([-0.3, 0.3])  # the last good picture stays
    engine.jobs[-1].finish(surfaced(engine.jobs[-1].spec))
    await settled()
    assert x_range(page) == pytest.approx([-0.3 / 1024, 0.3 / 1024])


async def test_another_look_needs_no_computing(engine):
    page = await opened(engine)
    before = {name: view.figure for name, view in page.views.items()}
    page.look.parts["quantity"].value = "margin"
    assert all(view.figure != before[name] for name, view in page.views.items())
    assert len(engine.jobs) == 1


async def test_moving_the_map_moves_the_window(engine):
    page = await opened(engine)
    page.views["map"].ranges = {"x": [-0.09, 0.21], "y": [-0.15, 0.15]}
    await settled()
    spec = engine.jobs[-1].spec
    assert (spec.zoom, spec.centre_along, spec.centre_across) == (2, 0.2, 0)
    page.views["map"].ranges = {"x": None, "y": None}
    await settled()
    assert (engine.jobs[-1].spec.zoom, engine.jobs[-1].spec.centre_along) == (1, 0)


@pytest.mark.parametrize(
    "sent",
    [None, 7, {}, {"x": [0, 1]}, {"x": "ab", "y": [0, 1]}, {"x": [0, 0], "y": [1, 1]}, {"x": [1, 2, 3], "y": [0, 1]},
     {"x": [float("nan"), 1], "y": [0, 1]}],
)  # fmt: skip
async def test_ranges_that_no_map_has_change_nothing(engine, sent):
    page = await opened(engine)
    page.views["map"].ranges = sent
    await settled()
    assert page.bar.refusal == ""
    assert (page.settings().centre_along, page.settings().centre_across) == (0, 0)


def test_a_window_is_the_nearest_power_of_two():
    result = surfaced(LossSurface())
    assert window_of({"x": [-0.1, 0.1], "y": [-0.1, 0.1]}, result)["zoom"] == 4
    assert window_of({"x": [-9, 9], "y": [-9, 9]}, result)["zoom"] == 1
    assert window_of({"x": [0, 1e-9], "y": [0, 1e-9]}, result)["zoom"] == 1024
    for end in (10**309, -(10**400), float("nan"), float("inf"), "x", None, [1]):
        assert window_of({"x": [0, end], "y": [0, 1]}, result) is None


async def test_pointing_shows_the_image_there(engine):
    page = await opened(engine)
    [first] = page.here.cards
    assert first["facts"][0] == "ε₁ 0.3, ε₂ 0"
    page.views["map"].hovered = {"trace": 0, "point": [5, 2], "x": -0.18, "y": 0.06, "customdata": None}
    await settled()
    [card] = page.here.cards
    assert (card["title"], card["facts"][0]) == ("standard", "ε₁ −0.18, ε₂ 0.06")
    assert card["facts"][1].startswith("predicted 2")
    assert card["pictures"][0]["source"] != first["pictures"][0]["source"]
    page.views["map"].hovered = None
    await settled()
    assert page.here.cards == [card]


@pytest.mark.parametrize(
    "event",
    [None, "x", {"trace": "0"}, {"trace": 999, "x": 0, "y": 0}, {"trace": 0, "x": None, "y": 0},
     {"trace": 0, "x": 10**400, "y": 0}, {"trace": 0, "x": 0, "y": -(10**309)}, {"trace": 10**400, "x": 0, "y": 0},
     {"trace": 0, "x": 1e300, "y": 0}, {"trace": -1, "x": 0, "y": 0}, {"trace": 0, "x": [1], "y": 0}],
)  # fmt: skip
def test_a_hover_that_points_nowhere_is_ignored(event):
    assert plane_point(event, surfaced(LossSurface()), 12) is None


def test_a_hover_belongs_to_the_model_whose_trace_it_is():
    two = surfaced(LossSurface(models=(Trained("standard"), Trained("mine"))))
    assert plane_point({"trace": TRACES["map"], "x": 0.1, "y": 0.0}, two, TRACES["map"]) == PlanePoint(1, 0.1, 0.0)


async def test_what_is_asked_is_what_is_set(engine):
    page = await opened(engine)
    spec = LossSurface(
        models=(Trained("mine"),), image=5, ball=L2(1.5), along=RawGradient(), across=HadamardSigns(36, 7),
        source=Trained("pgd-trained"), zoom=64, centre_along=0.25, points=51, clip=True, seed=9,
    )  # fmt: skip
    page.ask(spec)
    assert page.settings() == spec
    await settled()
    assert engine.jobs[-1].spec == spec
    page.ask(spec.replace(along=TowardAttack()))
    assert page.settings().along == TowardAttack()


async def test_settings_that_are_not_offered_are_refused_in_words(engine):
    page = await opened(engine)
    with pytest.raises(LabError, match="not offered here"):
        page.ask(LossSurface(models=(Trained("nowhere"),)))


async def test_hostile_values_are_refused_in_words(engine):
    page = await opened(engine)
    zoom, centre, points = (page.form.parts[name] for name in ("zoom", "centre_along", "points"))
    for control, value in ((zoom, 3), (zoom, "deep"), (zoom, [1]), (centre, 7), (points, 10**9), (page.source, "x")):
        count, kept, control.value = len(engine.jobs), control.value, value
        await settled()
        assert page.bar.refusal
        assert len(engine.jobs) == count
        control.value = kept
        await settled()
        assert page.bar.refusal == ""


@pytest.mark.parametrize("sent", [7, {}, {"eye": 3}, {"eye": {"x": 1, "y": 1}}, {"eye": {"x": 1, "y": "1", "z": 0}}])
async def test_a_camera_that_no_scene_has_changes_nothing(engine, sent):
    page = await opened(engine)
    before = page.views["mountains"].drawn["layout"]["scene"]["camera"]
    page.views["mountains"].camera = sent
    page.look.parts["quantity"].value = "margin"
    assert page.views["mountains"].drawn["layout"]["scene"]["camera"] == before


async def test_a_turned_scene_stays_turned_when_it_is_drawn_again(engine):
    page = await opened(engine)
    eye = {"x": 2.0, "y": 0.5, "z": 0.25}
    page.views["mountains"].camera = {"eye": eye, "up": {"x": 0, "y": 0, "z": 1}, "projection": {"type": "perspective"}}
    page.look.parts["quantity"].value = "margin"
    layout = page.views["mountains"].drawn["layout"]
    assert layout["scene"]["camera"]["eye"] == layout["scene2"]["camera"]["eye"] == eye


async def test_a_failure_keeps_the_picture_and_says_why(engine):
    page = await opened(engine)
    before = page.views["map"].figure
    page.form.parts["seed"].value = 4
    await settled()
    engine.jobs[-1].fail("Both axes point the same way.")
    await settled()
    assert page.bar.message == "Both axes point the same way."
    assert page.views["map"].figure == before
    assert "lab-stale" in page.content._dom_classes


@pytest.mark.parametrize("view", ["mountains", "map", "cuts"])
async def test_every_figure_has_its_numbers_as_csv(engine, view, monkeypatch):
    page = SurfacePage(engine)
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    assert "no numbers yet" in sent[0]["error"]
    engine.jobs[0].finish(surfaced(engine.jobs[0].spec))
    await settled()
    page.views[view]._handle_custom_msg("csv", [])
    assert "standard" in pd.read_csv(io.StringIO(sent[1]["csv"])).to_numpy()
