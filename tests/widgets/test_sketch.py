"""Drawing a test image on the page Attack explorer, without a browser."""

import base64

import pytest

from lab.specs import Digits, Drawn, Explore
from tests.widgets.conftest import settled
from tests.widgets.explored import explored
from widgets.dashboards.exhibits import ExhibitsPage
from widgets.dashboards.explore import ExplorePage
from widgets.dashboards.restarts import RestartsPage
from widgets.parts.carried import LabSettings

pytestmark = pytest.mark.usefixtures("cards")

PIXELS = base64.urlsafe_b64encode(bytes(range(256)) * 3 + bytes(16)).decode()


async def opened(engine) -> ExplorePage:
    page = ExplorePage(engine)
    engine.jobs[0].finish(explored(engine.jobs[0].spec))
    await settled()
    return page


async def test_what_is_drawn_is_attacked_at_once(engine):
    page = await opened(engine)
    page.sketch.set_state({"value": {"pixels": PIXELS, "label": 3}})
    await settled()
    spec = engine.jobs[-1].spec if isinstance(engine.jobs[-1].spec, Explore) else page.form.spec()
    assert (spec.data, spec.image) == (Drawn(Digits(), 3, PIXELS), 360)
    assert spec.models == engine.jobs[0].spec.models
    engine.jobs[-1].finish(explored(engine.jobs[-1].spec))
    page.sketch.set_state({"value": {"pixels": PIXELS, "label": 5}})  # another drawing takes its place
    await settled()
    assert page.form.spec().data.label == 5
    assert [card.name for card in page.data.cards.values()].count("digits and your drawing") == 1


async def test_the_canvas_opens_by_the_button_and_closes_by_its_own(engine):
    page = await opened(engine)
    assert page.images.draws
    page.images.set_state({"drawing": True})
    assert page.sketch.shown is True
    page.sketch.set_state({"shown": False})
    assert page.images.drawing is False


@pytest.mark.parametrize(
    "value",
    [
        *(None, 7, "x", [], {}, {"pixels": PIXELS}, {"pixels": PIXELS, "label": 3, "more": 1}),
        *({"pixels": 3, "label": 3}, {"pixels": "AAAA", "label": 3}, {"pixels": PIXELS, "label": 10}),
        *({"pixels": PIXELS, "label": "3"}, {"pixels": PIXELS, "label": None}, {"pixels": None, "label": []}),
    ],
)
async def test_a_hostile_drawing_is_refused_at_the_canvas_and_changes_nothing(engine, value):
    page = await opened(engine)
    before = page.form.spec()
    page.sketch.set_state({"value": {"pixels": PIXELS, "label": 3}})
    page.sketch.set_state({"value": value})
    await settled()
    assert page.sketch.error
    assert page.form.spec() == before.replace(data=Drawn(Digits(), 3, PIXELS), image=360)


async def test_it_is_carried_to_other_pages_as_the_chosen_image(engine):
    page, other, lab = await opened(engine), RestartsPage(engine), LabSettings()
    lab.arrive("attack-explorer", page)
    page.sketch.set_state({"value": {"pixels": PIXELS, "label": 3}})
    lab.leave("attack-explorer", page)
    lab.arrive("pgd-restarts", other)
    spec = other.form.spec()
    assert (spec.data, spec.images) == (Drawn(Digits(), 3, PIXELS), (360,))


@pytest.mark.parametrize("value", [float("nan"), [float("nan")], 1, "x", None, {}])
async def test_only_true_opens_the_canvas_and_nothing_goes_round(engine, value):
    page = await opened(engine)
    page.images.set_state({"drawing": value})
    page.sketch.set_state({"shown": value})
    assert page.sketch.shown is not True


async def test_a_page_without_data_lets_a_drawing_pass(engine):
    page, other, lab = await opened(engine), ExhibitsPage(engine), LabSettings()
    lab.arrive("attack-explorer", page)
    page.sketch.set_state({"value": {"pixels": PIXELS, "label": 3}})
    lab.leave("attack-explorer", page)
    lab.arrive("exhibits", other)
