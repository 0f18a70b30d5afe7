"""The run bar: run, stop, how far it is, what is being done, and what went wrong in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets as t

from lab.errors import LabError
from lab.results.result import Result
from lab.specs import Spec
from lab.specs.sentences import labelled
from widgets.loop import OnLoop
from widgets.parts.engine import PageJob, Submits
from widgets.plain import Plain

_ACTIVE = ("waiting", "running")


class RunBar(Plain):
    """Runs the spec that ``spec()`` gives on an engine, and shows what comes with ``show(result)``.

    ``state`` is ready or the job's own; ``refusal`` says what is wrong with the settings; ``stale`` that the figures
    show other ones; ``due`` that Run would compute what is neither drawn nor under way. The same settings pressed again
    while they run are not run again; others take the place of the running ones. ``draws`` counts what was drawn;
    ``interval`` is the time in seconds between two redraws.
    """

    _esm = Path(__file__).with_name("run_bar.js")

    state = t.Unicode("ready").tag(sync=True)
    stale = t.Bool(False).tag(sync=True)
    due = t.Bool(False).tag(sync=True)
    refusal = t.Unicode().tag(sync=True)
    doing = t.Unicode().tag(sync=True)
    fraction = t.Float(0.0).tag(sync=True)
    seconds_left = t.Float(None, allow_none=True).tag(sync=True)
    message = t.Unicode().tag(sync=True)
    draws = t.Int(0)

    def __init__(
        self, engine: Submits, spec: Callable[[], Spec], show: Callable[[Any], None], interval: float = 0.15
    ) -> None:
        super().__init__()
        self.add_class("lab-run-bar")
        self.job: PageJob | None = None
        self._engine = engine
        self._spec = spec
        self._show = show
        self._drawn: Result | None = None
        self._left = False
        self._changed = OnLoop(self._follow, interval)
        self.on_msg(self._pressed)

    def run(self) -> None:
        """Ask for the present settings; what is wrong with them is said instead."""
        self._left = False
        try:
            spec = self._spec()
            if self._active is not None and self._active.spec == spec:
                return
            self.stop()
            self.job = self._engine.submit(spec, on_change=lambda _: self._changed())
        except LabError as error:
            self._refuse(error)
            return
        self._follow()

    def stop(self) -> None:
        """Cancel the running job; what was drawn stays. Without one, nothing happens."""
        if self._active is not None:
            self._active.cancel()

    def leave(self) -> None:
        """Give up the running job, because nobody looks at its figures any more, until :meth:`come_back`."""
        self._left = self._left or self._active is not None
        self.stop()

    def come_back(self) -> None:
        """Ask again for what was given up when the page was left, unless something else was asked for since."""
        if self._left and self.job is not None and self.job.state == "cancelled":
            self.run()
        self._left = False

    def settings_changed(self) -> None:
        """Say whether the settings are admissible, and whether they are those of the figures."""
        try:
            spec = self._spec()
        except LabError as error:
            self._refuse(error)
            return
        under_way = self._active.spec if self._active is not None else None
        drawn = getattr(self._drawn, "spec", None)
        with self.hold_sync():
            self.refusal = ""
            self.stale = spec != (drawn or under_way or spec)
            self.due = spec != (under_way or drawn or spec)

    def _refuse(self, error: LabError) -> None:
        """Say why the settings cannot be; whatever is drawn was drawn with others."""
        with self.hold_sync():
            self.refusal = labelled(error)
            self.stale, self.due = self._drawn is not None, False

    @property
    def _active(self) -> PageJob | None:
        """The job, while it waits or runs."""
        return self.job if self.job is not None and self.job.state in _ACTIVE else None

    def _pressed(self, _: object, content: object, __: object) -> None:
        if content == "run":
            self.run()
        elif content == "stop":
            self.stop()

    def _follow(self) -> None:
        """Show the job as it is now: first what it has found, so that whoever reads "done" sees it."""
        job = self.job
        if job is None:
            return
        progress = job.progress
        try:
            self._draw(job.result or job.partial)
        finally:
            with self.hold_sync():
                self.state = job.state
                self.doing = progress.doing if progress else ""
                self.fraction = progress.fraction if progress else 0.0
                self.seconds_left = job.seconds_left
                self.message = job.error or " · ".join(filter(None, (job.note, job.why_waiting)))

    def _draw(self, result: Result | None) -> None:
        if result is not None and result is not self._drawn:
            self._drawn = result
            self._show(result)
            self.draws += 1
        self.settings_changed()
