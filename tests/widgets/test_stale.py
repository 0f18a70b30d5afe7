"""On every page: figures of other settings are marked, and a page that was left computes nothing."""

import pytest

from lab.specs import ImageSweep, Linf
from tests.widgets.conftest import settled
from tests.widgets.curved import curved
from tests.widgets.embedded import embedded
from tests.widgets.engine import restarts
from tests.widgets.evaluated import evaluated
from tests.widgets.explored import explored
from tests.widgets.masked import masked
from tests.widgets.surfaced import surfaced
from tests.widgets.transferred import transferred
from widgets.dashboards.app import App

pytestmark = pytest.mark.usefixtures("cards")

RESULTS = {
    "pgd-restarts": restarts,
    "attack-explorer": explored,
    "evaluation": evaluated,
    "loss-surface": surfaced,
    "masking": masked,
    "transfer": transferred,
    "embeddings": embedded,
    "robustness-curves": curved,
}


@pytest.mark.parametrize("name", RESULTS)
async def test_figures_stay_marked_until_the_new_ones_are_there(engine, name):
    app = App(engine)
    app.visit(name)
    page = app.pages[name]
    engine.jobs[-1].finish(RESULTS[name](engine.jobs[-1].spec))
    await settled()
    assert "lab-stale" not in page.content._dom_classes
    page.form.parts["ball"].write(Linf(0.12))
    await settled()
    page.bar.run()
    job = engine.jobs[-1]
    assert (job.spec.ball.eps, job.state, page.bar.state) == (0.12, "waiting", "waiting")
    assert "lab-stale" in page.content._dom_classes
    assert "lab-due" not in page.content._dom_classes
    job.advance(0.1)
    await settled()
    assert "lab-stale" in page.content._dom_classes
    job.finish(RESULTS[name](job.spec))
    await settled()
    assert "lab-stale" not in page.content._dom_classes
    page.form.parts["seed" if name != "embeddings" else "levels"].value = "x"
    await settled()
    assert page.bar.refusal
    assert "lab-stale" in page.content._dom_classes
    assert "lab-due" not in page.content._dom_classes


@pytest.mark.parametrize("carried", [False, True])
async def test_what_comes_from_another_page_marks_the_figures_too(engine, carried):
    app = App(engine)
    app.visit("masking")
    engine.jobs[-1].finish(masked(engine.jobs[-1].spec))
    app.visit("transfer")
    engine.jobs[-1].finish(transferred(engine.jobs[-1].spec))
    await settled()
    if carried:
        app.pages["transfer"].form.parts["ball"].write(Linf(0.12))
        app.pages["transfer"].bar.stop()
    app.visit("masking")
    await settled()
    assert app.pages["masking"].bar.stale == carried


async def test_a_walk_through_the_tabs_leaves_one_job_behind(engine):
    app = App(engine)
    for name in RESULTS:
        app.visit(name)
    assert [each.state for each in engine.jobs] == ["cancelled"] * (len(RESULTS) - 1) + ["waiting"]
    left = engine.jobs[-1]
    app.visit("home")
    assert left.state == "cancelled"
    app.visit("masking")
    assert (engine.jobs[-1].state, engine.jobs[-1].spec) == ("waiting", app.pages["masking"].settings())
    assert app.pages["masking"].bar.state == "waiting"


async def test_a_training_goes_on_when_its_page_is_left(engine):
    app = App(engine)
    app.visit("training-studio")
    app.pages["training-studio"].start()
    app.visit("home")
    app.visit("training-studio")
    assert [each.cancels for each in engine.jobs if not isinstance(each.spec, ImageSweep)] == [0]


async def test_what_a_partial_picture_does_not_have_yet_is_pale(engine):
    app = App(engine)
    app.visit("attack-explorer")
    page = app.pages["attack-explorer"]
    engine.jobs[-1].finish(explored(engine.jobs[-1].spec))
    await settled()
    lower = [page.compared, page.swept]
    assert not any("lab-earlier" in each._dom_classes for each in lower)
    page.form.parts["ball"].write(Linf(0.12))
    await settled()
    job = engine.jobs[-1]
    job.advance(0.1, explored(job.spec, stage=1))
    await settled()
    assert all("lab-earlier" in each._dom_classes for each in lower)
    assert "lab-stale" not in page.content._dom_classes
    job.finish(explored(job.spec))
    await settled()
    assert not any("lab-earlier" in each._dom_classes for each in lower)
