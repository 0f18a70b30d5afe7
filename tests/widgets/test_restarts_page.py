"""The page PGD restarts without a browser: set a control, press, look at the figures' data."""

import io

import pandas as pd
import pytest

from lab.specs import L2, PGD, Preview, Trained
from tests.widgets.conftest import settled
from tests.widgets.engine import restarts
from widgets.dashboards.restarts import RestartsPage

pytestmark = pytest.mark.usefixtures("cards")


def names(page: RestartsPage, view: str) -> list:
    """What a figure has in its legend."""
    return [each.get("name") for each in page.views[view].drawn["data"] if each.get("showlegend")]


async def opened(engine) -> RestartsPage:
    """A page whose first result has arrived."""
    page = RestartsPage(engine)
    engine.jobs[0].finish(restarts(engine.jobs[0].spec))
    await settled()
    return page


async def test_it_opens_with_empty_figures_and_the_default_settings_asked_for(engine):
    page = RestartsPage(engine)
    [job] = engine.jobs
    assert job.spec.models == (Trained("standard"), Trained("pgd-trained"))
    assert job.spec.attack == PGD(restarts=50)
    assert all(view.drawn["data"] for view in page.views.values())
    assert not any(names(page, view) for view in page.views)


async def test_a_partial_result_is_drawn_and_then_the_whole(engine):
    page = RestartsPage(engine)
    [job] = engine.jobs
    job.advance(0.2, restarts(job.spec, 0.2))
    await settled()
    assert any("standard" in name for name in names(page, "final-losses"))
    assert "10 of 50" in page.views["final-losses"].figure
    job.finish(restarts(job.spec))
    await settled()
    assert "10 of 50" not in page.views["final-losses"].figure


async def test_a_look_needs_no_computing(engine):
    page = await opened(engine)
    before = {name: view.figure for name, view in page.views.items()}
    page.image.value = "2"
    page.look.parts["log_axis"].value = True
    page.look.parts["bins"].value = 20
    page.look.parts["all_images"].value = False
    assert len(engine.jobs) == 1
    assert not page.bar.stale
    changed = {name for name, view in page.views.items() if view.figure != before[name]}
    assert changed >= {"final-losses", "loss-paths", "distances", "angles"}


async def test_a_look_out_of_range_is_refused_at_its_field_and_the_picture_stays(engine):
    page = await opened(engine)
    before = page.views["final-losses"].figure
    page.look.parts["bins"].value = 10**9
    page.image.value = "elsewhere"
    assert "between 5 and 500" in page.look.parts["bins"].error
    assert page.image.error
    assert page.views["final-losses"].figure == before


async def test_settings_reach_the_spec(engine):
    page = await opened(engine)
    page.models.value = ["mine"]
    page.images.value = [5, 7]
    page.form.parts["attack"].parts["steps"].value = 9
    page.form.parts["ball"].kind.value = "L2"
    assert page.bar.stale
    assert "lab-stale" in page.content._dom_classes
    page.bar.run()
    spec = engine.jobs[-1].spec
    assert (spec.models, spec.images, spec.attack.steps, spec.ball) == ((Trained("mine"),), (5, 7), 9, L2())
    assert "lab-stale" in page.content._dom_classes  # the figures still show the settings before
    engine.jobs[-1].finish(restarts(spec))
    await settled()
    assert "lab-stale" not in page.content._dom_classes


async def test_fewer_images_than_the_shown_one_shows_the_first(engine):
    page = await opened(engine)
    page.image.value = "3"
    page.images.value = [8]
    page.bar.run()
    engine.jobs[-1].finish(restarts(engine.jobs[-1].spec))
    await settled()
    assert [option["label"] for option in page.image.options] == ["8"]
    assert page.image.read() == 0


async def test_only_models_that_fit_the_data_are_offered(engine):
    page = RestartsPage(engine)
    assert [option["value"] for option in page.models.options] == ["mine", "pgd-trained", "standard"]


@pytest.mark.parametrize("value", ["cifar10", None, 3, ["digits"], {"spec": "Custom"}])
async def test_an_unknown_data_set_is_refused_in_words(engine, value):
    page = await opened(engine)
    page.data.value = value
    assert page.data.error
    assert page.bar.refusal
    page.data.value = "digits"
    assert page.bar.refusal == ""


async def test_hostile_values_are_refused_in_words_at_their_fields(engine):
    page = await opened(engine)
    eps = page.form.parts["ball"].form.parts["eps"]
    for control, value in ((page.models, ["rgb"]), (page.images, [-1]), (page.images, list(range(99))), (eps, 77)):
        kept, control.value = control.value, value
        assert control.error
        page.bar.run()
        assert len(engine.jobs) == 1
        control.value = kept
        assert (control.error, page.bar.refusal) == ("", "")


async def test_turning_the_page_of_thumbnails_fetches_the_next_ones(engine):
    page = RestartsPage(engine)
    first = page.images.positions
    page.images.page = 1
    assert page.images.positions[0] == first[-1] + 1
    shown = page.images.positions
    for strange in (-1, 10**6, "2", None):
        page.images.page = strange
    assert page.images.positions == shown


async def test_thumbnails_that_cannot_be_fetched_say_why(engine, monkeypatch):
    submit = engine.submit

    def broken(spec, on_change=None):
        job = submit(spec, on_change)
        if isinstance(spec, Preview):
            job.result = None
            job.fail("There is no such file.")
        return job

    monkeypatch.setattr(engine, "submit", broken)
    page = RestartsPage(engine)
    assert (page.images.positions, page.images.waiting) == ([], "There is no such file.")


@pytest.mark.parametrize("view", ["final-losses", "loss-paths", "concentration", "distances", "angles", "images"])
async def test_every_figure_has_its_numbers_as_csv(engine, view, monkeypatch):
    page = await opened(engine)
    sent: list = []
    monkeypatch.setattr(page.views[view], "send", sent.append)
    page.views[view]._handle_custom_msg("csv", [])
    frame = pd.read_csv(io.StringIO(sent[0]["csv"]))
    assert len(frame) > 0
    assert "standard" in frame.to_numpy()


async def test_the_csv_has_as_many_bins_as_the_figure(engine):
    page = await opened(engine)
    page.look.parts["bins"].value = 17
    page.look.parts["all_images"].value = False
    assert len(pd.read_csv(io.StringIO(page._csv("final-losses")))) == 2 * 17
