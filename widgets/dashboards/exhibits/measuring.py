"""An exhibit measured on an engine: its analyses, one after the other, as one job."""

import time
from collections.abc import Callable
from dataclasses import replace

from lab import exhibits
from lab.context import Progress
from lab.errors import LabError
from lab.results.exhibit import ExhibitResult
from lab.results.result import Result
from lab.specs.sentences import labelled
from lab.specs.spec import to_json
from widgets.dashboards.exhibits.shown import ShownExhibit
from widgets.loop import OnLoop
from widgets.parts.engine import PageJob, Submits

_ACTIVE = ("waiting", "running")
_PAUSE = 0.05  # seconds between two looks at the engine's job


class Measurement:
    """A job for a run bar: every analysis of an exhibit on an engine, then their results together.

    ``measured`` is called with the exhibit's result, on the loop. Of itself it has no ``result``: the page draws what
    is stored.
    """

    result: None = None
    partial: None = None

    def __init__(
        self,
        engine: Submits,
        spec: ShownExhibit,
        measured: Callable[[ExhibitResult], None],
        on_change: Callable[[PageJob], object] | None,
    ) -> None:
        exhibit = spec.opened
        if exhibit is None:
            raise LabError("Open an exhibit to measure it.")
        self.spec = spec
        self.state = "waiting"
        self.progress: Progress | None = None
        self.error: str | None = None
        self.note: str | None = None
        self.seconds_left: float | None = None
        self.why_waiting = ""
        self._engine, self._exhibit, self._scale = engine, exhibit, exhibit.require_scale(spec.scale)
        self._measured, self._on_change = measured, on_change
        self._left = list({to_json(each): each for each in exhibit.ask(self._scale).values()}.values())
        self._count, self._found = len(self._left), dict[str, Result]()
        self._start = time.perf_counter()
        self._changed = OnLoop(self._follow, _PAUSE)
        self._job: PageJob | None = None
        self._advance()

    def cancel(self) -> None:
        """Give up what is under way; what was computed is stored."""
        if self.state in _ACTIVE:
            self.state = "cancelled"
            if self._job is not None:
                self._job.cancel()
            self._tell()

    def _advance(self) -> None:
        """Request the next analysis, or put the results together."""
        if not self._left:
            self._finish()
            return
        self._job = self._engine.submit(self._left.pop(0), on_change=lambda _: self._changed())
        self._changed()

    def _follow(self) -> None:
        """Look at the engine's job."""
        job = self._job
        if self.state not in _ACTIVE or job is None:
            return
        if job.result is not None:
            self._found[to_json(job.spec)] = job.result
            try:
                self._advance()
            except LabError as error:
                self.state, self.error = "failed", labelled(error)
        else:
            self._copy(job)
        self._tell()

    def _tell(self) -> None:
        if self._on_change is not None:
            self._on_change(self)

    def _copy(self, job: PageJob) -> None:
        fraction, doing = (job.progress.fraction, job.progress.doing) if job.progress else (0.0, "")
        self.state, self.note, self.error, self.why_waiting = job.state, job.note, job.error, job.why_waiting
        self.progress = Progress((len(self._found) + fraction) / self._count, doing, {})
        self.seconds_left = None if self._left else job.seconds_left  # of the later ones nothing is known

    def _finish(self) -> None:
        found = exhibits.measure(self._exhibit, self._scale, lambda spec: self._found[to_json(spec)])
        self._measured(replace(found, seconds=round(time.perf_counter() - self._start, 1)))
        self.state, self.seconds_left = "done", None
