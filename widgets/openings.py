"""The pages' first pictures: ``python -m widgets.openings`` has them computed before anybody opens a page."""

import asyncio
import logging
import os
from collections.abc import Callable

from tornado.ioloop import IOLoop

from lab.engine import Engine, Job, compute_ahead
from lab.errors import LabError
from lab.processes import stopping_on_signals
from lab.quiet import unlogged_from_here
from lab.specs import Spec
from lab.stories import STORIES
from widgets.dashboards.app import pages
from widgets.dashboards.home.page import openings as pictures


class Notebook:
    """An engine that only notes what it is asked for, in ``specs``."""

    def __init__(self) -> None:
        self.specs: list[Spec] = []
        self.reachable = True

    def submit(self, spec: Spec, on_change: Callable[[Job], object] | None = None) -> Job:
        """Note the spec, for a job that never begins."""
        self.specs.append(spec)
        return Job(spec, "", on_change, loop=IOLoop.current(), deliver=lambda _: None, withdraw=lambda _: None)

    def training(self) -> dict[str, bool]:
        """No run is under way."""
        return {}

    def workers(self) -> int:
        """There is none."""
        return 0


async def openings() -> list[Spec]:
    """Return the first requests of the home page and the pages, in their order, then those of the stories' steps."""
    engine = Notebook()
    for entry in pages():
        entry.build(engine)
    ours = list(pictures().values())
    return [*ours[:1], *engine.specs, *ours[1:], *(step.asked for story in STORIES for step in story.steps)]


def main() -> None:
    """Compute what the store does not have yet, at the engine that ``LAB_ENGINE`` names."""
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        with stopping_on_signals():
            specs = asyncio.run(openings())
            with Engine.connect() as engine:
                compute_ahead(engine, specs)
    except LabError as error:
        logging.getLogger("lab").warning("The first pictures were not computed beforehand. %s", error)
    except KeyboardInterrupt:
        unlogged_from_here()


if __name__ == "__main__":
    main()
