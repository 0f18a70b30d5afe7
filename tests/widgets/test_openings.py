"""What the pages ask for when they are opened is known without opening them."""

import pytest

from lab.specs import Preview
from lab.stories import STORIES
from tests.widgets.engine import FakeEngine
from widgets.dashboards.app import PAGES
from widgets.dashboards.home import Home
from widgets.openings import openings

pytestmark = pytest.mark.usefixtures("cards")


@pytest.mark.slow
async def test_openings_are_what_the_pages_ask_first(engine: FakeEngine) -> None:
    found = await openings()
    assert Preview(images=tuple(range(16))) in found
    Home(engine).come()
    for entry in PAGES:
        entry.build(engine)
    told = [step.asked for story in STORIES for step in story.steps]
    assert [each for each in found if not isinstance(each, Preview)] == [*(job.spec for job in engine.jobs), *told]
    assert len(engine.jobs) == 1 + len(PAGES) - 2  # the studio and the exhibits compute nothing unasked
